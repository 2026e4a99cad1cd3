//! The list of keys, with their switch.

use leptos::prelude::*;

use super::dialog::dialog;
use crate::console::{Overlay, console};
use crate::erase::{act, live};
use crate::keyboard::KEYS;

/// The dialog.
pub(crate) fn help() -> AnyView {
    let console = console();
    let open = Signal::derive(move || console.overlay.get() == Overlay::Help);
    let close = move || {
        if console.overlay.get_untracked() == Overlay::Help {
            console.overlay.set(Overlay::Closed);
        }
    };
    dialog("Keys", "help", open, close, move || {
        let lines = KEYS.iter().map(|(key, what)| view! { <dt><kbd>{*key}</kbd></dt> <dd>{*what}</dd> }).collect::<Vec<_>>();
        view! {
            <header>
                <h2>"Keys"</h2>
                <button class="button quiet" aria-label="Close" on:click=act(move |_| close())>"✕"</button>
            </header>
            <dl class="keys">{lines}</dl>
            <label class="check">
                <input type="checkbox" prop:checked=live(move || console.keys.get()) on:change=act(move |event| console.keys.set(event_target_checked(&event))) />
                "Single keys act"
            </label>
        }
        .into_any()
    })
}
