//! Tables with what they hold.

use executor_api::table::{TableList, TableSummary};

use crate::browser;
use crate::components::states;
use crate::components::table::{cell, head};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::router;
use crate::views::address::{encode, table_page, with_query};
use crate::views::format;

/// The page.
pub(crate) fn tables() -> El {
    browser::set_title("Tables");
    let text = RwSignal::new(router().query_once("q"));
    // Filtered here as long as the server lists everything; asked for when it does not.
    let ask = RwSignal::new(String::new());
    let list = Remote::<TableList>::new(move || match ask.get().as_str() {
        "" => "/v1/tables".to_owned(),
        text => format!("/v1/tables?q={}", encode(text)),
    });
    effect(move || {
        let text = text.get();
        browser::replace_address(&with_query("/tables", &[("q", &text)]));
        if list.value.with_untracked(|list| list.as_ref().is_some_and(|list| list.truncated)) || !ask.get_untracked().is_empty() {
            ask.set(text);
        }
    });
    let search = el("input")
        .attr("type", "search")
        .attr("placeholder", "Filter by name")
        .label("Filter tables by name")
        .attr("data-search", "")
        .test_id("table-search")
        .live_value(move || text.get())
        .on_value("input", move |typed| text.set(typed));
    el("main")
        .class("page")
        .attr("id", "main")
        .child(el("div").class("head").child(el("h1").text("Tables")).child(search))
        .child(states::show(list, move || body(list, text)))
}

fn body(list: Remote<TableList>, text: RwSignal<String>) -> View {
    let shown = memo(move || {
        let wanted = browser::lowercase(&text.get());
        let matches = |table: &&TableSummary| {
            wanted.is_empty() || browser::lowercase(&format!("{}.{}", table.database, table.table)).contains(&wanted)
        };
        list.value.with(|list| list.iter().flat_map(|list| &list.tables).filter(matches).cloned().collect::<Vec<_>>())
    });
    let most = memo(move || shown.with(|tables| tables.iter().filter_map(|table| table.bytes).max().unwrap_or(0).max(1)));
    let none = memo(move || shown.with(Vec::is_empty));
    let truncated = memo(move || list.value.with(|list| list.as_ref().is_some_and(|list| list.truncated)));
    let cut = || el("p").class("faint").text("Only the first 1,000 tables are listed. Type a part of the name to find others.");
    let rows = move || {
        let row = |table: TableSummary| {
            let key = format!("{} {} {}", table_page(&table.database, &table.table), table.rows.unwrap_or(0), table.rows.is_some());
            Row::new(key, move || row(&table, most))
        };
        shown.get().into_iter().map(row).collect()
    };
    let columns =
        [("Table", ""), ("Engine", "wide"), ("Rows", "right"), ("Size", "right"), ("Sorting key", "wide"), ("Partition by", "wide")];
    let table = el("table").live_flag("hidden", move || none.get()).label("Tables").child(head(&columns)).child(el("tbody").rows(rows));
    group().live(move || none.get().then(|| nothing(text))).child(table).live(move || truncated.get().then(cut)).into()
}

fn nothing(text: RwSignal<String>) -> El {
    if text.with(String::is_empty) {
        states::empty("No tables", "The user that Penstock connects as sees no table.", None)
    } else {
        states::empty("No table has this in its name", "Shorten what you typed.", None)
    }
}

fn row(table: &TableSummary, most: Memo<u64>) -> El {
    let name = el("a")
        .href(table_page(&table.database, &table.table))
        .attr("data-row", "")
        .child(el("span").class("faint").text(&table.database).text("."))
        .text(&table.table);
    let rows = el("td")
        .class("right num")
        .attr_if("title", table.rows.map(format::exact))
        .text(table.rows.map_or_else(|| "–".to_owned(), format::count));
    let size = cell("right num", table.bytes.map_or_else(|| "–".to_owned(), format::bytes)).child(size_bar(table.bytes.unwrap_or(0), most));
    el("tr")
        .test_id("table-row")
        .attr("data-table", format!("{}.{}", table.database, table.table))
        .child(cell("main", name))
        .child(cell("wide faint", table.engine.as_str()))
        .child(rows)
        .child(size)
        .child(cell("wide", el("code").text(&table.sorting_key)))
        .child(cell("wide", el("code").text(&table.partition_key)))
}

/// The table's share of the largest one.
fn size_bar(bytes: u64, most: Memo<u64>) -> El {
    let width = move || (u128::from(bytes) * 64 / u128::from(most.get())).to_string();
    svg("svg")
        .class(if bytes == 0 { "size-bar none" } else { "size-bar" })
        .attr("viewBox", "0 0 64 4")
        .hidden_from_speech()
        .child(svg("rect").live_attr("width", width).attr("height", "4").attr("rx", "2"))
}
