//! Queries that compare contents, and the one that clears a span.
//!
//! A fingerprint is `count()`, the sum and the xor of a hash of each row, independent of order. The hash is of a
//! *tuple* of the columns: `cityHash64(a, b)` is NULL as soon as one argument is, and such rows would not be compared.

use serde::{Deserialize, Serialize};

use crate::engine::{self, Folding};
use crate::plan::{ColumnMapping, Mode, PlanCore, Statement};
use crate::snapshot::Snapshot;
use crate::sql::fence;
use crate::sql::identifier::Identifier;
use crate::sql::literal;
use crate::sql::partition;
use crate::sql::predicate;
use crate::sql::tokens::{self, Token};
use crate::time_column;
use crate::write_path;

/// What can be compared after a plan ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Each chunk's rows can be told by its span in the target.
    PerChunk,
    /// Only the whole of what the plan writes, against the whole target.
    WholeTarget,
    /// Contents cannot be compared.
    Unprovable {
        /// Why, in words.
        reason: String,
    },
}

/// How far the contents of source and target can be compared.
pub fn proof(core: &PlanCore, snapshot: &Snapshot) -> Proof {
    match engine::folding(&snapshot.target.engine) {
        Some(Folding::None) if core.mode == Mode::Copy && core.tells_target() => Proof::PerChunk,
        Some(Folding::None) => match written(core, snapshot) {
            Ok(_) => Proof::WholeTarget,
            Err(reason) => Proof::Unprovable { reason },
        },
        Some(Folding::Summing) => match written(core, snapshot).and_then(|columns| summing(&columns, snapshot).map(|_| ())) {
            Ok(()) => Proof::WholeTarget,
            Err(reason) => Proof::Unprovable { reason },
        },
        Some(Folding::Aggregating | Folding::Replacing | Folding::Collapsing | Folding::Graphite) | None => Proof::Unprovable {
            reason: format!(
                "{} is a {}: it folds rows, so its contents cannot be compared with the rows inserted",
                snapshot.target.name, snapshot.target.engine
            ),
        },
    }
}

/// Fingerprint of chunk `i` in the source, as its statement selects it.
pub fn source_fingerprint(core: &PlanCore, i: usize) -> String {
    let statement = core.chunks.get(i).and_then(|chunk| core.statements.get(usize::try_from(chunk.statement).ok()?));
    let Some(statement) = statement else { return String::new() };
    let (rows, filters) = selected(core, statement, &statement.columns, &core.predicate(i));
    asked(core, &fingerprint(&statement.columns, &rows), filters.as_deref())
}

/// Fingerprint of chunk `i` in the target. Only with [`Proof::PerChunk`].
pub fn target_fingerprint(core: &PlanCore, i: usize) -> String {
    let statement = core.chunks.get(i).and_then(|chunk| core.statements.get(usize::try_from(chunk.statement).ok()?));
    let Some(statement) = statement else { return String::new() };
    let rows = format!("SELECT {} FROM {} WHERE {}", names(&statement.columns), core.target.name.quoted(), target_predicate(core, i));
    asked(core, &fingerprint(&statement.columns, &rows), None)
}

/// Fingerprints of several chunks of a copy in the target, in one pass over it: a line for each that has rows, with its
/// number as `chunk`. Only with [`Proof::PerChunk`].
pub fn target_fingerprints(core: &PlanCore, chunks: &[usize]) -> String {
    let Some(statement) = core.statements.first() else { return String::new() };
    let conditions: Vec<(usize, String)> = chunks.iter().map(|i| (*i, target_predicate(core, *i))).collect();
    let told: Vec<String> = conditions.iter().map(|(i, condition)| format!("{condition}, {}", i + 1)).collect();
    let any: Vec<String> = conditions.into_iter().map(|(_, condition)| format!("({condition})")).collect();
    let columns = names(&statement.columns);
    let question = format!(
        "SELECT toString(penstock_chunk - 1) AS chunk, {TOTALS} FROM (\n\
         SELECT penstock_chunk, cityHash64(tuple({columns})) AS penstock_hash FROM (\n\
         SELECT {columns}, multiIf({}, 0) AS penstock_chunk FROM {} WHERE {}\n))\n\
         WHERE penstock_chunk > 0 GROUP BY penstock_chunk",
        told.join(", "),
        core.target.name.quoted(),
        any.join(" OR ")
    );
    asked(core, &question, None)
}

/// How many rows of the target the server would read for chunk `i`, or for all of it: known from its indexes alone.
pub fn target_reads(core: &PlanCore, i: Option<usize>) -> String {
    let condition = i.map_or_else(|| "1".into(), |i| target_predicate(core, i));
    let columns = core.statements.first().map(|statement| names(&statement.columns)).unwrap_or_default();
    format!(
        "SELECT toString(sum(rows)) AS rows FROM (EXPLAIN ESTIMATE SELECT {columns} FROM {} WHERE {condition})\nFORMAT JSONEachRow",
        core.target.name.quoted()
    )
}

