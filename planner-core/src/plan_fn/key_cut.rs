//! Cutting along partitions and the sorting key.

use super::{Cutting, Detail, Stop, time_cut};
use crate::chunking::size_budget::{self, Heavy, Slice, Task};
use crate::chunking::{bounded, partitions};
use crate::engine;
use crate::histogram::{KeyHistogram, KeyOrigin};
use crate::key::{self, KeyAxis};
use crate::limits::{MOST_POINTS_BELOW, POINTS_A_CHUNK};
use crate::plan::{Mode, Span, Statement};
use crate::probe::Probe;
use crate::profile::Totals;
use crate::rationale::Note;
use crate::refusal::Refusal;
use crate::request::{Method, Request, Window};
use crate::snapshot::{Partition, Snapshot, Table};
use crate::sql::grain;
use crate::sql::identifier::Identifier;
use crate::survey;
use crate::time_column::{self, Resolved, Told};

/// Spans of partitions and key tuples, with estimates from the key's histogram.
pub(super) fn cut(
    request: &Request,
    snapshot: &Snapshot,
    mode: Mode,
    statements: &[Statement],
    read_bytes: u64,
    detail: Detail,
) -> Result<Cutting, Stop> {
    let source = &snapshot.source;
    let mut notes = Vec::new();
    let time = match request.window {
        None => None,
        Some(window) => {
            let time = time_column::resolve(request.time_column.as_ref(), &snapshot.policy, source)?;
            time_cut::check_window(request, snapshot, window, &time)?;
            notes.push(time_cut::column_note(&time));
            Some(time)
        }
    };
    let partitioned = is_partitioned(source);
    let slices = slices(snapshot, request.window.zip(time.as_ref()), read_bytes);
    if slices.is_empty() {
        return Err(Refusal::new(
            "source-empty",
            format!("{} holds no rows{}", source.name, if time.is_some() { " in the window" } else { "" }),
            "nothing to do",
        )
        .into());
    }
    let Some(histogram) = &source.keys else {
        return Err(survey::key_probe(source).into());
    };
    let cut = match request.method {
        Method::SizeBudget { bytes: budget } => {
            size_budget::check(budget, slices.iter().map(|slice| slice.bytes).fold(0, u64::saturating_add))?;
            let pack = packing(snapshot, partitioned);
            let cut = size_budget::cut(&Task { budget, histogram, partitioned, pack: pack.is_ok(), slices: &slices });
            if let (Err(why), true) = (pack, slices.len() > 1) {
                notes.push(Note::info("partitions-not-packed", why));
            }
            notes.push(origin_note(histogram));
            cut
        }
        Method::Partitions | Method::TimeWindow { .. } | Method::CalendarDays { .. } => partitions::cut(&slices, partitioned),
    };
    if let (Some(spread), Detail::Wanted) = (cut.finer, detail) {
        return Err(survey::finer_key_probe(source, spread).into());
    }
    if let (Some(probe), Detail::Wanted) = (below(source, &cut.heavy), detail) {
        return Err(probe.into());
    }
    bounded(cut.spans.len() as u64, "a larger budget")?;
    notes.extend(cut.notes);
    if partitioned {
        notes.push(Note::info(
            "planned-partitions",
            format!("{} partitions are planned; rows that arrive later in another partition are not part of this plan", slices.len()),
        ));
    }
    let (spans, estimates): (Vec<Span>, Vec<_>) =
        cut.spans.into_iter().map(|(span, estimate)| (Span::Key(Box::new(span)), estimate)).unzip();
    let hashed = hashed(source, mode, statements);
    if hashed.is_empty() && spans.iter().any(|span| matches!(span, Span::Key(span) if span.bucket.is_some())) {
        return Err(Refusal::new("no-column-to-hash", format!("{} has no stored column", source.name), "choose another method").into());
    }
    let mut axis = KeyAxis { columns: histogram.columns.clone(), hashed, target_partition: None };
    if let (Mode::Copy, [statement]) = (mode, statements) {
        axis.target_partition = super::target::target_partition(snapshot, &axis, &statement.columns);
    }
    Ok(Cutting { estimates, key: Some(axis), notes, spans, time, window: request.window })
}

/// Asks for what divides heavy tuples further, where the sorting key goes on behind them.
fn below(source: &Table, heavy: &[Heavy]) -> Option<Probe> {
    let all: u64 = heavy.iter().map(|one| one.rows).fold(0, u64::saturating_add);
    let least = heavy.iter().map(|one| one.most).min()?;
    survey::below_probe(source, heavy, (least / POINTS_A_CHUNK / 4).max(all / MOST_POINTS_BELOW).max(1))
}

