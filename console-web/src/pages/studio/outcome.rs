//! What the worker made: figures, strip, digest, or why there is no plan.

use planner_core::rationale::{Note, Severity};
use planner_core::refusal::Refusal;
use planner_wasm::message::{self, Preview, Reply};

use super::model::{Check, Model, Planned};
use super::{live_badge, pace, safety, sql};
use crate::browser;
use crate::components::chart::tone_chart;
use crate::components::copy::copy_button;
use crate::components::figure::figure;
use crate::components::notes::{notes, warnings};
use crate::components::states::failure_words;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::format;
use crate::views::job_state::Tone;
use crate::views::question::Wish;
use crate::views::strip::{self, Cell};
use crate::views::words::for_people;

/// The last plan that was made.
pub(super) type Last = Memo<Option<Box<Preview>>>;

/// The lower half of the studio. A refusal or missing facts leave the last plan in sight, greyed.
pub(super) fn outcome(model: Model) -> Group {
    let last: Last = Memo::new(move |before: Option<&Option<Box<Preview>>>| {
        model.plan.with(|plan| match plan {
            Planned::Plan { preview, .. } => Some(preview.clone()),
            Planned::Nothing => None,
            Planned::Refused(_) | Planned::Needs(_) | Planned::Failed(_) => before.cloned().flatten(),
        })
    });
    let there = Memo::new(move |_| last.with(Option::is_some));
    let refusal =
        Memo::new(move |_| model.plan.with(|plan| if let Planned::Refused(refusal) = plan { Some(refusal.clone()) } else { None }));
    let obstacle = move || {
        let refused = refusal.with(|refusal| refusal.as_ref().map(|refusal| refused(model, refusal)));
        refused.or_else(|| model.plan.with(waiting))
    };
    let standing = Memo::new(move |_| model.plan.with(|plan| matches!(plan, Planned::Plan { .. })));
    let obstacle = move || (!standing.get()).then(obstacle).flatten();
    group().live(obstacle).live(move || there.get().then(|| result(model, last, standing)))
}

