//! Questions that planning needs asked. The core renders their SQL and reads their answers; a host only carries them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

/// Answers by question.
pub type Answers = BTreeMap<Probe, String>;
