//! One job: how far it is, what it waits for, what can be done, and at the end the proof.

mod acts;
mod log;
mod model;
mod progress;
mod sheet;
mod tasks;
mod timeline;
mod verify;

use executor_api::job::JobState;

use crate::browser;
use crate::components::badge::badge;
use crate::components::states;
use crate::console::console;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::router::router;
use crate::views::job_query::{JobQuery, Tab};
use crate::views::job_state;
use crate::views::words::for_people;
use model::Model;

/// The page; made anew for another job.
pub(crate) fn job() -> El {
    let router = router();
    let id = memo(move || router.param(0));
    el("main").class("page").attr("id", "main").live(move || of(id.get()))
}

fn of(id: String) -> Group {
    let model = Model::open(id);
    let router = router();
    let query = memo(move || router.query(|query| JobQuery::read(|name| query.get(name))));
    let there = memo(move || model.job.with(Option::is_some));
    effect(move || {
        if let Some((state, title)) = model.job.with(|job| job.as_ref().map(|job| (job.state, job.title.clone()))) {
            browser::set_title(&format!("{} {} · {title}", job_state::job(state).icon, state.name()));
        }
    });
    announce(model);
    group().live(move || if there.get() { body(model, query) } else { absent(model) })
}

fn body(model: Model, query: Memo<JobQuery>) -> View {
    group()
        .child(header(model))
        .child(verify::statement(model))
        .child(progress::progress(model))
        .child(tabs(model, query))
        .child(sheet::sheet(model, query))
        .into()
}

fn absent(model: Model) -> View {
    match model.failure.get() {
        Some(failure) => group().child(el("h1").class("sr-only").text("Job")).child(states::error(&failure, browser::reload)).into(),
        None => states::skeleton().into(),
    }
}

/// Changes of the job's state are said aloud.
fn announce(model: Model) {
    let console = console();
    let state = memo(move || model.job.with(|job| job.as_ref().map(|job| job.state)));
    effect_with(move |before: Option<Option<JobState>>| {
        let now = state.get();
        if let (Some(Some(before)), Some(now)) = (before, now)
            && before != now
        {
            console.said.set(format!("The job is {}", now.name()));
        }
        now
    });
}

fn header(model: Model) -> Group {
    let state = model.memo(|job| Some(job.state));
    let reason = model.memo(|job| job.reason.clone());
    // What a job says at its end stands with the receipt below.
    let message =
        model.memo(|job| job.message.clone().filter(|_| job.state != JobState::Completed && job.verdict.is_none()).unwrap_or_default());
    let line = el("p")
        .class("line")
        .live(move || badge(job_state::job(state.get().unwrap_or(JobState::Queued)), "job-state"))
        .child(connection(model))
        .child(el("span").class("faint").words(model.text(|job| format!("{} → {}", job.source, job.target))));
    let named = el("div")
        .child(el("p").class("crumb").child(el("a").href("/jobs").text("Jobs")))
        .child(el("h1").words(model.text(|job| job.title.clone())))
        .child(line);
    group()
        .child(el("div").class("head job-head").child(named).child(acts::acts(model)))
        .live(move || spoken(reason.get()).map(|words| el("p").class("reason").text(words)))
        .live(move || spoken(message.get()).map(|words| el("p").class("stale").test_id("job-message").text(for_people(&words))))
}

fn spoken(words: String) -> Option<String> {
    Some(words).filter(|words| !words.is_empty())
}

/// How fresh the page is, in words.
fn connection(model: Model) -> El {
    let console = console();
    let connection = model.stream.connection;
    let fresh = move || connection.get().words((console.now.get() - model.stream.heard_at.get()).max(0).unsigned_abs());
    el("span").class("connection").test_id("connection").live_attr("data-state", move || connection.get().name()).words(fresh)
}

fn tabs(model: Model, query: Memo<JobQuery>) -> Group {
    let tab = memo(move || query.get().tab);
    let link = |of: Tab| {
        let address = move || JobQuery { tab: of, task: None, ..query.get() }.address(&model.id());
        el("a")
            .live_attr("href", address)
            .live_attr_if("aria-current", move || (tab.get() == of).then_some("page"))
            .test_id(format!("tab-{}", of.name()))
            .text(of.title())
    };
    let body = move || match tab.get() {
        Tab::Tasks => tasks::tasks(model, query),
        Tab::Timeline => timeline::timeline(model, query),
        Tab::Log => log::log(model, false),
        Tab::Plan => crate::pages::plan::frozen(&untrack(model.text(|job| job.plan_digest.to_string()))),
        Tab::Verify => verify::verify(model),
        Tab::Activity => log::log(model, true),
    };
    group().child(el("nav").class("tabs").label("Views of this job").children(Tab::ALL.map(link))).child(el("div").class("tab").live(body))
}
