//! Snapshots and plans over the wire.

use planner_core::digest::{Digest, PlanId};
use planner_core::plan::{Chunk, Mode, WritePath};
use planner_core::probe::Probe;
use planner_core::quantity::UnixMillis;
use planner_core::rationale::Note;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use planner_core::sql::identifier::{Identifier, TableName};
use serde::{Deserialize, Serialize};

/// Body of `POST /v1/snapshots`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SnapshotCreate {
    /// Where rows are read; left out, it is the source of the views that feed the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub source: Option<TableName>,
    /// Where rows are written.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub target: TableName,
    /// Time column to profile; left out, the one that planning resolves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub time_column: Option<Identifier>,
}

/// A stored snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotAnswer {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub digest: Digest,
    /// The facts.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub snapshot: Snapshot,
    /// When it was first taken.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub taken_at: UnixMillis,
}

/// Body of `POST /v1/snapshots/{digest}/detail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DetailCreate {
    /// What the planner asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub probes: Vec<Probe>,
}

/// Body of `POST /v1/plans`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanCreate {
    /// Digest that the caller computed; another one here answers 409 `digest-mismatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub expect_digest: Option<Digest>,
    /// What is asked.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub request: Request,
    /// Digest of a snapshot that this service has stored.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub snapshot: Digest,
}

/// A stored plan, without its chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanAnswer {
    /// Estimated uncompressed bytes that are read.
    pub bytes: u64,
    /// Number of chunks.
    pub chunks: u64,
    /// When it was first stored.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub created_at: UnixMillis,
    /// Digest of the core.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub digest: Digest,
    /// How rows get from source to target.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub mode: Mode,
    /// 16 hex characters.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub plan_id: PlanId,
    /// Decisions and warnings.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub rationale: Vec<Note>,
    /// What was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub request: Request,
    /// Estimated rows.
    pub rows: u64,
    /// The snapshot that it was made from.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub snapshot: Digest,
    /// How each block is kept whole.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub write: WritePath,
}

/// Answer of `GET /v1/plans/{digest}/chunks?cursor=&limit=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChunkPage {
    /// Chunks in plan order.
    pub chunks: Vec<ChunkRow>,
    /// Index of the next chunk; none at the end.
    pub next: Option<u64>,
    /// Number of chunks in the plan.
    pub total: u64,
}

/// One chunk with its place and its SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChunkRow {
    /// The chunk.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub chunk: Chunk,
    /// Its index in the plan.
    pub index: u64,
    /// The INSERT, as it will be sent.
    pub sql: String,
}

/// Answer of `GET /v1/plans/{digest}/diff/{other}`. Chunks are the same when they send the same statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanDiff {
    /// Chunks that only the other plan has, at most 1,000.
    pub added: Vec<ChunkChange>,
    /// Number of them.
    pub added_total: u64,
    /// Chunks that only this plan has, at most 1,000.
    pub removed: Vec<ChunkChange>,
    /// Number of them.
    pub removed_total: u64,
    /// Chunks that both have.
    pub same: u64,
    /// Whether they are sent with other settings.
    pub settings_differ: bool,
}

/// A chunk that only one of two plans has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChunkChange {
    /// Its index in its plan.
    pub index: u64,
    /// For people.
    pub label: String,
    /// Estimated rows.
    pub rows: u64,
}
