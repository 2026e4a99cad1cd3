//! Jobs: accepted once per key, and steered.

use std::io;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use executor_api::job::{Job, JobCreate, JobList, JobState, LanesRequest, RetryRequest, StopRequest};
use executor_api::problem::Problem;
use executor_api::receipt::Receipt;
use futures_util::stream;
use planner_core::request::Acknowledgement;
use serde::Deserialize;

use super::body::{Args, Json};
use super::problem::ApiError;
use super::state::App;
use crate::config::MAX_LANES;
use crate::runner::{Command, CommandError, SubmitError};
use crate::store::JobFilter;

const WHILE_BUSY: &str = "wait until it has ended, or cancel it";
const WHEN_OVERTAKEN: &str = "start a job of the plan anew: it looks at the whole target first";

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::PlanMissing => Self::not_found("plan of this digest").hint("POST /v1/plans first"),
            SubmitError::SnapshotMissing => Self::not_found("snapshot of this plan"),
            SubmitError::DigestMismatch(differences) => {
                Self::conflict("digest-mismatch", "planning again gives another plan than the one that was previewed")
                    .hint("take a snapshot and plan again")
                    .differences(differences)
            }
            SubmitError::Faulty(faults) => {
                let detail = "the plan does not hold what plans promise";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "plan-faulty", "A defect", detail).differences(faults)
            }
            SubmitError::Stale(changes) => Self::conflict("snapshot-stale", "the tables changed since the plan was made")
                .hint("take a snapshot and plan again")
                .differences(changes),
            SubmitError::NoSnapshot(reason) => reason.into(),
            SubmitError::Busy(detail) => Self::conflict("target-busy", detail).hint(WHILE_BUSY),
            SubmitError::Runs(error) => {
                let hint = error.hint();
                Self::conflict(error.code(), error.to_string()).hint(&hint)
            }
            SubmitError::TargetHoldsRows(detail) => Self::conflict("target-holds-rows", detail)
                .hint("empty the target, or plan again with target_holds_rows acknowledged")
                .acknowledge(Acknowledgement::TargetHoldsRows),
            SubmitError::Servers(detail) => Self::conflict("servers-differ", detail)
                .hint("put the servers or their list right (clickhouse.urls, clickhouse.cluster), then submit again"),
            SubmitError::Assertions(detail) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "assertions-refused", "The assertions are refused", detail)
                    .hint("a condition is a boolean expression with aggregate functions over a chunk's rows: countIf(NOT (amount > 0)) = 0")
            }
            SubmitError::DedupChoice(detail) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "dedup-window-impossible", "No window can be set", detail)
                    .hint("start with dedup content_only: contents are compared whenever an answer is lost")
            }
            SubmitError::KeyReused => {
                let detail = "this Idempotency-Key came before with another body";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", "Key reused", detail).hint("use another key for another job")
            }
            SubmitError::Store(error) => error.into(),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Missing => Self::not_found("such job"),
            CommandError::NotPossible(detail) => Self::conflict("not-possible-now", detail),
            CommandError::Busy(detail) => Self::conflict("target-busy", detail).hint(WHILE_BUSY),
            CommandError::Overtaken(detail) => Self::conflict("target-overtaken", detail).hint(WHEN_OVERTAKEN),
            CommandError::Broken(detail) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "job-broken", "The job cannot be run", detail),
        }
    }
}

