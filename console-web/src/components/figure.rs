//! A number with its name.

use leptos::prelude::*;

/// A figure that changes.
pub(crate) fn figure(name: &'static str, testid: &'static str, value: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    view! {
        <div class="figure">
            <dt>{name}</dt>
            <dd data-testid=testid>{value}</dd>
        </div>
    }
    .into_any()
}

/// A figure that stays.
pub(crate) fn fact(name: &'static str, value: impl IntoAny) -> AnyView {
    view! {
        <div class="figure">
            <dt>{name}</dt>
            <dd>{value.into_any()}</dd>
        </div>
    }
    .into_any()
}
