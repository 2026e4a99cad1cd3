//! What became of a query: asked of every server that may have run it.
//!
//! One server that has seen it is enough to know. That nobody has seen it is only known when every server has answered:
//! one that is away keeps the outcome open. A query is looked for by the id that was sent, also where a server runs it for
//! another one: behind a Distributed table the rows are written by a query of another id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use planner_core::plan::TableRef;
use serde::Deserialize;

use super::client::{Client, Failure, Query, lenient};
use super::everywhere::Heard;
use super::queries::QUICK;

/// `{from}` is the system table, on the server that is asked or on all of them.
const RUNNING: &str = "SELECT initial_query_id AS query_id, max(read_rows) AS read_rows, max(read_bytes) AS read_bytes, max(written_rows) AS written_rows, max(written_bytes) AS written_bytes, toUInt64(max(elapsed) * 1000) AS elapsed_ms FROM {from} WHERE has({ids:Array(String)}, initial_query_id) GROUP BY initial_query_id FORMAT JSONEachRow";
/// A refused double (216) is logged under the id of the query that runs: it says nothing about that one. Nor does what a
/// job of another store sent under the same id: ids count within a store.
const LOGGED: &str = "SELECT toString(type) AS type, exception_code, exception, written_rows, written_bytes, read_rows, query_duration_ms AS duration_ms FROM {from} WHERE query_id = {id:String} AND JSONExtractString(log_comment, 'job') = {job:String} AND event_date >= toDate(fromUnixTimestamp64Milli({since:Int64})) - 1 AND is_initial_query AND exception_code != 216 FORMAT JSONEachRow";
const NEW_PARTS: &str = "SELECT query_id, partition_id, countIf(error = 0) AS parts, countIf(error != 0) AS dropped FROM {from} WHERE has({ids:Array(String)}, query_id) AND event_date >= toDate(fromUnixTimestamp64Milli({since:Int64})) - 1 AND event_time_microseconds >= fromUnixTimestamp64Milli({from_ms:Int64}) AND event_type = 'NewPart' AND has({uuids:Array(String)}, toString(table_uuid)) GROUP BY query_id, partition_id FORMAT JSONEachRow";
/// Parts that something else than a plan wrote.
const OF_OTHERS: &str = "SELECT count() AS parts FROM {from} WHERE event_date >= toDate(fromUnixTimestamp64Milli({since:Int64})) - 1 AND event_time_microseconds >= fromUnixTimestamp64Milli({since:Int64}) AND event_type = 'NewPart' AND error = 0 AND NOT startsWith(query_id, 'penstock-') AND NOT has({ours:Array(String)}, query_id) AND has({uuids:Array(String)}, toString(table_uuid)) AND has({partitions:Array(String)}, partition_id) FORMAT JSONEachRow";
/// The ids under which other servers worked on a query.
const WORKED_AS: &str = "SELECT DISTINCT initial_query_id, query_id FROM {from} WHERE has({ids:Array(String)}, initial_query_id) AND NOT is_initial_query AND event_date >= toDate(fromUnixTimestamp64Milli({since:Int64})) - 1 FORMAT JSONEachRow";
/// The same of all that plans sent.
const WORKED_FOR_PLANS: &str = "SELECT DISTINCT initial_query_id, query_id FROM {from} WHERE startsWith(initial_query_id, 'penstock-') AND NOT is_initial_query AND query_kind = 'Insert' AND event_date >= toDate(fromUnixTimestamp64Milli({since:Int64})) - 1 FORMAT JSONEachRow";
const UUIDS: &str =
    "SELECT DISTINCT toString(uuid) AS uuid FROM {from} WHERE database = {database:String} AND name = {table:String} FORMAT JSONEachRow";
const CLOCKS: &str = "SELECT toUnixTimestamp64Milli(nowInBlock64(3)) AS now, toUnixTimestamp64Milli(nowInBlock64(3)) - toInt64(uptime()) * 1000 AS started FROM {from} FORMAT JSONEachRow";

const KILL: &str = "KILL QUERY{on} WHERE initial_query_id = {id:String} ASYNC FORMAT JSONEachRow";

const SLOW: Duration = Duration::from_mins(1);

/// A query on the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Running {
    /// Its id.
    pub query_id: String,
    /// Rows read so far.
    #[serde(deserialize_with = "lenient")]
    pub read_rows: u64,
    /// Bytes read so far.
    #[serde(deserialize_with = "lenient")]
    pub read_bytes: u64,
    /// Rows written so far.
    #[serde(deserialize_with = "lenient")]
    pub written_rows: u64,
    /// Bytes written so far.
    #[serde(deserialize_with = "lenient")]
    pub written_bytes: u64,
    /// How long it has run.
    #[serde(deserialize_with = "lenient")]
    pub elapsed_ms: u64,
}

