//! The line at the top: where one is, and how the service is.

use executor_api::meta::Service;

use crate::console::{Overlay, Theme, console};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::router;

/// The header.
pub(crate) fn header(service: Remote<Service>) -> El {
    let nav = el("nav")
        .label("Main")
        .child(link("/", "Overview", ""))
        .text(" ")
        .child(link("/tables", "Tables", ""))
        .text(" ")
        .child(link("/plan", "Plan", "/plans"))
        .text(" ")
        .child(link("/jobs", "Jobs", ""));
    let tools = el("div").class("tools").child(status(service)).child(go_to()).child(theme()).child(keys());
    el("header").class("top").child(el("a").class("skip").href("#main").text("Skip to content")).child(brand()).child(nav).child(tools)
}

fn brand() -> El {
    let picture = svg("svg")
        .attr("viewBox", "0 0 20 20")
        .hidden_from_speech()
        .child(svg("path").attr("d", "M3 4h9a5 5 0 0 1 5 5v8h-4V9a1 1 0 0 0-1-1H3z"))
        .child(svg("path").class("soft").attr("d", "M3 10h6a2 2 0 0 1 2 2v5H7v-3H3z"));
    el("a").class("brand").href("/").child(picture).text("Penstock")
}

fn link(address: &'static str, words: &str, also: &'static str) -> El {
    let path = router().path;
    let here = move || {
        path.with(|path| {
            let below = |start: &str| !start.is_empty() && path.starts_with(start);
            (path == address || (address != "/" && below(address)) || below(also)).then_some("page")
        })
    };
    el("a").href(address).live_attr_if("aria-current", here).text(words)
}

fn go_to() -> El {
    let console = console();
    el("button")
        .class("button quiet wide")
        .title("Go anywhere (Ctrl K)")
        .test_id("palette")
        .on_click(move || console.overlay.set(Overlay::Palette))
        .text("Go to ")
        .child(el("kbd").text("Ctrl K"))
}

fn theme() -> El {
    let console = console();
    let words = move || format!("Colours: {}", console.theme.get().name());
    let icon = move || match console.theme.get() {
        Theme::System => "◐",
        Theme::Light => "☀",
        Theme::Dark => "☾",
    };
    el("button")
        .class("button quiet square")
        .test_id("theme")
        .live_attr("title", words)
        .live_attr("aria-label", words)
        .on_click(move || console.theme.update(|theme| *theme = theme.next()))
        .words(icon)
}

fn keys() -> El {
    let console = console();
    el("button")
        .class("button quiet square wide")
        .title("Keys (?)")
        .label("Keys")
        .test_id("help")
        .on_click(move || console.overlay.set(Overlay::Help))
        .text("?")
}

/// Tone, words and detail.
type Health = (&'static str, String, String);

fn health(service: Option<&Service>, failed: bool) -> Health {
    match service {
        _ if failed => ("bad", "Service unreachable".to_owned(), String::new()),
        None => ("idle", "Connecting".to_owned(), String::new()),
        Some(service) => match &service.clickhouse.version {
            Some(version) => {
                let short = version.split('.').take(2).collect::<Vec<_>>().join(".");
                ("good", format!("ClickHouse {short}"), format!("{} · {version} · Penstock {}", service.clickhouse.url, service.version))
            }
            None => ("bad", "ClickHouse unreachable".to_owned(), service.clickhouse.error.clone().unwrap_or_default()),
        },
    }
}

fn status(service: Remote<Service>) -> El {
    let health = memo(move || {
        let failed = service.failure.with(Option::is_some);
        service.value.with(|value| health(value.as_ref(), failed))
    });
    let dot = el("span").live_attr("class", move || format!("dot {}", health.get().0)).hidden_from_speech();
    el("span")
        .class("service")
        .test_id("service")
        .live_attr("title", move || health.get().2)
        .child(dot)
        .child(el("span").words(move || health.get().1))
}
