//! Questions that planning needs asked. The core renders their SQL and reads their answers; a host only carries them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::key::{KeyColumn, KeySpan};
use crate::quantity::UnixMillis;
use crate::sql::identifier::{Identifier, TableName};

/// One question. Its SQL is [`Probe::sql`]; its answer is the text that the server returns (`FORMAT JSONEachRow`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Probe {
    /// Version, time zone, memory and settings of the server.
    Server,
    /// Tables by name, and every materialized view.
    Tables {
        /// The tables of interest.
        names: Vec<TableName>,
    },
    /// Columns of tables and views.
    Columns {
        /// The tables and views.
        names: Vec<TableName>,
    },
    /// Active partitions of tables.
    Partitions {
        /// The tables.
        names: Vec<TableName>,
    },
    /// Distribution over time from index marks.
    TimeMarks {
        /// The table.
        table: TableName,
        /// A column of the primary key that holds a moment.
        column: Identifier,
    },
    /// Distribution over time from the column itself.
    TimeColumn {
        /// The table.
        table: TableName,
        /// A column that holds a moment.
        column: Identifier,
    },
    /// Distribution over the sorting key from index marks. Reads no data.
    KeyMarks {
        /// The table.
        table: TableName,
        /// Number of columns in its primary index.
        columns: u32,
        /// Positions of those that are sorted downwards.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        descending: Vec<u32>,
        /// How many points are wanted.
        spread: Spread,
    },
    /// Distribution over a key from a sample of rows: where the index cannot be read, or there is none.
    KeySample {
        /// The table or view.
        table: TableName,
        /// What is sampled; none: only rows and bytes are told.
        columns: Vec<KeyColumn>,
        /// Whether rows have a `_partition_id`.
        partitioned: bool,
        /// Rows sampled in each partition.
        each: u32,
    },
    /// Distribution of single index tuples over the columns of the sorting key that the primary index does not hold. Reads
    /// the key's columns of just those rows.
    KeyBelow {
        /// The table.
        table: TableName,
        /// The whole sorting key; those of the index with their types.
        columns: Vec<KeyColumn>,
        /// Rows a point.
        rows_a_point: u64,
        /// One for each tuple, of one partition at most.
        spans: Vec<KeySpan>,
    },
    /// Starts of calendar days in a zone.
    DayStarts {
        /// The zone.
        zone: String,
        /// First instant that must be covered.
        from: UnixMillis,
        /// Last instant that must be covered.
        to: UnixMillis,
    },
}

/// How many points of a key's distribution are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Spread {
    /// So many in each partition, and so many more shared out by rows.
    Points {
        /// In each partition.
        each: u32,
        /// Shared out by rows.
        shared: u32,
    },
    /// One for so many rows, in partitions that are large enough.
    Rows {
        /// Rows a point.
        rows_a_point: u64,
        /// Only partitions of more rows.
        larger_than: u64,
    },
}

impl Probe {
    /// Whether planning goes on without an answer: the host then answers with [`refused`].
    pub fn is_optional(&self) -> bool {
        match self {
            Self::KeyMarks { .. } | Self::KeySample { .. } | Self::KeyBelow { .. } => true,
            Self::Server
            | Self::Tables { .. }
            | Self::Columns { .. }
            | Self::Partitions { .. }
            | Self::TimeMarks { .. }
            | Self::TimeColumn { .. }
            | Self::DayStarts { .. } => false,
        }
    }
}

/// The answer to an optional probe that the server refused, with the server's words.
pub fn refused(words: &str) -> String {
    crate::canonical::to_string(&Refused { refused: words.to_owned() })
}

/// The server's words, where it refused a probe.
pub(crate) fn words_of_refusal(answer: &str) -> Option<String> {
    serde_json::from_str(answer).ok().map(|refused: Refused| refused.refused)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    refused: String,
}

/// Answers by question.
pub type Answers = BTreeMap<Probe, String>;
