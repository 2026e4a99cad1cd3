//! What was asked of a server since some moment, as its own log tells.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clickhouse::ClickHouse;

/// A moment of a server's clock.
#[derive(Clone, Debug)]
pub struct Since(String);

/// Finished SELECTs; those that ask the log itself are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryCost {
    /// Their number.
    pub queries: u64,
    /// Rows that they read: of data, of indexes, of system tables.
    pub rows_read: u64,
    /// Columns that they read, `database.table.column`.
    pub columns: BTreeSet<String>,
}

impl Since {
    /// From here on.
    pub async fn now(server: &ClickHouse) -> Self {
        Self(server.query("SELECT now64(6, 'UTC')").await.trim().to_owned())
    }

    /// What was asked since.
    pub async fn cost(&self, server: &ClickHouse) -> QueryCost {
        // A query is logged a moment after it was answered.
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.query("SYSTEM FLUSH LOGS").await;
        let select = format!(
            "SELECT count(), sum(read_rows), arrayStringConcat(arraySort(groupUniqArrayArray(columns)), '\\n') FROM system.query_log \
             WHERE type = 'QueryFinish' AND query_kind = 'Select' AND NOT has(tables, 'system.query_log') \
             AND query_start_time_microseconds > toDateTime64('{}', 6, 'UTC') FORMAT TSVRaw",
            self.0
        );
        let text = server.query(&select).await;
        let mut fields = text.trim_end().splitn(3, '\t');
        let mut number = || fields.next().and_then(|field| field.parse().ok()).expect("a number");
        let (queries, rows_read) = (number(), number());
        let columns = fields.next().unwrap_or_default().lines().map(str::to_owned).collect();
        QueryCost { queries, rows_read, columns }
    }
}
