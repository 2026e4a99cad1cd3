//! A number with its name.

use crate::dom::prelude::*;

/// A figure that changes.
pub(crate) fn figure(name: &str, test_id: &str, value: impl Fn() -> String + 'static) -> El {
    named(name, el("dd").test_id(test_id).words(value))
}

/// A figure that stays.
pub(crate) fn fact(name: &str, value: impl Into<View>) -> El {
    named(name, el("dd").child(value))
}

/// A figure that changes, without a name for tests.
pub(crate) fn live_fact(name: &str, value: impl Fn() -> String + 'static) -> El {
    named(name, el("dd").words(value))
}

fn named(name: &str, value: El) -> El {
    el("div").class("figure").child(el("dt").text(name)).child(value)
}
