//! Reading the answers to probes. Everything is text until here and typed from here on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::histogram::{KeyHistogram, KeyOrigin, KeyPoint};
use crate::key::{KeyColumn, KeyTuple};
use crate::quantity::{DAY_MS, UnixMillis};
use crate::refusal::Refusal;
use crate::snapshot::{Column, DefaultKind, Partition, ProfileOrigin, Server, Stored, TimeBucket, TimeProfile};
use crate::sql::identifier::{Identifier, TableName};
use crate::sql::key_type::KeyType;

/// The server, and the defaults of its table settings.
#[derive(Debug)]
pub(crate) struct ServerAnswer {
    pub(crate) server: Server,
    pub(crate) merge_tree: BTreeMap<String, String>,
}

/// One row of the tables probe.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TableRow {
    pub(crate) database: String,
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) engine: String,
    pub(crate) engine_full: String,
    pub(crate) partition_key: String,
    pub(crate) sorting_key: String,
    pub(crate) primary_key: String,
    pub(crate) as_select: String,
    pub(crate) create_table_query: String,
    dependencies_database: Vec<String>,
    dependencies_table: Vec<String>,
    unfinished: Option<String>,
    #[serde(default)]
    row_policy: String,
}

impl TableRow {
    pub(crate) fn is(&self, name: &TableName) -> bool {
        self.database == name.database.as_str() && self.name == name.table.as_str()
    }

    pub(crate) fn table_name(&self) -> Result<TableName, Refusal> {
        TableName::new(&*self.database, &*self.name).map_err(unreadable)
    }

    pub(crate) fn unfinished_mutations(&self) -> u64 {
        self.unfinished.as_deref().and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// Whether a row policy hides rows of this table from the user who asks.
    pub(crate) fn has_row_policy(&self) -> bool {
        self.row_policy == "1"
    }

    /// Whether inserts into this table fire `view`.
    pub(crate) fn fires(&self, view: &TableName) -> bool {
        self.dependencies_database
            .iter()
            .zip(&self.dependencies_table)
            .any(|(database, table)| database == view.database.as_str() && table == view.table.as_str())
    }
}

pub(crate) fn server(text: &str) -> Result<ServerAnswer, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        version: String,
        timezone: String,
        memory: Option<String>,
        disk_free: String,
        settings: BTreeMap<String, String>,
        merge_tree: BTreeMap<String, String>,
    }
    let row: Row = rows(text)?.into_iter().next().ok_or_else(|| unreadable("no row about the server"))?;
    let memory_bytes = row.memory.as_deref().and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
    Ok(ServerAnswer {
        server: Server {
            disk_free_bytes: row.disk_free.parse().ok().filter(|bytes| *bytes > 0),
            memory_bytes,
            settings: row.settings,
            timezone: row.timezone,
            version: row.version,
        },
        merge_tree: row.merge_tree,
    })
}

pub(crate) fn tables(text: &str) -> Result<Vec<TableRow>, Refusal> {
    let mut rows: Vec<TableRow> = rows(text)?;
    rows.sort_by(|a, b| (&a.database, &a.name).cmp(&(&b.database, &b.name)));
    Ok(rows)
}

pub(crate) fn columns(text: &str) -> Result<Vec<(TableName, Column)>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        database: String,
        table: String,
        place: String,
        name: String,
        #[serde(rename = "type")]
        type_name: String,
        default_kind: String,
        default_expression: String,
        bytes: String,
    }
    let read = |row: Row| {
        let default_kind = match row.default_kind.as_str() {
            "" => DefaultKind::None,
            "DEFAULT" => DefaultKind::Default,
            "MATERIALIZED" => DefaultKind::Materialized,
            "ALIAS" => DefaultKind::Alias,
            "EPHEMERAL" => DefaultKind::Ephemeral,
            other => return Err(unreadable(format!("column {} has the unknown default kind {other}", row.name))),
        };
        let name = Identifier::new(row.name).map_err(unreadable)?;
        let column =
            Column { bytes: number(&row.bytes)?, default_expression: row.default_expression, default_kind, name, type_name: row.type_name };
        Ok((TableName::new(row.database, row.table).map_err(unreadable)?, column))
    };
    placed(rows(text)?, |row: &Row| &row.place)?.into_iter().map(read).collect()
}

