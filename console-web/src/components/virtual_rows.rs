//! A long list of which only the rows in sight are elements.

use std::rc::Rc;

use crate::browser;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::row_window::{ROW_PX, visible};

/// A scrolling box of `total` rows; `seen` hears which rows are drawn, `row` draws one.
pub(crate) fn virtual_rows(
    label: &str,
    total: Memo<u64>,
    head: El,
    seen: impl Fn(u64, u64) + 'static,
    row: impl Fn(u64) -> View + 'static,
) -> El {
    let scroll = RwSignal::new(0_u64);
    let height = RwSignal::new(720_u64);
    let window = memo(move || visible(scroll.get(), height.get(), total.get()));
    let row = Rc::new(row);
    let rows = move || {
        let (first, last) = window.get();
        let row = |index: u64| {
            let row = Rc::clone(&row);
            Row::new(index.to_string(), move || placed(index).child(row(index)))
        };
        (first..last).map(row).collect()
    };
    let body = el("div")
        .class("rows-body")
        .attr("role", "rowgroup")
        .live_style("height", move || format!("{}px", total.get() * ROW_PX))
        .rows(rows);
    let list = el("div").class("rows").attr("role", "table").label(label).live_attr("aria-rowcount", move || total.get().to_string());
    let node = list.element();
    let measure = move || {
        scroll.set(u64::try_from(node.scroll_top()).unwrap_or(0));
        height.set(u64::try_from(node.client_height()).unwrap_or(720).max(200));
    };
    effect(measure.clone());
    let resized = measure.clone();
    browser::listen("resize", move |_| resized());
    effect(move || {
        let (first, last) = window.get();
        seen(first, last);
    });
    list.on("scroll", move |_| measure()).child(head).child(body)
}

fn placed(index: u64) -> El {
    el("div")
        .class("row")
        .attr("role", "row")
        .attr("aria-rowindex", (index + 1).to_string())
        .test_id("task-row")
        .style("transform", format!("translateY({}px)", index * ROW_PX))
}