fn waiting(plan: &Planned) -> Option<El> {
    match plan {
        Planned::Needs(_) => {
            let words = "The server is asked for finer facts; what is shown is the plan before.";
            Some(el("p").class("stale").test_id("needs-detail").text(words))
        }
        Planned::Failed(message) => {
            Some(el("div").class("empty bad").child(el("strong").text("The planner failed")).child(el("p").text(message)))
        }
        Planned::Nothing | Planned::Refused(_) | Planned::Plan { .. } => None,
    }
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
        .child(pace::takes(model, last))
        .child(figure("Time column", "time-column", of(|p| p.time_column.clone())));
    el("section")
        .class("result")
        .live_class("old", move || !standing.get())
        .child(figures)
        .child(chunk_strip(last))
        .child(details(model, last))
        .child(foot(model, last))
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

fn chunk_strip(last: Last) -> Group {
    let cells = Memo::new(move |_| {
        last.with(|preview| {
            let Some(preview) = preview else { return Vec::new() };
            let average = preview.bytes / preview.chunks.max(1);
            // Neighbours that stand in one cell are measured by their average.
            let tone = |cell: &message::Cell| if cell.bytes / cell.chunks.max(1) > average * 2 { Tone::Warn } else { Tone::Active };
            preview.cells.iter().map(|cell| Cell { weight: cell.bytes, tone: tone(cell) }).collect::<Vec<_>>()
        })
    });
    let under = RwSignal::new(None::<usize>);
    let words = move || {
        let cell = under.get().and_then(|at| last.with(|preview| preview.as_ref()?.cells.get(at).copied()));
        cell.map_or_else(|| "Width = bytes; amber = more than twice the average".to_owned(), cell_words)
    };
    let label = move || {
        let chunks = last.with(|preview| preview.as_ref().map(|p| format::plural(p.chunks, "chunk"))).unwrap_or_default();
        format!("{chunks}, in order; the widths are their bytes")
    };
    let paths = Memo::new(move |_| cells.with(|cells| strip::paths(cells)));
    let chart = el("div").class("strip").test_id("chunk-strip");
    let node = chart.element();
    let chart = chart
        .on_mouse("mousemove", move |event| {
            let (at, _) = browser::place_in(&node, event.client_x(), event.client_y(), (strip::WIDTH, 1));
            under.set(cells.with_untracked(|cells| strip::locate(cells, at)));
        })
        .on("mouseleave", move |_| under.set(None))
        .child(tone_chart((strip::WIDTH, strip::HEIGHT), label, paths));
    group().child(chart).child(el("p").class("faint num").hidden_from_speech().words(words))
}

fn cell_words(cell: message::Cell) -> String {
    let amount = format!("{} rows · {}", format::count(cell.rows), format::bytes(cell.bytes));
    let first = format::exact(cell.first + 1);
    if cell.chunks == 1 {
        format!("Chunk {first} · {amount}")
    } else {
        format!("Chunks {first}–{} · {amount}", format::exact(cell.first + cell.chunks))
    }
}

fn details(model: Model, last: Last) -> Group {
    let list = Memo::new(move |_| last.with(|preview| preview.as_ref().map(|p| p.rationale.clone()).unwrap_or_default()));
    let of = move |severity: Severity| move || list.with(|list| notes(list, severity));
    let why = el("details").class("box").test_id("why").child(el("summary").text("Why these cuts?")).live(of(Severity::Info));
    let folds = el("div").class("details").child(why).child(sql::sql(model, last)).child(safety_fold(model, last, list));
    group().live(of(Severity::Warning)).child(folds)
}

fn safety_fold(model: Model, last: Last, list: Memo<Vec<Note>>) -> El {
    let warned = Memo::new(move |_| list.with(|list| warnings(list)));
    let badge = move || {
        let count = warned.get() as u64;
        (count > 0).then(|| el("span").class("badge warn").text(format::plural(count, "warning")))
    };
    el("details")
        .class("box")
        .test_id("safety")
        .child(el("summary").text("Safety: deduplication, memory, views").live(badge))
        .child(safety::safety(model, last))
}

fn foot(model: Model, last: Last) -> El {
    let digest = move || last.with(|preview| preview.as_ref().map(|p| p.digest.to_string()).unwrap_or_default());
    let shown = el("code")
        .test_id("digest")
        .live_attr("title", digest)
        .live_attr("data-digest", digest)
        .words(move || format::short_digest(&digest()));
    let line = el("p")
        .class("num")
        .text("Plan ")
        .child(shown)
        .child(el("span").class("faint").test_id("took").words(move || model.plan.with(took)))
        .child(chip(model));
    el("div").class("foot").child(line).child(actions(model, last))
}

fn actions(model: Model, last: Last) -> El {
    let why_not = Memo::new(move |_| model.plan.with(|plan| model.check.with(|check| why_not(plan, check))));
    let json = move || {
        let id = last.with_untracked(|preview| preview.as_ref().map(|p| p.plan_id.to_string()).unwrap_or_default());
        model.planner.ask(&Wish::Document, move |reply| {
            if let Reply::Document { text } = reply {
                browser::download(&format!("{id}.json"), &text);
            }
        });
    };
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
        .child(el("button").class("button quiet").test_id("json").on_click(json).text("JSON"))
        .child(el("span").class("not-small").child(review))
}

fn why_not(plan: &Planned, check: &Check) -> &'static str {
    match (plan, check) {
        (Planned::Plan { .. }, Check::Same(_)) => "",
        (Planned::Plan { .. }, Check::Computing) => "The server is checking this plan",
        (Planned::Plan { .. }, Check::Differs(_)) => "The server does not agree with this plan",
        (Planned::Plan { .. }, Check::Unchecked) => "The server has not checked this plan yet",
        (Planned::Refused(_), _) => "The plan is refused",
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
            Check::Unchecked => "unchecked",
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
            Check::Unchecked | Check::Computing | Check::Same(_) => None,
        })
    };
    group().child(live_badge("digest-chip", state).live_attr("data-state", name)).live(why)
}
