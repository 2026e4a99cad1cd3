//! The line at the top: where one is, and how the service is.

use executor_api::meta::Service;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::console::{Overlay, console};
use crate::erase::{act, live};
use crate::remote::Remote;

/// The header.
pub(crate) fn header(service: Remote<Service>) -> AnyView {
    let console = console();
    let path = use_location().pathname;
    let link = move |address: &'static str, words: &'static str, also: &'static str| {
        let here = move || {
            let path = path.get();
            let here = path == address || (address != "/" && path.starts_with(address)) || (!also.is_empty() && path.starts_with(also));
            here.then_some("page")
        };
        view! { <a href=address aria-current=live(here)>{words}</a> }
    };
    view! {
        <header class="top">
            <a class="skip" href="#main">"Skip to content"</a>
            <a class="brand" href="/">
                <svg viewBox="0 0 20 20" aria-hidden="true">
                    <path d="M3 4h9a5 5 0 0 1 5 5v8h-4V9a1 1 0 0 0-1-1H3z"></path>
                    <path class="soft" d="M3 10h6a2 2 0 0 1 2 2v5H7v-3H3z"></path>
                </svg>
                "Penstock"
            </a>
            <nav aria-label="Main">
                {link("/", "Overview", "")} {link("/tables", "Tables", "")} {link("/plan", "Plan", "/plans")} {link("/jobs", "Jobs", "")}
            </nav>
            <div class="tools">
                {status(service)}
                <button class="button quiet wide" title="Go anywhere (Ctrl K)" data-testid="palette" on:click=act(move |_| console.overlay.set(Overlay::Palette))>
                    "Go to " <kbd>"Ctrl K"</kbd>
                </button>
                <button
                    class="button quiet square"
                    data-testid="theme"
                    title=live(move || format!("Colours: {}", console.theme.get().name()))
                    aria-label=live(move || format!("Colours: {}", console.theme.get().name()))
                    on:click=act(move |_| console.theme.update(|theme| *theme = theme.next()))>
                    {live(move || match console.theme.get() {
                        crate::console::Theme::System => "◐",
                        crate::console::Theme::Light => "☀",
                        crate::console::Theme::Dark => "☾",
                    })}
                </button>
                <button class="button quiet square wide" title="Keys (?)" aria-label="Keys" data-testid="help" on:click=act(move |_| console.overlay.set(Overlay::Help))>
                    "?"
                </button>
            </div>
        </header>
    }
    .into_any()
}

fn status(service: Remote<Service>) -> AnyView {
    let words = move || {
        let failed = service.failure.with(Option::is_some);
        service.value.with(|value| match value {
            _ if failed => ("bad", "Service unreachable".to_owned(), String::new()),
            None => ("idle", "Connecting".to_owned(), String::new()),
            Some(service) => match &service.clickhouse.version {
                Some(version) => {
                    let short = version.split('.').take(2).collect::<Vec<_>>().join(".");
                    (
                        "good",
                        format!("ClickHouse {short}"),
                        format!("{} · {version} · Penstock {}", service.clickhouse.url, service.version),
                    )
                }
                None => ("bad", "ClickHouse unreachable".to_owned(), service.clickhouse.error.clone().unwrap_or_default()),
            },
        })
    };
    view! {
        <span class="service" data-testid="service" title=live(move || words().2)>
            <span class=live(move || format!("dot {}", words().0)) aria-hidden="true"></span>
            <span>{live(move || words().1)}</span>
        </span>
    }
    .into_any()
}
