//! The SQL of each probe. Reads system tables and index marks; only `TimeColumn`, `KeySample` and `KeyBelow` read data.

use crate::limits::MAX_PROFILE_BUCKETS;
use crate::probe::Probe;
use crate::quantity::DAY_MS;
use crate::sql::identifier::{Identifier, TableName};
use crate::sql::key_probes;
use crate::sql::literal::string;
use crate::write_path;

/// Table settings that say how long inserted blocks are remembered.
pub(crate) const DEDUP_SETTINGS: [&str; 3] =
    ["non_replicated_deduplication_window", "replicated_deduplication_window", "replicated_deduplication_window_seconds"];

/// Quarter of an hour: the narrowest bucket of a profile, in milliseconds.
const QUARTER_MS: i64 = 900_000;

impl Probe {
    /// The query that answers this probe, in `JSONEachRow`.
    pub fn sql(&self) -> String {
        let query = match self {
            Self::Server => server(),
            Self::Tables { names } => tables(names),
            Self::Columns { names } => columns(names),
            Self::Partitions { names } => partitions(names),
            Self::TimeMarks { table, column } => {
                let index = format!("mergeTreeIndex({}, {})", string(table.database.as_str()), string(table.table.as_str()));
                profile(&index, "rows_in_granule > 0", "sum(rows_in_granule)", column, GRANULES_A_BUCKET)
            }
            Self::TimeColumn { table, column } => profile(&table.quoted(), "1", "count()", column, 0),
            Self::KeyMarks { table, columns, descending, spread } => key_probes::marks(table, *columns, descending, *spread),
            Self::KeySample { table, columns, partitioned, each } => key_probes::sample(table, columns, *partitioned, *each),
            Self::KeyBelow { table, columns, rows_a_point, spans } => key_probes::below(table, columns, *rows_a_point, spans),
            Self::DayStarts { zone, from, to } => {
                let first = (from.0.div_euclid(DAY_MS) - 2).max(0);
                let days = (to.0.div_euclid(DAY_MS) + 2 - first).clamp(1, 40_000);
                format!(
                    "SELECT toInt64(toUnixTimestamp(toDateTime(toDate({first} + number), {}))) * 1000 AS start FROM numbers({days}) ORDER BY start",
                    string(zone)
                )
            }
        };
        format!("{query}{}\nFORMAT JSONEachRow", write_path::probe_clause())
    }
}

/// Granules that one bucket should hold on average: a single one would place 8,192 rows at one instant.
const GRANULES_A_BUCKET: u32 = 4;

fn server() -> String {
    let list = |names: &[&str]| names.iter().map(|name| string(name)).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT version() AS version, timezone() AS timezone,\n\
         (SELECT any(value) FROM system.server_settings WHERE name = 'max_server_memory_usage') AS memory,\n\
         toString(toUInt64(exp2(floor(log2(greatest(filesystemAvailable(), 1)))))) AS disk_free,\n\
         CAST((SELECT groupArray((name, value)) FROM system.settings WHERE name IN ({})), 'Map(String, String)') AS settings,\n\
         CAST((SELECT groupArray((name, value)) FROM system.merge_tree_settings WHERE name IN ({})), 'Map(String, String)') AS merge_tree",
        list(&write_path::setting_names()),
        list(&DEDUP_SETTINGS),
    )
}

fn tables(names: &[TableName]) -> String {
    format!(
        "WITH {} AS penstock_policies\n\
         SELECT t.database AS database, t.name AS name, toString(t.uuid) AS uuid, t.engine AS engine, t.engine_full AS engine_full,\n\
         t.partition_key AS partition_key, t.sorting_key AS sorting_key, t.primary_key AS primary_key, t.as_select AS as_select,\n\
         t.create_table_query AS create_table_query, t.dependencies_database AS dependencies_database,\n\
         t.dependencies_table AS dependencies_table, toString(m.unfinished) AS unfinished,\n\
         toString(has(penstock_policies, (t.database, t.name)) OR has(penstock_policies, (t.database, ''))) AS row_policy\n\
         FROM system.tables AS t\n\
         LEFT JOIN (SELECT database, table, count() AS unfinished FROM system.mutations WHERE NOT is_done GROUP BY database, table) AS m\n\
         ON t.database = m.database AND t.name = m.table\n\
         WHERE (t.database, t.name) IN ({}) OR t.engine = 'MaterializedView' OR notEmpty(t.dependencies_table)\n\
         ORDER BY database, name",
        policies(),
        pairs(names)
    )
}

