//! The SQL that tells how rows are spread over a key. The server sorts and reduces; nothing is sorted here.
//!
//! Tuples come as the hex of each value in `RowBinary`, and their types once a partition: no type needs to be known
//! beforehand, so one query serves any key. (`formatRowNoNewline` would cut off a last byte that happens to be 10.)

use crate::key::{KeyColumn, KeySpan};
use crate::probe::Spread;
use crate::sql::identifier::TableName;
use crate::sql::key_predicate;
use crate::sql::literal::string;

/// One row a granule; what is not the key's is left out by name.
const KEY_OF_INDEX: &str = "* EXCEPT (part_name, mark_number, rows_in_granule)";

/// Points from index marks: the first tuple of each run of granules, with the rows up to the next.
///
/// The last mark of a part has no rows. A part's name starts with its partition's id, which holds no `_`.
pub(super) fn marks(table: &TableName, columns: u32, descending: &[u32], spread: Spread) -> String {
    let index = format!("mergeTreeIndex({}, {})", string(table.database.as_str()), string(table.table.as_str()));
    let order = order(columns, |at| descending.contains(&at));
    let (points, wanted) = match spread {
        Spread::Points { each, shared } => (format!("{each} + intDiv({shared} * whole, everything)"), "points > 0".to_owned()),
        Spread::Rows { rows_a_point, larger_than } => {
            (format!("intDiv(whole, {}) + 1", rows_a_point.max(1)), format!("whole > {larger_than}"))
        }
    };
    format!(
        "WITH marks AS (\n\
         SELECT splitByChar('_', part_name)[1] AS partition_id, rows_in_granule,\n\
         [{KEY_OF_INDEX} APPLY (x -> hex(formatRow('RowBinary', x)))] AS key,\n\
         [{KEY_OF_INDEX} APPLY (toTypeName)] AS types, tuple({KEY_OF_INDEX}) AS t\n\
         FROM {index} WHERE rows_in_granule > 0),\n\
         placed AS (\n\
         SELECT partition_id, rows_in_granule, key, types,\n\
         sum(rows_in_granule) OVER (PARTITION BY partition_id ORDER BY {order} ROWS UNBOUNDED PRECEDING) - rows_in_granule AS before,\n\
         sum(rows_in_granule) OVER (PARTITION BY partition_id) AS whole, sum(rows_in_granule) OVER () AS everything FROM marks),\n\
         counted AS (SELECT *, {points} AS points FROM placed)\n\
         SELECT partition_id, argMin(key, before) AS tuple, if(min(before) = 0, any(types), []) AS types,\n\
         toString(sum(rows_in_granule)) AS row_count, toString(count()) AS granules, toString(min(before)) AS place\n\
         FROM counted WHERE {wanted} GROUP BY partition_id, intDiv(before, greatest(1, intDiv(whole + points - 1, points)))\n\
         ORDER BY partition_id, min(before)"
    )
}

