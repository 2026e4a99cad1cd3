//! A state: icon, word, colour.

use leptos::prelude::*;

use crate::views::job_state::Sign;

/// The badge of a state.
pub(crate) fn badge(sign: Sign, testid: &'static str) -> AnyView {
    view! {
        <span class=format!("badge {}", sign.tone.class()) data-state=sign.name data-testid=testid>
            <span class="icon" aria-hidden="true">{sign.icon}</span>
            {sign.name}
        </span>
    }
    .into_any()
}
