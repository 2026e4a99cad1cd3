//! Jobs over the wire.

use planner_core::assertion::Assertion;
use planner_core::digest::{Digest, PlanId};
use planner_core::quantity::UnixMillis;
use planner_core::rationale::Note;
use planner_core::sql::identifier::TableName;
use serde::{Deserialize, Serialize};

/// Body of `POST /v1/jobs`. The header `Idempotency-Key` makes a repeat return the same job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JobCreate {
    /// What is asserted of the target's rows in each chunk's span, at most 20; a chunk of which one does not hold has failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub assertions: Vec<Assertion>,
    /// How repeats are kept from doubling rows; where the target remembers no tokens, as plain `MergeTree` does, the
    /// default is `content_only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup: Option<Dedup>,
    /// Chunks written at the same time, 1 to 64; default 2.
    #[serde(default = "default_lanes")]
    pub lanes: u16,
    /// Which chunk comes first.
    #[serde(default)]
    pub order: Order,
    /// A plan that this service has stored.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub plan_digest: Digest,
    /// Why; kept with the job, at most 2,000 characters.
    #[serde(default)]
    pub reason: String,
    /// What to call it, 1 to 200 characters.
    pub title: String,
}

/// How repeats are kept from doubling rows where the target remembers no deduplication tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Dedup {
    /// The job first makes the target remember as many blocks as the plan writes, with an ALTER TABLE that its log shows.
    SetWindow,
    /// The target stays as it is; whenever an answer is lost, contents are compared, and nothing else counts.
    ContentOnly,
}

impl Dedup {
    /// Contents alone, where a plan warns that its target remembers no tokens; else there is nothing to choose.
    pub fn by_contents_where_off(rationale: &[Note]) -> Option<Self> {
        rationale.iter().any(|note| note.code == "dedup-window-off").then_some(Self::ContentOnly)
    }
}

fn default_lanes() -> u16 {
    2
}

/// Which chunk comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// In the plan's order.
    #[default]
    OldestFirst,
    /// Against the plan's order.
    NewestFirst,
    /// Largest estimate first.
    LongestFirst,
}

/// State of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Accepted, not started.
    Queued,
    /// Sending chunks.
    Running,
    /// Pause was asked; chunks that run are ending.
    Pausing,
    /// Nothing runs until it is resumed.
    Paused,
    /// Nothing more will be sent; chunks that run are ending, then it is cancelled.
    Draining,
    /// Cancel now was asked; running queries are being killed.
    Cancelling,
    /// Ended by the user.
    Cancelled,
    /// All chunks ended; contents are being compared.
    Verifying,
    /// Every chunk done and proven as far as the receipt says.
    Completed,
    /// Some chunks done, some failed.
    Partial,
    /// No chunk could be done, or the contents differ.
    Failed,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 11] = [
        Self::Queued,
        Self::Running,
        Self::Pausing,
        Self::Paused,
        Self::Draining,
        Self::Cancelling,
        Self::Cancelled,
        Self::Verifying,
        Self::Completed,
        Self::Partial,
        Self::Failed,
    ];

    /// Whether the job has ended. `partial` and `failed` can be taken up again by a retry.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Cancelled | Self::Completed | Self::Partial | Self::Failed)
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Pausing => "pausing",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Job {
    /// Names the job: 16 hex characters.
    pub id: String,
    /// State.
    pub state: JobState,
    /// What it waits for or why it failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Title.
    pub title: String,
    /// Reason.
    pub reason: String,
    /// Digest of its plan.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub plan_digest: Digest,
    /// Id of its plan.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub plan_id: PlanId,
    /// Where rows are read.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub source: TableName,
    /// Where rows are written.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub target: TableName,
    /// Chunks at the same time.
    pub lanes: u16,
    /// Which chunk comes first.
    pub order: Order,
    /// What is asserted of the target's rows in each chunk's span.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub assertions: Vec<Assertion>,
    /// How repeats are kept from doubling rows, where that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup: Option<Dedup>,
    /// Tasks by state; they add up to `total`.
    pub counts: Counts,
    /// Absolute counters.
    pub progress: Progress,
    /// When it was accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub created_at: UnixMillis,
    /// When the first chunk was sent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub started_at: Option<UnixMillis>,
    /// When it ended.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub finished_at: Option<UnixMillis>,
    /// Id of the last state event.
    pub last_event_id: u64,
    /// What verification found, once it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<crate::receipt::Verdict>,
}

/// Tasks by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Not sent yet.
    pub waiting: u64,
    /// On the server.
    pub running: u64,
    /// Failed in a way that may pass; will be sent again.
    pub retrying: u64,
    /// Answer lost; evidence is being gathered.
    pub unknown: u64,
    /// Done.
    pub done: u64,
    /// Failed for good.
    pub failed: u64,
    /// Not needed.
    pub skipped: u64,
    /// Not sent because the job was cancelled.
    pub cancelled: u64,
    /// Number of tasks.
    pub total: u64,
}

/// Absolute counters of a job. Bytes are the plan's estimates of uncompressed source bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// Estimated bytes of the whole plan.
    pub bytes_total: u64,
    /// Estimated bytes of finished tasks, and of running ones in proportion.
    pub bytes_done: u64,
    /// Estimated rows of the whole plan.
    pub rows_total: u64,
    /// Rows read by finished and running attempts.
    pub rows_read: u64,
    /// Rows written by finished and running attempts.
    pub rows_written: u64,
    /// Chunks whose contents were compared.
    pub verified: u64,
}

/// Answer of `GET /v1/jobs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobList {
    /// Newest first.
    pub jobs: Vec<Job>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// Body of `POST /v1/jobs/{id}/pause` and `/cancel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StopRequest {
    /// What becomes of chunks that run.
    #[serde(default)]
    pub running: RunningChunks,
}

/// What becomes of chunks that run when a job is paused or cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunningChunks {
    /// They run to their end.
    #[default]
    Finish,
    /// They are killed; their outcome is found out afterwards.
    Kill,
}

/// Body of `POST /v1/jobs/{id}/retry`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Task numbers; empty means every failed task.
    #[serde(default)]
    pub tasks: Vec<u64>,
}

/// Body of `POST /v1/jobs/{id}/lanes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LanesRequest {
    /// 1 to 64.
    pub lanes: u16,
}
