//! One table: its partitions over time, its columns, the views around it.

use executor_api::table::{PartitionDetail, TableDetail};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use planner_core::request::Window;
use planner_core::sql::identifier::TableName;

use crate::browser;
use crate::components::figure::fact;
use crate::components::states;
use crate::components::time_bars::time_bars;
use crate::erase::{act, effect, live};
use crate::remote::Remote;
use crate::views::address::encode;
use crate::views::bars::{self, Bars};
use crate::views::format;
use crate::views::studio::{Studio, window_text};

/// Partitions shown before "more".
const SHOWN: usize = 60;

/// The page.
pub(crate) fn table() -> AnyView {
    let params = use_params_map();
    let part = move |name: &str| params.with(|params| params.get(name)).unwrap_or_default();
    let detail = Remote::<TableDetail>::new(move || format!("/v1/tables/{}/{}", encode(&part("db")), encode(&part("table"))));
    let name = Memo::new(move |_| TableName::new(part("db"), part("table")).ok());
    let title = move || name.get().map(|name| name.to_string()).unwrap_or_default();
    effect(move |_| browser::set_title(&title()));
    let window = RwSignal::new(None::<Window>);
    let plan = move || Studio { source: name.get(), window: window.get(), ..Studio::default() }.address();
    view! {
        <main class="page" id="main">
            <div class="head">
                <div>
                    <p class="crumb"><a href="/tables">"Tables"</a></p>
                    <h1>{live(title)}</h1>
                </div>
                <a class="button primary" href=live(plan) data-testid="plan-button">
                    {live(move || if window.with(Option::is_some) { "Plan this window" } else { "Plan a backfill" })}
                </a>
            </div>
            {states::show(detail, move || body(detail, window))}
        </main>
    }
    .into_any()
}

fn body(detail: Remote<TableDetail>, window: RwSignal<Option<Window>>) -> AnyView {
    let Some(table) = detail.value.get_untracked() else { return ().into_any() };
    let summary = &table.summary;
    let number = |value: Option<u64>, text: fn(u64) -> String| value.map_or_else(|| "–".to_owned(), text);
    let code = |text: &str| view! { <code>{if text.is_empty() { "none".to_owned() } else { text.to_owned() }}</code> };
    view! {
        <dl class="figures">
            {fact("Rows", number(summary.rows, format::exact))}
            {fact("Size, uncompressed", number(summary.bytes, format::bytes))}
            {fact("Partitions", format::exact(table.partitions.len() as u64))}
            {fact("Engine", summary.engine.clone())}
            {fact("Sorting key", code(&summary.sorting_key))}
            {fact("Partition by", code(&summary.partition_key))}
        </dl>
        {views("Materialized views that read this table", &table.read_by)}
        {views("Materialized views that write this table", &table.fed_by)}
        {partitions(&table.partitions, window)}
        {columns(&table)}
    }
    .into_any()
}

fn views(title: &'static str, names: &[String]) -> Option<AnyView> {
    let names = names.iter().map(|name| view! { <code class="chip">{name.clone()}</code> }).collect::<Vec<_>>();
    (!names.is_empty()).then(|| view! { <p class="chips"><span class="faint">{title}</span> {names}</p> }.into_any())
}

fn partitions(partitions: &[PartitionDetail], window: RwSignal<Option<Window>>) -> AnyView {
    if partitions.is_empty() {
        return view! { <section><h2>"Partitions"</h2><p class="faint">"The table holds no rows."</p></section> }.into_any();
    }
    let bars = Bars::of(&bars::of_partitions(partitions.iter().map(|p| (p.min_time, p.max_time, p.bytes))));
    let chart = (bars.step > 0).then(|| {
        let bars = StoredValue::new(bars);
        let chosen = move || {
            window.get().map(|chosen| {
                view! {
                    <p class="num">
                        {window_text(Some(chosen))} " "
                        <button class="button quiet" on:click=act(move |_| window.set(None))>"Clear"</button>
                    </p>
                }
            })
        };
        view! {
            {time_bars(Signal::derive(move || bars.get_value()), window.into(), move |chosen, _| window.set(Some(chosen)))}
            {live(chosen)}
        }
    });
    let all = StoredValue::new(partitions.to_vec());
    let shown = RwSignal::new(SHOWN.min(partitions.len()));
    let total = partitions.len();
    let row = |p: PartitionDetail| {
        view! {
            <tr>
                <td class="num">{p.name}</td>
                <td class="right num">{format::exact(p.rows)}</td>
                <td class="right num">{format::bytes(p.bytes)}</td>
                <td class="right num">{format::exact(p.parts)}</td>
            </tr>
        }
    };
    view! {
        <section>
            <h2>"Partitions"</h2>
            {chart}
            <details class="box">
                <summary>{format!("All {} as a table", format::plural(total as u64, "partition"))}</summary>
                <table aria-label="Partitions">
                    <thead>
                        <tr><th>"Partition"</th><th class="right">"Rows"</th><th class="right">"Size"</th><th class="right">"Parts"</th></tr>
                    </thead>
                    <tbody>
                        <For each=move || all.with_value(|all| all.iter().take(shown.get()).cloned().collect::<Vec<_>>()) key=|p| p.id.clone() children=row />
                    </tbody>
                </table>
                {live(move || (shown.get() < total).then(|| view! {
                    <button class="button quiet" on:click=act(move |_| shown.update(|shown| *shown = (*shown + 500).min(total)))>"Show more"</button>
                }))}
            </details>
        </section>
    }
    .into_any()
}

fn columns(table: &TableDetail) -> AnyView {
    let row = |column: &executor_api::table::ColumnDetail| {
        view! {
            <tr>
                <td class="main">{column.name.clone()}</td>
                <td><code>{column.type_name.clone()}</code></td>
                <td class="faint wide">{column.default_kind.to_lowercase()}</td>
                <td class="right num">{format::bytes(column.bytes)}</td>
            </tr>
        }
    };
    let rows = table.columns.iter().map(row).collect::<Vec<_>>();
    view! {
        <section>
            <h2>"Columns " <span class="faint num">{table.columns.len()}</span></h2>
            <table aria-label="Columns">
                <thead>
                    <tr><th>"Name"</th><th>"Type"</th><th class="wide">"Default"</th><th class="right">"Size"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
