//! What the console says to its planning worker, and what comes back. JSON text both ways.

use planner_core::digest::{Digest, PlanId};
use planner_core::plan::{Chunk, Mode, WritePath};
use planner_core::probe::Probe;
use planner_core::rationale::Note;
use planner_core::refusal::Refusal;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

/// One question to the worker. `id` comes back with the answer, so that late answers can be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Chosen by the asker.
    pub id: u64,
    /// The question.
    pub what: Question,
}

/// The questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Keep this snapshot and plan from it from here on. The service's whole answer to `POST /v1/snapshots` will do: what
    /// else stands in it is not looked at.
    Load {
        /// The facts.
        snapshot: Box<Snapshot>,
    },
    /// Plan; the worker keeps the plan for `Chunks`.
    Plan {
        /// What the user asks.
        request: Box<Request>,
        /// How many cells the strip may have; neighbours are merged beyond it.
        cells: u32,
    },
    /// Chunks `from..to` of the plan that is kept, with their SQL.
    Chunks {
        /// First index.
        from: u64,
        /// Index behind the last.
        to: u64,
    },
    /// The digest of the plan that is kept.
    Digest,
    /// The whole document of the plan that is kept, as canonical JSON.
    Document,
}

/// One answer of the worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's id.
    pub id: u64,
    /// The answer.
    pub what: Reply,
}

/// The answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The snapshot is loaded.
    Loaded {
        /// Its digest as computed here.
        digest: Digest,
        /// What may be shown of it: all but its histograms of keys, which may have a million points.
        facts: Box<Snapshot>,
    },
    /// The plan is made and kept.
    Planned(Box<Preview>),
    /// The snapshot must be extended (`POST /v1/snapshots/{digest}/detail`), loaded, and the plan asked again.
    NeedsDetail {
        /// A plan from what is known, to be looked at meanwhile. It is kept for `Chunks`, and never run.
        coarse: Option<Box<Preview>>,
        /// What to ask.
        probes: Vec<Probe>,
        /// The snapshot that is too coarse.
        snapshot: Digest,
    },
    /// The plan is refused.
    Refused(Refusal),
    /// The chunks asked for.
    Chunks {
        /// In plan order.
        rows: Vec<PreviewRow>,
    },
    /// The digest asked for.
    Digest {
        /// Digest.
        digest: Digest,
        /// The plan that it is of.
        plan_id: PlanId,
    },
    /// The document asked for.
    Document {
        /// Canonical JSON.
        text: String,
    },
    /// The question could not be answered.
    Failed {
        /// Why.
        message: String,
    },
}

/// A plan as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// What the cuts lie on: columns of the key such as `tenant, ts DESC`, the time column, or `partitions`.
    pub along: String,
    /// Estimated bytes of all chunks.
    pub bytes: u64,
    /// Cells of the strip, in plan order.
    pub cells: Vec<Cell>,
    /// Number of chunks.
    pub chunks: u64,
    /// Digest of the plan; none of a large one, whose hashing takes as long as its planning: [`Question::Digest`] asks for it.
    pub digest: Option<Digest>,
    /// Estimated bytes of the largest chunk.
    pub largest_bytes: u64,
    /// How rows get from source to target.
    pub mode: Mode,
    /// Id of the plan.
    pub plan_id: PlanId,
    /// Decisions and warnings; of many with one code only the first.
    pub rationale: Vec<Note>,
    /// Estimated rows of all chunks.
    pub rows: u64,
    /// How many chunks are of which size.
    pub sizes: Sizes,
    /// How each block is kept whole.
    pub write: WritePath,
}

/// One cell of the strip: one chunk, or several neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Estimated bytes.
    pub bytes: u64,
    /// Chunks in it.
    pub chunks: u64,
    /// Index of its first chunk.
    pub first: u64,
    /// Chunks of it that hold a part of one heavy key.
    pub hot: u64,
    /// Chunks of it that are larger than was asked for.
    pub over: u64,
    /// Estimated rows.
    pub rows: u64,
}

/// What is worth knowing of one chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// It holds a part of one heavy key: a share by hash, or a span within one value of the leading column.
    pub hot: bool,
    /// It is larger than was asked for.
    pub over: bool,
}

/// Chunks by size, in steps of a twentieth of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Whether the unit is a budget.
    pub by_budget: bool,
    /// Number of chunks of each step: the first up to and with a twentieth of the unit, the last of everything beyond two units.
    pub counts: Vec<u64>,
    /// The unit in bytes: the budget where there is one, else the average; at least 1.
    pub unit: u64,
}

/// One chunk with its SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRow {
    /// The chunk.
    pub chunk: Chunk,
    /// Its index.
    pub index: u64,
    /// What is worth knowing of it.
    pub marks: Marks,
    /// Rows that it reads, of which it carries `chunk.rows`.
    pub rows_read: u64,
    /// The INSERT, as the server would send it.
    pub sql: String,
}