fn is_partitioned(source: &Table) -> bool {
    engine::folding(&source.engine).is_some() && !source.partition_key.is_empty() && source.partition_key != "tuple()"
}

/// Whether one chunk may carry several partitions, so that it writes no more of the target's than it reads; else why not.
fn packing(snapshot: &Snapshot, partitioned: bool) -> Result<(), String> {
    let (source, target) = (&snapshot.source, &snapshot.target);
    if !partitioned || target.partition_key.is_empty() || grain::nests(&source.partition_key, &target.partition_key) {
        return Ok(());
    }
    Err(format!(
        "each chunk reads one partition: {} is not partitioned more coarsely, and one block should touch few partitions",
        target.name
    ))
}

/// What is read of each partition: all of it, or the share that the window holds.
fn slices(snapshot: &Snapshot, window: Option<(Window, &Resolved)>, read_bytes: u64) -> Vec<Slice> {
    let source = &snapshot.source;
    let stored = u128::from(source.stored.bytes).max(1);
    let share = |bytes: u64| u64::try_from(u128::from(bytes) * u128::from(read_bytes) / stored).unwrap_or(u64::MAX);
    let told = window.map_or(Told::Nothing, |(_, time)| time_column::told_by_partitions(source, &time.column));
    let slice = |partition: &Partition| {
        let (part, of) = window.map_or((1, 1), |(window, time)| inside(partition, window, source, time, told));
        let of = of.max(1);
        let scaled = |value: u64| u64::try_from(u128::from(value) * u128::from(part) / u128::from(of)).unwrap_or(u64::MAX);
        (part > 0).then(|| Slice { bytes: scaled(share(partition.bytes)), id: partition.id.clone(), rows: scaled(partition.rows) })
    };
    source.partitions.iter().filter_map(slice).collect()
}

/// Rows of a partition that a window holds, against its rows. A partition that may reach into the window is never left out.
fn inside(partition: &Partition, window: Window, source: &Table, time: &Resolved, told: Told) -> (u64, u64) {
    let told = time_column::told_by(partition, told, source, &time.column);
    let range = partition.times.filter(|_| told != Told::Nothing);
    let totals = source.times.get(&time.column).map(Totals::new);
    let rows_in = |from, to| totals.as_ref().map_or(0, |totals| totals.rows_in(&Span::Time(Some(from), Some(to))));
    match range {
        // The partition's bounds are told to the second: its last instant may be up to one later.
        Some((min, max)) if max.plus(1000).0 <= window.from.0 || min.0 >= window.to.0 => match told {
            Told::Exactly => (0, 1),
            // Most likely none; but it is read.
            Told::Roughly | Told::Nothing => (1, u64::MAX),
        },
        Some((min, max)) if min >= window.from && max.plus(1000) <= window.to => (1, 1),
        Some((min, max)) => (rows_in(min.max(window.from), max.plus(1000).min(window.to)).max(1), rows_in(min, max.plus(1000)).max(1)),
        None => (rows_in(window.from, window.to).max(1), source.stored.rows.max(1)),
    }
}

/// The columns whose values tell rows apart: those that are written, or all that are stored where a view reads them.
fn hashed(source: &Table, mode: Mode, statements: &[Statement]) -> Vec<Identifier> {
    match (mode, statements) {
        (Mode::Copy, [statement]) => statement.columns.iter().map(|column| column.name.clone()).collect(),
        _ => source.columns.iter().filter(|column| column.default_kind.is_stored()).map(|column| column.name.clone()).collect(),
    }
}

fn origin_note(histogram: &KeyHistogram) -> Note {
    let points: usize = histogram.partitions.values().map(Vec::len).sum();
    let key = key::names(&histogram.columns);
    match histogram.origin {
        KeyOrigin::IndexMarks => {
            Note::info("key-from-index", format!("cuts along ({key}) from {points} points of the primary index: no data was read"))
        }
        KeyOrigin::Sample => Note::warning(
            "key-from-sample",
            format!("cuts along ({key}) from a sample of {points} rows: {}", histogram.why),
            "the key's columns were read once; chunks are less even than from the index",
        ),
        KeyOrigin::Unknown => Note::warning(
            "key-unknown",
            format!("no key is known: {}", histogram.why),
            "partitions above the budget are divided by hash, and each such chunk reads the whole partition",
        ),
    }
}
