//! Plans: made here from the stored snapshot, never taken from a client.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use executor_api::plan::{ChunkChange, ChunkPage, ChunkRow, PlanAnswer, PlanCreate, PlanDiff};
use executor_api::problem::Problem;
use planner_core::canonical;
use planner_core::digest::Digest;
use planner_core::plan::Plan;
use planner_core::{Outcome, plan};
use serde::Deserialize;

use super::body::{Args, Json};
use super::problem::ApiError;
use super::state::App;
use crate::store::StoredPlan;
use crate::{clock, planning};

/// Most chunks on one page.
const PAGE: u64 = 1000;
/// Most chunks that a comparison of plans lists, on either side.
const MOST_DIFFERENT: usize = 1000;

/// Makes and keeps a plan.
#[utoipa::path(post, path = "/v1/plans", request_body = PlanCreate, responses((status = 201, body = PlanAnswer), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)), tag = "plans")]
pub(super) async fn create(State(app): State<App>, Json(body): Json<PlanCreate>) -> Result<Response, ApiError> {
    let store = app.engine.store();
    let known = store.snapshot(&body.snapshot).await?.ok_or_else(|| ApiError::not_found(&format!("snapshot {}", body.snapshot)))?;
    let request = body.request.clone();
    // A plan of a million chunks takes a moment: not on the threads that answer requests.
    let outcome = tokio::task::spawn_blocking(move || plan(&request, &known.snapshot)).await;
    let outcome =
        outcome.map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "planner-failed", "A defect", error.to_string()))?;
    let plan = match outcome {
        Outcome::Planned(plan) => *plan,
        Outcome::Refused(refusal) => return Err(refusal.into()),
        Outcome::NeedsDetail(probes) => {
            let asked = probes.iter().map(|probe| serde_json::to_string(probe).unwrap_or_default()).collect();
            return Err(ApiError::conflict("needs-detail", "this snapshot is not fine enough for the request")
                .hint("send the probes in `differences` to POST /v1/snapshots/{digest}/detail, and plan from the snapshot that it answers with")
                .differences(asked));
        }
    };
    let digest = plan.core.digest();
    if let Some(expected) = body.expect_digest.filter(|expected| *expected != digest) {
        let differences = vec![format!("expected {expected}"), format!("planned {digest} with planner {}", planner_core::VERSION)];
        return Err(ApiError::conflict("digest-mismatch", "the plan made here is not the plan that was previewed")
            .hint("reload the page: it may hold an older planner")
            .differences(differences));
    }
    let answer = planning::answer(&plan, body.request, clock::now());
    let answer = store.put_plan(&StoredPlan { answer, plan }).await?;
    let location = format!("/v1/plans/{}", answer.digest);
    Ok((StatusCode::CREATED, [(LOCATION, location)], axum::Json(answer)).into_response())
}

/// A plan without its chunks.
#[utoipa::path(get, path = "/v1/plans/{digest}", params(("digest" = String, Path)), responses((status = 200, body = PlanAnswer), (status = 404, body = Problem)), tag = "plans")]
pub(super) async fn one(State(app): State<App>, Path(digest): Path<String>) -> Result<axum::Json<PlanAnswer>, ApiError> {
    let digest = Digest::parse(&digest).map_err(ApiError::invalid)?;
    let answer = app.engine.store().plan_answer(&digest).await?;
    Ok(axum::Json(answer.ok_or_else(|| ApiError::not_found(&format!("plan {digest}")))?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PageArgs {
    /// Index of the first chunk.
    #[serde(default)]
    cursor: u64,
    /// At most so many, 1 to 1,000.
    #[serde(default = "page")]
    limit: u64,
}

fn page() -> u64 {
    100
}

/// Chunks with their SQL.
#[utoipa::path(get, path = "/v1/plans/{digest}/chunks", params(("digest" = String, Path), PageArgs), responses((status = 200, body = ChunkPage), (status = 404, body = Problem)), tag = "plans")]
pub(super) async fn chunks(
    State(app): State<App>,
    Path(digest): Path<String>,
    Args(args): Args<PageArgs>,
) -> Result<axum::Json<ChunkPage>, ApiError> {
    let plan = find(&app, &digest).await?.plan;
    let total = plan.len() as u64;
    let to = args.cursor.saturating_add(args.limit.clamp(1, PAGE)).min(total);
    let row = |index: u64| {
        let i = usize::try_from(index).ok()?;
        Some(ChunkRow { chunk: plan.chunk(i)?, index, sql: plan.chunk_sql(i) })
    };
    let next = (to < total).then_some(to);
    Ok(axum::Json(ChunkPage { chunks: (args.cursor..to).filter_map(row).collect(), next, total }))
}

/// The whole document as canonical JSON.
#[utoipa::path(get, path = "/v1/plans/{digest}/document", params(("digest" = String, Path)), responses((status = 200, description = "The plan document, format 1", body = Object), (status = 404, body = Problem)), tag = "plans")]
pub(super) async fn document(State(app): State<App>, Path(digest): Path<String>) -> Result<Response, ApiError> {
    let plan = find(&app, &digest).await?.plan;
    Ok(([(CONTENT_TYPE, "application/json")], canonical::to_string(&plan.document())).into_response())
}

/// What two plans do not have in common.
#[utoipa::path(get, path = "/v1/plans/{digest}/diff/{other}", params(("digest" = String, Path), ("other" = String, Path)), responses((status = 200, body = PlanDiff), (status = 404, body = Problem)), tag = "plans")]
pub(super) async fn diff(State(app): State<App>, Path((digest, other)): Path<(String, String)>) -> Result<axum::Json<PlanDiff>, ApiError> {
    let (one, other) = (find(&app, &digest).await?.plan, find(&app, &other).await?.plan);
    Ok(axum::Json(differences(&one, &other)))
}

/// Chunks count as the same when they send the same statement: by token.
fn differences(one: &Plan, other: &Plan) -> PlanDiff {
    let by_token = |plan: &Plan| -> BTreeMap<String, ChunkChange> {
        let chunks = plan.chunks().zip(0..);
        chunks.map(|(chunk, index)| (chunk.token.to_string(), ChunkChange { index, label: chunk.label, rows: chunk.rows })).collect()
    };
    let (before, after) = (by_token(one), by_token(other));
    let only = |these: &BTreeMap<String, ChunkChange>, those: &BTreeMap<String, ChunkChange>| {
        let mut changes: Vec<ChunkChange> =
            these.iter().filter(|(token, _)| !those.contains_key(*token)).map(|(_, change)| change.clone()).collect();
        changes.sort_by_key(|change| change.index);
        changes
    };
    let (mut removed, mut added) = (only(&before, &after), only(&after, &before));
    let (removed_total, added_total) = (removed.len() as u64, added.len() as u64);
    removed.truncate(MOST_DIFFERENT);
    added.truncate(MOST_DIFFERENT);
    PlanDiff {
        added,
        added_total,
        removed,
        removed_total,
        same: before.len() as u64 - removed_total,
        settings_differ: one.core.settings != other.core.settings,
    }
}

async fn find(app: &App, digest: &str) -> Result<StoredPlan, ApiError> {
    let digest = Digest::parse(digest).map_err(ApiError::invalid)?;
    app.engine.store().plan(&digest).await?.ok_or_else(|| ApiError::not_found(&format!("plan {digest}")))
}
