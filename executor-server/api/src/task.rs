//! Tasks and their attempts over the wire.

use planner_core::digest::ChunkId;
use planner_core::quantity::UnixMillis;
use serde::{Deserialize, Serialize};

/// State of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Not sent yet.
    Waiting,
    /// On the server.
    Running,
    /// Failed in a way that may pass; will be sent again.
    Retrying,
    /// Answer lost; evidence is being gathered.
    Unknown,
    /// Done.
    Done,
    /// Failed for good; a retry takes it up again.
    Failed,
    /// Not needed, with a reason.
    Skipped,
    /// Not sent because the job was cancelled.
    Cancelled,
}

impl TaskState {
    /// Every state.
    pub const ALL: [Self; 8] =
        [Self::Waiting, Self::Running, Self::Retrying, Self::Unknown, Self::Done, Self::Failed, Self::Skipped, Self::Cancelled];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Unknown => "unknown",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A task as it stands: one chunk of the plan within one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// Index of the chunk in the plan; halves of chunks that were too big are numbered behind them.
    pub n: u64,
    /// The chunk.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub chunk_id: ChunkId,
    /// For people.
    pub label: String,
    /// The task that this one is a half of: the chunk was too big.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// The tasks that this one was split into; it is skipped then, and they carry its rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split_into: Vec<u64>,
    /// State.
    pub state: TaskState,
    /// How often it was sent in this job.
    pub attempts: u32,
    /// Estimated rows.
    pub rows_estimated: u64,
    /// Estimated uncompressed bytes.
    pub bytes_estimated: u64,
    /// Rows written, as the server counted them; while running, so far.
    pub rows: u64,
    /// Uncompressed bytes written, likewise.
    pub bytes: u64,
    /// When the current or last attempt was sent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub started_at: Option<UnixMillis>,
    /// How long the current or last attempt took or takes, in milliseconds.
    pub duration_ms: u64,
    /// When it will be sent again, while retrying.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub retry_at: Option<UnixMillis>,
    /// Why it is failed, unknown or skipped; or by what evidence it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether source and target were found equal; none before verification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// Answer of `GET /v1/jobs/{id}/tasks?state=&cursor=&limit=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskPage {
    /// Tasks by number.
    pub tasks: Vec<Task>,
    /// Number to go on from; none at the end.
    pub next: Option<u64>,
    /// Number of tasks that match.
    pub total: u64,
}

/// Answer of `GET /v1/jobs/{id}/tasks/{n}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskDetail {
    /// The task.
    pub task: Task,
    /// Every sending, oldest first.
    pub attempts: Vec<Attempt>,
    /// The INSERT, as it is sent.
    pub sql: String,
    /// Deduplication token of the next or last attempt.
    pub token: String,
    /// Settings that it is sent with.
    pub settings: std::collections::BTreeMap<String, String>,
}

/// One sending of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// Counts from 1 over all jobs of the plan.
    pub number: u32,
    /// Its query id.
    pub query_id: String,
    /// Address of the server that it was sent to, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Generation mixed into its token.
    pub generation: u32,
    /// When it was sent.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub started_at: UnixMillis,
    /// When its outcome was known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub finished_at: Option<UnixMillis>,
    /// What became of it.
    pub outcome: Outcome,
    /// The server's error code, if it answered with one.
    pub error_code: Option<i32>,
    /// The server's or the network's own words, or the evidence that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Rows written.
    pub rows: u64,
    /// Uncompressed bytes written.
    pub bytes: u64,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// On the server.
    Running,
    /// Its rows are in the target.
    Written,
    /// Ended with an error, nothing written.
    Failed,
    /// Answer lost, evidence not complete.
    Unknown,
    /// Killed on request, nothing written.
    Killed,
}

/// Answer of `GET /v1/jobs/{id}/buckets?width=`: the job's tasks in plan order, `width` neighbours in a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BucketList {
    /// Buckets in plan order.
    pub buckets: Vec<Bucket>,
    /// Tasks in a bucket; the last may hold fewer.
    pub width: u64,
}

/// Neighbouring tasks, counted by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bucket {
    /// Number of its first task.
    pub first: u64,
    /// Its tasks by state.
    pub counts: crate::job::Counts,
}
