//! What is known of the two tables at one moment: immutable, named by its digest. All that a plan rests on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::{self, Digest};
use crate::histogram::KeyHistogram;
use crate::policy::Policy;
use crate::quantity::UnixMillis;
use crate::sql::identifier::{Identifier, TableName};

/// Format of the snapshot document.
pub const FORMAT: u32 = 1;

/// Facts of one moment. Fields stand in alphabetical order: the serialized form is canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// For zones other than UTC: the instants at which calendar days start there, ascending.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub day_starts: BTreeMap<String, Vec<UnixMillis>>,
    /// [`FORMAT`].
    pub format: u32,
    /// The planner's limits and defaults, as the host is configured.
    pub policy: Policy,
    /// The server's version and settings.
    pub server: Server,
    /// Where rows are read.
    pub source: Table,
    /// Where rows are written.
    pub target: Table,
    /// Materialized views that read the source or the target, or write the target, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
}

impl Snapshot {
    /// Names this snapshot.
    pub fn digest(&self) -> Digest {
        digest::of_document("penstock-snapshot", self)
    }

    /// The views that write into the target from the source, in the order of their names.
    pub fn feeding_views(&self) -> impl Iterator<Item = &View> {
        self.views.iter().filter(|view| view.target.as_ref() == Some(&self.target.name) && view.source == self.source.name)
    }
}

/// A snapshot with its digest. Planning writes the digest into every plan: who plans again and again hashes the snapshot once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    digest: Digest,
    snapshot: Box<Snapshot>,
}

impl Named {
    /// Computes the digest.
    pub fn of(snapshot: Box<Snapshot>) -> Self {
        Self { digest: snapshot.digest(), snapshot }
    }

    /// The digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// The server that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Bytes that are free where the server keeps data, rounded down to a power of two: it changes with every write, and a
    /// snapshot should not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_free_bytes: Option<u64>,
    /// `max_server_memory_usage` in bytes; 0 when the server does not say.
    pub memory_bytes: u64,
    /// Those of the settings that plans may pin which this server knows, with their values.
    pub settings: BTreeMap<String, String>,
    /// The server's time zone.
    pub timezone: String,
    /// `version()`.
    pub version: String,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Columns by position.
    pub columns: Vec<Column>,
    /// How long the table remembers inserted blocks.
    pub dedup: DedupWindow,
    /// Positions of the sorting key's columns that are sorted downwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub descending: Vec<u32>,
    /// Engine name, such as `MergeTree`.
    pub engine: String,
    /// Engine with arguments and settings.
    pub engine_full: String,
    /// How rows are spread over the sorting key, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeyHistogram>,
    /// The table.
    pub name: TableName,
    /// Partition key expression; empty when not partitioned.
    pub partition_key: String,
    /// Active partitions by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<Partition>,
    /// Primary key expression list.
    pub primary_key: String,
    /// Sorting key expression list.
    pub sorting_key: String,
    /// Distribution over time, per time column that was asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<Identifier, TimeProfile>,
    /// Mutations that have not finished.
    pub unfinished_mutations: u64,
    /// The table's uuid; all zero on databases without uuids.
    pub uuid: String,
}

impl Table {
    /// Rows in active parts.
    pub fn rows(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.rows).sum()
    }

    /// Uncompressed bytes in active parts.
    pub fn bytes(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.bytes).sum()
    }

    /// A column by name.
    pub fn column(&self, name: &Identifier) -> Option<&Column> {
        self.columns.iter().find(|column| &column.name == name)
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Uncompressed bytes in active parts; 0 when unknown.
    pub bytes: u64,
    /// The default's expression; empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub default_expression: String,
    /// What the default is.
    #[serde(default, skip_serializing_if = "DefaultKind::is_none")]
    pub default_kind: DefaultKind,
    /// The column.
    pub name: Identifier,
    /// Its type, as the server writes it.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// Kind of a column's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultKind {
    /// No default expression.
    #[default]
    None,
    /// Used when an INSERT leaves the column out.
    Default,
    /// Always computed; cannot be inserted.
    Materialized,
    /// Computed on reading; cannot be inserted.
    Alias,
    /// Only an input for other defaults; cannot be read.
    Ephemeral,
}

impl DefaultKind {
    /// Whether there is no default.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Whether its values are on disk.
    pub fn is_stored(self) -> bool {
        matches!(self, Self::None | Self::Default | Self::Materialized)
    }

    /// Whether an INSERT may name the column.
    pub fn insertable(self) -> bool {
        matches!(self, Self::None | Self::Default)
    }
}

/// How many inserted blocks a table remembers. Counts block ids: one per chunk and touched partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DedupWindow {
    /// Blocks remembered; 0 means that tokens are ignored.
    pub blocks: u64,
    /// Seconds for which they are remembered; 0 means without bound.
    pub seconds: u64,
}

/// One active partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Uncompressed bytes.
    pub bytes: u64,
    /// Bytes on disk, where they were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    /// `partition_id`.
    pub id: String,
    /// Latest instant of the partition key's time column, if the partition key has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_time: Option<UnixMillis>,
    /// Earliest instant, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_time: Option<UnixMillis>,
    /// The partition's value for people, such as `20250101`.
    pub name: String,
    /// Active parts.
    pub parts: u64,
    /// Rows, lightweight-deleted ones included.
    pub rows: u64,
}

/// How a table's rows are spread over one time column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeProfile {
    /// Buckets with rows, ascending by start.
    pub buckets: Vec<TimeBucket>,
    /// Rows whose time is NULL, where they were counted.
    #[serde(default)]
    pub null_rows: u64,
    /// Where the figures come from.
    pub origin: ProfileOrigin,
    /// Width of every bucket, in milliseconds.
    pub step_ms: i64,
}

/// Where a time profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileOrigin {
    /// Index marks: a row count a granule, placed at the granule's first row. An estimate; no data is read.
    IndexMarks,
    /// Minimum and maximum of each partition, rows spread evenly between. An estimate; no data is read.
    Parts,
    /// The column itself was read: exact.
    Column,
}

/// Rows of `[start, start + step)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeBucket {
    /// Latest instant seen in the bucket.
    pub max: UnixMillis,
    /// Earliest instant seen in the bucket.
    pub min: UnixMillis,
    /// Rows.
    pub rows: u64,
    /// Start of the bucket.
    pub start: UnixMillis,
}

/// A materialized view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Columns that the view's SELECT gives, by position.
    pub columns: Vec<ViewColumn>,
    /// The view.
    pub name: TableName,
    /// The SELECT as stored; never rewritten.
    pub select: String,
    /// The table whose inserts fire the view.
    pub source: TableName,
    /// The table that it writes (`TO`); none when it keeps an inner table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TableName>,
    /// How long the table that it writes remembers blocks, where that table was looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_dedup: Option<DedupWindow>,
    /// The view's uuid.
    pub uuid: String,
}

/// A column of a view's SELECT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewColumn {
    /// Its name.
    pub name: Identifier,
    /// Its type, as the server writes it.
    #[serde(rename = "type")]
    pub type_name: String,
}
