//! Of a table, what its page shows. The answer's own type nests the summary flat, which costs the page a second way of reading.

use executor_api::table::{ColumnDetail, PartitionDetail};
use serde::Deserialize;

/// Answer of `GET /v1/tables/{db}/{table}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TablePage {
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
    /// Columns by position.
    pub columns: Vec<ColumnDetail>,
    /// Active partitions by id.
    pub partitions: Vec<PartitionDetail>,
    /// Materialized views that read this table.
    pub read_by: Vec<String>,
    /// Materialized views that write this table.
    pub fed_by: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use executor_api::table::{TableDetail, TableSummary};

    #[test]
    fn the_services_answer_is_read() {
        let text = |text: &str| text.to_owned();
        let (database, table, engine) = (text("demo"), text("events"), text("MergeTree"));
        let (sorting_key, partition_key) = (text("id"), text("day"));
        let summary = TableSummary { database, table, engine, rows: Some(3), bytes: None, sorting_key, partition_key };
        let detail =
            TableDetail { summary, columns: Vec::new(), partitions: Vec::new(), read_by: vec![text("a")], fed_by: vec![text("b")] };
        let page: TablePage = serde_json::from_str(&serde_json::to_string(&detail).unwrap()).unwrap();
        assert_eq!((page.database, page.table, page.engine), (text("demo"), text("events"), text("MergeTree")));
        assert_eq!((page.rows, page.bytes, page.sorting_key, page.partition_key), (Some(3), None, text("id"), text("day")));
        assert_eq!((page.read_by, page.fed_by), (detail.read_by, detail.fed_by));
    }
}