/// One row of `system.query_log`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Logged {
    /// `QueryStart`, `QueryFinish`, `ExceptionWhileProcessing` or `ExceptionBeforeStart`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Code of the exception, or 0.
    pub exception_code: i32,
    /// Its words.
    pub exception: String,
    /// Rows written.
    #[serde(deserialize_with = "lenient")]
    pub written_rows: u64,
    /// Bytes written.
    #[serde(deserialize_with = "lenient")]
    pub written_bytes: u64,
    /// Rows read.
    #[serde(deserialize_with = "lenient")]
    pub read_rows: u64,
    /// Duration.
    #[serde(deserialize_with = "lenient")]
    pub duration_ms: u64,
}

/// Parts that a query made in one partition of the target.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NewParts {
    /// The query.
    pub query_id: String,
    /// The partition.
    pub partition_id: String,
    /// Parts that were stored.
    #[serde(deserialize_with = "lenient")]
    pub parts: u64,
    /// Parts that were not, such as duplicates.
    #[serde(deserialize_with = "lenient")]
    pub dropped: u64,
}

/// The clocks of all servers, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// The one that is furthest behind.
    pub earliest: u64,
    /// When the last of them was started, exact to a second.
    pub last_start: u64,
}

impl Client {
    /// Those of the queries that are on some server, as far as the servers answer.
    pub async fn sightings<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Heard<Running> {
        let mut heard: Heard<Running> =
            self.everywhere(Query::new(RUNNING).param_list("ids", ids).timeout(QUICK), "system.processes").await;
        let mut seen: BTreeMap<String, Running> = BTreeMap::new();
        for row in heard.rows {
            let known = seen.entry(row.query_id.clone()).or_insert_with(|| row.clone());
            known.read_rows = known.read_rows.max(row.read_rows);
            known.read_bytes = known.read_bytes.max(row.read_bytes);
            known.written_rows = known.written_rows.max(row.written_rows);
            known.written_bytes = known.written_bytes.max(row.written_bytes);
            known.elapsed_ms = known.elapsed_ms.max(row.elapsed_ms);
        }
        heard.rows = seen.into_values().collect();
        heard
    }

    /// Whether a query is on some server; known to be on none only when all have answered.
    pub async fn is_running(&self, id: &str) -> Result<bool, Failure> {
        let heard = self.sightings([id]).await;
        if heard.rows.is_empty() { heard.all().map(|_| false) } else { Ok(true) }
    }

    /// Whether the server that is asked shows a query that was sent to it.
    pub(super) async fn is_running_here(&self, id: &str) -> Result<bool, Failure> {
        // Behind an address of several servers nobody knows which of them it was sent to.
        if self.is_one_address_of_several() {
            return self.is_running(id).await;
        }
        let sql = RUNNING.replace("{from}", "system.processes");
        let rows: Vec<Running> = self.rows(Query::new(&sql).param_list("ids", [id]).timeout(QUICK)).await?;
        Ok(!rows.is_empty())
    }

    /// Makes the logs complete, on every server; needs a grant.
    pub async fn flush_logs(&self) -> Result<(), Failure> {
        self.everywhere_do(Query::new("SYSTEM FLUSH LOGS{on}").timeout(SLOW)).await
    }

    /// What the logs say about a query of a job. `since` is when it was sent, in milliseconds. Rows that tell its end are
    /// given as soon as one server has them.
    pub async fn logged(&self, id: &str, job: &str, since: i64) -> Result<Vec<Logged>, Failure> {
        let query = Query::new(LOGGED).param("id", id).param("job", job).param("since", &since.to_string()).timeout(SLOW);
        let heard: Heard<Logged> = self.everywhere(query, "system.query_log").await;
        if heard.rows.iter().any(|row| row.kind != "QueryStart") { Ok(heard.rows) } else { heard.all() }
    }

