//! What a plan reads, against what it carries: from index marks where they are known, else from partitions.
//!
//! ```text
//!   histogram, partitions ──► pieces (rows that are read together, with the times that they may hold)
//!   chunks ─────────────────► each reads every piece that it may touch ──► rows read
//! ```
//! ClickHouse skips a granule only where partition or primary index tell that none of its rows can match.

use std::ops::Range;

use crate::histogram::{KeyHistogram, KeyOrigin};
use crate::key::{KeySpan, KeyTuple};
use crate::plan::{Estimate, Plan, PlanCore, Span};
use crate::quantity::DAY_MS;
use crate::snapshot::{Partition, Snapshot, Table};
use crate::sql::identifier::Identifier;
use crate::sql::key_type::{KeyType, TimeUnit};
use crate::time_column::{Told, told_by_partitions};

/// Rows that are read together.
struct Piece {
    /// Times, in milliseconds, that its rows may have: both ends are inside.
    from: i64,
    to: i64,
    rows: u64,
}

/// Rows that each chunk reads, in plan order. At least those that it carries.
pub fn rows_read(plan: &Plan, snapshot: &Snapshot) -> Vec<u64> {
    of(&plan.core, &plan.estimates, snapshot)
}

/// The same before the plan is whole.
pub(crate) fn of(core: &PlanCore, estimates: &[Estimate], snapshot: &Snapshot) -> Vec<u64> {
    let read = if core.key.is_some() { by_key(core, estimates, snapshot) } else { by_time(core, snapshot) };
    read.into_iter().zip(estimates).map(|(read, estimate)| read.max(estimate.rows)).collect()
}

/// Rows of all partitions that a window touches: what one pass over it reads at most.
pub(crate) fn touched(core: &PlanCore, snapshot: &Snapshot) -> u64 {
    let Some(axis) = &core.time else { return snapshot.source.stored.rows };
    let pruned = told_by_partitions(&snapshot.source, &axis.column) != Told::Nothing;
    let inside = |partition: &&Partition| {
        let (from, to) = times(partition, pruned);
        core.window.is_none_or(|window| to >= window.from.0 && from < window.to.0)
    };
    snapshot.source.partitions.iter().filter(inside).map(|partition| partition.rows).sum()
}

fn by_time(core: &PlanCore, snapshot: &Snapshot) -> Vec<u64> {
    let Some(axis) = &core.time else { return vec![0; core.chunks.len()] };
    let pieces = pieces(&snapshot.source, &axis.column);
    let all: u64 = pieces.iter().map(|piece| piece.rows).fold(0, u64::saturating_add);
    // Spans of one statement are ascending and meet: the chunks that a piece falls into stand next to each other.
    let first: Vec<&Span> = core.chunks.iter().filter(|chunk| chunk.statement == 0).map(|chunk| &chunk.span).collect();
    let bounds = |span: &Span| match span {
        Span::Time(from, to) => (from.map_or(i64::MIN, |from| from.0), to.map_or(i64::MAX, |to| to.0)),
        // It stands last, where no time is.
        Span::TimeIsNull | Span::Key(_) => (i64::MAX, i64::MAX),
    };
    let ranges: Vec<(i64, i64)> = first.iter().map(|span| bounds(span)).collect();
    // What begins and ends to be read at each chunk; running totals are what each reads.
    let mut changes = vec![(0_u64, 0_u64); ranges.len() + 1];
    for piece in &pieces {
        let start = ranges.partition_point(|(_, to)| *to <= piece.from);
        let end = ranges.partition_point(|(from, _)| *from <= piece.to);
        if let (true, Some(change)) = (start < end, changes.get_mut(start)) {
            change.0 = change.0.saturating_add(piece.rows);
        }
        if let (true, Some(change)) = (start < end, changes.get_mut(end)) {
            change.1 = change.1.saturating_add(piece.rows);
        }
    }
    let mut reading = 0_u64;
    let mut read = Vec::with_capacity(core.chunks.len());
    for (span, (begins, ends)) in first.iter().zip(changes) {
        reading = reading.saturating_add(begins).saturating_sub(ends);
        read.push(if **span == Span::TimeIsNull { all } else { reading });
    }
    let statements = core.statements.len();
    read.iter().copied().cycle().take(read.len() * statements).collect()
}

