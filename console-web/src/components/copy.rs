//! A button that copies a text.

use crate::browser;
use crate::console::console;
use crate::dom::prelude::*;

/// Copies what `text` gives at the time of the click.
pub(crate) fn copy_button(words: &str, test_id: &str, text: impl Fn() -> String + 'static) -> El {
    let console = console();
    let done = move |fine| console.say(if fine { "Copied" } else { "The browser does not allow copying" });
    el("button").class("button quiet").test_id(test_id).on_click(move || browser::copy(&text(), done)).text(words)
}
