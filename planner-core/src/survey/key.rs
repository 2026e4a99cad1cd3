//! How the source is spread over its sorting key: from the index, else from a sample, else unknown.

use super::{Stop, SurveySpec, need};
use crate::answer;
use crate::chunking::size_budget::Heavy;
use crate::engine;
use crate::histogram::{KeyHistogram, KeyOrigin, MOST_POINTS};
use crate::key::{self, KeyColumn, KeySpan};
use crate::limits::MOST_BELOW;
use crate::probe::{self, Answers, Probe, Spread};
use crate::refusal::Refusal;
use crate::snapshot::{Partition, Stored, Table};
use crate::sql::identifier::Identifier;
use crate::time_column;

/// The source's distribution over its sorting key: from the index, else from a sample, else unknown.
pub(super) fn profile_key(spec: &SurveySpec, source: &mut Table, answers: &Answers) -> Result<(), Stop> {
    let stored = engine::folding(&source.engine).is_some();
    if !(stored && source.stored.rows > 0 || engine::readable(&source.engine)) {
        return Ok(());
    }
    let mut why = None;
    if stored && !source.primary_key.is_empty() {
        let probe = key_probe(source);
        let [answer] = need(answers, [probe.clone()])?;
        match (probe::words_of_refusal(answer), &probe) {
            (None, Probe::KeyMarks { spread, .. }) => {
                source.keys = Some(marks(source, answer, *spread)?);
                return Ok(());
            }
            (words, _) => why = words.map(|words| format!("the index cannot be read ({words})")),
        }
    }
    if stored && source.sorting_key.is_empty() {
        source.keys = Some(KeyHistogram::unknown("the table has no sorting key"));
        return Ok(());
    }
    let time = time_column::resolve(spec.time_column.as_ref(), &spec.policy, source).ok();
    let probe = sample_probe(source, time.map(|time| time.column));
    let Probe::KeySample { columns, .. } = &probe else { return Ok(()) };
    let [answer] = need(answers, [probe.clone()])?;
    if let Some(words) = probe::words_of_refusal(answer) {
        source.keys = Some(KeyHistogram::unknown(why.unwrap_or_else(|| format!("its rows cannot be sampled ({words})"))));
        return Ok(());
    }
    let mut keys = answer::keys(answer, KeyOrigin::Sample, columns.clone())?;
    keys.histogram.why = why.unwrap_or_else(|| format!("{} is a {}, which has no index", source.name, source.engine));
    if keys.histogram.columns.is_empty() {
        keys.histogram.origin = KeyOrigin::Unknown;
    }
    // A source without parts: what the sample tells of it stands for one.
    if source.partitions.is_empty() {
        source.partitions.extend(keys.sizes.into_iter().map(|(id, (rows, bytes))| Partition { bytes, id, rows, times: None }));
        source.stored = Stored::of(&source.partitions);
    }
    source.keys = Some(keys.histogram);
    Ok(())
}

/// Number of the primary index's columns, and the positions of those sorted downwards.
pub(super) fn index_shape(table: &Table) -> (u32, Vec<u32>) {
    let columns = u32::try_from(key::primary_length(table)).unwrap_or(0);
    (columns, table.descending.iter().copied().filter(|at| *at < columns).collect())
}

/// The probe that tells how a table is spread over its sorting key.
pub(crate) fn key_probe(table: &Table) -> Probe {
    let partitions = u32::try_from(table.partitions.len()).unwrap_or(u32::MAX).max(1);
    // Half of the points evenly, at least 16 for each of the first hundreds of partitions, half where the rows are.
    finer_key_probe(table, Spread::Points { each: MOST_POINTS / 2 / partitions, shared: MOST_POINTS / 2 })
}

/// The same with so many points.
pub(crate) fn finer_key_probe(table: &Table, spread: Spread) -> Probe {
    let (columns, descending) = index_shape(table);
    Probe::KeyMarks { table: table.name.clone(), columns, descending, spread }
}

