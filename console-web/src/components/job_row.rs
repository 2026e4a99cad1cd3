//! A job as a row of a list.

use executor_api::job::Job;
use leptos::prelude::*;
use planner_core::quantity::UnixMillis;

use super::badge::badge;
use crate::browser;
use crate::console::console;
use crate::erase::live;
use crate::views::{format, job_state, overview};

/// A table of jobs; rows stay elements while their values change.
pub(crate) fn job_table(jobs: Signal<Vec<Job>>, label: &'static str) -> AnyView {
    view! {
        <table class="jobs" aria-label=label>
            <thead>
                <tr>
                    <th>"Job"</th>
                    <th>"State"</th>
                    <th class="wide">"Progress"</th>
                    <th class="right wide">"Rows"</th>
                    <th class="right">"When"</th>
                </tr>
            </thead>
            <tbody>
                <For
                    each=move || jobs.get()
                    key=|job| job.id.clone()
                    children=move |job| {
                        let id = job.id.clone();
                        let found = move |jobs: &Vec<Job>| jobs.iter().find(|job| job.id == id).cloned();
                        row(Memo::new(move |before: Option<&Job>| jobs.with(&found).or_else(|| before.cloned()).unwrap_or_else(|| job.clone())))
                    }
                />
            </tbody>
        </table>
    }
    .into_any()
}

fn row(job: Memo<Job>) -> AnyView {
    let now = console().now;
    let first = job.get_untracked();
    let when = move || {
        let (at, created) = job.with(|job| (job.finished_at, job.created_at));
        format::ago((now.get() - at.unwrap_or(created).0).max(0).unsigned_abs())
    };
    let moment = move || {
        let created: UnixMillis = job.with(|job| job.created_at);
        format!("Accepted {}", format::moment(created, browser::offset_minutes()))
    };
    let sign = Memo::new(move |_| job.with(|job| job.state));
    let why = move || job.with(overview::why).map(|why| view! { <span class="why">{why}</span> });
    view! {
        <tr data-testid="job-row" data-id=first.id.clone()>
            <td class="main">
                <a href=format!("/jobs/{}", first.id) data-row="">{live(move || job.with(|job| job.title.clone()))}</a>
                <span class="faint">{format!("{} → {}", first.source, first.target)}</span>
            </td>
            <td>{live(move || badge(job_state::job(sign.get()), "job-row-state"))} {live(why)}</td>
            <td class="wide">{progress(job)}</td>
            <td class="right num wide" title=live(move || format::exact(job.with(|job| job.progress.rows_written)))>
                {live(move || format::count(job.with(|job| job.progress.rows_written)))}
            </td>
            <td class="right num faint" title=live(moment)>{live(when)}</td>
        </tr>
    }
    .into_any()
}

fn progress(job: Memo<Job>) -> AnyView {
    let share = move || job.with(|job| (job.progress.bytes_done.min(job.progress.bytes_total), job.progress.bytes_total.max(1)));
    view! {
        <span class="progress">
            <progress value=live(move || share().0.to_string()) max=live(move || share().1.to_string()) aria-label="Progress by bytes"></progress>
            <span class="num">{live(move || format::percent(share().0, share().1))}</span>
        </span>
    }
    .into_any()
}