/// Accepts a job. The header `Idempotency-Key` (1 to 200 visible characters) makes a repeat answer with the same job.
#[utoipa::path(post, path = "/v1/jobs", request_body = JobCreate, params(("Idempotency-Key" = String, Header)), responses((status = 202, body = Job), (status = 200, body = Job, description = "Accepted before"), (status = 400, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)), tag = "jobs")]
pub(super) async fn create(State(app): State<App>, headers: HeaderMap, Json(body): Json<JobCreate>) -> Result<Response, ApiError> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > 200 {
        let detail = "the header Idempotency-Key is missing, or not 1 to 200 visible characters";
        return Err(
            ApiError::new(StatusCode::BAD_REQUEST, "key-missing", "Key missing", detail).hint("send a fresh UUID with each new job")
        );
    }
    let title = body.title.chars().count();
    if !(1..=200).contains(&title) || body.title.trim().is_empty() {
        return Err(ApiError::invalid(format!("title: {title} characters; 1 to 200 are possible")));
    }
    let reason = body.reason.chars().count();
    if reason > 2000 {
        return Err(ApiError::invalid(format!("reason: {reason} characters; at most 2000 are possible")));
    }
    check_lanes(body.lanes)?;
    let engine = app.engine.clone();
    let key = key.to_owned();
    // Goes on when the caller hangs up in the middle: a job is accepted whole or not at all.
    let submitted = tokio::spawn(async move { engine.submit(key, body).await }).await;
    let submitted =
        submitted.map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "submit-failed", "A defect", error.to_string()))?;
    let (job, new) = submitted?;
    let location = format!("/v1/jobs/{}", job.id);
    let status = if new { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, [(LOCATION, location)], axum::Json(job)).into_response())
}

