//! Asks for the token when the service wants one. It stays in this tab only.

use web_sys::HtmlInputElement;

use crate::browser;
use crate::dom::prelude::*;

/// The page.
pub(crate) fn token_page() -> El {
    let refused = browser::token().map(|_| el("p").class("stale").text("The token of this tab was refused."));
    let field =
        el("input").attr("type", "password").attr("autocomplete", "off").flag("required", true).flag("autofocus", true).test_id("token");
    let native: HtmlInputElement = field.of();
    let form = el("form")
        .class("stack")
        .on("submit", move |event| {
            event.prevent_default();
            browser::set_token(native.value().trim());
            // Every view and stream starts anew with the token.
            browser::reload();
        })
        .child(el("label").class("field").child(el("span").text("Token")).child(field))
        .child(el("button").class("button primary").test_id("token-send").text("Go on"));
    el("main")
        .class("page narrow")
        .attr("id", "main")
        .child(el("h1").text("A token is needed"))
        .child(
            el("p").text("This service is reachable from other machines, so it asks who you are. The token stands in its configuration."),
        )
        .child(refused)
        .child(form)
        .child(el("p").class("hint").text("It is kept in this tab only and forgotten when the tab is closed."))
}