/// The source as pieces, with the times of a column.
fn pieces(source: &Table, column: &Identifier) -> Vec<Piece> {
    let pruned = told_by_partitions(source, column) != Told::Nothing;
    let indexed =
        source.keys.as_ref().filter(|keys| keys.origin == KeyOrigin::IndexMarks).and_then(|keys| Indexed::of(keys, column.as_str()));
    let whole = |partition: &Partition| {
        let (from, to) = times(partition, pruned);
        Piece { from, to, rows: partition.rows }
    };
    let cut = |partition: &Partition| {
        let of_index = indexed.as_ref().map(|indexed| indexed.pieces(partition, pruned)).unwrap_or_default();
        if of_index.is_empty() { vec![whole(partition)] } else { of_index }
    };
    source.partitions.iter().flat_map(cut).collect()
}

/// Times that a partition's rows may have.
fn times(partition: &Partition, pruned: bool) -> (i64, i64) {
    // Told to the second: the last instant may be up to one later.
    let bounds = partition.times.filter(|_| pruned);
    bounds.map_or((i64::MIN, i64::MAX), |(min, max)| (min.0, max.plus(999).0))
}

/// A time column's place in the primary index.
struct Indexed<'a> {
    at: usize,
    descending: bool,
    histogram: &'a KeyHistogram,
    types: Vec<KeyType>,
}

impl<'a> Indexed<'a> {
    fn of(histogram: &'a KeyHistogram, column: &str) -> Option<Self> {
        let plain = |expression: &str| expression == column || expression == format!("`{column}`");
        let at = histogram.columns.iter().position(|one| plain(&one.expression))?;
        let descending = histogram.columns.get(at)?.descending;
        Some(Self { at, descending, histogram, types: crate::key::types(&histogram.columns)? })
    }

    fn pieces(&self, partition: &Partition, pruned: bool) -> Vec<Piece> {
        let points = self.histogram.partitions.get(&partition.id).map(Vec::as_slice).unwrap_or_default();
        let (first, last) = times(partition, pruned);
        let tuples: Vec<Option<Vec<Vec<u8>>>> = points.iter().map(|point| point.key.values(&self.types)).collect();
        let piece = |at: usize, rows: u64| {
            let bounds = tuples.get(at).zip(tuples.get(at + 1));
            let bounds = bounds.and_then(|(one, next)| self.between(one.as_deref()?, next.as_deref()?));
            let (from, to) = bounds.unwrap_or((first, last));
            Piece { from: from.max(first), to: to.min(last), rows }
        };
        points.iter().enumerate().map(|(at, point)| piece(at, point.rows)).collect()
    }

    /// The times between two tuples, where all columns before the time are equal: there the index tells them.
    fn between(&self, one: &[Vec<u8>], next: &[Vec<u8>]) -> Option<(i64, i64)> {
        let same: Range<usize> = 0..self.at;
        if one.get(same.clone()) != next.get(same) {
            return None;
        }
        let time = |tuple: &[Vec<u8>]| instant(self.types.get(self.at)?, tuple.get(self.at)?);
        let (a, b) = (time(one)?, time(next)?);
        Some(if self.descending { (b, a) } else { (a, b) })
    }
}

