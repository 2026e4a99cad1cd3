//! A button that copies a text.

use leptos::prelude::*;

use crate::browser;
use crate::console::console;
use crate::erase::act;

/// Copies what `text` gives at the time of the click.
pub(crate) fn copy_button(words: &'static str, testid: &'static str, text: impl Fn() -> String + 'static) -> AnyView {
    let console = console();
    let copy = move |_| {
        let done = move |fine| console.say(if fine { "Copied" } else { "The browser does not allow copying" });
        browser::copy(&text(), done);
    };
    view! { <button class="button quiet" data-testid=testid on:click=act(copy)>{words}</button> }.into_any()
}
