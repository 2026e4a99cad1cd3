//! Chunks as a table, some hundred at a time: the equivalent of the strip.

use super::marks::marks;
use super::table::{cell, head};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::answer::Line;
use crate::views::format;

/// The table; `more` asks for further rows, while there are any.
pub(crate) fn chunk_table(rows: RwSignal<Vec<Line>>, total: Memo<u64>, more: impl Fn() + Copy + 'static) -> View {
    let left = memo(move || total.get().saturating_sub(rows.with(Vec::len) as u64));
    let further = memo(move || left.get() > 0);
    let button = move || {
        let words = move || format!("Show more · {} left", format::exact(left.get()));
        el("button").class("button quiet").on_click(more).words(words)
    };
    let list = move || {
        let row = |line: Line| Row::new(format!("{} {}", line.index, line.chunk.token), move || row(&line));
        rows.get().into_iter().map(row).collect()
    };
    let columns = [("#", ""), ("Span", ""), ("Rows", "right"), ("Size", "right"), ("Reads", "right"), ("Deduplication token", "wide")];
    let table = el("table").child(head(&columns)).child(el("tbody").rows(list));
    group()
        .child(el("div").class("scroll-x").attr("tabindex", "0").attr("role", "group").label("Chunks").child(table))
        .live(move || further.get().then(button))
        .into()
}

fn row(line: &Line) -> El {
    let chunk = &line.chunk;
    let token = chunk.token.get(..16).unwrap_or_default();
    el("tr")
        .test_id("chunk-row")
        .child(cell("num", format::exact(line.index + 1)))
        .child(cell("num", chunk.label.as_str()).text(" ").child(marks(line.marks)))
        .child(cell("right num", format::count(chunk.rows)).title(format::exact(chunk.rows)))
        .child(cell("right num", format::bytes(chunk.bytes)))
        .child(read(line))
        .child(cell("wide", el("code").class("faint").text(token).text("…")))
}

/// What the chunk reads against what it carries, where that is known.
fn read(line: &Line) -> El {
    let Some(read) = line.rows_read else { return cell("right num faint", "–") };
    let title = format!("reads about {} rows to carry {}", format::exact(read), format::exact(line.chunk.rows));
    cell("right num", format::times(read.into(), line.chunk.rows.into())).title(title)
}