/// A value of a time type in milliseconds; `None` for NULL.
fn instant(key_type: &KeyType, raw: &[u8]) -> Option<i64> {
    match key_type {
        KeyType::Nullable(inner) => raw.split_first().filter(|(null, _)| **null == 0).and_then(|(_, raw)| instant(inner, raw)),
        KeyType::Time { unit, width, .. } => {
            let mut bytes = [0_u8; 8];
            bytes.get_mut(..raw.len())?.copy_from_slice(raw);
            let unsigned = u64::from_le_bytes(bytes);
            let value = match (width, unit) {
                // Date32 has a sign.
                (4, TimeUnit::Day) => i64::from(i32::from_le_bytes(raw.try_into().ok()?)),
                _ => i64::from_le_bytes(unsigned.to_le_bytes()),
            };
            match unit {
                TimeUnit::Day => value.checked_mul(DAY_MS),
                TimeUnit::Ticks(scale @ 0..=3) => value.checked_mul(10_i64.pow(3 - u32::from(*scale))),
                TimeUnit::Ticks(scale) => Some(value.div_euclid(10_i64.checked_pow(u32::from(*scale) - 3)?)),
            }
        }
        KeyType::Integer { .. }
        | KeyType::Float { .. }
        | KeyType::Decimal { .. }
        | KeyType::Enum { .. }
        | KeyType::Uuid
        | KeyType::Ipv4
        | KeyType::Ipv6
        | KeyType::String
        | KeyType::FixedString(_)
        | KeyType::Tuple { .. } => None,
    }
}

/// Spans of a key read the granules between their bounds. A bucket reads all rows of its span; a bound that the index does
/// not hold, all rows of the tuple that it does.
fn by_key(core: &PlanCore, estimates: &[Estimate], snapshot: &Snapshot) -> Vec<u64> {
    let below = snapshot.source.keys.as_ref().map(rows_below).unwrap_or_default();
    // A window leaves out rows, not granules of a key that does not know the time.
    let wanted: u64 = estimates.iter().map(|estimate| estimate.rows).fold(0, u64::saturating_add).max(1);
    let touched = touched(core, snapshot).saturating_mul(core.statements.len() as u64).max(wanted);
    let windowed = |rows: u64| {
        let scaled = u128::from(rows) * u128::from(touched) / u128::from(wanted);
        if core.window.is_some() { u64::try_from(scaled).unwrap_or(u64::MAX) } else { rows }
    };
    let read = |(span, estimate): (&Span, &Estimate)| {
        let Span::Key(span) = span else { return estimate.rows };
        let buckets = span.bucket.map_or(1, |bucket| u64::from(bucket.of));
        let cut = below.iter().filter(|one| one.is_cut_by(span)).map(|one| one.rows).max().unwrap_or(0);
        windowed(estimate.rows.saturating_mul(buckets)).max(cut)
    };
    core.chunks.iter().map(|chunk| &chunk.span).zip(estimates).map(read).collect()
}

/// A tuple of the index that is cut along columns which the index does not hold.
struct Below<'a> {
    partition: &'a str,
    rows: u64,
    tuple: &'a KeyTuple,
}

impl Below<'_> {
    fn is_cut_by(&self, span: &KeySpan) -> bool {
        let under = |bound: &Option<KeyTuple>| {
            bound.as_ref().is_some_and(|bound| bound != self.tuple && bound.as_str().starts_with(self.tuple.as_str()))
        };
        let here = span.partitions.is_empty() || span.partitions.iter().any(|id| id == self.partition);
        here && (under(&span.from) || under(&span.to))
    }
}

fn rows_below(histogram: &KeyHistogram) -> Vec<Below<'_>> {
    let tuples = histogram.below.iter().flat_map(|(partition, tuples)| tuples.iter().map(move |tuple| (partition.as_str(), tuple)));
    let rows = |partition: &str, tuple: &KeyTuple| -> u64 {
        let points = histogram.partitions.get(partition).into_iter().flatten();
        points.filter(|point| point.key.as_str().starts_with(tuple.as_str())).map(|point| point.rows).sum()
    };
    tuples.map(|(partition, tuple)| Below { partition, rows: rows(partition, tuple), tuple }).collect()
}
