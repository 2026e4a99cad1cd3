//! The list of keys, with their switch.

use super::dialog::dialog;
use crate::console::{Console, Overlay, console};
use crate::dom::prelude::*;
use crate::keyboard::KEYS;
use crate::reactive::prelude::*;

/// The dialog.
pub(crate) fn help() -> El {
    let console = console();
    let open = memo(move || console.overlay.get() == Overlay::Help);
    let close = move || console.close(Overlay::Help);
    dialog("Keys", "help", open, close, move || content(console))
}

fn content(console: Console) -> View {
    let close = el("button").class("button quiet").label("Close").on_click(move || console.close(Overlay::Help)).text("✕");
    let lines = KEYS.iter().map(|(key, what)| group().child(el("dt").child(el("kbd").text(key))).text(" ").child(el("dd").text(what)));
    let switch = el("input").attr("type", "checkbox").live_checked(move || console.keys.get()).on_checked(move |on| console.keys.set(on));
    group()
        .child(el("header").child(el("h2").text("Keys")).child(close))
        .child(el("dl").class("keys").children(lines))
        .child(el("label").class("check").child(switch).text("Single keys act"))
        .into()
}