/// The partitions of the target that hold something in chunk `i`'s span. Only with [`Proof::PerChunk`].
pub fn touched_partitions(core: &PlanCore, i: usize) -> String {
    let question = format!("SELECT DISTINCT _partition_id AS id FROM {} WHERE {}", core.target.name.quoted(), target_predicate(core, i));
    asked(core, &question, None)
}

/// Removes chunk `i`'s rows from the target. Only with [`Proof::PerChunk`], and only where this job wrote them.
///
/// Finds no rows once the server's clock has passed `deadline_ms`: by then somebody may have sent the rows again. With the
/// setting, the server looks at its clock when it takes the statement up, not when it gets to each part.
pub fn clear_span(core: &PlanCore, i: usize, deadline_ms: i64) -> String {
    format!(
        "ALTER TABLE {} DELETE WHERE ({}) AND {} SETTINGS mutations_sync = 2, mutations_execute_nondeterministic_on_initiator = 1",
        core.target.name.quoted(),
        target_predicate(core, i),
        fence::in_time(deadline_ms)
    )
}

/// Fingerprint of all that the plan writes, from the source, folded as the target folds it.
pub fn whole_source(core: &PlanCore, snapshot: &Snapshot) -> String {
    let columns = written(core, snapshot).unwrap_or_default();
    let window = predicate::of_window(core);
    let parts: Vec<(String, Option<String>)> =
        core.statements.iter().map(|statement| selected(core, statement, &columns, &window)).collect();
    let filters = parts.first().and_then(|(_, filters)| filters.as_deref());
    let rows: Vec<&str> = parts.iter().map(|(rows, _)| rows.as_str()).collect();
    asked(core, &whole(snapshot, &columns, &rows.join("\nUNION ALL\n")), filters)
}

/// Fingerprint of the whole target, folded.
pub fn whole_target(core: &PlanCore, snapshot: &Snapshot) -> String {
    let columns = written(core, snapshot).unwrap_or_default();
    let rows = format!("SELECT {} FROM {}", names(&columns), core.target.name.quoted());
    asked(core, &whole(snapshot, &columns, &rows), None)
}

/// A question that is read as the plan's statements read, whatever the user's profile says.
fn asked(core: &PlanCore, question: &str, filters: Option<&str>) -> String {
    format!("{question}{}\nFORMAT JSONEachRow", write_path::clause(&core.settings, filters))
}

/// Every column that some statement writes, in the target's order; or why they cannot be compared together.
///
/// A view that leaves a column out gives it the type's default there. One that has a default expression would need the
/// server to evaluate it, so it is not compared.
fn written(core: &PlanCore, snapshot: &Snapshot) -> Result<Vec<ColumnMapping>, String> {
    let writes = |statement: &Statement, name: &Identifier| statement.columns.iter().any(|column| &column.name == name);
    let mut columns = Vec::new();
    for column in &snapshot.target.columns {
        let writers = core.statements.iter().filter(|statement| writes(statement, &column.name)).count();
        if writers == 0 {
            continue;
        }
        if writers < core.statements.len() && !column.default_kind.is_none() {
            return Err(format!("not every view writes '{}', which has a default expression", column.name));
        }
        columns.push(ColumnMapping { expression: column.name.quoted(), name: column.name.clone(), type_name: column.type_name.clone() });
    }
    Ok(columns)
}

fn target_predicate(core: &PlanCore, i: usize) -> String {
    core.target_predicate(i).unwrap_or_else(|| "0".into())
}

/// The rows that a statement inserts under a condition, as `columns` of the target; and the filters of tables that it needs.
fn selected(core: &PlanCore, statement: &Statement, columns: &[ColumnMapping], condition: &str) -> (String, Option<String>) {
    let given = |wanted: &ColumnMapping| {
        let own = statement.columns.iter().find(|column| column.name == wanted.name).map(|column| column.expression.clone());
        own.unwrap_or_else(|| format!("defaultValueOfTypeName({})", literal::string(&wanted.type_name)))
    };
    let list: Vec<String> = columns.iter().map(|column| format!("{} AS {}", given(column), column.name.quoted())).collect();
    let list = list.join(", ");
    match &statement.view {
        // The condition is applied below the projection, where the names still mean the source's columns.
        None => (
            format!("SELECT {list} FROM (SELECT {} FROM {} WHERE {condition})", names(&statement.columns), core.source.name.quoted()),
            None,
        ),
        Some(view) => (
            format!("SELECT {list} FROM (\n{}\n)", view.select),
            Some(format!("{{{}: {}}}", literal::string(&core.source.name.to_string()), literal::string(condition))),
        ),
    }
}

fn whole(snapshot: &Snapshot, columns: &[ColumnMapping], rows: &str) -> String {
    match (engine::folding(&snapshot.target.engine), summing(columns, snapshot)) {
        (Some(Folding::Summing), Ok(summing)) => {
            let key = summing.key.iter().map(|column| column.name.quoted()).collect::<Vec<_>>().join(", ");
            let sums: Vec<String> =
                summing.summed.iter().map(|column| format!("CAST(sum({}) AS {})", column.name.quoted(), column.type_name)).collect();
            // A row whose sums are all zero disappears when parts merge.
            let left: Vec<String> = sums.iter().map(|sum| format!("{sum} != 0")).collect();
            let hashed = summing.key.iter().map(|column| column.name.quoted()).chain(sums).collect::<Vec<_>>().join(", ");
            total(&format!(
                "SELECT cityHash64(tuple({hashed})) AS penstock_hash FROM (\n{rows}\n) GROUP BY {key} HAVING {}",
                left.join(" OR ")
            ))
        }
        _ => fingerprint(columns, rows),
    }
}

