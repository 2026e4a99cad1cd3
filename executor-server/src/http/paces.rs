//! How long a plan will take: from past jobs, or from a small trial that the user asks for.

use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use executor_api::pace::{PaceAnswer, PaceOrigin};
use executor_api::problem::Problem;
use planner_core::calibration::{self, Trial};
use planner_core::digest::Digest;
use planner_core::sql::identifier::TableName;
use serde::Deserialize;

use super::body::Args;
use super::problem::ApiError;
use super::state::App;
use crate::clickhouse::client::{Client, Failure, Query};
use crate::clock;

/// Longest that one trial may take.
const TRIAL_SECONDS: &str = "20";

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PaceArgs {
    /// Where rows were read: `db.table`.
    source: String,
    /// Where rows were written: `db.table`.
    target: String,
}

/// The pace of past jobs between two tables.
#[utoipa::path(get, path = "/v1/paces", params(PaceArgs), responses((status = 200, body = PaceAnswer), (status = 422, body = Problem)), tag = "plans")]
pub(super) async fn past(State(app): State<App>, Args(args): Args<PaceArgs>) -> Result<axum::Json<PaceAnswer>, ApiError> {
    let name = |text: &str| TableName::parse(text).map_err(ApiError::invalid);
    let found = app.engine.store().pace(&name(&args.source)?, &name(&args.target)?).await?;
    let (pace, chunks) = found.unzip();
    Ok(axum::Json(PaceAnswer { chunks: chunks.unwrap_or(0), origin: PaceOrigin::PastJobs, pace }))
}

/// Carries pieces of three chunks into a temporary table, one after the other, and times them. Nothing else is written.
#[utoipa::path(post, path = "/v1/plans/{digest}/calibration", params(("digest" = String, Path)), responses((status = 200, body = PaceAnswer), (status = 404, body = Problem), (status = 422, body = Problem)), tag = "plans")]
pub(super) async fn calibrate(State(app): State<App>, Path(digest): Path<String>) -> Result<axum::Json<PaceAnswer>, ApiError> {
    let digest = Digest::parse(&digest).map_err(ApiError::invalid)?;
    let store = app.engine.store();
    let plan = store.plan(&digest).await?.ok_or_else(|| ApiError::not_found(&format!("plan {digest}")))?.plan;
    let known = store.snapshot(&plan.snapshot).await?.ok_or_else(|| ApiError::not_found(&format!("snapshot {}", plan.snapshot)))?;
    let client = app.engine.health().client();
    let mut measured = Vec::new();
    for trial in calibration::trials(&plan, &known.snapshot) {
        measured.push(run(client, &plan.core.settings, &trial).await.map_err(|failure| refused(&failure))?);
    }
    let pace = calibration::pace(&measured);
    Ok(axum::Json(PaceAnswer { chunks: measured.len() as u64, origin: PaceOrigin::Calibration, pace }))
}

fn refused(failure: &Failure) -> ApiError {
    ApiError::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        "calibration-failed",
        "The trial did not come to an end",
        failure.to_string(),
    )
    .hint("it needs CREATE TEMPORARY TABLE and CREATE ARBITRARY TEMPORARY TABLE, and at most 20 s for a piece of a chunk")
}

/// Bytes and milliseconds of one trial.
async fn run(client: &Client, settings: &std::collections::BTreeMap<String, String>, trial: &Trial) -> Result<(u64, u64), Failure> {
    let session = format!("penstock-calibration-{}", clock::random_id());
    let query = |sql| Query::new(sql).setting("session_id", &session).setting("session_timeout", "60").timeout(Duration::from_mins(1));
    let statements = &trial.statements;
    client.query(query(&statements.create)).await?;
    // As a chunk is sent, which names its block.
    let insert = query(&statements.insert).settings(settings).setting("insert_deduplication_token", &session);
    let insert = insert.setting("max_execution_time", TRIAL_SECONDS);
    let since = Instant::now();
    let carried = client.query(insert).await;
    let ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    client.query(query(&statements.drop)).await?;
    // A view may write fewer rows than it reads: the plan's sizes are of what is read.
    let rows = carried?.summary.read_rows.min(trial.estimate.rows);
    let bytes = u128::from(trial.estimate.bytes) * u128::from(rows) / u128::from(trial.estimate.rows.max(1));
    Ok((u64::try_from(bytes).unwrap_or(u64::MAX), ms))
}
