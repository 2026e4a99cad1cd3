//! One table: its partitions as a strip, its columns, the views around it.

use std::rc::Rc;

use executor_api::table::{ColumnDetail, PartitionDetail};
use planner_core::engine;
use planner_core::request::Window;
use planner_core::sql::identifier::TableName;

use crate::browser;
use crate::components::figure::fact;
use crate::components::partition_strip::partition_strip;
use crate::components::states;
use crate::components::table::{cell, head};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::router;
use crate::views::address::encode;
use crate::views::format;
use crate::views::partitions::{self, Range};
use crate::views::studio::{Cut, Studio, window_text};
use crate::views::table_page::TablePage;

/// Partitions shown before "more".
const SHOWN: usize = 60;

/// The page.
pub(crate) fn table() -> El {
    let router = router();
    let detail = Remote::<TablePage>::new(move || format!("/v1/tables/{}/{}", encode(&router.param(0)), encode(&router.param(1))));
    let name = memo(move || TableName::new(router.param(0), router.param(1)).ok());
    let title = move || name.with(|name| name.as_ref().map(TableName::to_string)).unwrap_or_default();
    effect(move || browser::set_title(&title()));
    let window = RwSignal::new(None::<Window>);
    let address = move || Studio { source: name.get(), window: window.get(), ..Studio::default() }.address();
    let plan = el("a")
        .class("button primary")
        .live_attr("href", address)
        .test_id("plan-button")
        .words(move || if window.with(Option::is_some) { "Plan this window" } else { "Plan a backfill" });
    let crumb = el("p").class("crumb").child(el("a").href("/tables").text("Tables"));
    let named = el("div").child(crumb).child(el("h1").words(title));
    el("main")
        .class("page")
        .attr("id", "main")
        .child(el("div").class("head").child(named).child(plan))
        .child(states::show(detail, move || detail.value.with_untracked(|table| table.as_ref().map(|table| body(table, window)))))
}

fn body(table: &TablePage, window: RwSignal<Option<Window>>) -> View {
    group()
        .child(facts(table))
        .child(views("Materialized views that read this table", &table.read_by))
        .child(views("Materialized views that write this table", &table.fed_by))
        .child(partitions(table, window))
        .child(columns(&table.columns))
        .into()
}

fn facts(table: &TablePage) -> El {
    let number = |value: Option<u64>, text: fn(u64) -> String| value.map_or_else(|| "–".to_owned(), text);
    let code = |text: &str| el("code").text(if text.is_empty() { "none" } else { text });
    el("dl")
        .class("figures")
        .child(fact("Rows", number(table.rows, format::exact)))
        .child(fact("Size, uncompressed", number(table.bytes, format::bytes)))
        .child(fact("Partitions", format::exact(table.partitions.len() as u64)))
        .child(fact("Engine", table.engine.as_str()))
        .child(fact("Sorting key", code(&table.sorting_key)))
        .child(fact("Partition by", code(&table.partition_key)))
}

fn views(title: &str, names: &[String]) -> Option<El> {
    let chips = || names.iter().map(|name| el("code").class("chip").text(name));
    (!names.is_empty()).then(|| el("p").class("chips").child(el("span").class("faint").text(title)).text(" ").children(chips()))
}

fn partitions(table: &TablePage, window: RwSignal<Option<Window>>) -> El {
    let section = el("section").child(el("h2").text("Partitions"));
    if table.partitions.is_empty() {
        let reads = engine::readable(&table.engine);
        let words = if reads { "It has no partitions of its own. Its rows can be planned by size." } else { "The table holds no rows." };
        let ways = reads.then(|| ways(table, &[Cut::Size], window));
        return section.child(el("p").class("faint").test_id("no-partitions").text(words)).child(ways);
    }
    let all: Rc<[PartitionDetail]> = table.partitions.clone().into();
    let chosen = RwSignal::new(None::<Range>);
    let known = Rc::clone(&all);
    effect(move || window.set(chosen.get().and_then(|range| partitions::window(&known, range))));
    let timed = partitions::have_times(&all);
    let untimed = (!timed).then(|| {
        let words = "These partitions have no time range, so that a plan covers the whole table: by size, or a chunk for each partition.";
        el("p").class("hint").test_id("no-times").text(words)
    });
    let cuts: &[Cut] = if timed { &[Cut::Hours, Cut::Size, Cut::Partitions] } else { &[Cut::Size, Cut::Partitions] };
    section
        .child(partition_strip(&all, timed.then_some(chosen)))
        .child(choice(all, chosen, window))
        .child(untimed)
        .child(ways(table, cuts, window))
        .child(partition_table(table.partitions.clone()))
}

