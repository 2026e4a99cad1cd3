//! Tables as the console lists them.

use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/tables`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableList {
    /// At most 1,000 tables and views, by database and name.
    pub tables: Vec<TableSummary>,
    /// Whether the server has more than were listed.
    pub truncated: bool,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableSummary {
    /// Database.
    pub database: String,
    /// Table.
    pub table: String,
    /// Engine name.
    pub engine: String,
    /// Rows in active parts; none for views.
    pub rows: Option<u64>,
    /// Uncompressed bytes in active parts; none for views.
    pub bytes: Option<u64>,
    /// Sorting key expression list.
    pub sorting_key: String,
    /// Partition key expression.
    pub partition_key: String,
}

/// Answer of `GET /v1/tables/{db}/{table}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub summary: TableSummary,
    /// Columns by position.
    pub columns: Vec<ColumnDetail>,
    /// Active partitions by id, at most 10,000.
    pub partitions: Vec<PartitionDetail>,
    /// Materialized views that read this table, as `database.view`.
    pub read_by: Vec<String>,
    /// Materialized views that write this table, as `database.view`.
    pub fed_by: Vec<String>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnDetail {
    /// Name.
    pub name: String,
    /// Type as the server writes it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// `DEFAULT`, `MATERIALIZED`, `ALIAS`, `EPHEMERAL` or empty.
    pub default_kind: String,
    /// Uncompressed bytes.
    pub bytes: u64,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartitionDetail {
    /// `partition_id`.
    pub id: String,
    /// The partition's value for people.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Uncompressed bytes.
    pub bytes: u64,
    /// Active parts.
    pub parts: u64,
    /// Earliest instant in milliseconds since 1970, if the partition key has a time column.
    pub min_time: Option<i64>,
    /// Latest instant, likewise.
    pub max_time: Option<i64>,
}
