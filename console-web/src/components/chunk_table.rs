//! Chunks as a table, some hundred at a time: the equivalent of the strip.

use planner_core::plan::Chunk;

use super::table::{cell, head};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::format;

/// The table; `more` asks for further rows, while there are any.
pub(crate) fn chunk_table(rows: RwSignal<Vec<(u64, Chunk)>>, total: Memo<u64>, more: impl Fn() + Copy + 'static) -> View {
    let left = Memo::new(move |_| total.get().saturating_sub(rows.with(Vec::len) as u64));
    let further = Memo::new(move |_| left.get() > 0);
    let button = move || {
        let words = move || format!("Show more · {} left", format::exact(left.get()));
        el("button").class("button quiet").on_click(more).words(words)
    };
    let list = move || {
        rows.get().into_iter().map(|(index, chunk)| Row::new(format!("{index} {}", chunk.token), move || row(index, &chunk))).collect()
    };
    let columns = [("#", ""), ("Span (UTC)", ""), ("Rows", "right"), ("Size", "right"), ("Deduplication token", "wide")];
    let table = el("table").child(head(&columns)).child(el("tbody").rows(list));
    group()
        .child(el("div").class("scroll-x").attr("tabindex", "0").attr("role", "group").label("Chunks").child(table))
        .live(move || further.get().then(button))
        .into()
}

fn row(index: u64, chunk: &Chunk) -> El {
    let token = chunk.token.as_str().get(..16).unwrap_or_default();
    el("tr")
        .test_id("chunk-row")
        .child(cell("num", format::exact(index + 1)))
        .child(cell("num", chunk.label.as_str()))
        .child(cell("right num", format::count(chunk.rows)).title(format::exact(chunk.rows)))
        .child(cell("right num", format::bytes(chunk.bytes)))
        .child(cell("wide", el("code").class("faint").text(token).text("…")))
}