/// Active partitions of each table, by id, and what they hold together.
pub(crate) fn partitions(text: &str) -> Result<BTreeMap<TableName, (Vec<Partition>, Stored)>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        database: String,
        table: String,
        partition_id: String,
        row_count: String,
        byte_count: String,
        disk_byte_count: String,
        min_second: String,
        max_second: String,
        min_day: String,
        max_day: String,
    }
    let read = |row: Row| {
        // Zero stands for "the partition key has no such column".
        let time = |second: &str, day: &str, end: i64| -> Result<Option<UnixMillis>, Refusal> {
            let (second, day): (i64, i64) = (number(second)?, number(day)?);
            Ok(match (second, day) {
                (0, 0) => None,
                (0, day) => Some(UnixMillis(day * DAY_MS + end)),
                (second, _) => Some(UnixMillis(second * 1000)),
            })
        };
        let partition = Partition {
            bytes: number(&row.byte_count)?,
            id: row.partition_id,
            rows: number(&row.row_count)?,
            times: time(&row.min_second, &row.min_day, 0)?.zip(time(&row.max_second, &row.max_day, DAY_MS - 1000)?),
        };
        Ok((TableName::new(row.database, row.table).map_err(unreadable)?, partition, number(&row.disk_byte_count)?))
    };
    let mut tables: BTreeMap<TableName, (Vec<Partition>, Stored)> = BTreeMap::new();
    for row in rows(text)? {
        let (table, partition, disk_bytes): (TableName, Partition, u64) = read(row)?;
        let (partitions, stored) = tables.entry(table).or_default();
        stored.add(&partition, disk_bytes);
        partitions.push(partition);
    }
    for (partitions, _) in tables.values_mut() {
        partitions.sort_by(|a, b| a.id.cmp(&b.id));
    }
    Ok(tables)
}

pub(crate) fn profile(text: &str, origin: ProfileOrigin) -> Result<TimeProfile, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        bucket_start: Option<String>,
        step_ms: String,
        row_count: String,
        min_ms: Option<String>,
        max_ms: Option<String>,
    }
    let mut profile = TimeProfile { buckets: Vec::new(), null_rows: 0, origin, step_ms: 900_000 };
    for row in rows::<Row>(text)? {
        profile.step_ms = number(&row.step_ms)?;
        let count = number(&row.row_count)?;
        match (&row.bucket_start, &row.min_ms, &row.max_ms) {
            (Some(start), Some(min), Some(max)) => profile.buckets.push(TimeBucket {
                max: UnixMillis(number(max)?),
                min: UnixMillis(number(min)?),
                rows: count,
                start: UnixMillis(number(start)?),
            }),
            _ => profile.null_rows += count,
        }
    }
    profile.buckets.sort_by_key(|bucket| bucket.start);
    Ok(profile)
}

/// A histogram and the bytes that a sample estimates for each partition; or the server's words, where it refused.
pub(crate) struct Keys {
    pub(crate) histogram: KeyHistogram,
    /// Rows and bytes by partition, where the answer tells them.
    pub(crate) sizes: BTreeMap<String, (u64, u64)>,
}

