//! Tables with what they hold.

use executor_api::table::{TableList, TableSummary};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::browser;
use crate::components::states;
use crate::erase::{act, effect, live};
use crate::remote::Remote;
use crate::views::address::{encode, table_page, with_query};
use crate::views::format;

/// The page.
pub(crate) fn tables() -> AnyView {
    browser::set_title("Tables");
    let query = use_query_map();
    let text = RwSignal::new(query.with_untracked(|query| query.get("q")).unwrap_or_default());
    // Filtered here as long as the server lists everything; asked for when it does not.
    let ask = RwSignal::new(String::new());
    let list = Remote::<TableList>::new(move || match ask.get().as_str() {
        "" => "/v1/tables".to_owned(),
        text => format!("/v1/tables?q={}", encode(text)),
    });
    effect(move |_| {
        let text = text.get();
        browser::replace_address(&with_query("/tables", &[("q", &text)]));
        if list.value.with_untracked(|list| list.as_ref().is_some_and(|list| list.truncated)) || !ask.get_untracked().is_empty() {
            ask.set(text);
        }
    });
    view! {
        <main class="page" id="main">
            <div class="head">
                <h1>"Tables"</h1>
                <input
                    type="search"
                    placeholder="Filter by name"
                    aria-label="Filter tables by name"
                    data-search=""
                    data-testid="table-search"
                    prop:value=live(move || text.get())
                    on:input=act(move |event| text.set(event_target_value(&event)))
                />
            </div>
            {states::show(list, move || body(list, text))}
        </main>
    }
    .into_any()
}

fn body(list: Remote<TableList>, text: RwSignal<String>) -> AnyView {
    let shown = Memo::new(move |_| {
        let wanted = text.get().to_lowercase();
        let matches = |table: &&TableSummary| format!("{}.{}", table.database, table.table).to_lowercase().contains(&wanted);
        list.value.with(|list| list.iter().flat_map(|list| &list.tables).filter(matches).cloned().collect::<Vec<_>>())
    });
    let most = Memo::new(move |_| shown.with(|tables| tables.iter().filter_map(|table| table.bytes).max().unwrap_or(0).max(1)));
    let none = Memo::new(move |_| shown.with(Vec::is_empty));
    let nothing = move || {
        none.get().then(|| {
            if text.with(String::is_empty) {
                states::empty("No tables", "The user that Penstock connects as sees no table.", None)
            } else {
                states::empty("No table has this in its name", "Shorten what you typed.", None)
            }
        })
    };
    let truncated = move || {
        list.value.with(|list| list.as_ref().is_some_and(|list| list.truncated)).then(|| {
            view! { <p class="faint">"Only the first 1,000 tables are listed. Type a part of the name to find others."</p> }
        })
    };
    view! {
        {live(nothing)}
        <table hidden=live(move || none.get()) aria-label="Tables">
            <thead>
                <tr>
                    <th>"Table"</th>
                    <th class="wide">"Engine"</th>
                    <th class="right">"Rows"</th>
                    <th class="right">"Size"</th>
                    <th class="wide">"Sorting key"</th>
                    <th class="wide">"Partition by"</th>
                </tr>
            </thead>
            <tbody>
                <For each=move || shown.get() key=|table| (table.database.clone(), table.table.clone(), table.rows) children=move |table| row(&table, most) />
            </tbody>
        </table>
        {live(truncated)}
    }
    .into_any()
}

fn row(table: &TableSummary, most: Memo<u64>) -> AnyView {
    let name = format!("{}.{}", table.database, table.table);
    let bytes = table.bytes;
    let bar = move || (u128::from(bytes.unwrap_or(0)) * 64 / u128::from(most.get())).to_string();
    view! {
        <tr data-testid="table-row" data-table=name>
            <td class="main">
                <a href=table_page(&table.database, &table.table) data-row="">
                    <span class="faint">{table.database.clone()} "."</span>
                    {table.table.clone()}
                </a>
            </td>
            <td class="wide faint">{table.engine.clone()}</td>
            <td class="right num" title=table.rows.map(format::exact)>{table.rows.map_or_else(|| "–".to_owned(), format::count)}</td>
            <td class="right num">
                {bytes.map_or_else(|| "–".to_owned(), format::bytes)}
                <svg class="size-bar" class:none=bytes.unwrap_or(0) == 0 viewBox="0 0 64 4" aria-hidden="true">
                    <rect width=live(bar) height="4" rx="2"></rect>
                </svg>
            </td>
            <td class="wide"><code>{table.sorting_key.clone()}</code></td>
            <td class="wide"><code>{table.partition_key.clone()}</code></td>
        </tr>
    }
    .into_any()
}
