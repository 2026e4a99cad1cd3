//! One of the two tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Partition, TimeProfile};
use crate::histogram::KeyHistogram;
use crate::sql::identifier::{Identifier, TableName};

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
    /// Of the source, its active partitions by id. Of the target no plan looks at them one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<Partition>,
    /// Primary key expression list.
    pub primary_key: String,
    /// Whether a row policy hides rows of it from the user who asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub row_policy: bool,
    /// Of a view, its SELECT; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub select: String,
    /// Sorting key expression list.
    pub sorting_key: String,
    /// What its active parts hold.
    pub stored: Stored,
    /// Distribution over time, per time column that was asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<Identifier, TimeProfile>,
    /// Mutations that have not finished.
    pub unfinished_mutations: u64,
    /// The table's uuid; all zero on databases without uuids.
    pub uuid: String,
}

impl Table {
    /// A column by name.
    pub fn column(&self, name: &Identifier) -> Option<&Column> {
        self.columns.iter().find(|column| &column.name == name)
    }
}

/// What the active parts of a table hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Uncompressed bytes.
    pub bytes: u64,
    /// Bytes on disk; 0 where they are not told.
    #[serde(default)]
    pub disk_bytes: u64,
    /// Rows, lightweight-deleted ones included.
    pub rows: u64,
}

impl Stored {
    /// The sum of partitions, whose bytes on disk are not told.
    pub fn of(partitions: &[Partition]) -> Self {
        let mut stored = Self::default();
        for partition in partitions {
            stored.add(partition, 0);
        }
        stored
    }

    /// Bytes on disk that so many of the rows take on average; 0 where they are not told.
    pub fn disk_bytes_of(&self, rows: u64) -> u64 {
        let bytes = u128::from(self.disk_bytes) * u128::from(rows) / u128::from(self.rows.max(1));
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// Adds a partition, with its bytes on disk.
    pub(crate) fn add(&mut self, partition: &Partition, disk_bytes: u64) {
        self.bytes = self.bytes.saturating_add(partition.bytes);
        self.disk_bytes = self.disk_bytes.saturating_add(disk_bytes);
        self.rows = self.rows.saturating_add(partition.rows);
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
