//! Keys of the whole console. Rows are found by `data-row`, acts by `data-key`: no page registers anything.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::browser;
use crate::console::{Console, Overlay};
use crate::reactive::prelude::*;
use crate::router::Router;

/// Every key with what it does.
pub(crate) const KEYS: [(&str, &str); 12] = [
    ("?", "Show these keys"),
    ("Ctrl K", "Go anywhere: pages, tables, jobs"),
    ("g o", "Overview"),
    ("g t", "Tables"),
    ("g p", "Plan a backfill"),
    ("g j", "Jobs"),
    ("/", "Search this list"),
    ("j  k", "Next and previous row"),
    ("Enter", "Open the row"),
    ("r", "Retry what failed"),
    ("p", "Pause or resume"),
    ("Esc", "Close"),
];

/// Listens for as long as the page lives.
pub(crate) fn listen(console: Console, router: Router) {
    let after_g = RwSignal::new(0_i64);
    browser::listen("keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            console.overlay.set(Overlay::Palette);
            return;
        }
        let typing = event.target().and_then(|target| target.dyn_into::<Element>().ok()).is_some_and(|element| is_typed_into(&element));
        let modal = !browser::all("dialog[open]").is_empty();
        if event.ctrl_key() || event.meta_key() || event.alt_key() || typing || modal || !console.keys.get_untracked() {
            return;
        }
        let now = browser::now();
        let went = now - after_g.get_untracked() < 1500;
        after_g.set(if key == "g" { now } else { 0 });
        let page = match key.as_str() {
            "o" => "/",
            "t" => "/tables",
            "p" => "/plan",
            "j" => "/jobs",
            _ => "",
        };
        match key.as_str() {
            _ if went && !page.is_empty() => router.go(page),
            "?" => console.overlay.set(Overlay::Help),
            "/" => {
                if let Some(field) = browser::all("[data-search]").first() {
                    event.prevent_default();
                    let _focused = field.focus();
                }
            }
            "j" => step(1),
            "k" => step(-1),
            "r" | "p" => {
                let selector = format!("[data-key={key}]:not(:disabled)");
                if let Some(button) = browser::all(&selector).first() {
                    event.prevent_default();
                    button.click();
                }
            }
            _ => {}
        }
    });
}

fn is_typed_into(element: &Element) -> bool {
    let kind = element.get_attribute("type").unwrap_or_default();
    match element.tag_name().as_str() {
        "INPUT" => !matches!(kind.as_str(), "range" | "radio" | "checkbox"),
        "TEXTAREA" | "SELECT" => true,
        _ => false,
    }
}

fn step(by: i32) {
    let rows = browser::all("[data-row]");
    let active = browser::document().active_element();
    let at = rows.iter().position(|row| active.as_ref().is_some_and(|active| active.is_same_node(Some(row))));
    let next = match (at, by > 0) {
        (None, true) => 0,
        (None, false) => rows.len().saturating_sub(1),
        (Some(at), true) => at + 1,
        (Some(at), false) => at.saturating_sub(1),
    };
    if let Some(row) = rows.get(next) {
        let _focused = row.focus();
        row.scroll_into_view_with_scroll_into_view_options(&nearest());
    }
}

fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}
