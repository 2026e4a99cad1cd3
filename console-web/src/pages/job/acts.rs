//! Pause, resume, cancel, retry, lanes. Pause and cancel have two meanings, and each says which.

use executor_api::job::{Job, LanesRequest, RetryRequest, RunningChunks, StopRequest};
use leptos::prelude::*;

use super::model::Model;
use crate::console::console;
use crate::erase::{act, live};
use crate::views::format;
use crate::views::job_state::{Actions, actions};

/// Most lanes of a job.
const MOST_LANES: u16 = 64;

/// The buttons.
pub(super) fn acts(model: Model) -> AnyView {
    let console = console();
    let can = Memo::new(move |_| model.job.with(|job| job.as_ref().map(actions)));
    let get = move |of: fn(&Actions) -> bool| move || can.with(|can| can.as_ref().is_some_and(of));
    let resume = get(|can| can.resume);
    let ended = get(|can| can.cancel.is_err() && can.pause.is_err() && can.lanes.is_err());
    let retry = get(|can| can.retry);
    let pausing = move || {
        if resume() {
            return view! {
                <button class="button primary" data-key="p" data-testid="resume" on:click=act(move |_| model.act(console, "resume", StopRequest::default(), "Resumed"))>
                    "Resume"
                </button>
            }
            .into_any();
        }
        let why = move || can.with(|can| can.as_ref().and_then(|can| can.pause.err()).unwrap_or_default());
        menu(
            model,
            "Pause",
            "pause",
            Signal::derive(why),
            "Running chunks end, then nothing is sent until you resume.",
            "Running queries are killed; what they wrote is found out.",
        )
    };
    let cancel_why = Signal::derive(move || can.with(|can| can.as_ref().and_then(|can| can.cancel.err()).unwrap_or_default()));
    let cancelling = move || {
        menu(
            model,
            "Cancel",
            "cancel",
            cancel_why,
            "Running chunks end, then the job is cancelled.",
            "Running queries are killed, then the job is cancelled.",
        )
    };
    let retrying = move || retry().then(|| retry_button(model));
    let running = move || (!ended()).then(|| view! { {lanes(model, can)} {live(pausing)} {cancelling()} });
    view! { <div class="actions acts">{live(retrying)} {live(running)}</div> }.into_any()
}

fn retry_button(model: Model) -> AnyView {
    let console = console();
    let words = move || {
        model.job.with(|job| job.as_ref().map(|job| format!("Retry {} failed", format::exact(job.counts.failed))).unwrap_or_default())
    };
    view! {
        <button class="button primary" data-key="r" data-testid="retry-all" on:click=act(move |_| model.act(console, "retry", RetryRequest::default(), "Failed chunks will be sent again"))>
            {live(words)}
        </button>
    }
    .into_any()
}

fn menu(
    model: Model,
    words: &'static str,
    verb: &'static str,
    why_not: Signal<&'static str>,
    finish: &'static str,
    kill: &'static str,
) -> AnyView {
    let console = console();
    let running = move || model.job.with(|job| job.as_ref().map_or(0, |job| job.counts.running));
    let item = move |title: &'static str, detail: &'static str, running: RunningChunks, testid: String| {
        let said = if verb == "pause" { "Pausing" } else { "Cancelling" };
        view! {
            <button data-testid=testid on:click=act(move |_| model.act(console, verb, StopRequest { running }, said))>
                <strong>{title}</strong>
                <span>{detail}</span>
            </button>
        }
    };
    let body = move || {
        let why = why_not.get();
        if !why.is_empty() {
            return view! { <button class="button" disabled=true title=why data-testid=verb>{words}</button> }.into_any();
        }
        view! {
            <details class="menu">
                <summary class="button" data-testid=verb data-key=(verb == "pause").then_some("p")>{words} " ▾"</summary>
                <div class="items">
                    <p class="faint">{live(move || format!("{} running", format::plural(running(), "chunk")))}</p>
                    {item("Finish what runs", finish, RunningChunks::Finish, format!("{verb}-finish"))}
                    {item("Stop now", kill, RunningChunks::Kill, format!("{verb}-kill"))}
                </div>
            </details>
        }
        .into_any()
    };
    body.into_any()
}

fn lanes(model: Model, can: Memo<Option<Actions>>) -> AnyView {
    let console = console();
    let count = Memo::new(move |_| model.job.with(|job: &Option<Job>| job.as_ref().map_or(1, |job| job.lanes)));
    let why = move || can.with(|can| can.as_ref().and_then(|can| can.lanes.err()).unwrap_or_default());
    let set = move |lanes: u16| model.act(console, "lanes", LanesRequest { lanes }, "Lanes changed");
    let least = move || !why().is_empty() || count.get() <= 1;
    let full = move || !why().is_empty() || count.get() >= MOST_LANES;
    view! {
        <div class="stepper" role="group" aria-label="Lanes: chunks at the same time" title=live(move || if why().is_empty() { "Chunks written at the same time" } else { why() })>
            <span class="num">"Lanes " <b data-testid="lanes">{live(move || count.get())}</b></span>
            <button class="button quiet" aria-label="One lane fewer" data-testid="lanes-fewer" disabled=live(least) on:click=act(move |_| set(count.get_untracked() - 1))>
                "−"
            </button>
            <button class="button quiet" aria-label="One lane more" data-testid="lanes-more" disabled=live(full) on:click=act(move |_| set(count.get_untracked() + 1))>
                "+"
            </button>
        </div>
    }
    .into_any()
}
