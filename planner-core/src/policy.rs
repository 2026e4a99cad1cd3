//! The planner's limits and defaults. They come from the host's configuration and travel in the snapshot, so that
//! every host that plans from it decides the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sql::identifier::Identifier;

/// Limits and defaults of planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Time column used where a table has none configured and it exists; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_time_column: Option<Identifier>,
    /// Widest window without an acknowledgement, in hours; default 720.
    pub max_window_hours: u32,
    /// Share of the server's memory that one chunk may be estimated at without a warning, in percent; default 25.
    pub memory_share_percent: u8,
    /// Narrowest chunk, in minutes; default 15.
    pub min_chunk_minutes: u32,
    /// Time column per table, keyed `database.table`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub time_columns: BTreeMap<String, Identifier>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            default_time_column: None,
            max_window_hours: 720,
            memory_share_percent: 25,
            min_chunk_minutes: 15,
            time_columns: BTreeMap::new(),
        }
    }
}
