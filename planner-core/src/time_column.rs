//! Which column bounds the window, and how its distribution is found out.

use crate::policy::Policy;
use crate::probe::Probe;
use crate::refusal::Refusal;
use crate::snapshot::{Column, DefaultKind, Partition, ProfileOrigin, Table, TimeBucket, TimeProfile};
use crate::sql::identifier::Identifier;
use crate::sql::partition;
use crate::sql::time_type::{TimeKind, TimeType};
use crate::sql::tokens::{self, Token};

/// Names that people give to the time of an event, most telling first.
const USUAL_NAMES: &[&str] = &[
    "created_at",
    "timestamp",
    "event_time",
    "ts",
    "time",
    "event_timestamp",
    "occurred_at",
    "inserted_at",
    "ingested_at",
    "updated_at",
    "datetime",
    "event_date",
    "date",
    "day",
];

/// A time column and why it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The column.
    pub column: Identifier,
    /// Its type.
    pub time: TimeType,
    /// Its type as the server writes it.
    pub type_name: String,
    /// For people: `first time column of the sorting key`.
    pub why: &'static str,
}

/// Resolves the time column: given, configured for the table, configured default, sorting key, usual names, partition key.
pub fn resolve(given: Option<&Identifier>, policy: &Policy, table: &Table) -> Result<Resolved, Refusal> {
    if let Some(name) = given {
        return named(table, name, "given");
    }
    if let Some(name) = policy.time_columns.get(&table.name.to_string()) {
        return named(table, name, "configured for the table");
    }
    if let Some(column) = policy.default_time_column.as_ref().and_then(|name| table.column(name))
        && let Some(found) = of_column(column, "configured default")
    {
        return Ok(found);
    }
    detected(table).ok_or_else(|| {
        Refusal::new(
            "no-time-column",
            format!(
                "{} has no column that looks like its time: none in the sorting key, none of a usual name, none in the partition key",
                table.name
            ),
            "name it: time_column in the request, or [tables.\"db.table\"] time_column in penstock.toml",
        )
    })
}

/// The probe that tells how a table is spread over the column; none where the partitions tell it already.
pub fn profile_probe(table: &Table, column: &Identifier) -> Option<Probe> {
    let of_table = || (table.name.clone(), column.clone());
    if key_columns(&table.primary_key).contains(&column.as_str().to_owned()) {
        let (table, column) = of_table();
        return Some(Probe::TimeMarks { table, column });
    }
    if from_partitions(table, column).is_some() {
        return None;
    }
    let (table, column) = of_table();
    Some(Probe::TimeColumn { table, column })
}

/// What partitions' minima and maxima say of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing: they may be another column's.
    Nothing,
    /// About where its values lie. The server keeps them in 32 bits, and a `DateTime64` outside of 1970 to 2106 wraps.
    Roughly,
    /// All of its values lie between them.
    Exactly,
}

/// What the partitions of a table tell of a column. The server has one pair of bounds for dates and one for moments, and
/// fills them only where the partition key reads a single column of such a type.
pub(crate) fn told_by_partitions(table: &Table, column: &Identifier) -> Told {
    let read = table.columns.iter().filter(|known| tokens::mentions(&table.partition_key, known.name.as_str()));
    let mut times = read.filter_map(|known| TimeType::of(&known.type_name).map(|time| (&known.name, time)));
    match (times.next(), times.next()) {
        (Some((only, time)), None) if only == column => match time.kind {
            TimeKind::Date | TimeKind::DateTime => Told::Exactly,
            TimeKind::DateTime64(_) => Told::Roughly,
            TimeKind::Date32 => Told::Nothing,
        },
        _ => Told::Nothing,
    }
}

/// The same of one partition: where its id spells the time that its values have, bounds that agree with it did not wrap.
pub(crate) fn told_by(partition: &Partition, told: Told, table: &Table, column: &Identifier) -> Told {
    let spelt = || partition::spelt(&table.partition_key, column.as_str(), &partition.id);
    match (told, partition.times) {
        (Told::Roughly, Some((first, last))) if spelt().is_some_and(|(from, to)| from <= first && first <= last && last < to) => {
            Told::Exactly
        }
        _ => told,
    }
}