fn check_lanes(lanes: u16) -> Result<(), ApiError> {
    if (1..=MAX_LANES).contains(&lanes) { Ok(()) } else { Err(ApiError::invalid(format!("lanes: {lanes}; 1 to {MAX_LANES} are possible"))) }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ListArgs {
    /// Only in these states, separated by commas.
    #[serde(default)]
    state: String,
    /// Only with this source or target, as `database.table`.
    table: Option<String>,
    /// `next` of the page before.
    cursor: Option<i64>,
    /// At most so many, 1 to 200.
    #[serde(default = "page")]
    limit: u32,
}

fn page() -> u32 {
    50
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", params(ListArgs), responses((status = 200, body = JobList), (status = 400, body = Problem)), tag = "jobs")]
pub(super) async fn list(State(app): State<App>, Args(args): Args<ListArgs>) -> Result<axum::Json<JobList>, ApiError> {
    let states = states(&args.state, &JobState::ALL, JobState::name)?;
    let filter = JobFilter { states, table: args.table, before: args.cursor, limit: args.limit.clamp(1, 200) };
    let mut list = app.engine.store().jobs(filter).await?;
    for job in &mut list.jobs {
        if let Some(live) =
            app.engine.board().live(&job.id).and_then(|live| live.job).filter(|live| live.last_event_id >= job.last_event_id)
        {
            *job = (*live).clone();
        }
    }
    Ok(axum::Json(list))
}

/// Reads a list of states, separated by commas.
pub(super) fn states<S: Copy>(text: &str, all: &[S], name: fn(S) -> &'static str) -> Result<Vec<S>, ApiError> {
    let asked = text.split(',').map(str::trim).filter(|asked| !asked.is_empty());
    asked
        .map(|asked| {
            let known = || all.iter().map(|state| name(*state)).collect::<Vec<_>>().join(", ");
            all.iter()
                .copied()
                .find(|state| name(*state) == asked)
                .ok_or_else(|| ApiError::invalid(format!("state: '{asked}' is none of {}", known())))
        })
        .collect()
}

/// A job.
#[utoipa::path(get, path = "/v1/jobs/{id}", params(("id" = String, Path)), responses((status = 200, body = Job), (status = 404, body = Problem)), tag = "jobs")]
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<axum::Json<Job>, ApiError> {
    Ok(axum::Json(find(&app, &id).await?))
}

/// A job, or 404.
pub(super) async fn find(app: &App, id: &str) -> Result<Job, ApiError> {
    let record = app.engine.job(id).await?;
    record.map(|record| record.job).ok_or_else(|| ApiError::not_found(&format!("job {id}")))
}

/// The proof at a job's end, as canonical JSON.
#[utoipa::path(get, path = "/v1/jobs/{id}/receipt", params(("id" = String, Path)), responses((status = 200, body = Receipt), (status = 404, body = Problem)), tag = "jobs")]
pub(super) async fn receipt(State(app): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let job = find(&app, &id).await?;
    let pieces = app.engine.store().receipt_pieces(&id).await?;
    let pieces = pieces.ok_or_else(|| ApiError::not_found(&format!("receipt of job {id}: it is {}", job.state.name())))?;
    let length = pieces.bytes.to_string();
    let store = app.engine.store().clone();
    let read = stream::try_unfold(0, move |part| {
        let (store, pieces) = (store.clone(), pieces.clone());
        async move {
            if part == pieces.number {
                return Ok(None);
            }
            let piece = store.receipt_piece(&pieces, part).await.map_err(io::Error::other)?;
            // The length says that it is cut off.
            let piece = piece.ok_or_else(|| io::Error::other("another receipt has taken its place"))?;
            Ok::<_, io::Error>(Some((piece, part + 1)))
        }
    });
    Ok(([(CONTENT_TYPE, "application/json"), (CONTENT_LENGTH, &length)], Body::from_stream(read)).into_response())
}

/// Sends nothing more until the job is resumed.
#[utoipa::path(post, path = "/v1/jobs/{id}/pause", params(("id" = String, Path)), request_body = StopRequest, responses((status = 202, body = Job), (status = 409, body = Problem)), tag = "jobs")]
pub(super) async fn pause(State(app): State<App>, Path(id): Path<String>, Json(body): Json<StopRequest>) -> Result<Response, ApiError> {
    command(&app, &id, Command::Pause(body.running)).await
}

/// Goes on after a pause. The body is an empty object.
#[utoipa::path(post, path = "/v1/jobs/{id}/resume", params(("id" = String, Path)), responses((status = 202, body = Job), (status = 409, body = Problem)), tag = "jobs")]
pub(super) async fn resume(State(app): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    command(&app, &id, Command::Resume).await
}

/// Ends the job.
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", params(("id" = String, Path)), request_body = StopRequest, responses((status = 202, body = Job), (status = 409, body = Problem)), tag = "jobs")]
pub(super) async fn cancel(State(app): State<App>, Path(id): Path<String>, Json(body): Json<StopRequest>) -> Result<Response, ApiError> {
    command(&app, &id, Command::Cancel(body.running)).await
}

/// Takes failed chunks up again.
#[utoipa::path(post, path = "/v1/jobs/{id}/retry", params(("id" = String, Path)), request_body = RetryRequest, responses((status = 202, body = Job), (status = 409, body = Problem)), tag = "jobs")]
pub(super) async fn retry(State(app): State<App>, Path(id): Path<String>, Json(body): Json<RetryRequest>) -> Result<Response, ApiError> {
    command(&app, &id, Command::Retry(body.tasks)).await
}

/// Changes the lanes while the job runs.
#[utoipa::path(post, path = "/v1/jobs/{id}/lanes", params(("id" = String, Path)), request_body = LanesRequest, responses((status = 202, body = Job), (status = 409, body = Problem)), tag = "jobs")]
pub(super) async fn lanes(State(app): State<App>, Path(id): Path<String>, Json(body): Json<LanesRequest>) -> Result<Response, ApiError> {
    check_lanes(body.lanes)?;
    command(&app, &id, Command::Lanes(body.lanes)).await
}

/// Compares contents once more.
#[utoipa::path(post, path = "/v1/jobs/{id}/verify", params(("id" = String, Path)), responses((status = 202, body = Job), (status = 409, body = Problem)), tag = "jobs")]
pub(super) async fn verify(State(app): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    command(&app, &id, Command::Verify).await
}

async fn command(app: &App, id: &str, command: Command) -> Result<Response, ApiError> {
    let job = app.engine.command(id, command).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(job)).into_response())
}
