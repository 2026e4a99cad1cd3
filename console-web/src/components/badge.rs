//! A state: icon, word, colour.

use crate::dom::prelude::*;
use crate::views::job_state::Sign;

/// The badge of a state.
pub(crate) fn badge(sign: Sign, test_id: &str) -> El {
    el("span")
        .class(format!("badge {}", sign.tone.class()))
        .attr("data-state", sign.name)
        .test_id(test_id)
        .child(icon(sign.icon))
        .text(sign.name)
}

/// A sign that words stand beside.
pub(crate) fn icon(sign: &str) -> El {
    el("span").class("icon").hidden_from_speech().text(sign)
}
