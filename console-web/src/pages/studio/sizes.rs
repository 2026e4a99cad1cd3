//! How many chunks are of which size, beside the strip.

use planner_wasm::message::Sizes;

use super::outcome::Last;
use crate::browser;
use crate::components::chart::picture;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::{format, sizes};

/// The chart; its words say every bar.
pub(super) fn size_chart(last: Last) -> El {
    let shown = memo(move || last.with(|preview| preview.as_ref().map(|preview| preview.sizes.clone())));
    let of = move |get: fn(&Sizes) -> String| move || shown.with(|shown| shown.as_ref().map(get).unwrap_or_default());
    let under = RwSignal::new(None::<usize>);
    let words = move || {
        let bar = under.get().and_then(|at| shown.with(|shown| shown.as_ref().map(|sizes| sizes::bar_words(sizes, at))));
        bar.unwrap_or_else(|| "Chunks by size".to_owned())
    };
    let line = of(|sizes| format!("M{} 0v{}", sizes::unit_at(sizes), sizes::UNITS.1));
    let bars = picture("", sizes::UNITS)
        .live_attr("aria-label", of(sizes::words))
        .child(svg("path").class("bars").live_attr("d", of(|sizes| sizes::paths(sizes).0)))
        .child(svg("path").class("warn").live_attr("d", of(|sizes| sizes::paths(sizes).1)))
        .child(svg("path").class("unit").live_attr("d", line));
    let plot = el("div").class("size-plot").test_id("size-chart").child(bars);
    let node = plot.element();
    let plot = plot
        .on_mouse("mousemove", move |event| {
            let (at, _) = browser::place_in(&node, event.client_x(), event.client_y(), (sizes::UNITS.0, 1));
            under.set(shown.with_untracked(|shown| shown.as_ref().and_then(|sizes| sizes::locate(sizes, at))));
        })
        .on("mouseleave", move |_| under.set(None));
    let unit = of(|sizes| format!("{} {}", if sizes.by_budget { "budget" } else { "average" }, format::bytes(sizes.unit)));
    let ticks = el("p")
        .class("size-ticks faint num")
        .hidden_from_speech()
        .child(el("span").text("0"))
        .child(el("span").words(unit))
        .child(el("span").text("×2"));
    el("div").class("sizes").child(plot).child(ticks).child(el("p").class("faint num").hidden_from_speech().words(words))
}
