//! What the worker made: figures, strip, digest, or why there is no plan.

use planner_core::digest::Digest;
use planner_core::rationale::{Note, Severity};
use planner_core::refusal::Refusal;
use planner_wasm::message::Preview;

use super::model::{Check, Model, Planned};
use super::{live_badge, pace, safety, sizes, sql, strip};
use crate::browser;
use crate::components::copy::copy_button;
use crate::components::figure::figure;
use crate::components::notes::{notes, reasons, warnings};
use crate::components::states::failure_words;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::answer::Reply;
use crate::views::question::Wish;
use crate::views::words::for_people;
use crate::views::{command, format};

/// The last plan that was made.
pub(super) type Last = Memo<Option<Box<Preview>>>;

/// The lower half of the studio. A refusal leaves the last plan in sight, greyed.
pub(super) fn outcome(model: Model) -> Group {
    let last: Last = Memo::new(move |before: Option<&Option<Box<Preview>>>| {
        model.plan.with(|plan| match (plan.preview(), plan) {
            (Some(preview), _) => Some(Box::new(preview.clone())),
            (None, Planned::Nothing) => None,
            (None, _) => before.cloned().flatten(),
        })
    });
    let there = memo(move || last.with(Option::is_some));
    let refusal = memo(move || model.plan.with(|plan| if let Planned::Refused(refusal) = plan { Some(refusal.clone()) } else { None }));
    let needs = memo(move || model.plan.with(|plan| matches!(plan, Planned::Needs { .. })));
    let failed = memo(move || model.plan.with(|plan| if let Planned::Failed(message) = plan { Some(message.clone()) } else { None }));
    let standing = memo(move || model.plan.with(|plan| plan.preview().is_some()));
    group()
        .live(move || refusal.with(|refusal| refusal.as_ref().map(|refusal| refused(model, refusal))))
        .live(move || failed.get().map(|message| planner_failed(&message)))
        .live(move || needs.get().then(|| coarse(model, standing)))
        .live(move || there.get().then(|| result(model, last, standing)))
}

fn planner_failed(message: &str) -> El {
    el("div").class("empty bad").child(el("strong").text("The planner failed")).child(el("p").text(message))
}

/// What is missing, and what is done about it.
fn coarse(model: Model, standing: Memo<bool>) -> Group {
    let words = move || {
        if standing.get() {
            "Coarse: finer facts are being fetched. Sizes of chunks will become more even; this plan cannot be started."
        } else {
            "Facts are being fetched; what is shown is the plan before."
        }
    };
    let failure = move || {
        let failure = model.detail_failure.get()?;
        let again = el("button").class("button").test_id("detail-again").on_click(move || model.fetch_detail_again()).text("Try again");
        Some(el("div").class("obstacle").test_id("detail-failed").attr("role", "alert").child(failure_words(&failure)).child(again))
    };
    let line = move || model.detail_failure.with(Option::is_none).then(|| el("p").class("stale coarse").test_id("coarse").words(words));
    group().live(line).live(failure)
}

fn result(model: Model, last: Last, standing: Memo<bool>) -> El {
    let of =
        move |get: fn(&Preview) -> String| move || last.with(|preview| preview.as_ref().map(|preview| get(preview)).unwrap_or_default());
    let figures = el("dl")
        .class("figures")
        .child(figure("Chunks", "chunk-count", of(|p| format::exact(p.chunks))))
        .child(figure("Rows", "plan-rows", of(|p| format::count(p.rows))))
        .child(figure("Size", "plan-bytes", of(|p| format::bytes(p.bytes))))
        .child(figure("Largest chunk", "plan-largest", of(|p| format::bytes(p.largest_bytes))))
        .child(figure("Average", "plan-average", of(|p| format::bytes(p.bytes / p.chunks.max(1)))))
        .child(figure("Largest ÷ average", "plan-evenness", of(evenness)))
        .child(pace::takes(model, last))
        .child(figure("Cut along", "cut-along", of(|p| p.along.clone())));
    let pictures = el("div").class("pictures").child(strip::chunk_strip(last)).child(sizes::size_chart(last));
    el("section")
        .class("result")
        .live_class("old", move || !standing.get())
        .child(figures)
        .child(pictures)
        .child(details(model, last))
        .child(foot(model, last))
}

fn evenness(preview: &Preview) -> String {
    format::times(u128::from(preview.largest_bytes) * u128::from(preview.chunks), u128::from(preview.bytes))
}

fn refused(model: Model, refusal: &Refusal) -> El {
    let button = refusal.acknowledge.map(|what| {
        el("button")
            .class("button warn")
            .test_id("acknowledge")
            .attr("data-acknowledge", what.name())
            .on_click(move || model.acknowledge(what))
            .text("I have seen this: plan anyway")
    });
    el("div")
        .class("obstacle")
        .attr("role", "group")
        .label("Refused")
        .test_id("refusal")
        .attr("data-code", &refusal.code)
        .child(el("strong").text(for_people(&refusal.message)))
        .child(el("p").class("hint").text(for_people(&refusal.hint)))
        .child(button)
}

