//! Pause, resume, cancel, retry, lanes. Pause and cancel have two meanings, and each says which.

use executor_api::job::{Job, LanesRequest, RetryRequest, RunningChunks, StopRequest};

use super::model::Model;
use crate::console::{Console, console};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::format;
use crate::views::job_state::actions;

/// Most lanes of a job.
const MOST_LANES: u16 = 64;

/// A stop in its two meanings.
#[derive(Clone, Copy)]
struct Stop {
    words: &'static str,
    verb: &'static str,
    said: &'static str,
    finish: &'static str,
    kill: &'static str,
}

const PAUSE: Stop = Stop {
    words: "Pause",
    verb: "pause",
    said: "Pausing",
    finish: "Running chunks end, then nothing is sent until you resume.",
    kill: "Running queries are killed; what they wrote is found out.",
};

const CANCEL: Stop = Stop {
    words: "Cancel",
    verb: "cancel",
    said: "Cancelling",
    finish: "Running chunks end, then the job is cancelled.",
    kill: "Running queries are killed, then the job is cancelled.",
};

/// The buttons.
pub(super) fn acts(model: Model) -> El {
    let console = console();
    let resumes = model.memo(|job| actions(job).resume);
    let retries = model.memo(|job| actions(job).retry);
    let ended = model.memo(|job| {
        let can = actions(job);
        can.cancel.is_err() && can.pause.is_err() && can.lanes.is_err()
    });
    let no_pause = model.memo(|job| actions(job).pause.err().unwrap_or_default());
    let no_cancel = model.memo(|job| actions(job).cancel.err().unwrap_or_default());
    let pausing = move || if resumes.get() { resume_button(model, console) } else { stop(model, console, PAUSE, no_pause.get()) };
    let running = move || {
        let parts = || group().child(lanes(model, console)).live(pausing).live(move || stop(model, console, CANCEL, no_cancel.get()));
        (!ended.get()).then(parts)
    };
    el("div").class("actions acts").live(move || retries.get().then(|| retry_button(model, console))).live(running)
}

fn resume_button(model: Model, console: Console) -> El {
    el("button")
        .class("button primary")
        .attr("data-key", "p")
        .test_id("resume")
        .on_click(move || model.act(console, "resume", &StopRequest::default(), "Resumed"))
        .text("Resume")
}

fn retry_button(model: Model, console: Console) -> El {
    el("button")
        .class("button primary")
        .attr("data-key", "r")
        .test_id("retry-all")
        .on_click(move || model.act(console, "retry", &RetryRequest::default(), "Failed chunks will be sent again"))
        .words(model.text(|job| format!("Retry {} failed", format::exact(job.counts.failed))))
}

/// The menu of two meanings; where it cannot be done, a button that says why.
fn stop(model: Model, console: Console, stop: Stop, why_not: &str) -> El {
    if !why_not.is_empty() {
        return el("button").class("button").flag("disabled", true).title(why_not).test_id(stop.verb).text(stop.words);
    }
    let item = |title: &str, detail: &str, running: RunningChunks, end: &str| {
        el("button")
            .test_id(format!("{}-{end}", stop.verb))
            .on_click(move || model.act(console, stop.verb, &StopRequest { running }, stop.said))
            .child(el("strong").text(title))
            .text(" ")
            .child(el("span").text(detail))
    };
    let running = model.text(|job| format!("{} running", format::plural(job.counts.running, "chunk")));
    let items = el("div")
        .class("items")
        .child(el("p").class("faint").words(running))
        .child(item("Finish what runs", stop.finish, RunningChunks::Finish, "finish"))
        .child(item("Stop now", stop.kill, RunningChunks::Kill, "kill"));
    let summary = el("summary")
        .class("button")
        .test_id(stop.verb)
        .attr_if("data-key", (stop.verb == "pause").then_some("p"))
        .text(stop.words)
        .text(" ▾");
    el("details").class("menu").child(summary).child(items)
}

fn lanes(model: Model, console: Console) -> El {
    let count = memo(move || model.job.with(|job: &Option<Job>| job.as_ref().map_or(1, |job| job.lanes)));
    let why = model.memo(|job| actions(job).lanes.err().unwrap_or_default());
    let step = move |words: &str, test_id: &str, to: fn(u16) -> u16| {
        let lanes = move || to(count.get()).clamp(1, MOST_LANES);
        let change = move || model.act(console, "lanes", &LanesRequest { lanes: untrack(lanes) }, "Lanes changed");
        el("button")
            .class("button quiet")
            .label(words)
            .test_id(test_id)
            .live_flag("disabled", move || !why.get().is_empty() || lanes() == count.get())
            .on_click(change)
    };
    let title = move || Some(why.get()).filter(|why| !why.is_empty()).unwrap_or("Chunks written at the same time");
    let number = el("b").test_id("lanes").words(move || count.get().to_string());
    el("div")
        .class("stepper")
        .attr("role", "group")
        .label("Lanes: chunks at the same time")
        .live_attr("title", title)
        .child(el("span").class("num").text("Lanes ").child(number))
        .child(step("One lane fewer", "lanes-fewer", |count| count - 1).text("−"))
        .child(step("One lane more", "lanes-more", |count| count + 1).text("+"))
}
