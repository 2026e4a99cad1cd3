//! Snapshots: taken once, kept by their digest, extended into others.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use executor_api::plan::{DetailCreate, SnapshotAnswer, SnapshotCreate};
use executor_api::problem::Problem;
use planner_core::digest::Digest;
use planner_core::survey::SurveySpec;

use super::body::Json;
use super::problem::ApiError;
use super::state::App;
use crate::{clock, snapshot};

/// Most probes in one request.
const MOST_PROBES: usize = 16;

/// Takes a snapshot of two tables.
#[utoipa::path(post, path = "/v1/snapshots", request_body = SnapshotCreate, responses((status = 201, body = SnapshotAnswer), (status = 422, body = Problem)), tag = "plans")]
pub(super) async fn create(State(app): State<App>, Json(body): Json<SnapshotCreate>) -> Result<Response, ApiError> {
    let spec = SurveySpec { source: body.source, target: body.target, time_column: body.time_column, policy: app.policy.clone() };
    let snapshot = snapshot::take(app.engine.health().client(), &spec).await?;
    let answer = app.engine.store().put_snapshot(snapshot, clock::now()).await?;
    Ok(created(answer))
}

/// A snapshot by its digest.
#[utoipa::path(get, path = "/v1/snapshots/{digest}", params(("digest" = String, Path)), responses((status = 200, body = SnapshotAnswer), (status = 404, body = Problem)), tag = "plans")]
pub(super) async fn one(State(app): State<App>, Path(digest): Path<String>) -> Result<axum::Json<SnapshotAnswer>, ApiError> {
    Ok(axum::Json(find(&app, &digest).await?))
}

/// Asks what planning still needs, and keeps the snapshot with it as another one.
#[utoipa::path(post, path = "/v1/snapshots/{digest}/detail", params(("digest" = String, Path)), request_body = DetailCreate, responses((status = 201, body = SnapshotAnswer), (status = 404, body = Problem)), tag = "plans")]
pub(super) async fn detail(
    State(app): State<App>,
    Path(digest): Path<String>,
    Json(body): Json<DetailCreate>,
) -> Result<Response, ApiError> {
    if body.probes.is_empty() || body.probes.len() > MOST_PROBES {
        return Err(ApiError::invalid(format!("probes: {} of them; 1 to {MOST_PROBES} are possible", body.probes.len())));
    }
    let known = find(&app, &digest).await?;
    let extended = snapshot::extend(app.engine.health().client(), &known.snapshot, body.probes).await?;
    let answer = app.engine.store().put_snapshot(extended, clock::now()).await?;
    Ok(created(answer))
}

async fn find(app: &App, digest: &str) -> Result<SnapshotAnswer, ApiError> {
    let digest = Digest::parse(digest).map_err(ApiError::invalid)?;
    app.engine.store().snapshot(&digest).await?.ok_or_else(|| ApiError::not_found(&format!("snapshot {digest}")))
}

fn created(answer: SnapshotAnswer) -> Response {
    let location = format!("/v1/snapshots/{}", answer.digest);
    (StatusCode::CREATED, [(LOCATION, location)], axum::Json(answer)).into_response()
}
