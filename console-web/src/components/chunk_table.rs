//! Chunks as rows, a million of which only those in sight are elements: the equivalent of the strip.

use std::rc::Rc;

use super::marks::marks;
use super::virtual_rows::{LongList, virtual_rows};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::answer::Line;
use crate::views::format;
use crate::views::line_book::LineBook;

/// Takes a page of chunks; none where it did not come.
pub(crate) type Page = Box<dyn FnOnce(Option<Vec<Line>>)>;

const COLUMNS: [(&str, &str); 6] =
    [("", "#"), ("", "Span"), ("right", "Size"), ("right", "Rows"), ("right", "Reads"), ("", "Deduplication token")];

/// The list; `changed` reads whatever tells one plan from another, `ask` fetches the page that starts at an index.
pub(crate) fn chunk_table(total: Memo<u64>, changed: impl Fn() + 'static, ask: impl Fn(u64, Page) + 'static) -> El {
    boxed(total, Box::new(changed), Box::new(ask))
}

fn boxed(total: Memo<u64>, changed: Box<dyn Fn()>, ask: Box<dyn Fn(u64, Page)>) -> El {
    let book = RwSignal::new(LineBook::default());
    let window = RwSignal::new((0_u64, 0_u64));
    let fetch = move |(first, last): (u64, u64)| {
        let wanted = book.try_update_untracked(|book| (book.turn(), book.missing(first, last)));
        let Some((turn, pages)) = wanted else { return };
        for page in pages {
            let take = move |lines| {
                let _gone = book.try_update(|book| book.put(turn, page, lines));
            };
            ask(page, Box::new(take));
        }
    };
    let fetch = Rc::new(fetch);
    let again = Rc::clone(&fetch);
    effect(move || {
        changed();
        book.update_untracked(LineBook::restart);
        again(window.get_untracked());
    });
    effect(move || fetch(window.get()));
    let list = LongList { label: "Chunks", row_id: "chunk-row", columns: COLUMNS, total };
    virtual_rows(list, move |first, last| window.set((first, last)), move |index| row(index, book))
        .class("rows chunk-rows")
        .attr("tabindex", "0")
}

fn row(index: u64, book: RwSignal<LineBook>) -> View {
    let of = move |get: fn(&Line) -> String| move || book.with(|book| book.get(index).map(get)).unwrap_or_default();
    let label = move || book.with(|book| book.get(index).map_or_else(|| "…".to_owned(), |line| line.chunk.label.clone()));
    let span = cell("label num")
        .child(el("span").live_attr("title", label).words(label))
        .live(move || marks(book.with(|book| book.get(index).map(|line| line.marks)).unwrap_or_default()));
    group()
        .child(cell("num").text(format::exact(index + 1)))
        .child(span)
        .child(cell("right num").words(of(|line| format::bytes(line.chunk.bytes))))
        .child(
            cell("right num")
                .live_attr("title", of(|line| format::exact(line.chunk.rows)))
                .words(of(|line| format::count(line.chunk.rows))),
        )
        .child(cell("right num").live_attr("title", of(read_words)).words(of(reads)))
        .child(cell("faint").child(el("code").words(of(|line| format!("{}…", line.chunk.token.get(..16).unwrap_or_default())))))
        .into()
}

fn cell(class: &str) -> El {
    el("span").attr("role", "cell").class(class)
}

/// What the chunk reads against what it carries, where that is known.
fn reads(line: &Line) -> String {
    line.rows_read.map_or_else(|| "–".to_owned(), |read| format::times(read.into(), line.chunk.rows.into()))
}

fn read_words(line: &Line) -> String {
    let words = |read| format!("reads about {} rows to carry {}", format::exact(read), format::exact(line.chunk.rows));
    line.rows_read.map(words).unwrap_or_default()
}
