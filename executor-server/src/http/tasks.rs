//! Tasks of a job, and its log.

use axum::extract::{Path, State};
use executor_api::event::EventPage;
use executor_api::problem::Problem;
use executor_api::task::{Task, TaskDetail, TaskPage, TaskState};
use planner_core::sql::fence;
use serde::Deserialize;

use super::body::Args;
use super::jobs::{find, states};
use super::problem::ApiError;
use super::state::App;
use crate::reconcile;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PageArgs {
    /// Only in these states, separated by commas.
    #[serde(default)]
    state: String,
    /// Number of the first task.
    #[serde(default)]
    cursor: u64,
    /// At most so many, 1 to 5,000.
    #[serde(default = "page")]
    limit: u64,
}

fn page() -> u64 {
    200
}

/// Tasks by number.
#[utoipa::path(get, path = "/v1/jobs/{id}/tasks", params(("id" = String, Path), PageArgs), responses((status = 200, body = TaskPage), (status = 404, body = Problem)), tag = "jobs")]
pub(super) async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    Args(args): Args<PageArgs>,
) -> Result<axum::Json<TaskPage>, ApiError> {
    find(&app, &id).await?;
    let states = states(&args.state, &TaskState::ALL, TaskState::name)?;
    let mut page = app.engine.store().task_page(&id, states, args.cursor, args.limit.clamp(1, 5000)).await?;
    for task in &mut page.tasks {
        overlay(&app, &id, task);
    }
    Ok(axum::Json(page))
}

/// A running task shows what the server says of it.
fn overlay(app: &App, job: &str, task: &mut Task) {
    if task.state != TaskState::Running {
        return;
    }
    if let Some(live) = app.engine.board().live(job)
        && let Some(running) = live.running.iter().find(|running| running.n == task.n && running.attempts == task.attempts)
    {
        *task = running.clone();
    }
}

/// A task with its attempts and its SQL.
#[utoipa::path(get, path = "/v1/jobs/{id}/tasks/{n}", params(("id" = String, Path), ("n" = u64, Path)), responses((status = 200, body = TaskDetail), (status = 404, body = Problem)), tag = "jobs")]
pub(super) async fn one(State(app): State<App>, Path((id, n)): Path<(String, String)>) -> Result<axum::Json<TaskDetail>, ApiError> {
    let job = find(&app, &id).await?;
    let missing = || ApiError::not_found(&format!("task {n} of job {id}"));
    let number: u64 = n.parse().map_err(|_| missing())?;
    let store = app.engine.store();
    let record = store.task(&id, number).await?.ok_or_else(missing)?;
    let attempts = store.attempts(&id, number).await?;
    let server_time = attempts.last().and_then(|record| record.server_time);
    let attempts = attempts.into_iter().map(|record| record.attempt).collect();
    let plan = store.plan(&job.plan_digest).await?.ok_or_else(missing)?.plan;
    let halves = store.halves(&id, plan.len()).await?;
    let plan = plan.with_halves(halves);
    let i = usize::try_from(number).map_err(|_| missing())?;
    let mut settings = plan.core.insert_settings(i, record.generation, record.attempt.max(1), &id);
    settings.extend(server_time.and_then(|sent| fence::setting(&plan.core, sent.saturating_add(reconcile::ARRIVAL_MS))));
    let mut task = record.task;
    overlay(&app, &id, &mut task);
    Ok(axum::Json(TaskDetail {
        task,
        attempts,
        sql: plan.chunk_sql(i),
        token: plan.core.token(i, record.generation).to_string(),
        settings,
    }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct LogArgs {
    /// Only events after this id.
    #[serde(default)]
    after: u64,
    /// At most so many, 1 to 1,000.
    #[serde(default = "page")]
    limit: u64,
}

/// Stored events, oldest first.
#[utoipa::path(get, path = "/v1/jobs/{id}/log", params(("id" = String, Path), LogArgs), responses((status = 200, body = EventPage), (status = 404, body = Problem)), tag = "jobs")]
pub(super) async fn log(
    State(app): State<App>,
    Path(id): Path<String>,
    Args(args): Args<LogArgs>,
) -> Result<axum::Json<EventPage>, ApiError> {
    find(&app, &id).await?;
    Ok(axum::Json(app.engine.store().event_page(&id, args.after, args.limit.clamp(1, 1000)).await?))
}
