//! How quickly chunks were carried: what an estimate of time rests on.

use planner_core::pace::Pace;
use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/paces` and `POST /v1/plans/{digest}/calibration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaceAnswer {
    /// Chunks that were measured.
    pub chunks: u64,
    /// Where it comes from.
    pub origin: PaceOrigin,
    /// The pace; none where nothing was measured yet.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub pace: Option<Pace>,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaceOrigin {
    /// Chunks of past jobs between the same two tables.
    PastJobs,
    /// Pieces of chunks, carried into a temporary table.
    Calibration,
}