fn details(model: Model, last: Last) -> Group {
    let list = memo(move || last.with(|preview| preview.as_ref().map(|p| p.rationale.clone()).unwrap_or_default()));
    let why = move || list.with(|list| reasons(list));
    let why = el("details").class("box").test_id("why").child(el("summary").text("Why these cuts?")).live(why);
    let folds = el("div").class("details").child(why).child(sql::sql(model, last)).child(safety_fold(model, last, list));
    group().live(move || list.with(|list| notes(list, Severity::Warning))).child(folds)
}

fn safety_fold(model: Model, last: Last, list: Memo<Vec<Note>>) -> El {
    let warned = memo(move || list.with(|list| warnings(list)));
    let badge = move || {
        let count = warned.get() as u64;
        (count > 0).then(|| el("span").class("badge warn").text(format::plural(count, "warning")))
    };
    el("details")
        .class("box")
        .test_id("safety")
        .child(el("summary").text("Safety: deduplication, memory, disk, views").live(badge))
        .child(safety::safety(model, last))
}

fn foot(model: Model, last: Last) -> El {
    let digest = move || last.with(|preview| preview.as_ref().and_then(|p| p.digest.as_ref().map(Digest::to_string)).unwrap_or_default());
    let shown = el("code")
        .test_id("digest")
        .live_attr("title", digest)
        .live_attr("data-digest", digest)
        .words(move || if digest().is_empty() { "…".to_owned() } else { format::short_digest(&digest()) });
    let line = el("p")
        .class("num")
        .text("Plan ")
        .child(shown)
        .child(el("span").class("faint").test_id("took").words(move || model.plan.with(took)))
        .child(chip(model));
    el("div").class("foot").child(line).child(actions(model, last))
}

fn actions(model: Model, last: Last) -> El {
    let why_not = memo(move || model.plan.with(|plan| model.check.with(|check| why_not(plan, check))));
    let json = move || {
        let id = last.with_untracked(|preview| preview.as_ref().map(|p| p.plan_id.to_string()).unwrap_or_default());
        model.planner.ask(&Wish::Document, move |reply| {
            if let Reply::Document { text } = reply {
                browser::download(&format!("{id}.json"), &text);
            }
        });
    };
    let command = move || model.studio.with_untracked(|studio| studio.request().map(|request| command::text(&request)).unwrap_or_default());
    let fine = memo(move || model.plan.with(|plan| matches!(plan, Planned::Plan { .. })));
    let review = el("button")
        .class("button primary")
        .test_id("review")
        .attr("aria-describedby", "why-not")
        .live_flag("disabled", move || !why_not.get().is_empty())
        .on_click(move || model.reviewing.set(true))
        .text("Review and start →");
    el("div")
        .class("actions")
        .child(el("span").class("faint not-small").attr("id", "why-not").test_id("why-not").words(move || why_not.get()))
        .child(copy_button("Copy link", "copy-link", browser::href))
        .child(copy_button("Copy as command", "copy-command", command))
        .child(el("button").class("button quiet").test_id("json").live_flag("disabled", move || !fine.get()).on_click(json).text("JSON"))
        .child(el("span").class("not-small").child(review))
}

fn why_not(plan: &Planned, check: &Check) -> &'static str {
    match (plan, check) {
        (Planned::Plan { .. }, Check::Same(_)) => "",
        (Planned::Plan { .. }, Check::Computing) => "The server is checking this plan",
        (Planned::Plan { .. }, Check::Differs(_)) => "The server does not agree with this plan",
        (Planned::Plan { .. }, Check::Unheard) => "The service does not answer; it is asked again",
        (Planned::Plan { .. }, Check::Unchecked) => "The server has not checked this plan yet",
        (Planned::Refused(_), _) => "The plan is refused",
        (Planned::Needs { .. }, _) => "Finer facts are needed first",
        _ => "There is no plan yet",
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration in milliseconds, at least 1")]
fn took(plan: &Planned) -> String {
    match plan {
        Planned::Plan { took_ms, .. } => format!("computed in this browser in {} ms", took_ms.max(1.0) as u64),
        _ => String::new(),
    }
}

fn chip(model: Model) -> Group {
    let name = move || {
        model.check.with(|check| match check {
            Check::Unchecked | Check::Unheard => "unchecked",
            Check::Computing => "computing",
            Check::Same(_) => "same",
            Check::Differs(_) => "differs",
        })
    };
    let state = move || match name() {
        "computing" => ("active", "◎", "server is computing"),
        "same" => ("good", "✓", "the server computed the same"),
        "differs" => ("bad", "✕", "differs, why?"),
        _ => ("idle", "◌", "not checked"),
    };
    let why = move || {
        model.check.with(|check| match check {
            Check::Differs(failure) => Some(el("div").class("obstacle").test_id("differs").child(failure_words(failure))),
            Check::Unchecked | Check::Computing | Check::Same(_) | Check::Unheard => None,
        })
    };
    group().child(live_badge("digest-chip", state).live_attr("data-state", name)).live(why)
}
