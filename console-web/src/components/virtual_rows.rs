//! A long list of which only the rows in sight are elements.

use std::rc::Rc;

use crate::browser;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::row_window::{ROW_PX, body_px, visible};

/// What a long list is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LongList {
    /// Its name.
    pub(crate) label: &'static str,
    /// The name that tests find its rows by.
    pub(crate) row_id: &'static str,
    /// Its columns: class and words of each head.
    pub(crate) columns: [(&'static str, &'static str); 6],
    /// Number of its rows.
    pub(crate) total: Memo<u64>,
}

/// The scrolling box; `seen` hears which rows are drawn, `row` draws one.
pub(crate) fn virtual_rows(list: LongList, seen: impl Fn(u64, u64) + 'static, row: impl Fn(u64) -> View + 'static) -> El {
    boxed(list, Box::new(seen), Rc::new(row))
}

fn boxed(list: LongList, seen: Box<dyn Fn(u64, u64)>, row: Rc<dyn Fn(u64) -> View>) -> El {
    let LongList { label, row_id, columns, total } = list;
    let scroll = RwSignal::new(0_u64);
    let height = RwSignal::new(720_u64);
    let window = move || visible(scroll.get(), height.get(), total.get());
    let lift = memo(move || window().lift_px);
    let drawn = memo(move || (window().first, window().last));
    let rows = move || {
        let (first, last) = drawn.get();
        let row = |index: u64| {
            let row = Rc::clone(&row);
            Row::new(index.to_string(), move || placed(index, lift).test_id(row_id).child(row(index)))
        };
        (first..last).map(row).collect()
    };
    let body = el("div")
        .class("rows-body")
        .attr("role", "rowgroup")
        .live_style("height", move || format!("{}px", body_px(total.get())))
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
        let (first, last) = drawn.get();
        seen(first, last);
    });
    list.on("scroll", move |_| measure()).child(head(&columns)).child(body)
}

fn head(columns: &[(&str, &str)]) -> El {
    let cell = |(class, words): &(&str, &str)| el("span").attr("role", "columnheader").class(class).text(words);
    el("div").class("row row-head").attr("role", "row").children(columns.iter().map(cell))
}

fn placed(index: u64, lift: Memo<u64>) -> El {
    // A lift is never more than what stands above a drawn row.
    let top = move || (index * ROW_PX).saturating_sub(lift.get());
    el("div")
        .class("row")
        .attr("role", "row")
        .attr("aria-rowindex", (index + 1).to_string())
        .live_style("transform", move || format!("translateY({}px)", top()))
}
