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
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::browser;
use crate::components::badge::badge;
use crate::components::states;
use crate::console::console;
use crate::erase::{effect, live};
use crate::views::job_query::{JobQuery, Tab};
use crate::views::job_state;
use model::Model;

/// The page; made anew for another job.
pub(crate) fn job() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    view! { <main class="page" id="main">{live(move || of(id.get()))}</main> }.into_any()
}

fn of(id: String) -> AnyView {
    let model = Model::open(id);
    let query = use_query_map();
    let query = Memo::new(move |_| JobQuery::read(|name| query.with(|query| query.get(name))));
    let there = Memo::new(move |_| model.job.with(Option::is_some));
    effect(move |_| {
        if let Some((state, title)) = model.job.with(|job| job.as_ref().map(|job| (job.state, job.title.clone()))) {
            browser::set_title(&format!("{} {} · {title}", job_state::job(state).icon, state.name()));
        }
    });
    announce(model);
    let body = move || {
        if there.get() {
            return view! { {header(model)} {verify::statement(model)} {progress::progress(model)} {tabs(model, query)} {sheet::sheet(model, query)} }.into_any();
        }
        match model.failure.get() {
            Some(failure) => {
                let again = || {
                    let _reloaded = browser::window().location().reload();
                };
                view! { <h1 class="sr-only">"Job"</h1> {states::error(&failure, again)} }.into_any()
            }
            None => states::skeleton(),
        }
    };
    body.into_any()
}

/// Changes of the job's state are said aloud.
fn announce(model: Model) {
    let console = console();
    let state = Memo::new(move |_| model.job.with(|job| job.as_ref().map(|job| job.state)));
    effect(move |before: Option<Option<JobState>>| {
        let now = state.get();
        if let (Some(Some(before)), Some(now)) = (before, now)
            && before != now
        {
            console.said.set(format!("The job is {}", now.name()));
        }
        now
    });
}

fn header(model: Model) -> AnyView {
    let console = console();
    let text = move |of: fn(&executor_api::job::Job) -> String| move || model.job.with(|job| job.as_ref().map(of).unwrap_or_default());
    let state = Memo::new(move |_| model.job.with(|job| job.as_ref().map_or(JobState::Queued, |job| job.state)));
    let connection = model.stream.connection;
    let fresh = move || connection.get().words((console.now.get() - model.stream.heard_at.get()).max(0).unsigned_abs());
    let message = move || {
        // What a completed job says is the receipt's statement, which stands below.
        let said = |job: &executor_api::job::Job| job.message.clone().filter(|_| job.state != JobState::Completed).unwrap_or_default();
        let message = text(said)();
        (!message.is_empty()).then(|| view! { <p class="stale" data-testid="job-message">{message}</p> })
    };
    let reason = move || {
        let reason = text(|job| job.reason.clone())();
        (!reason.is_empty()).then(|| view! { <p class="reason">{reason}</p> })
    };
    view! {
        <div class="head job-head">
            <div>
                <p class="crumb"><a href="/jobs">"Jobs"</a></p>
                <h1>{text(|job| job.title.clone())}</h1>
                <p class="line">
                    {live(move || badge(job_state::job(state.get()), "job-state"))}
                    <span class="connection" data-testid="connection" data-state=live(move || connection.get().name())>
                        {live(fresh)}
                    </span>
                    <span class="faint">{text(|job| format!("{} → {}", job.source, job.target))}</span>
                </p>
            </div>
            {acts::acts(model)}
        </div>
        {live(reason)}
        {live(message)}
    }
    .into_any()
}

fn tabs(model: Model, query: Memo<JobQuery>) -> AnyView {
    let tab = Memo::new(move |_| query.get().tab);
    let links = Tab::ALL
        .iter()
        .map(|of| {
            let of = *of;
            let address = move || JobQuery { tab: of, task: None, ..query.get() }.address(&model.id());
            view! {
                <a href=live(address) aria-current=live(move || (tab.get() == of).then_some("page")) data-testid=format!("tab-{}", of.name())>
                    {of.title()}
                </a>
            }
        })
        .collect::<Vec<_>>();
    let body = move || match tab.get() {
        Tab::Tasks => tasks::tasks(model, query),
        Tab::Timeline => timeline::timeline(model, query),
        Tab::Log => log::log(model, false),
        Tab::Plan => crate::pages::plan::frozen(
            &model.job.with_untracked(|job| job.as_ref().map(|job| job.plan_digest.to_string())).unwrap_or_default(),
        ),
        Tab::Verify => verify::verify(model),
        Tab::Activity => log::log(model, true),
    };
    view! {
        <nav class="tabs" aria-label="Views of this job">{links}</nav>
        <div class="tab">{live(body)}</div>
    }
    .into_any()
}
