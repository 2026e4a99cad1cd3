//! Reading what other servers have written: a replica that lags behind would show nothing where rows are.

use planner_core::engine;
use planner_core::snapshot::Table;
use planner_core::sql::identifier::TableName;

use super::classify::{Class, class};
use super::client::{Client, Failure, Query};

/// `TIMEOUT_EXCEEDED`: a replica did not catch up in time.
const TIMED_OUT: i32 = 159;
/// `SOCKET_TIMEOUT`.
const AWAY: i32 = 209;

impl Client {
    /// A client that reads all that was written to these tables before: it stays with one server, which has caught up.
    /// Behind one address of several servers all of them have. Shared tables look into Keeper with each SELECT.
    pub async fn settled(&self, tables: &[&Table]) -> Result<Self, Failure> {
        let mut one = self.at(None);
        for table in tables {
            if table.engine.starts_with("Replicated") {
                one.catch_up(&table.name).await?;
            } else if engine::replicated(&table.engine) {
                one = one.with_setting("select_sequential_consistency", "1");
            }
        }
        Ok(one)
    }

    async fn catch_up(&self, table: &TableName) -> Result<(), Failure> {
        let on = self.config().cluster.as_ref().filter(|_| self.is_one_address_of_several());
        let on = on.map(|cluster| format!("ON CLUSTER {} ", cluster.quoted())).unwrap_or_default();
        let sql = format!("SYSTEM SYNC REPLICA {on}{} LIGHTWEIGHT", table.quoted());
        match self.patient(Query::new(&sql)).await {
            Ok(_) => Ok(()),
            // One server reads what it wrote itself.
            Err(Failure::Exception { code, .. }) if !self.is_several() && class(code) == Class::NotAllowed => Ok(()),
            // For what it holds, a replica that does not catch up is away: waited for, however long.
            Err(Failure::Exception { code: TIMED_OUT, message }) => Err(Failure::Exception { code: AWAY, message }),
            Err(failure) => Err(failure),
        }
    }

    /// Asks the server of the list that holds the table itself: others may only lead there, and cannot alter it.
    pub async fn at_holder(&self, table: &TableName) -> Self {
        if self.config().urls.len() > 1 {
            for server in 0..self.config().urls.len() {
                let one = self.at(Some(server));
                let found = one.table(table.database.as_str(), table.table.as_str()).await;
                if matches!(found, Ok(Some(row)) if engine::folding(&row.engine).is_some()) {
                    return one;
                }
            }
        }
        self.clone()
    }
}
