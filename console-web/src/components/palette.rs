//! Go anywhere: pages, tables, jobs, by a few letters.

use executor_api::job::JobList;
use executor_api::table::TableList;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::dialog::dialog;
use crate::api_client;
use crate::browser;
use crate::console::{Console, Overlay, console};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::router::{Router, router};
use crate::views::address::table_page;

/// Most entries shown.
const MOST: usize = 12;

/// Kind, name, address.
type Entry = (&'static str, String, String);

/// What the palette shows.
#[derive(Clone, Copy)]
struct Palette {
    console: Console,
    router: Router,
    text: RwSignal<String>,
    /// The entry that Enter opens.
    at: RwSignal<usize>,
    found: Memo<Vec<Entry>>,
}

/// The dialog.
pub(crate) fn palette() -> El {
    let console = console();
    let entries = RwSignal::new(pages());
    let text = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let open = memo(move || console.overlay.get() == Overlay::Palette);
    effect(move || {
        if open.get() {
            text.set(String::new());
            at.set(0);
            load(entries);
        }
    });
    let found = memo(move || entries.with(|entries| matching(entries, &text.get())));
    let palette = Palette { console, router: router(), text, at, found };
    dialog("Go to", "palette", open, move || console.close(Overlay::Palette), move || palette.content())
}

fn matching(entries: &[Entry], text: &str) -> Vec<Entry> {
    let wanted = browser::lowercase(text);
    let matches = |(_, name, _): &&Entry| {
        let name = browser::lowercase(name);
        wanted.split(' ').all(|word| name.contains(word))
    };
    entries.iter().filter(matches).take(MOST).cloned().collect()
}

impl Palette {
    fn content(self) -> View {
        let typed = move |text| {
            self.text.set(text);
            self.at.set(0);
        };
        let field = el("input")
            .attr("type", "text")
            .attr("role", "combobox")
            .label("Go to a page, a table or a job")
            .attr("aria-expanded", "true")
            .attr("aria-controls", "go-list")
            .live_attr("aria-activedescendant", move || format!("go-{}", self.at.get()))
            .attr("placeholder", "Go to a page, a table, a job")
            .attr("autocomplete", "off")
            .flag("autofocus", true)
            .on_value("input", typed)
            .on("keydown", move |event| self.key(event.unchecked_ref()));
        let lines = move || group().children(self.found.get().into_iter().enumerate().map(|(index, entry)| self.line(index, entry)));
        let list = el("ul").attr("id", "go-list").attr("role", "listbox").label("Places").live(lines);
        group().child(field).child(list).into()
    }

    fn line(self, index: usize, (kind, name, address): Entry) -> El {
        el("li")
            .attr("role", "option")
            .attr("id", format!("go-{index}"))
            .live_attr("aria-selected", move || (self.at.get() == index).to_string())
            .on_click(move || self.go(&address))
            .child(el("span").text(name))
            .text(" ")
            .child(el("span").class("faint").text(kind))
    }

    fn key(self, event: &KeyboardEvent) {
        let last = self.found.with_untracked(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => self.at.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => self.at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some((_, _, address)) = self.found.with_untracked(|found| found.get(self.at.get_untracked()).cloned()) {
                    self.go(&address);
                }
            }
            _ => return,
        }
        event.prevent_default();
    }

    fn go(self, address: &str) {
        self.console.close(Overlay::Palette);
        self.router.go(address);
    }
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
