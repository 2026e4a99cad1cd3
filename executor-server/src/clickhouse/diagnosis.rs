//! Questions of `penstock doctor`: about rights, disks and mutations, never about rows.

use planner_core::sql::identifier::TableName;
use serde::Deserialize;

use super::client::{Client, Failure, Query, lenient};

const DISKS: &str = "SELECT name, free_space AS free, total_space AS total FROM system.disks WHERE name IN (SELECT arrayJoin(disks) FROM system.storage_policies WHERE policy_name = (SELECT storage_policy FROM system.tables WHERE database = {database:String} AND name = {table:String})) ORDER BY name FORMAT JSONEachRow";
const MUTATIONS: &str = "SELECT mutation_id AS id, command, latest_fail_reason AS failure, toUInt64(greatest(0, dateDiff('second', create_time, now()))) AS seconds FROM system.mutations WHERE database = {database:String} AND table = {table:String} AND NOT is_done ORDER BY create_time FORMAT JSONEachRow";

const QUICK: std::time::Duration = std::time::Duration::from_secs(15);

/// A disk that a table may be stored on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Disk {
    /// Its name.
    pub name: String,
    /// Free bytes.
    #[serde(deserialize_with = "lenient")]
    pub free: u64,
    /// All bytes.
    #[serde(deserialize_with = "lenient")]
    pub total: u64,
}

/// A mutation that has not finished.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Mutation {
    /// Its id.
    pub id: String,
    /// What it does.
    pub command: String,
    /// Why it failed last; empty where it did not.
    pub failure: String,
    /// How long ago it was asked for.
    #[serde(deserialize_with = "lenient")]
    pub seconds: u64,
}

impl Client {
    /// Whether the user has a right such as `INSERT ON db.table`; none where the server cannot say (before 24.10).
    pub async fn has_right(&self, right: &str) -> Result<Option<bool>, Failure> {
        match self.query(Query::new(&format!("CHECK GRANT {right}")).timeout(QUICK)).await {
            Ok(answer) => Ok(Some(answer.text.trim() == "1")),
            Err(Failure::Exception { .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Disks that a table may be stored on.
    pub async fn disks(&self, table: &TableName) -> Result<Vec<Disk>, Failure> {
        let query = Query::new(DISKS).param("database", table.database.as_str()).param("table", table.table.as_str());
        self.rows(query.timeout(QUICK)).await
    }

    /// Mutations of a table that have not finished, oldest first.
    pub async fn open_mutations(&self, table: &TableName) -> Result<Vec<Mutation>, Failure> {
        let query = Query::new(MUTATIONS).param("database", table.database.as_str()).param("table", table.table.as_str());
        self.rows(query.timeout(QUICK)).await
    }
}