/// Reads a key histogram. `columns` name what was asked for; their types come with the answer.
pub(crate) fn keys(text: &str, origin: KeyOrigin, columns: Vec<KeyColumn>) -> Result<Keys, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        partition_id: String,
        tuple: Vec<String>,
        types: Vec<String>,
        row_count: String,
        granules: String,
        place: String,
        byte_count: Option<String>,
    }
    let mut histogram = KeyHistogram { columns, origin, ..KeyHistogram::unknown("") };
    let mut sizes = BTreeMap::new();
    let rows: Vec<Row> = placed(rows(text)?, |row: &Row| &row.place)?;
    let known = name_types(&mut histogram.columns, rows.iter().map(|row| row.types.as_slice()));
    // Only leading columns that can be cut by; of the rest those that differ at all. An index in memory may leave out
    // suffix columns and then shows their type's default everywhere (clickhouse.md section 3).
    let differs = |at: usize| rows.windows(2).any(|pair| matches!(pair, [a, b] if a.tuple.get(at) != b.tuple.get(at)));
    let kept = (0..known).rev().find(|at| *at == 0 || differs(*at)).map_or(0, |last| last + 1);
    histogram.columns.truncate(kept);
    for row in rows {
        let (rows, granules): (u64, u64) = (number(&row.row_count)?, number(&row.granules)?);
        let size = sizes.entry(row.partition_id.clone()).or_insert((0, 0));
        size.0 += rows;
        size.1 = row.byte_count.as_deref().map_or(Ok(0), number)?;
        if kept > 0 {
            let key = KeyTuple::try_from(row.tuple.iter().take(kept).map(String::as_str).collect::<String>()).map_err(unreadable)?;
            histogram.partitions.entry(row.partition_id).or_default().push(KeyPoint { granules, key, rows });
        }
    }
    Ok(Keys { histogram, sizes })
}

/// Whole key tuples of the rows below single index tuples.
pub(crate) struct Below {
    /// The columns, with their types; as many as cuts can name.
    pub(crate) columns: Vec<KeyColumn>,
    /// In the key's order, for each span asked for.
    pub(crate) tuples: BTreeMap<usize, Vec<KeyTuple>>,
}

pub(crate) fn below(text: &str, mut columns: Vec<KeyColumn>) -> Result<Below, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        at: usize,
        place: String,
        tuple: Vec<String>,
        types: Vec<String>,
    }
    let rows: Vec<Row> = placed(rows(text)?, |row: &Row| &row.place)?;
    let known = name_types(&mut columns, rows.iter().map(|row| row.types.as_slice()));
    columns.truncate(known);
    let mut tuples: BTreeMap<usize, Vec<KeyTuple>> = BTreeMap::new();
    for row in rows {
        let key = KeyTuple::try_from(row.tuple.iter().take(known).map(String::as_str).collect::<String>()).map_err(unreadable)?;
        tuples.entry(row.at).or_default().push(key);
    }
    Ok(Below { columns, tuples })
}

pub(crate) fn day_starts(text: &str) -> Result<Vec<UnixMillis>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        start: serde_json::Value,
    }
    let mut starts = Vec::new();
    for row in rows::<Row>(text)? {
        // 64-bit integers are quoted or not, as the server is configured.
        let text = row.start.as_str().map_or_else(|| row.start.to_string(), str::to_owned);
        starts.push(UnixMillis(number(&text)?));
    }
    starts.sort_unstable();
    starts.dedup();
    Ok(starts)
}

/// Gives columns the types that the first row with any tells; how many leading ones cuts can name.
fn name_types<'a>(columns: &mut [KeyColumn], mut told: impl Iterator<Item = &'a [String]>) -> usize {
    let types = told.find(|types| !types.is_empty()).unwrap_or_default();
    for (column, type_name) in columns.iter_mut().zip(types) {
        column.type_name.clone_from(type_name);
    }
    columns.iter().take_while(|column| KeyType::of(&column.type_name).is_some()).count()
}

/// Rows in the order of their places: an answer says the same in whatever order its lines come.
fn placed<T>(rows: Vec<T>, place: impl Fn(&T) -> &str) -> Result<Vec<T>, Refusal> {
    let mut numbered: Vec<(u64, T)> = rows.into_iter().map(|row| Ok((number(place(&row))?, row))).collect::<Result<_, Refusal>>()?;
    numbered.sort_by_key(|(place, _)| *place);
    Ok(numbered.into_iter().map(|(_, row)| row).collect())
}

fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, Refusal> {
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).map_err(unreadable)).collect()
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| unreadable(format!("'{text}' is not a number in its range")))
}

fn unreadable(what: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        "answer-unreadable",
        format!("the server's answer to a probe cannot be read: {what}"),
        "check that the server is a supported ClickHouse (25.8 or later)",
    )
}
