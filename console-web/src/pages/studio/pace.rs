//! How long the plan will take: as past jobs of the same tables took, or measured by a trial that the user asks for.

use executor_api::pace::PaceAnswer;

use super::model::{Check, Model};
use super::outcome::Last;
use crate::api_client::{self, Failure};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::address::{table_text, with_query};
use crate::views::pace;

/// Lanes that a job starts with unless the user says otherwise.
pub(super) const LANES: u16 = 2;

/// What is known of the pace.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    Nothing,
    Measuring,
    Failed(String),
    Measured(PaceAnswer),
}

/// The figure, with the button that measures where nothing was measured yet.
pub(super) fn takes(model: Model, last: Last) -> El {
    let known = RwSignal::new(Known::Nothing);
    let tables = memo(move || model.studio.with(|studio| studio.source.clone().zip(studio.target.clone())));
    effect(move || {
        known.set(Known::Nothing);
        let Some((source, target)) = tables.get() else { return };
        let path = with_query("/v1/paces", &[("source", &table_text(&source)), ("target", &table_text(&target))]);
        api_client::get::<PaceAnswer>(path, move |answer| {
            let same = tables.try_with_untracked(|now| now.as_ref() == Some(&(source, target))) == Some(true);
            if let Some(answer) = answer.ok().filter(|answer| same && answer.pace.is_some()) {
                known.set(Known::Measured(answer));
            }
        });
    });
    let words = move || {
        let bytes = last.with(|preview| preview.as_ref().map_or(0, |preview| preview.bytes));
        known.with(|known| match known {
            Known::Nothing => "not measured yet".to_owned(),
            Known::Measuring => "measuring …".to_owned(),
            Known::Failed(words) => words.clone(),
            Known::Measured(answer) => pace::range(bytes, answer, LANES).unwrap_or_default(),
        })
    };
    let why = move || known.with(|known| if let Known::Measured(answer) = known { pace::origin(answer) } else { String::new() });
    let checked = memo(move || model.check.with(|check| if let Check::Same(answer) = check { Some(answer.digest.clone()) } else { None }));
    let measure = move || {
        let Some(digest) = checked.get_untracked() else { return };
        known.set(Known::Measuring);
        api_client::post::<PaceAnswer>(format!("/v1/plans/{digest}/calibration"), &(), "", move |answer| {
            known.set(match answer {
                Ok(answer) if answer.pace.is_some() => Known::Measured(answer),
                Ok(_) => Known::Failed("the trial carried no rows".to_owned()),
                Err(failure) => Known::Failed(first_words(&failure)),
            });
        });
    };
    let open = memo(move || known.with(|known| matches!(known, Known::Nothing | Known::Failed(_))));
    let button = move || {
        let button = el("button").class("button quiet").test_id("measure").on_click(measure).text("Measure");
        let ready = move || checked.with(Option::is_none);
        open.get().then(|| button.live_flag("disabled", ready).title("Carries pieces of three chunks into a temporary table, and times it"))
    };
    let value = el("dd").child(el("span").test_id("takes").live_attr("title", why).words(words)).live(button);
    el("div").class("figure").child(el("dt").text("Takes")).child(value)
}

fn first_words(failure: &Failure) -> String {
    let [title, detail, ..] = failure.words();
    format!("{title}: {detail}")
}
