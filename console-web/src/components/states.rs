//! Loading, empty, error, stale: what a view shows when it has no value.

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use crate::api_client::Failure;
use crate::erase::{act, live};
use crate::remote::Remote;

/// Shows a remote value: skeleton, error, or what `render` makes of it. `render` runs once; it reads the signal itself,
/// so that a changed value does not rebuild the page under a focused row.
pub(crate) fn show<T>(remote: Remote<T>, render: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView
where
    T: Clone + PartialEq + DeserializeOwned + Send + Sync + 'static,
{
    let there = Memo::new(move |_| remote.value.with(Option::is_some));
    let body = move || {
        if there.get() {
            return render();
        }
        match remote.failure.get() {
            Some(failure) => error(&failure, move || remote.refresh()),
            None => skeleton(),
        }
    };
    let stale = move || {
        (there.get() && remote.failure.with(Option::is_some)).then(|| stale_line("Out of date: the service does not answer. Trying again."))
    };
    view! { {live(stale)} {live(body)} }.into_any()
}

/// A quiet line above values that may be out of date.
pub(crate) fn stale_line(words: &str) -> AnyView {
    view! { <p class="stale" data-testid="stale">{words.to_owned()}</p> }.into_any()
}

/// Grey lines in the place of what comes.
pub(crate) fn skeleton() -> AnyView {
    view! {
        <div class="skeleton" aria-busy="true" data-testid="loading">
            <span class="sr-only">"Loading"</span>
            <i></i>
            <i></i>
            <i></i>
            <i></i>
        </div>
    }
    .into_any()
}

/// Title, detail, what to do, retry, request id.
pub(crate) fn error(failure: &Failure, retry: impl Fn() + 'static) -> AnyView {
    view! {
        <div class="empty bad" role="group" data-testid="error" data-code=failure.code().to_owned()>
            {failure_words(failure)}
            <button class="button" on:click=act(move |_| retry())>
                "Try again"
            </button>
        </div>
    }
    .into_any()
}

/// The words of a failure.
pub(crate) fn failure_words(failure: &Failure) -> AnyView {
    let [title, detail, hint, request] = failure.words();
    let differences = match failure {
        Failure::Problem(problem) => problem.differences.clone(),
        _ => Vec::new(),
    };
    let differences = differences.into_iter().map(|line| view! { <li>{line}</li> }).collect::<Vec<_>>();
    view! {
        <strong>{title}</strong>
        <p>{detail}</p>
        <ul class="plain">{differences}</ul>
        <p class="hint">{hint}</p>
        {(!request.is_empty()).then(|| view! { <p class="faint">"Request " <code>{request}</code></p> })}
    }
    .into_any()
}

/// Why there is nothing, and the next step.
pub(crate) fn empty(title: &str, why: &str, step: Option<(&str, &str)>) -> AnyView {
    let step = step.map(|(address, words)| view! { <a class="button primary" href=address.to_owned()>{words.to_owned()}</a> });
    view! {
        <div class="empty" data-testid="empty">
            <strong>{title.to_owned()}</strong>
            <p>{why.to_owned()}</p>
            {step}
        </div>
    }
    .into_any()
}
