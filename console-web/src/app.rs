//! The page around every page, and which page an address shows.

use executor_api::meta::Service;
use wasm_bindgen::JsCast;

use crate::components::{header, help, palette, states, token};
use crate::console::Console;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::Router;
use crate::views::route::Route;
use crate::{api_client, browser, keyboard, pages};

/// The console.
pub(crate) fn app() -> View {
    let console = Console::provide();
    let router = Router::provide();
    // Made here, so that it lives as long as the console.
    let token_needed = api_client::token_needed();
    close_menus();
    let service = Remote::<Service>::new(|| "/v1/service".to_owned()).every(10);
    provide_context(service);
    keyboard::listen(console, router);
    group()
        .child(header::header(service))
        .child(help::help())
        .child(palette::palette())
        .live(move || if token_needed.get() { token::token_page().into() } else { routes(router) })
        .child(
            el("div").class("toast").live_class("open", move || !console.toast.with(String::is_empty)).words(move || console.toast.get()),
        )
        .child(
            el("div").class("sr-only").attr("role", "status").attr("aria-live", "polite").test_id("live").words(move || console.said.get()),
        )
        .into()
}

/// A page is made anew only for another route: its own parameters it follows itself.
fn routes(router: Router) -> View {
    let page = move || match router.route.get() {
        Route::Overview => pages::overview::overview(),
        Route::Tables => pages::tables::tables(),
        Route::Table => pages::table::table(),
        Route::Studio => pages::studio::studio(),
        Route::Plan => pages::plan::plan(),
        Route::Jobs => pages::jobs::jobs(),
        Route::Job => pages::job::job(),
        Route::Missing => missing(),
    };
    group().live(page).into()
}

fn missing() -> El {
    browser::set_title("Not found");
    el("main").class("page").attr("id", "main").child(el("h1").class("sr-only").text("Not found")).child(states::empty(
        "There is no such page",
        "The address may be mistyped.",
        Some(("/", "Overview")),
    ))
}

/// A click outside an open menu closes it.
fn close_menus() {
    browser::listen("click", |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        for menu in browser::all("details.menu[open]") {
            let on_summary = menu.first_element_child().is_some_and(|summary| summary.contains(target.as_ref()));
            if !on_summary {
                let _closed = menu.remove_attribute("open");
            }
        }
    });
}