/// A profile from the partitions' minima and maxima, where they are the column's.
pub fn from_partitions(table: &Table, column: &Identifier) -> Option<TimeProfile> {
    if told_by_partitions(table, column) == Told::Nothing {
        return None;
    }
    let ranges: Option<Vec<(i64, i64, u64)>> = table
        .partitions
        .iter()
        .map(|partition| partition.times.map(|(first, last)| (first.0, last.0.saturating_add(1000), partition.rows)))
        .collect();
    let ranges = ranges?;
    let (first, last) = (ranges.iter().map(|r| r.0).min()?, ranges.iter().map(|r| r.1).max()?);
    let quarter = 900_000;
    let step = ((last - first) / i64::from(crate::limits::MAX_PROFILE_BUCKETS) / quarter + 1) * quarter;
    let mut rows_by_start = std::collections::BTreeMap::<i64, u64>::new();
    for (from, to, rows) in ranges {
        let mut start = from.div_euclid(step) * step;
        let mut spread = 0;
        while start < to {
            let part = (start + step).min(to) - from;
            let upto = u64::try_from(u128::from(rows) * u128::from(part.unsigned_abs()) / u128::from((to - from).max(1).unsigned_abs()))
                .unwrap_or(rows);
            *rows_by_start.entry(start).or_default() += upto - spread;
            spread = upto;
            start += step;
        }
    }
    let bucket = |(start, rows): (i64, u64)| {
        let start = crate::quantity::UnixMillis(start);
        TimeBucket { max: start.plus(step - 1), min: start, rows, start }
    };
    Some(TimeProfile {
        buckets: rows_by_start.into_iter().map(bucket).collect(),
        null_rows: 0,
        origin: ProfileOrigin::Parts,
        step_ms: step,
    })
}

/// The plain columns of a key expression list, in order; expressions are left out.
pub fn key_columns(key: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut items: Vec<Vec<Token>> = vec![Vec::new()];
    for token in tokens::tokens(key) {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') => depth = depth.saturating_sub(1),
            Token::Symbol(',') if depth == 0 => {
                items.push(Vec::new());
                continue;
            }
            Token::Word(_) | Token::Quoted(_) | Token::Text(_) | Token::Number(_) | Token::Symbol(_) => {}
        }
        if let Some(item) = items.last_mut() {
            item.push(token);
        }
    }
    items
        .iter()
        .filter_map(|item| match item.as_slice() {
            [one] => one.name(),
            [one, direction] if direction.is("DESC") || direction.is("ASC") => one.name(),
            _ => None,
        })
        .map(str::to_owned)
        .collect()
}

fn named(table: &Table, name: &Identifier, why: &'static str) -> Result<Resolved, Refusal> {
    let Some(column) = table.column(name) else {
        return Err(Refusal::new(
            "time-column-missing",
            format!("{} has no column '{name}' ({why})", table.name),
            format!("choose one of: {}", time_columns(table).join(", ")),
        ));
    };
    of_column(column, why).ok_or_else(|| {
        Refusal::new(
            "time-column-type",
            format!("column '{name}' of {} is a {}, which holds no moment ({why})", table.name, column.type_name),
            format!("choose a Date, Date32, DateTime or DateTime64 column: {}", time_columns(table).join(", ")),
        )
    })
}

/// Names of all columns that hold a moment and can be read.
pub fn time_columns(table: &Table) -> Vec<String> {
    table.columns.iter().filter(|column| of_column(column, "").is_some()).map(|column| column.name.to_string()).collect()
}

fn of_column(column: &Column, why: &'static str) -> Option<Resolved> {
    if column.default_kind == DefaultKind::Ephemeral {
        return None;
    }
    let time = TimeType::of(&column.type_name)?;
    Some(Resolved { column: column.name.clone(), time, type_name: column.type_name.clone(), why })
}

fn detected(table: &Table) -> Option<Resolved> {
    let by_name =
        |name: &str, why| table.columns.iter().find(|column| column.name.as_str() == name).and_then(|column| of_column(column, why));
    let in_key: Vec<Resolved> =
        key_columns(&table.sorting_key).iter().filter_map(|name| by_name(name, "first time column of the sorting key")).collect();
    let precise = in_key.iter().find(|found| matches!(found.time.kind, TimeKind::DateTime | TimeKind::DateTime64(_)));
    precise.or_else(|| in_key.first()).cloned().or_else(|| USUAL_NAMES.iter().find_map(|name| by_name(name, "a usual name"))).or_else(
        || {
            table
                .columns
                .iter()
                .filter(|column| tokens::mentions(&table.partition_key, column.name.as_str()))
                .find_map(|column| of_column(column, "time column of the partition key"))
        },
    )
}
