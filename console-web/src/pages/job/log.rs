//! Every event of the job, newest first; for the activity only those that concern the job as a whole.

use executor_api::event::{Event, EventPage};

use super::model::Model;
use crate::api_client;
use crate::browser;
use crate::components::states;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::format;
use crate::views::job_query::{JobQuery, Tab};
use crate::views::job_state;
use crate::views::words::for_people;

/// Events asked for at once.
const PAGE: u64 = 500;
/// Events shown before "earlier".
const SHOWN: usize = 300;

/// The tab.
pub(super) fn log(model: Model, activity: bool) -> View {
    let shown = RwSignal::new(SHOWN);
    let first = memo(move || model.live.with(|live| live.log.keys().next().copied()));
    // The newest page; what the stream brought since stands behind it without a gap.
    let mut asked = false;
    effect(move || {
        model.reloads.track();
        if !std::mem::replace(&mut asked, true) {
            earlier(model, first);
        }
    });
    let events = memo(move || {
        model.live.with(|live| {
            live.log.values().rev().filter(|event| !activity || event.task.is_none()).take(shown.get()).cloned().collect::<Vec<_>>()
        })
    });
    let none = memo(move || events.with(Vec::is_empty));
    let goes_on = move || first.get().is_some_and(|first| first > 1);
    let more = memo(move || goes_on() || events.with(Vec::len) >= shown.get());
    let rows = move || events.get().into_iter().map(|event| Row::new(event.id.to_string(), move || line(model, &event))).collect();
    let button = move || {
        let go = move || {
            shown.update(|shown| *shown += SHOWN);
            if untrack(goes_on) {
                earlier(model, first);
            }
        };
        el("button").class("button quiet").on_click(go).text("Earlier events")
    };
    let why =
        if activity { "What people and the service decide about the job is listed here." } else { "Events appear here as they happen." };
    group()
        .live(move || none.get().then(|| states::empty("Nothing yet", why, None)))
        .child(el("ol").class("log").test_id("log").rows(rows))
        .live(move || more.get().then(button))
        .into()
}

fn line(model: Model, event: &Event) -> El {
    let tone = event.task_state.map_or("", |state| job_state::task(state).tone.class());
    let task = event.task.map(|n| {
        let address = JobQuery { tab: Tab::Log, task: Some(n), ..JobQuery::default() }.address(&model.id());
        el("a").href(address).class("num").text(format!("chunk {}", format::exact(n + 1)))
    });
    let time = el("time")
        .class("num faint")
        .title(format::moment(event.at, browser::offset_minutes()))
        .text(format::seconds(event.at, browser::offset_minutes()));
    el("li")
        .test_id("event")
        .attr("data-kind", &event.kind)
        .attr("data-id", event.id.to_string())
        .child(time)
        .child(el("code").class(format!("kind {tone}")).text(&event.kind))
        .child(el("span").class("what").text(for_people(&event.message)))
        .child(task)
}

fn earlier(model: Model, first: Memo<Option<u64>>) {
    let last = model.live.with_untracked(|live| live.cursor().unwrap_or(0) + 1);
    let upto = first.get_untracked().unwrap_or(last);
    load(model, upto.saturating_sub(PAGE + 1), upto);
}

fn load(model: Model, after: u64, upto: u64) {
    if upto <= 1 {
        return;
    }
    let path = format!("/v1/jobs/{}/log?after={after}&limit={PAGE}", model.id());
    api_client::get::<EventPage>(path, move |page| {
        if let Ok(page) = page {
            let _gone = model.live.try_update(|live| live.put_log(page.events));
        }
    });
}
