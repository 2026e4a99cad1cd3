//! Go anywhere: pages, tables, jobs, by a few letters.

use executor_api::job::JobList;
use executor_api::table::TableList;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::KeyboardEvent;

use super::dialog::dialog;
use crate::api_client;
use crate::console::{Overlay, console};
use crate::erase::{act, effect, live};
use crate::views::address::table_page;

/// Most entries shown.
const MOST: usize = 12;

/// Kind, name, address.
type Entry = (&'static str, String, String);

/// The dialog.
pub(crate) fn palette() -> AnyView {
    let console = console();
    let entries = RwSignal::new(pages());
    let text = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let open = Signal::derive(move || console.overlay.get() == Overlay::Palette);
    let close = move || {
        if console.overlay.get_untracked() == Overlay::Palette {
            console.overlay.set(Overlay::Closed);
        }
    };
    effect(move |_| {
        if open.get() {
            text.set(String::new());
            at.set(0);
            load(entries);
        }
    });
    let found = Memo::new(move |_| {
        let wanted = text.get().to_lowercase();
        entries.with(|entries| {
            entries
                .iter()
                .filter(|(_, name, _)| wanted.split(' ').all(|word| name.to_lowercase().contains(word)))
                .take(MOST)
                .cloned()
                .collect::<Vec<Entry>>()
        })
    });
    let navigate = StoredValue::new_local(use_navigate());
    let go = move |address: &str| {
        close();
        navigate.with_value(|navigate| navigate(address, NavigateOptions::default()));
    };
    let keys = move |event: KeyboardEvent| {
        let last = found.with(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some((_, _, address)) = found.with(|found| found.get(at.get_untracked()).cloned()) {
                    go(&address);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    dialog("Go to", "palette", open, close, move || {
        let lines = move || {
            let line = |(index, (kind, name, address)): (usize, Entry)| {
                let go_there = move |_| go(&address);
                view! {
                    <li role="option" id=format!("go-{index}") aria-selected=live(move || (at.get() == index).to_string()) on:click=act(go_there)>
                        <span>{name}</span>
                        <span class="faint">{kind}</span>
                    </li>
                }
            };
            found.get().into_iter().enumerate().map(line).collect::<Vec<_>>()
        };
        view! {
            <input
                type="text"
                role="combobox"
                aria-label="Go to a page, a table or a job"
                aria-expanded="true"
                aria-controls="go-list"
                aria-activedescendant=live(move || format!("go-{}", at.get()))
                placeholder="Go to a page, a table, a job"
                autocomplete="off"
                autofocus=true
                on:input=act(move |event| {
                    text.set(event_target_value(&event));
                    at.set(0);
                })
                on:keydown=act(keys)
            />
            <ul id="go-list" role="listbox" aria-label="Places">{live(lines)}</ul>
        }
        .into_any()
    })
}

fn pages() -> Vec<Entry> {
    [("Overview", "/"), ("Tables", "/tables"), ("Plan a backfill", "/plan"), ("Jobs", "/jobs")]
        .map(|(name, address)| ("page", name.to_owned(), address.to_owned()))
        .into()
}

fn load(entries: RwSignal<Vec<Entry>>) {
    entries.set(pages());
    let add = move |more: Vec<Entry>| {
        let _gone = entries.try_update(|entries| entries.extend(more));
    };
    api_client::get::<JobList>("/v1/jobs".to_owned(), move |list| {
        let entry = |job: executor_api::job::Job| ("job", job.title, format!("/jobs/{}", job.id));
        add(list.map(|list| list.jobs.into_iter().map(entry).collect()).unwrap_or_default());
    });
    api_client::get::<TableList>("/v1/tables".to_owned(), move |list| {
        let entry = |table: executor_api::table::TableSummary| {
            ("table", format!("{}.{}", table.database, table.table), table_page(&table.database, &table.table))
        };
        add(list.map(|list| list.tables.into_iter().map(entry).collect()).unwrap_or_default());
    });
}