fn fingerprint(columns: &[ColumnMapping], rows: &str) -> String {
    total(&format!("SELECT cityHash64(tuple({})) AS penstock_hash FROM (\n{rows}\n)", names(columns)))
}

/// A fingerprint over hashes of rows.
const TOTALS: &str = "toString(count()) AS rows, toString(sum(penstock_hash)) AS sum, toString(groupBitXor(penstock_hash)) AS xor";

fn total(hashes: &str) -> String {
    format!("SELECT {TOTALS} FROM (\n{hashes}\n)")
}

fn names(columns: &[ColumnMapping]) -> String {
    columns.iter().map(|column| column.name.quoted()).collect::<Vec<_>>().join(", ")
}

/// How a `SummingMergeTree` target folds the plan's columns.
struct Summing<'a> {
    key: Vec<&'a ColumnMapping>,
    summed: Vec<&'a ColumnMapping>,
}

/// Which written columns are key and which are summed; or why that cannot be compared.
fn summing<'a>(columns: &'a [ColumnMapping], snapshot: &Snapshot) -> Result<Summing<'a>, String> {
    let target = &snapshot.target;
    let mut key_names = time_column::key_columns(&target.sorting_key);
    let key_items = target.sorting_key.split(',').filter(|item| !item.trim().is_empty()).count();
    if key_names.is_empty() || key_names.len() != key_items {
        return Err(format!("the sorting key ({}) is not a list of columns", target.sorting_key));
    }
    // Rows of different partitions are never added up, and the engine sums no column of the partition key.
    let of_partition = columns.iter().map(|column| column.name.as_str()).filter(|name| tokens::mentions(&target.partition_key, name));
    let beside: Vec<String> = of_partition.filter(|name| !key_names.iter().any(|key| key == name)).map(str::to_owned).collect();
    let plain = partition::columns(&target.partition_key);
    if let Some(inner) = beside.iter().find(|name| !plain.contains(name)) {
        return Err(format!(
            "'{inner}' is neither key nor summed, but in the partition key: which of its values is kept depends on merges"
        ));
    }
    key_names.extend(beside);
    let key: Vec<&ColumnMapping> = columns.iter().filter(|column| key_names.iter().any(|name| name == column.name.as_str())).collect();
    if key.len() != key_names.len() {
        return Err("not every column of the sorting key is written".into());
    }
    let named = summed_by_engine(&target.engine_full);
    let is_key = |column: &ColumnMapping| key_names.iter().any(|name| name == column.name.as_str());
    let summed: Vec<&ColumnMapping> = columns
        .iter()
        .filter(|column| !is_key(column) && (named.is_empty() || named.iter().any(|name| name == column.name.as_str())))
        .collect();
    if let Some(other) = summed.iter().find(|column| !adds_exactly(&column.type_name)) {
        return Err(format!("'{}' is a {}: its sums depend on their order, or on how rows were merged", other.name, other.type_name));
    }
    if let Some(kept) = columns.iter().find(|column| !is_key(column) && !summed.iter().any(|summed| summed.name == column.name)) {
        return Err(format!("'{}' is neither key nor summed: which of its values is kept depends on merges", kept.name));
    }
    if summed.is_empty() {
        return Err("no column is summed".into());
    }
    Ok(Summing { key, summed })
}

/// Integers and decimals: their sums do not depend on the order.
fn adds_exactly(type_name: &str) -> bool {
    type_name.starts_with("UInt") || type_name.starts_with("Int") || type_name.starts_with("Decimal")
}

/// Whether a `SummingMergeTree` that was not told what to sum sums such a column.
pub(crate) fn is_number(type_name: &str) -> bool {
    let inner = type_name.strip_prefix("Nullable(").unwrap_or(type_name);
    adds_exactly(inner)
        || inner.starts_with("Float")
        || inner.starts_with("BFloat")
        || inner.starts_with("Map(")
        || inner.starts_with("Array(")
}

/// The columns that the engine was told to sum; empty when it sums every number.
pub(crate) fn summed_by_engine(engine_full: &str) -> Vec<String> {
    let seen = tokens::tokens(engine_full);
    let Some(Token::Symbol('(')) = seen.get(1) else { return Vec::new() };
    let mut depth = 0_i32;
    let arguments = seen.iter().skip(1).take_while(|token| {
        depth += match token {
            Token::Symbol('(') => 1,
            Token::Symbol(')') => -1,
            Token::Word(_) | Token::Quoted(_) | Token::Text(_) | Token::Number(_) | Token::Symbol(_) => 0,
        };
        depth > 0
    });
    arguments.filter_map(|token| token.name().map(str::to_owned)).collect()
}
