//! Routes, and what stands around every page.

use executor_api::meta::Service;
use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use wasm_bindgen::JsCast;

use crate::components::{header, help, palette, states, token};
use crate::console::Console;
use crate::erase::live;
use crate::remote::Remote;
use crate::{api_client, browser, keyboard, pages};

/// The console.
pub(crate) fn app() -> impl IntoView {
    let console = Console::provide();
    // Made here, so that it lives as long as the console.
    let token_needed = api_client::token_needed();
    close_menus();
    let service = Remote::<Service>::new(|| "/v1/service".to_owned()).every(10);
    provide_context(service);
    view! {
        <Router>
            {live(move || {
                keyboard::listen(console);
                view! { {header::header(service)} {help::help()} {palette::palette()} }
            })}
            {live(move || if token_needed.get() { token::token_page() } else { routes() })}
        </Router>
        <div class="toast" class:open=live(move || !console.toast.with(String::is_empty))>{live(move || console.toast.get())}</div>
        <div class="sr-only" role="status" aria-live="polite" data-testid="live">{live(move || console.said.get())}</div>
    }
}

fn routes() -> AnyView {
    view! {
        <Routes fallback=missing>
            <Route path=path!("/") view=pages::overview::overview />
            <Route path=path!("/tables") view=pages::tables::tables />
            <Route path=path!("/tables/:db/:table") view=pages::table::table />
            <Route path=path!("/plan") view=pages::studio::studio />
            <Route path=path!("/plans/:digest") view=pages::plan::plan />
            <Route path=path!("/jobs") view=pages::jobs::jobs />
            <Route path=path!("/jobs/:id") view=pages::job::job />
        </Routes>
    }
    .into_any()
}

fn missing() -> AnyView {
    browser::set_title("Not found");
    view! { <main class="page" id="main"><h1 class="sr-only">"Not found"</h1>{states::empty("There is no such page", "The address may be mistyped.", Some(("/", "Overview")))}</main> }.into_any()
}

/// A click outside an open menu closes it.
fn close_menus() {
    let listener = window_event_listener(leptos::ev::click, |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        for menu in browser::all("details.menu[open]") {
            let on_summary = menu.first_element_child().is_some_and(|summary| summary.contains(target.as_ref()));
            if !on_summary {
                let _closed = menu.remove_attribute("open");
            }
        }
    });
    on_cleanup(move || listener.remove());
}
