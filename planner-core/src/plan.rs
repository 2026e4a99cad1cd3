//! The plan: an immutable document. What decides the writes is digested; ids, tokens and SQL follow from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::{self, ChunkId, Digest, PlanId, Token};
use crate::key::{KeyAxis, KeySpan};
use crate::quantity::UnixMillis;
use crate::rationale::Note;
use crate::request::{Method, Window};
use crate::sql::identifier::{Identifier, TableName};

/// Format of the plan document.
pub const FORMAT: u32 = 1;

/// A finished plan.
///
/// Holds the core and what is shown beside it. Chunk ids, tokens and SQL are derived on demand ([`Plan::chunk`],
/// [`Plan::chunk_sql`]), so that a preview of 100,000 chunks costs no 100,000 hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// All that decides what is written.
    pub core: PlanCore,
    /// Estimated rows and bytes per chunk, in the order of the chunks.
    pub estimates: Vec<Estimate>,
    /// Decisions and warnings, as data.
    pub rationale: Vec<Note>,
    /// The snapshot that the plan was made from.
    pub snapshot: Digest,
}

/// All that decides what is written. Fields stand in alphabetical order: the serialized form is canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCore {
    /// Chunks in order of time or key, view by view.
    pub chunks: Vec<ChunkSpan>,
    /// [`FORMAT`].
    pub format: u32,
    /// Mixed into the tokens.
    pub generation: u32,
    /// The key that spans bound, where they bound one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyAxis>,
    /// How the window was cut.
    pub method: Method,
    /// How rows get from source to target.
    pub mode: Mode,
    /// 16 hex characters.
    pub plan_id: PlanId,
    /// Settings that every INSERT is sent with, apart from the token and the log comment.
    pub settings: BTreeMap<String, String>,
    /// Where rows are read.
    pub source: TableRef,
    /// The statements; a chunk names one by index.
    pub statements: Vec<Statement>,
    /// Where rows are written.
    pub target: TableRef,
    /// The time column that spans or the window bound, and its types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeAxis>,
    /// The window, when the user gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How each block is kept whole and unique.
    pub write: WritePath,
}

/// A table with the uuid that it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRef {
    /// The table.
    pub name: TableName,
    /// Its uuid at planning time: a dropped and re-created table is another one.
    pub uuid: String,
}

/// How rows get from source to target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Table to table.
    Copy,
    /// Each materialized view's own SELECT over the source.
    ViewReplay,
}

/// How a chunk is written as one block at ordinal one (clickhouse.md section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WritePath {
    /// One INSERT; the server squashes what the SELECT emits into one block, then stamps it.
    DirectStrict,
    /// One INSERT whose SELECT is sorted by one thread and so emits exactly one block.
    DirectOrdered,
}

/// The time column that spans or the window bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeAxis {
    /// The column of the source.
    pub column: Identifier,
    /// Its type in the source.
    pub source_type: String,
    /// Type of the target's column that carries the same values, where the target's rows can be told by the span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_type: Option<String>,
}

/// One statement template: the SQL is `before`, the chunk's predicate, `after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Text behind the predicate.
    pub after: String,
    /// Text before the predicate.
    pub before: String,
    /// Columns written, with the expression that gives each.
    pub columns: Vec<ColumnMapping>,
    /// How the predicate stands in the text.
    pub predicate: PredicateForm,
    /// The view whose SELECT this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<ViewRef>,
}

/// A view with its SELECT, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewRef {
    /// The view.
    pub name: TableName,
    /// The SELECT as stored.
    pub select: String,
}

/// One written column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    /// SQL over the source (or the view's SELECT) that gives the value, in the target's type.
    pub expression: String,
    /// The target's column.
    pub name: Identifier,
    /// The target column's type.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// How a chunk's predicate stands in its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PredicateForm {
    /// As it is, in a WHERE clause.
    Inline,
    /// Inside the string literal of `additional_table_filters`, so that a view's text stays untouched.
    Quoted,
}

/// One chunk of the core: which statement, which span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkSpan {
    /// The rows it carries.
    pub span: Span,
    /// Index into the statements.
    pub statement: u32,
}

/// A set of rows. Half-open; a missing bound is no bound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Rows whose time is in `[from, to)`.
    Time(Option<UnixMillis>, Option<UnixMillis>),
    /// Rows whose time is NULL: they fall outside every range.
    TimeIsNull,
    /// Rows of some partitions between two key tuples.
    Key(Box<KeySpan>),
}

/// Estimated size of one chunk, as read from the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Uncompressed bytes of the columns that are read.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
}

/// A chunk with all that follows from the core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// Estimated uncompressed bytes.
    pub bytes: u64,
    /// 16 hex characters of plan id, statement and span.
    pub id: ChunkId,
    /// For people: `2025-01-01 00:00 – 06:00`.
    pub label: String,
    /// Estimated rows.
    pub rows: u64,
    /// The rows it carries.
    pub span: Span,
    /// Index into the statements.
    pub statement: u32,
    /// Deduplication token at the plan's generation.
    pub token: Token,
}

/// The whole document, as stored and handed out: the core with every chunk spelt out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    /// Every chunk with its id, token and estimate.
    pub chunks: Vec<Chunk>,
    /// All that decides what is written.
    pub core: PlanCore,
    /// SHA-256 of the core's canonical bytes.
    pub digest: Digest,
    /// Decisions and warnings.
    pub rationale: Vec<Note>,
    /// The snapshot that the plan was made from.
    pub snapshot: Digest,
}

impl PlanCore {
    /// Names the plan: equal digests, equal writes.
    pub fn digest(&self) -> Digest {
        digest::of_document("penstock-plan", self)
    }
}
