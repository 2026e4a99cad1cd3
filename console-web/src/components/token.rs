//! Asks for the token when the service wants one. It stays in this tab only.

use leptos::html;
use leptos::prelude::*;

use crate::browser;
use crate::erase::act;

/// The page.
pub(crate) fn token_page() -> AnyView {
    let field = NodeRef::<html::Input>::new();
    let had = browser::token().is_some();
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(field) = field.get_untracked() {
            browser::set_token(field.value().trim());
            // Every view and stream starts anew with the token.
            let _reloaded = browser::window().location().reload();
        }
    };
    view! {
        <main class="page narrow" id="main">
            <h1>"A token is needed"</h1>
            <p>"This service is reachable from other machines, so it asks who you are. The token stands in its configuration."</p>
            {had.then(|| view! { <p class="stale">"The token of this tab was refused."</p> })}
            <form class="stack" on:submit=act(send)>
                <label class="field">
                    <span>"Token"</span>
                    <input type="password" autocomplete="off" required=true autofocus=true data-testid="token" node_ref=field />
                </label>
                <button class="button primary" data-testid="token-send">"Go on"</button>
            </form>
            <p class="hint">"It is kept in this tab only and forgotten when the tab is closed."</p>
        </main>
    }
    .into_any()
}