/// Points from a sample of rows, each for an equal share of its partition's rows; with bytes, which a sample of rows tells.
pub(super) fn sample(table: &TableName, columns: &[KeyColumn], partitioned: bool, each: u32) -> String {
    let partition = if partitioned { "_partition_id" } else { "'all'" };
    let list = |column: &dyn Fn(&KeyColumn) -> String| columns.iter().map(column).collect::<Vec<_>>().join(", ");
    let bytes = format!("SELECT avg(byteSize(*)) FROM (SELECT * FROM {} LIMIT 10000)", table.quoted());
    if columns.is_empty() {
        return format!(
            "SELECT {partition} AS partition_id, [] AS tuple, [] AS types, toString(count()) AS row_count, toString(count()) AS granules, '0' AS place,\n\
             toString(toUInt64(ifNotFinite(ifNull(({bytes}), 0), 0) * count())) AS byte_count\n\
             FROM {} GROUP BY partition_id ORDER BY partition_id",
            table.quoted()
        );
    }
    let hex = list(&|column| format!("hex(formatRow('RowBinary', {}))", column.expression));
    let types = list(&|column| format!("toTypeName({})", column.expression));
    let values = list(&|column| column.expression.clone());
    let directions: Vec<bool> = columns.iter().map(|column| column.descending).collect();
    let count = u32::try_from(columns.len()).unwrap_or(0);
    let order = order(count, |at| usize::try_from(at).ok().and_then(|at| directions.get(at).copied()).unwrap_or(false));
    format!(
        "WITH sampled AS (\n\
         SELECT {partition} AS partition_id, count() AS rows, groupArraySample({each}, 1)(tuple(tuple({values}), [{hex}])) AS picked,\n\
         any([{types}]) AS types FROM {} GROUP BY partition_id),\n\
         spread AS (SELECT partition_id, rows, types, length(picked) AS n, one.1 AS t, one.2 AS key FROM sampled ARRAY JOIN picked AS one),\n\
         placed AS (SELECT *, row_number() OVER (PARTITION BY partition_id ORDER BY {order}) AS at FROM spread)\n\
         SELECT partition_id, key AS tuple, if(at = 1, types, []) AS types,\n\
         toString(intDiv(rows * at, n) - intDiv(rows * (at - 1), n)) AS row_count, toString(intDiv(rows, n)) AS granules, toString(at) AS place,\n\
         toString(toUInt64(ifNotFinite(ifNull(({bytes}), 0), 0) * rows)) AS byte_count\n\
         FROM placed ORDER BY partition_id, at",
        table.quoted()
    )
}

/// Every so many rows' whole key, for rows of single index tuples. Parts are stored in the key's order, so rows at even
/// distances in each of them lie at even shares of all.
pub(super) fn below(table: &TableName, columns: &[KeyColumn], rows_a_point: u64, spans: &[KeySpan]) -> String {
    let list = |render: &dyn Fn(&KeyColumn) -> String| columns.iter().map(render).collect::<Vec<_>>().join(", ");
    let key = list(&|column| format!("hex(formatRow('RowBinary', {}))", column.expression));
    let types = list(&|column| format!("toTypeName({})", column.expression));
    let values = list(&|column| column.expression.clone());
    let table = table.quoted();
    // Among the table's own columns stands only one other name: a key may have a column `t` or `key`.
    let one = |(at, span): (usize, &KeySpan)| {
        let condition = key_predicate::of_key(span, columns);
        format!(
            "SELECT tuple({at}, [{key}], [{types}], tuple({values})) AS _picked FROM {table}\n\
             WHERE ({condition}) AND _part_offset % {} = 0",
            rows_a_point.max(1)
        )
    };
    let picked = spans.iter().enumerate().map(one).collect::<Vec<_>>().join("\nUNION ALL\n");
    let count = u32::try_from(columns.len()).unwrap_or(0);
    let order = order(count, |at| usize::try_from(at).ok().and_then(|at| columns.get(at)).is_some_and(|column| column.descending));
    format!(
        "SELECT at, key AS tuple, toString(row_number() OVER (ORDER BY at, {order})) AS place, if(place = '1', types, []) AS types\n\
         FROM (\n\
         SELECT _picked.1 AS at, _picked.2 AS key, _picked.3 AS types, _picked.4 AS t FROM (\n{picked}\n))\n\
         ORDER BY at, {order}"
    )
}

/// The order of key tuples `t`: NULL and NaN are above every value, so they come last, or first where sorted downwards.
fn order(columns: u32, descending: impl Fn(u32) -> bool) -> String {
    let one = |at: u32| {
        let direction = if descending(at) { "DESC NULLS FIRST" } else { "ASC NULLS LAST" };
        format!("t.{} {direction}", at + 1)
    };
    (0..columns).map(one).collect::<Vec<_>>().join(", ")
}