    /// Parts that something else than a plan wrote into these partitions of the target since then, by the server's clock.
    pub async fn parts_of_others(&self, since: i64, target: &TableRef, partitions: &[String]) -> Result<u64, Failure> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(deserialize_with = "lenient")]
            parts: u64,
        }
        let uuids = self.uuids(target).await?;
        let mut ours = Vec::new();
        if self.is_several() {
            let query = Query::new(WORKED_FOR_PLANS).param("since", &since.to_string()).timeout(SLOW);
            let heard: Heard<WorkedAs> = self.everywhere(query, "system.query_log").await;
            ours = heard.all()?.into_iter().map(|worked| worked.query_id).collect();
        }
        let query = Query::new(OF_OTHERS)
            .param("since", &since.to_string())
            .param_list("ours", ours.iter().map(String::as_str))
            .param_list("uuids", uuids.iter().map(String::as_str))
            .param_list("partitions", partitions.iter().map(String::as_str));
        let found: Heard<Row> = self.everywhere(query.timeout(SLOW), "system.part_log").await;
        Ok(found.all()?.iter().map(|row| row.parts).sum())
    }

    /// The target's uuid, and on other servers what it is there.
    async fn uuids(&self, target: &TableRef) -> Result<BTreeSet<String>, Failure> {
        let mut uuids = BTreeSet::from([target.uuid.clone()]);
        if self.is_several() {
            let query = Query::new(UUIDS).param("database", target.name.database.as_str()).param("table", target.name.table.as_str());
            let known: Heard<UuidRow> = self.everywhere(query.timeout(QUICK), "system.tables").await;
            uuids.extend(known.all()?.into_iter().map(|row| row.uuid));
        }
        Ok(uuids)
    }

    /// Parts that queries made in the target, per query and partition.
    /// Only those from `from` on, by the server's clock in milliseconds: another store may have used the same ids before.
    pub async fn new_parts<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
        since: i64,
        from: i64,
        target: &TableRef,
    ) -> Result<Vec<NewParts>, Failure> {
        let mut names: BTreeMap<String, String> = ids.into_iter().map(|id| (id.to_owned(), id.to_owned())).collect();
        let uuids = self.uuids(target).await?;
        if self.is_several() {
            let query = Query::new(WORKED_AS).param_list("ids", names.keys().map(String::as_str)).param("since", &since.to_string());
            let others: Heard<WorkedAs> = self.everywhere(query.timeout(SLOW), "system.query_log").await;
            names.extend(others.all()?.into_iter().map(|other| (other.query_id, other.initial_query_id)));
        }
        // Clocks differ a little; who asks of several servers has the time of one.
        let from = if self.is_several() { from.saturating_sub(MOST_SKEW_MS) } else { from };
        let query = Query::new(NEW_PARTS)
            .param_list("ids", names.keys().map(String::as_str))
            .param("since", &since.to_string())
            .param("from_ms", &from.to_string())
            .param_list("uuids", uuids.iter().map(String::as_str));
        let found: Heard<NewParts> = self.everywhere(query.timeout(SLOW), "system.part_log").await;
        let mut sums: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        for row in found.all()? {
            let Some(name) = names.get(&row.query_id) else { continue };
            let sum = sums.entry((name.clone(), row.partition_id)).or_default();
            *sum = (sum.0 + row.parts, sum.1 + row.dropped);
        }
        Ok(sums
            .into_iter()
            .map(|((query_id, partition_id), (parts, dropped))| NewParts { query_id, partition_id, parts, dropped })
            .collect())
    }

    /// Asks the servers to end a query; it ends some time later, or not at all.
    pub async fn kill(&self, id: &str) -> Result<(), Failure> {
        self.everywhere_do(Query::new(KILL).param("id", id).timeout(QUICK)).await
    }

    /// The clocks of all servers.
    pub async fn clocks(&self) -> Result<Clocks, Failure> {
        let heard: Heard<ClockRow> = self.everywhere(Query::new(CLOCKS).timeout(QUICK), "system.one").await;
        let rows = heard.all()?;
        let none = || Failure::Exception { code: 0, message: "no server told its time".into() };
        let earliest = rows.iter().map(|row| row.now).min().ok_or_else(none)?;
        Ok(Clocks { earliest, last_start: rows.iter().map(|row| row.started).max().unwrap_or(earliest) })
    }
}

/// How far the clocks of several servers may be apart, in milliseconds.
pub const MOST_SKEW_MS: i64 = 2_000;

#[derive(Deserialize)]
struct WorkedAs {
    initial_query_id: String,
    query_id: String,
}

#[derive(Deserialize)]
struct UuidRow {
    uuid: String,
}

#[derive(Deserialize)]
struct ClockRow {
    #[serde(deserialize_with = "lenient")]
    now: u64,
    #[serde(deserialize_with = "lenient")]
    started: u64,
}