/// The whole sorting key, where it has columns that the histogram does not tell; those that it tells with their types.
pub(super) fn columns_below(table: &Table) -> Option<Vec<KeyColumn>> {
    let known = table.keys.as_ref().filter(|histogram| histogram.origin == KeyOrigin::IndexMarks)?;
    let mut columns = key::sorting_columns(table);
    let told = known.columns.iter().filter(|column| !column.type_name.is_empty());
    for (column, told) in columns.iter_mut().zip(told) {
        column.type_name.clone_from(&told.type_name);
    }
    let index = known.columns.len().min(key::primary_length(table));
    (columns.len() > index && index > 0).then_some(columns)
}

/// The probe that looks below tuples which the index does not divide, where the sorting key goes on.
pub(crate) fn below_probe(table: &Table, heavy: &[Heavy], rows_a_point: u64) -> Option<Probe> {
    let looked = |one: &Heavy| {
        let below = table.keys.as_ref().and_then(|histogram| histogram.below.get(&one.partition));
        below.is_some_and(|tuples| tuples.contains(&one.from))
    };
    let columns = columns_below(table)?;
    let mut heaviest: Vec<&Heavy> = heavy.iter().collect();
    heaviest.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| (&a.partition, &a.from).cmp(&(&b.partition, &b.from))));
    heaviest.truncate(MOST_BELOW);
    let span = |one: &&Heavy| KeySpan {
        bucket: None,
        from: Some(one.from.clone()),
        partitions: if table.partition_key.is_empty() { Vec::new() } else { vec![one.partition.clone()] },
        to: one.to.clone(),
    };
    let spans: Vec<KeySpan> = heaviest.iter().filter(|one| !looked(one)).map(span).collect();
    (!spans.is_empty()).then(|| Probe::KeyBelow { table: table.name.clone(), columns, rows_a_point, spans })
}

/// Adds what was found below tuples; a refusal is remembered as nothing found.
pub(super) fn deepen(source: &mut Table, text: &str, columns: &[KeyColumn], spans: &[KeySpan]) -> Result<(), Refusal> {
    let found = match probe::words_of_refusal(text) {
        Some(_) => answer::below("", Vec::new())?,
        None => answer::below(text, columns.to_vec())?,
    };
    let Some(histogram) = &mut source.keys else { return Ok(()) };
    let deeper = found.columns.len() > histogram.columns.len();
    for (at, span) in spans.iter().enumerate() {
        let partition = span.partitions.first().cloned().or_else(|| histogram.partitions.keys().next().cloned());
        let tuples = found.tuples.get(&at).filter(|_| deeper || found.columns.len() == histogram.columns.len());
        if let (Some(partition), Some(from)) = (partition, &span.from) {
            histogram.deepen(&partition, from, tuples.map(Vec::as_slice).unwrap_or_default());
        }
    }
    if deeper {
        histogram.columns = found.columns;
    }
    Ok(())
}

/// The probe that samples a table's sorting key; of a source without one, its time column.
pub(super) fn sample_probe(table: &Table, time: Option<Identifier>) -> Probe {
    let partitioned = engine::folding(&table.engine).is_some();
    let columns = if partitioned {
        key::sorting_columns(table)
    } else {
        time.map(|column| KeyColumn { descending: false, expression: column.quoted(), type_name: String::new() }).into_iter().collect()
    };
    let partitions = u32::try_from(table.partitions.len()).unwrap_or(u32::MAX).max(1);
    Probe::KeySample { table: table.name.clone(), columns, partitioned, each: (4 * MOST_POINTS / partitions).max(64) }
}

/// Reads points of the primary index.
pub(super) fn marks(table: &Table, text: &str, spread: Spread) -> Result<KeyHistogram, Refusal> {
    let mut columns = key::sorting_columns(table);
    columns.truncate(key::primary_length(table));
    let mut histogram = answer::keys(text, KeyOrigin::IndexMarks, columns)?.histogram;
    if let Spread::Rows { rows_a_point, .. } = spread {
        histogram.rows_a_point = rows_a_point;
    }
    if histogram.columns.is_empty() {
        histogram =
            KeyHistogram::unknown(format!("the leading column of its key ({}) has a type that cuts cannot name", table.primary_key));
    }
    Ok(histogram)
}