/// What is chosen, and what else its window meets.
fn choice(all: Rc<[PartitionDetail]>, chosen: RwSignal<Option<Range>>, window: RwSignal<Option<Window>>) -> Group {
    let body = move || {
        let range = chosen.get()?;
        let clear = el("button").class("button quiet").test_id("clear").on_click(move || chosen.set(None)).text("Clear");
        let others = partitions::others(&all, range) as u64;
        let met = (others > 0).then(|| {
            let words =
                format!("The window also meets {}: the partition key is not of time alone.", format::plural(others, "other partition"));
            el("p").class("hint").test_id("others").text(words)
        });
        let span = window.with(Option::is_some).then(|| format!(" · {}", window_text(window.get())));
        let words = el("span").text(partitions::words(&all, range)).text(span.unwrap_or_default());
        Some(group().child(el("p").class("num line").test_id("chosen").child(words).child(clear)).child(met))
    };
    group().live(body)
}

/// Links into the studio, with the window that is chosen.
fn ways(table: &TablePage, cuts: &[Cut], window: RwSignal<Option<Window>>) -> El {
    let source = TableName::new(table.database.clone(), table.table.clone()).ok();
    let link = |cut: &Cut| {
        let (source, cut) = (source.clone(), *cut);
        let words = match cut {
            Cut::Hours => "Plan by hours",
            Cut::Days => "Plan by days",
            Cut::Size => "Plan by size",
            Cut::Partitions => "Plan a chunk for each partition",
        };
        let address = move || Studio { source: source.clone(), cut, window: window.get(), ..Studio::default() }.address();
        el("a").class("button").test_id(format!("plan-{}", cut.name())).live_attr("href", address).text(words)
    };
    el("p").class("actions").children(cuts.iter().map(link))
}

fn partition_table(all: Vec<PartitionDetail>) -> El {
    let total = all.len();
    let shown = RwSignal::new(SHOWN.min(total));
    let rows = move || {
        let row = |p: &PartitionDetail| {
            let p = p.clone();
            Row::new(p.id.clone(), move || partition_row(&p))
        };
        all.iter().take(shown.get()).map(row).collect()
    };
    let more = move || {
        let more = move || shown.update(|shown| *shown = (*shown + 500).min(total));
        el("button").class("button quiet").on_click(more).text("Show more")
    };
    let columns = [("Partition", ""), ("Rows", "right"), ("Size", "right"), ("Parts", "right")];
    el("details")
        .class("box")
        .child(el("summary").text(format!("All {} as a table", format::plural(total as u64, "partition"))))
        .child(el("table").label("Partitions").child(head(&columns)).child(el("tbody").rows(rows)))
        .live(move || (shown.get() < total).then(more))
}

fn partition_row(p: &PartitionDetail) -> El {
    el("tr")
        .child(cell("num", p.name.as_str()))
        .child(cell("right num", format::exact(p.rows)))
        .child(cell("right num", format::bytes(p.bytes)))
        .child(cell("right num", format::exact(p.parts)))
}

fn columns(columns: &[ColumnDetail]) -> El {
    let row = |column: &ColumnDetail| {
        el("tr")
            .child(cell("main", column.name.as_str()))
            .child(el("td").child(el("code").text(&column.type_name)))
            .child(cell("faint wide", column.default_kind.to_ascii_lowercase()))
            // Small parts do not tell their columns apart.
            .child(cell("right num", if column.bytes == 0 { "–".to_owned() } else { format::bytes(column.bytes) }))
    };
    let titles = [("Name", ""), ("Type", ""), ("Default", "wide"), ("Size", "right")];
    let count = el("span").class("faint num").text(columns.len().to_string());
    el("section")
        .child(el("h2").text("Columns ").child(count))
        .child(el("table").label("Columns").child(head(&titles)).child(el("tbody").children(columns.iter().map(row))))
}
