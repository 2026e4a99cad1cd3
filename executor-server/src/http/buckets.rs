//! A job's tasks as a strip: neighbours counted together, so that a hundred thousand tasks fit a screen.

use axum::extract::{Path, State};
use executor_api::job::Counts;
use executor_api::problem::Problem;
use executor_api::task::{Bucket, BucketList, TaskState};
use serde::Deserialize;

use super::body::Args;
use super::jobs::find;
use super::problem::ApiError;
use super::state::App;

/// Most buckets in one answer.
const MOST: u64 = 2000;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct BucketArgs {
    /// Tasks in a bucket; made wider where there would be more than 2,000 buckets. Default 1.
    #[serde(default)]
    width: u64,
}

/// Tasks in plan order, counted in buckets.
#[utoipa::path(get, path = "/v1/jobs/{id}/buckets", params(("id" = String, Path), BucketArgs), responses((status = 200, body = BucketList), (status = 404, body = Problem)), tag = "jobs")]
pub(super) async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    Args(args): Args<BucketArgs>,
) -> Result<axum::Json<BucketList>, ApiError> {
    let job = find(&app, &id).await?;
    let width = args.width.max(1).max(job.counts.total.div_ceil(MOST));
    let states = app.engine.store().task_states(&id).await?;
    let buckets = states.chunks(usize::try_from(width).unwrap_or(usize::MAX)).zip(0_u64..);
    let buckets = buckets.map(|(states, i)| Bucket { first: i * width, counts: count(states) }).collect();
    Ok(axum::Json(BucketList { buckets, width }))
}

fn count(states: &[TaskState]) -> Counts {
    let mut counts = Counts { total: states.len() as u64, ..Counts::default() };
    for state in states {
        *match state {
            TaskState::Waiting => &mut counts.waiting,
            TaskState::Running => &mut counts.running,
            TaskState::Retrying => &mut counts.retrying,
            TaskState::Unknown => &mut counts.unknown,
            TaskState::Done => &mut counts.done,
            TaskState::Failed => &mut counts.failed,
            TaskState::Skipped => &mut counts.skipped,
            TaskState::Cancelled => &mut counts.cancelled,
        } += 1;
    }
    counts
}
