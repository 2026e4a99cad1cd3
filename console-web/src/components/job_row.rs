//! A job as a row of a list.

use executor_api::job::Job;

use super::badge::badge;
use super::table::{cell, head};
use crate::browser;
use crate::console::console;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::{format, job_state, overview};

/// A table of jobs; rows stay elements while their values change.
pub(crate) fn job_table(jobs: Memo<Vec<Job>>, label: &str) -> El {
    let rows = move || jobs.get().into_iter().map(|job| Row::new(job.id.clone(), move || standing(jobs, job))).collect();
    let columns = [("Job", ""), ("State", ""), ("Progress", "wide"), ("Rows", "right wide"), ("When", "right")];
    el("table").class("jobs").label(label).child(head(&columns)).child(el("tbody").rows(rows))
}

/// The row follows its job in the list.
fn standing(jobs: Memo<Vec<Job>>, job: Job) -> El {
    let id = job.id.clone();
    let found = move |jobs: &Vec<Job>| jobs.iter().find(|job| job.id == id).cloned();
    row(Memo::new(move |before: Option<&Job>| jobs.with(&found).or_else(|| before.cloned()).unwrap_or_else(|| job.clone())))
}

fn row(job: Memo<Job>) -> El {
    let now = console().now;
    let first = job.get_untracked();
    let when = move || {
        let (at, created) = job.with(|job| (job.finished_at, job.created_at));
        format::ago((now.get() - at.unwrap_or(created).0).max(0).unsigned_abs())
    };
    let accepted = move || format!("Accepted {}", format::moment(job.with(|job| job.created_at), browser::offset_minutes()));
    let state = memo(move || job.with(|job| job.state));
    let why = memo(move || job.with(overview::why));
    let link = el("a").href(format!("/jobs/{}", first.id)).attr("data-row", "").words(move || job.with(|job| job.title.clone()));
    let tables = el("span").class("faint").text(format!("{} → {}", first.source, first.target));
    let written = move || job.with(|job| job.progress.rows_written);
    el("tr")
        .test_id("job-row")
        .attr("data-id", &first.id)
        .child(el("td").class("main").child(link).text(" ").child(tables))
        .child(
            el("td")
                .live(move || badge(job_state::job(state.get()), "job-row-state"))
                .text(" ")
                .live(move || why.get().map(|why| el("span").class("why").text(why))),
        )
        .child(cell("wide", progress(job)))
        .child(
            el("td").class("right num wide").live_attr("title", move || format::exact(written())).words(move || format::count(written())),
        )
        .child(el("td").class("right num faint").live_attr("title", accepted).words(when))
}

fn progress(job: Memo<Job>) -> El {
    let share = memo(move || job.with(|job| (job.progress.bytes_done.min(job.progress.bytes_total), job.progress.bytes_total.max(1))));
    let percent = el("span").class("num").words(move || format::percent(share.get().0, share.get().1));
    el("span").class("progress").child(share_bar(share)).text(" ").child(percent)
}

/// A bar of done and total bytes.
pub(crate) fn share_bar(share: Memo<(u64, u64)>) -> El {
    el("progress")
        .live_attr("max", move || share.get().1.to_string())
        .live_attr("value", move || share.get().0.to_string())
        .label("Progress by bytes")
}
