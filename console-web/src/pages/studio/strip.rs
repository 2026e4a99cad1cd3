//! Every chunk side by side, with marks over those that are too large or hold a part of a heavy key.

use planner_wasm::message::{self, Preview};

use super::outcome::Last;
use crate::browser;
use crate::components::chart::tone_chart;
use crate::components::marks::{HOT, HOT_WORDS, OVER, OVER_WORDS};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::format;
use crate::views::job_state::Tone;
use crate::views::strip::{self, Cell};

/// The strip with its marks, legend, and what is under the pointer.
pub(super) fn chunk_strip(last: Last) -> El {
    let cells = memo(move || last.with(|preview| preview.as_ref().map(|preview| cells(preview)).unwrap_or_default()));
    let under = RwSignal::new(None::<usize>);
    let words = move || {
        let cell = under.get().and_then(|at| last.with(|preview| preview.as_ref()?.cells.get(at).copied()));
        cell.map_or_else(|| last.with(|preview| preview.as_ref().map(|p| resting_words(p)).unwrap_or_default()), cell_words)
    };
    let label = move || last.with(|preview| preview.as_ref().map(|preview| picture_words(preview)).unwrap_or_default());
    let paths = memo(move || cells.with(|cells| strip::paths(cells)));
    let chart = el("div").class("strip").test_id("chunk-strip");
    let node = chart.element();
    let chart = chart
        .on_mouse("mousemove", move |event| {
            let (at, _) = browser::place_in(&node, event.client_x(), event.client_y(), (strip::WIDTH, 1));
            under.set(cells.with_untracked(|cells| strip::locate(cells, at)));
        })
        .on("mouseleave", move |_| under.set(None))
        .child(tone_chart((strip::WIDTH, strip::HEIGHT), label, paths));
    let places = move |count: fn(&message::Cell) -> u64| {
        memo(move || {
            last.with(|preview| {
                let Some(preview) = preview else { return Vec::new() };
                cells.with(|cells| strip::marks(cells, |at| preview.cells.get(at).is_some_and(|cell| count(cell) > 0)))
            })
        })
    };
    let (over, hot) = (places(|cell| cell.over), places(|cell| cell.hot));
    el("div")
        .class("chunks")
        .child(chart)
        .child(marks(over, hot))
        .child(el("p").class("faint num").hidden_from_speech().words(words))
        .child(
            el("p")
                .class("legend")
                .test_id("strip-legend")
                .words(move || last.with(|preview| preview.as_ref().map(|preview| legend(preview)).unwrap_or_default())),
        )
}

fn cells(preview: &Preview) -> Vec<Cell> {
    let average = preview.bytes / preview.chunks.max(1);
    let is_large = |cell: &message::Cell| {
        // Neighbours that stand in one cell are measured by their average.
        if preview.sizes.by_budget { cell.over > 0 } else { cell.bytes / cell.chunks.max(1) > average.saturating_mul(2) }
    };
    let tone = |cell: &message::Cell| if is_large(cell) { Tone::Warn } else { Tone::Active };
    preview.cells.iter().map(|cell| Cell { weight: cell.bytes, tone: tone(cell) }).collect()
}

/// One text a kind of mark, a place for each of its glyphs: two nodes however many marks.
fn marks(over: Memo<Vec<u64>>, hot: Memo<Vec<u64>>) -> El {
    let none = move || over.with(Vec::is_empty) && hot.with(Vec::is_empty);
    let glyphs = |glyph: &'static str, test_id: &str, aside: i64, places: Memo<Vec<u64>>| {
        let at = move || {
            // Both kinds may stand over one place.
            let place = |place: &u64| (i64::try_from(place / 10).unwrap_or(0) + aside).to_string();
            places.with(|places| places.iter().map(place).collect::<Vec<_>>().join(" "))
        };
        svg("text").attr("y", "12").test_id(test_id).live_attr("x", at).words(move || glyph.repeat(places.with(Vec::len)))
    };
    svg("svg")
        .class("marks")
        .attr("viewBox", "0 0 1000 14")
        .hidden_from_speech()
        .live_flag("hidden", none)
        .child(glyphs(HOT, "marks-hot", -5, hot).class("hot"))
        .child(glyphs(OVER, "marks-over", 5, over).class("over"))
}

/// How many chunks are marked, by glyph.
fn counted(preview: &Preview) -> Vec<(&'static str, String)> {
    let (over, hot) = preview.cells.iter().fold((0, 0), |(over, hot), cell| (over + cell.over, hot + cell.hot));
    let words = |count: u64, glyph, words: &str| (count > 0).then(|| (glyph, format!("{} {words}", format::plural(count, "chunk"))));
    [words(over, OVER, OVER_WORDS), words(hot, HOT, HOT_WORDS)].into_iter().flatten().collect()
}

/// What the marks mean; nothing where no chunk has one.
fn legend(preview: &Preview) -> String {
    counted(preview).iter().map(|(glyph, words)| format!("{glyph} {words}")).collect::<Vec<_>>().join(" · ")
}

fn picture_words(preview: &Preview) -> String {
    let said = format!("{}, in order; the widths are their bytes", format::plural(preview.chunks, "chunk"));
    std::iter::once(said).chain(counted(preview).into_iter().map(|(_, words)| words)).collect::<Vec<_>>().join("; ")
}

fn resting_words(preview: &Preview) -> String {
    let amber = if preview.sizes.by_budget { "over the budget" } else { "more than twice the average" };
    format!("Width = bytes; amber = {amber}")
}

fn cell_words(cell: message::Cell) -> String {
    let first = format::exact(cell.first + 1);
    let name =
        if cell.chunks == 1 { format!("Chunk {first}") } else { format!("Chunks {first}–{}", format::exact(cell.first + cell.chunks)) };
    let mut words = vec![name, format!("{} rows", format::count(cell.rows)), format::bytes(cell.bytes)];
    words.extend([(cell.over > 0).then_some(OVER_WORDS), (cell.hot > 0).then_some(HOT_WORDS)].into_iter().flatten().map(str::to_owned));
    words.join(" · ")
}
