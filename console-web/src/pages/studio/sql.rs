//! SQL of one chunk with a pager, and all chunks as a table. Both come from the worker's plan.

use planner_core::digest::{Digest, PlanId};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use super::model::Model;
use super::outcome::Last;
use crate::components::chunk_table::{Page, chunk_table};
use crate::components::copy::copy_button;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::answer::{Line, Reply};
use crate::views::format;
use crate::views::line_book::PAGE;
use crate::views::question::Wish;

/// What tells one plan from another.
type Which = (PlanId, Option<Digest>);

/// Both folds; nothing is asked while they are closed.
pub(super) fn sql(model: Model, last: Last) -> Group {
    let total = memo(move || last.with(|preview| preview.as_ref().map_or(0, |preview| preview.chunks)));
    // A large plan has no digest until it rests.
    let digest = memo(move || last.with(|preview| preview.as_ref().map(|preview| (preview.plan_id.clone(), preview.digest.clone()))));
    group().child(one(model, total, digest)).child(table(model, total, digest))
}

fn one(model: Model, total: Memo<u64>, digest: Memo<Option<Which>>) -> El {
    let open = RwSignal::new(false);
    let index = RwSignal::new(0_u64);
    let row = RwSignal::new(None::<Line>);
    let at = memo(move || index.get().min(total.get().saturating_sub(1)));
    effect(move || {
        digest.get();
        if open.get() {
            let from = at.get();
            model.planner.ask(&Wish::Chunks { from, to: from + 1 }, move |reply| {
                if let Reply::Chunks { rows } = reply {
                    let _gone = row.try_set(rows.into_iter().next());
                }
            });
        }
    });
    let of = move |get: fn(&Line) -> String| move || row.with(|row| row.as_ref().map(get).unwrap_or_default());
    let text = of(|row| row.sql.clone());
    // `at` follows `total`: a view that reads both reads `total` first, or it would see `at` unchanged and keep its words.
    let title = move || {
        let total = total.get();
        format!("SQL of chunk {} of {}", format::exact(at.get() + 1), format::exact(total))
    };
    let line = pager(index, at, total).child(el("span").class("num").words(of(|row| row.chunk.label.clone()))).child(copy_button(
        "Copy SQL",
        "copy-sql",
        move || untrack(text),
    ));
    let token = el("code").class("digest").words(of(|row| row.chunk.token.clone()));
    el("details")
        .class("box")
        .test_id("sql")
        .on("toggle", move |event| open.set(is_open(&event)))
        .child(el("summary").words(title))
        .child(line)
        .child(el("pre").class("sql").test_id("sql-text").attr("tabindex", "0").words(text))
        .child(el("p").class("faint").text("insert_deduplication_token ").child(token))
}

fn pager(index: RwSignal<u64>, at: Memo<u64>, total: Memo<u64>) -> El {
    let at_end = move || {
        let total = total.get();
        at.get() + 1 >= total
    };
    let go = move |to: u64| index.set(to.min(total.get_untracked().saturating_sub(1)));
    let before = el("button")
        .class("button quiet")
        .label("Chunk before")
        .live_flag("disabled", move || at.get() == 0)
        .on_click(move || go(at.get_untracked().saturating_sub(1)))
        .text("◂");
    let next = el("button")
        .class("button quiet")
        .label("Next chunk")
        .test_id("sql-next")
        .live_flag("disabled", at_end)
        .on_click(move || go(at.get_untracked() + 1))
        .text("▸");
    let field = el("input")
        .attr("type", "number")
        .class("short num")
        .attr("min", "1")
        .live_attr("max", move || total.get().to_string())
        .live_value(move || (at.get() + 1).to_string())
        .on_value("change", move |typed| go(typed.parse::<u64>().unwrap_or(1).saturating_sub(1)));
    let label = el("label").class("field inline").child(el("span").text("Chunk")).child(field);
    el("div").class("line").child(before).child(next).child(label)
}

fn table(model: Model, total: Memo<u64>, digest: Memo<Option<Which>>) -> El {
    let open = RwSignal::new(false);
    let ask = move |from: u64, then: Page| {
        model.planner.ask(&Wish::Chunks { from, to: from + PAGE }, move |reply| {
            then(if let Reply::Chunks { rows } = reply { Some(rows) } else { None });
        });
    };
    // Made when it is opened: a closed fold has no height to be filled.
    let list = move || open.get().then(|| chunk_table(total, move || drop(digest.get()), ask));
    el("details")
        .class("box")
        .test_id("chunks")
        .on("toggle", move |event| open.set(is_open(&event)))
        .child(el("summary").words(move || format!("All {} as a table", format::plural(total.get(), "chunk"))))
        .live(list)
}

fn is_open(event: &Event) -> bool {
    event.current_target().is_some_and(|target| target.unchecked_ref::<Element>().has_attribute("open"))
}
