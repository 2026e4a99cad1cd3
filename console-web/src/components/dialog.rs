//! A modal dialog on the native element: focus, Esc and the backdrop are the browser's.

use web_sys::HtmlDialogElement;

use crate::dom::prelude::*;
use crate::reactive::prelude::*;

/// Opens with `open`; calls `close` when the user closes it. The content is made anew at each opening.
pub(crate) fn dialog(label: &str, class: &str, open: Memo<bool>, close: impl Fn() + 'static, content: impl Fn() -> View + 'static) -> El {
    let dialog = el("dialog").class(class).label(label).on("close", move |_| close()).live(move || open.get().then(&content));
    let native: HtmlDialogElement = dialog.of();
    // Behind the content, so that what wants the focus is there when the dialog opens.
    effect(move || {
        if open.get() && !native.open() {
            let _shown = native.show_modal();
        } else if !open.get() && native.open() {
            native.close();
        }
    });
    dialog
}
