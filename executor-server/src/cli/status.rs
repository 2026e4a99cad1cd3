//! `penstock status`

use executor_api::job::Job;
use executor_api::task::TaskState;
use planner_core::digest::PlanId;
use serde::Serialize;

use super::context::Context;
use super::fail::Fail;
use super::next;
use super::output::{bytes, count, put, table};
use super::run::verdict_name;
use crate::state::{Loaded, TaskMark};

/// Most chunks that are told one by one.
const MOST: usize = 20;

#[derive(Serialize)]
struct Answer {
    /// Chunks that need a look: failed, unknown, retrying, running.
    chunks: Vec<TaskMark>,
    job: Option<Job>,
    live: bool,
    notices: Vec<String>,
    plan_id: String,
    planned_chunks: u64,
    source: String,
    target: String,
}

/// Says where a plan's run stands, whoever runs it.
pub(super) async fn run(context: &Context, id: &PlanId) -> Result<u8, Fail> {
    let planned = context.plan(id).await?;
    let mut notices = Vec::new();
    if let Loaded::Damaged(reason) = context.state.read_checkpoint(id)? {
        notices.push(format!("the checkpoint is damaged ({reason}); this is what the database says, and resume writes it again"));
    }
    let standing = context.state.look(id).await?;
    let chunks = match &standing {
        None => Vec::new(),
        Some(standing) => {
            let tasks = standing.store.tasks(&standing.job.id).await?;
            let looked_at = tasks.iter().filter(|record| {
                matches!(record.task.state, TaskState::Failed | TaskState::Unknown | TaskState::Retrying | TaskState::Running)
            });
            looked_at.map(TaskMark::from).collect()
        }
    };
    let answer = Answer {
        chunks,
        live: standing.as_ref().is_some_and(|standing| standing.live),
        job: standing.map(|standing| standing.job),
        notices,
        plan_id: id.to_string(),
        planned_chunks: planned.answer.chunks,
        source: planned.answer.request.source.to_string(),
        target: planned.answer.request.target.to_string(),
    };
    context.output.answer("status", answer, people);
    Ok(0)
}

fn people(answer: &Answer) -> String {
    let id = &answer.plan_id;
    let mut rows = vec![("plan", id.clone()), ("from", answer.source.clone()), ("to", answer.target.clone())];
    let next = match &answer.job {
        None => {
            rows.push(("run", format!("never run; {} planned", count(answer.planned_chunks, "chunk"))));
            Some(next::of_plan("run", id))
        }
        Some(job) => {
            describe(&mut rows, job, answer.live);
            match (job.state.is_terminal(), answer.live) {
                (_, true) => None,
                (false, false) => Some(next::of_plan("resume", id)),
                (true, false) if job.verdict.is_some() => Some(next::of_plan("receipt", id)),
                (true, false) => Some(next::of_plan("doctor", id)),
            }
        }
    };
    let mut text = table(&rows);
    for mark in answer.chunks.iter().take(MOST) {
        let why = mark.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
        put(&mut text, format_args!("chunk {} is {} after {}{why}\n", mark.n, mark.state.name(), count(mark.attempts.into(), "attempt")));
    }
    if answer.chunks.len() > MOST {
        put(&mut text, format_args!("and {} more\n", answer.chunks.len() - MOST));
    }
    for notice in &answer.notices {
        put(&mut text, format_args!("! {notice}\n"));
    }
    if let Some(next) = next {
        put(&mut text, format_args!("\nnext: {next}\n"));
    }
    text
}

pub(super) fn describe(rows: &mut Vec<(&str, String)>, job: &Job, live: bool) {
    let (counts, progress) = (job.counts, job.progress);
    let how = match (live, job.state.is_terminal()) {
        (true, _) => ", a process is on it",
        (false, false) => ", no process is on it",
        (false, true) => "",
    };
    rows.push(("run", format!("{}{how}", job.state.name())));
    let mut chunks = format!("{} of {} done", counts.done, counts.total);
    for (number, word) in [
        (counts.running, "running"),
        (counts.retrying, "retrying"),
        (counts.unknown, "unknown"),
        (counts.failed, "failed"),
        (counts.skipped, "split"),
        (counts.cancelled, "cancelled"),
    ] {
        if number > 0 {
            put(&mut chunks, format_args!(", {number} {word}"));
        }
    }
    rows.push(("chunks", chunks));
    rows.push(("bytes", format!("{} of {}", bytes(progress.bytes_done), bytes(progress.bytes_total))));
    rows.push(("rows", count(progress.rows_written, "row") + " written"));
    rows.push(("lanes", job.lanes.to_string()));
    if let Some(verdict) = job.verdict {
        rows.push(("verdict", verdict_name(verdict).into()));
    }
    if let Some(message) = &job.message {
        rows.push(("message", message.clone()));
    }
}
