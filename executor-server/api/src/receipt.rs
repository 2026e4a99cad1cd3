//! The proof at the end of a job.

use planner_core::digest::{ChunkId, Digest, PlanId};
use planner_core::quantity::UnixMillis;
use planner_core::sql::identifier::TableName;
use serde::{Deserialize, Serialize};

/// What verification found. A count never stands for content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Contents are equal: every row arrived exactly once.
    Exact,
    /// Contents differ.
    Different,
    /// Contents cannot be compared; the receipt says why.
    Unproven,
}

/// The receipt: canonical JSON, named by the digest over all other fields. Fields stand in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// Every comparison, in plan order; one for the whole table where chunks cannot be told apart in the target.
    pub comparisons: Vec<Comparison>,
    /// SHA-256 over the canonical bytes of this document without this field.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub digest: Option<Digest>,
    /// When the job ended.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub finished_at: UnixMillis,
    /// Format of this document.
    pub format: u32,
    /// The job.
    pub job: String,
    /// Digest of the plan.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub plan_digest: Digest,
    /// Id of the plan.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub plan_id: PlanId,
    /// Rows that arrived, as compared (not as counted by inserts).
    pub rows: u64,
    /// Where rows were read.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub source: TableName,
    /// One sentence: `20,000,000 rows, each exactly once`.
    pub statement: String,
    /// Where rows were written.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub target: TableName,
    /// Every task with its attempts.
    pub tasks: Vec<TaskProof>,
    /// What was found.
    pub verdict: Verdict,
}

/// One comparison of source and target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// What the target held before the job, where it held anything: subtracted before comparing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Fingerprint>,
    /// Whether they are equal.
    pub equal: bool,
    /// What was compared: a chunk's label, or the whole target.
    pub scope: String,
    /// The source's rows, as the statement selects them.
    pub source: Fingerprint,
    /// The target's rows.
    pub target: Fingerprint,
    /// The task, where the scope is one chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<u64>,
}

/// Content of a set of rows, independent of their order. Hashes are decimal text: they exceed 2^53.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fingerprint {
    /// `count()`.
    pub rows: u64,
    /// `sum(cityHash64(tuple(columns)))`, modulo 2^64.
    pub sum: String,
    /// `groupBitXor(cityHash64(tuple(columns)))`.
    pub xor: String,
}

/// An assertion about one chunk's rows in the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asserted {
    /// The figures, in words.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
}

/// One task in a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskProof {
    /// What was asserted of its rows in the target, and found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asserted: Vec<Asserted>,
    /// The chunk.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub chunk_id: ChunkId,
    /// By what the task counts as done: `answer`, `log`, `content`, `already-there`; `split` where others carry its rows.
    pub evidence: String,
    /// Its number.
    pub n: u64,
    /// Whether `part_log` shows one new part for each partition that it wrote, so that a repeat with its token would be
    /// dropped; none where the log does not tell, or nothing was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_block: Option<bool>,
    /// Query ids of every attempt, oldest first.
    pub query_ids: Vec<String>,
    /// The tasks that carry its rows, where the chunk was too big.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split_into: Vec<u64>,
    /// State.
    pub state: crate::task::TaskState,
}
