//! The executor's own questions: constants with server-side parameters, about queries and tables, never about rows.

use planner_core::sql::identifier::TableName;
use serde::Deserialize;

use super::client::{Client, Failure, Query, lenient};
pub use super::evidence::{Logged, NewParts, Running};

const VERSION: &str = "SELECT version() AS version FORMAT JSONEachRow";
const STANDING: &str = "SELECT total_rows AS rows, toString(uuid) AS uuid, toUnixTimestamp64Milli(now64(3)) AS now, toUnixTimestamp64Milli(now64(3)) - toInt64(uptime()) * 1000 AS started FROM system.tables WHERE database = {database:String} AND name = {table:String} FORMAT JSONEachRow";
/// The fullest partition, and what the server is busy with there.
const LOAD: &str = "WITH (SELECT (partition_id, parts) FROM (SELECT partition_id, count() AS parts FROM system.parts WHERE database = {database:String} AND table = {table:String} AND active GROUP BY partition_id ORDER BY parts DESC LIMIT 1)) AS fullest, (SELECT toUInt64OrZero(extract(engine_full, 'parts_to_delay_insert = ([0-9]+)')) FROM system.tables WHERE database = {database:String} AND name = {table:String}) AS own, (SELECT toUInt64OrZero(value) FROM system.merge_tree_settings WHERE name = 'parts_to_delay_insert') AS common SELECT ifNull(tupleElement(fullest, 1), '') AS partition, ifNull(tupleElement(fullest, 2), 0) AS parts, if(ifNull(own, 0) > 0, own, ifNull(common, 0)) AS parts_to_delay, (SELECT count() FROM system.merges WHERE database = {database:String} AND table = {table:String}) AS merges, (SELECT count() FROM system.replication_queue WHERE database = {database:String} AND table = {table:String}) AS queue FORMAT JSONEachRow";
/// What a table remembers: its own setting, else the server's default.
const WINDOW: &str = "WITH (SELECT extract(engine_full, concat('(?:^|[^a-z_])', {setting:String}, ' = ([0-9]+)')) FROM system.tables WHERE database = {database:String} AND name = {table:String}) AS own, (SELECT value FROM system.merge_tree_settings WHERE name = {setting:String}) AS common SELECT toUInt64OrZero(if(ifNull(own, '') != '', ifNull(own, ''), ifNull(common, ''))) AS blocks FORMAT JSONEachRow";
const TABLES: &str = "SELECT database, name AS table, engine, total_rows AS rows, total_bytes_uncompressed AS bytes, sorting_key, partition_key FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema') AND NOT is_temporary AND positionCaseInsensitiveUTF8(concat(database, '.', name), {q:String}) > 0 AND (empty({database:String}) OR (database = {database:String} AND name = {table:String})) ORDER BY database, name LIMIT 1001 FORMAT JSONEachRow";
const COLUMNS: &str = "SELECT name, type, default_kind, data_uncompressed_bytes AS bytes FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position FORMAT JSONEachRow";
const PARTITIONS: &str = "SELECT partition_id AS id, any(p.partition) AS name, sum(p.rows) AS rows, sum(p.data_uncompressed_bytes) AS bytes, count() AS parts, if(toUnixTimestamp(max(p.max_time)) = 0, NULL, toInt64(toUnixTimestamp(min(p.min_time))) * 1000) AS min_time, if(toUnixTimestamp(max(p.max_time)) = 0, NULL, toInt64(toUnixTimestamp(max(p.max_time))) * 1000) AS max_time FROM system.parts AS p WHERE database = {database:String} AND table = {table:String} AND active GROUP BY partition_id ORDER BY partition_id LIMIT 10000 FORMAT JSONEachRow";
const READ_BY: &str = "SELECT concat(database, '.', name) AS name FROM system.tables WHERE engine = 'MaterializedView' AND (database, name) IN (SELECT arrayJoin(arrayZip(dependencies_database, dependencies_table)) FROM system.tables WHERE database = {database:String} AND name = {table:String}) ORDER BY name FORMAT JSONEachRow";
const FED_BY: &str = "SELECT concat(database, '.', name) AS name, create_table_query AS sql FROM system.tables WHERE engine = 'MaterializedView' ORDER BY name FORMAT JSONEachRow";

/// What a target carries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Load {
    /// The partition with the most active parts.
    pub partition: String,
    /// Its active parts.
    #[serde(deserialize_with = "lenient")]
    pub parts: u64,
    /// From how many on the server delays inserts; 0 where it does not say.
    #[serde(deserialize_with = "lenient")]
    pub parts_to_delay: u64,
    /// Merges that run.
    #[serde(deserialize_with = "lenient")]
    pub merges: u64,
    /// Entries of its replication queue.
    #[serde(deserialize_with = "lenient")]
    pub queue: u64,
}

/// A table of the list.
#[derive(Clone, Debug, Deserialize)]
pub struct TableRow {
    pub database: String,
    pub table: String,
    pub engine: String,
    #[serde(deserialize_with = "lenient_option")]
    pub rows: Option<u64>,
    #[serde(deserialize_with = "lenient_option")]
    pub bytes: Option<u64>,
    pub sorting_key: String,
    pub partition_key: String,
}

