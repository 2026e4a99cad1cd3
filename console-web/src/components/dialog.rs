//! A modal dialog on the native element: focus, Esc and the backdrop are the browser's.

use leptos::html;
use leptos::prelude::*;

use crate::erase::{act, effect, live};

/// Opens with `open`; calls `close` when the user closes it. The content is made anew at each opening.
pub(crate) fn dialog(
    label: &'static str,
    class: &'static str,
    open: Signal<bool>,
    close: impl Fn() + Copy + Send + Sync + 'static,
    content: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    effect(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() && !dialog.open() {
            let _shown = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog node_ref=node class=class aria-label=label on:close=act(move |_| close())>
            {live(move || open.get().then(&content))}
        </dialog>
    }
    .into_any()
}