/// Tables whose rows are filtered for this user; of a whole database with an empty name.
///
/// Through `merge`, beside a table that every user of ours may see (the server's probe reads it): who may not see
/// `system.row_policies` is then told of none, where the table itself would be refused. As text, since it then has no columns.
fn policies() -> String {
    let text = |name: &str| format!("JSONExtractString(policy, '{name}')");
    let names_user =
        |name: &str| format!("hasAny(JSONExtract(policy, '{name}', 'Array(String)'), arrayPushBack(enabledRoles(), currentUser()))");
    format!(
        "(SELECT groupArray(({}, {})) FROM (SELECT formatRow('JSONEachRow', *) AS policy FROM merge('system', '^(server_settings|row_policies)$') \
         WHERE _table = 'row_policies') WHERE {} != '' AND ({} OR (JSONExtractBool(policy, 'apply_to_all') AND NOT {})))",
        text("database"),
        text("table"),
        text("select_filter"),
        names_user("apply_to_list"),
        names_user("apply_to_except"),
    )
}

fn columns(names: &[TableName]) -> String {
    format!(
        "SELECT database, table, toString(position) AS place, name, type, default_kind, default_expression, toString(data_uncompressed_bytes) AS bytes\n\
         FROM system.columns WHERE (database, table) IN ({}) ORDER BY database, table, position",
        pairs(names)
    )
}

fn partitions(names: &[TableName]) -> String {
    format!(
        "SELECT database, table, partition_id, toString(sum(rows)) AS row_count,\n\
         toString(sum(data_uncompressed_bytes)) AS byte_count, toString(sum(bytes_on_disk)) AS disk_byte_count,\n\
         toString(toUnixTimestamp(min(min_time))) AS min_second, toString(toUnixTimestamp(max(max_time))) AS max_second,\n\
         toString(toInt64(min(min_date))) AS min_day, toString(toInt64(max(max_date))) AS max_day\n\
         FROM system.parts WHERE active AND NOT startsWith(partition_id, 'patch-') AND (database, table) IN ({})\n\
         GROUP BY database, table, partition_id ORDER BY database, table, partition_id",
        pairs(names)
    )
}

/// Rows per bucket of time. The bucket's width is chosen by the server from the first and last instant, and wide enough
/// that `items_a_bucket` of what is counted fall into one on average.
fn profile(from: &str, condition: &str, rows: &str, column: &Identifier, items_a_bucket: u32) -> String {
    let ms = format!("toUnixTimestamp64Milli(toDateTime64({}, 3, 'UTC'))", column.quoted());
    format!(
        "WITH (SELECT ifNull(greatest(intDiv(max({ms}) - min({ms}), {MAX_PROFILE_BUCKETS}), intDiv((max({ms}) - min({ms})) * {items_a_bucket}, \
         greatest(count(), 1))), 0) FROM {from} WHERE {condition}) AS penstock_share,\n\
         (intDiv(penstock_share, {QUARTER_MS}) + 1) * {QUARTER_MS} AS penstock_step\n\
         SELECT toString({ms} - positiveModulo({ms}, penstock_step)) AS bucket_start, toString(any(penstock_step)) AS step_ms,\n\
         toString({rows}) AS row_count, toString(min({ms})) AS min_ms, toString(max({ms})) AS max_ms\n\
         FROM {from} WHERE {condition} GROUP BY bucket_start ORDER BY min(ifNull({ms}, 0))"
    )
}

fn pairs(names: &[TableName]) -> String {
    names.iter().map(|name| format!("({}, {})", string(name.database.as_str()), string(name.table.as_str()))).collect::<Vec<_>>().join(", ")
}