/// A column of a table.
#[derive(Clone, Debug, Deserialize)]
pub struct ColumnRow {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub default_kind: String,
    #[serde(deserialize_with = "lenient")]
    pub bytes: u64,
}

/// A partition of a table.
#[derive(Clone, Debug, Deserialize)]
pub struct PartitionRow {
    pub id: String,
    pub name: String,
    #[serde(deserialize_with = "lenient")]
    pub rows: u64,
    #[serde(deserialize_with = "lenient")]
    pub bytes: u64,
    #[serde(deserialize_with = "lenient")]
    pub parts: u64,
    #[serde(deserialize_with = "lenient_signed")]
    pub min_time: Option<i64>,
    #[serde(deserialize_with = "lenient_signed")]
    pub max_time: Option<i64>,
}

/// A materialized view.
#[derive(Clone, Debug, Deserialize)]
pub struct ViewRow {
    pub name: String,
    #[serde(default)]
    pub sql: String,
}

#[derive(Deserialize)]
struct WindowRow {
    #[serde(deserialize_with = "lenient")]
    blocks: u64,
}

#[derive(Deserialize)]
struct VersionRow {
    version: String,
}

/// A table's rows and uuid, with the server's clock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Standing {
    /// Rows as its parts count them; none where the engine cannot tell.
    #[serde(deserialize_with = "lenient_option")]
    pub rows: Option<u64>,
    /// The table's uuid.
    pub uuid: String,
    /// The server's now, in milliseconds.
    #[serde(deserialize_with = "lenient")]
    pub now: u64,
    /// When the server started, in milliseconds, exact to a second.
    #[serde(deserialize_with = "lenient")]
    pub started: u64,
}

impl Client {
    /// `version()`, within two seconds.
    pub async fn version(&self) -> Result<String, Failure> {
        let rows: Vec<VersionRow> = self.rows(Query::new(VERSION).timeout(std::time::Duration::from_secs(2))).await?;
        Ok(rows.into_iter().next().map(|row| row.version).unwrap_or_default())
    }

    /// Rows and uuid of a table, and the server's clock; none when there is no such table.
    pub async fn standing(&self, table: &TableName) -> Result<Option<Standing>, Failure> {
        let query = Query::new(STANDING).param("database", table.database.as_str()).param("table", table.table.as_str());
        Ok(self.rows(query.timeout(QUICK)).await?.into_iter().next())
    }

    /// How many blocks a table remembers, by this setting.
    pub async fn window(&self, table: &TableName, setting: &str) -> Result<u64, Failure> {
        let query = Query::new(WINDOW).param("database", table.database.as_str()).param("table", table.table.as_str());
        let rows: Vec<WindowRow> = self.rows(query.param("setting", setting).timeout(QUICK)).await?;
        Ok(rows.first().map_or(0, |row| row.blocks))
    }

    /// What a table carries.
    pub async fn load(&self, table: &TableName) -> Result<Load, Failure> {
        let query = Query::new(LOAD).param("database", table.database.as_str()).param("table", table.table.as_str());
        let rows: Vec<Load> = self.rows(query.timeout(QUICK)).await?;
        rows.into_iter().next().ok_or_else(|| Failure::Exception { code: 0, message: "no row about the table's load".into() })
    }

    /// Tables whose name holds `q`, at most 1,001.
    pub async fn tables(&self, q: &str) -> Result<Vec<TableRow>, Failure> {
        self.rows(Query::new(TABLES).param("q", q).param("database", "").param("table", "").timeout(QUICK)).await
    }

    /// One table; none when there is no such table.
    pub async fn table(&self, database: &str, table: &str) -> Result<Option<TableRow>, Failure> {
        let query = Query::new(TABLES).param("q", "").param("database", database).param("table", table).timeout(QUICK);
        Ok(self.rows(query).await?.into_iter().next())
    }

    /// Columns of a table by position.
    pub async fn columns(&self, database: &str, table: &str) -> Result<Vec<ColumnRow>, Failure> {
        self.rows(Query::new(COLUMNS).param("database", database).param("table", table).timeout(QUICK)).await
    }

    /// Active partitions of a table, at most 10,000.
    pub async fn partitions(&self, database: &str, table: &str) -> Result<Vec<PartitionRow>, Failure> {
        self.rows(Query::new(PARTITIONS).param("database", database).param("table", table).timeout(QUICK)).await
    }

    /// Materialized views that read a table.
    pub async fn read_by(&self, database: &str, table: &str) -> Result<Vec<ViewRow>, Failure> {
        self.rows(Query::new(READ_BY).param("database", database).param("table", table).timeout(QUICK)).await
    }

    /// Every materialized view with its CREATE.
    pub async fn views(&self) -> Result<Vec<ViewRow>, Failure> {
        self.rows(Query::new(FED_BY).timeout(QUICK)).await
    }
}

pub(super) const QUICK: std::time::Duration = std::time::Duration::from_secs(15);

fn lenient_option<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    struct Number(#[serde(deserialize_with = "lenient")] u64);
    Ok(Option::<Number>::deserialize(deserializer)?.map(|number| number.0))
}

fn lenient_signed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(i64),
        Quoted(String),
    }
    match Option::<Number>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Plain(number)) => Ok(Some(number)),
        Some(Number::Quoted(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}
