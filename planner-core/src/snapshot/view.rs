//! A materialized view around the two tables.

use serde::{Deserialize, Serialize};

use super::DedupWindow;
use crate::sql::identifier::{Identifier, TableName};

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
