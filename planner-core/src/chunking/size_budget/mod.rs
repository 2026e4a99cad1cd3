//! Chunks of about equal size. Partitions come first; those under the budget are packed together, those above it are
//! cut where equal shares of their rows lie along the sorting key. What no key divides is divided by hash.
//!
//! ```text
//!   partitions ──► small: packed in order ──────────────────────────────► one span for several partitions
//!              └─► large: points of the histogram ──► runs of one tuple ─► light: cut at equal rows
//!                                                                       └► heavy: hash buckets
//! ```

mod notes;

use self::notes::{divided_below, hot_key, partition_name};
use crate::histogram::{KeyHistogram, KeyOrigin, KeyPoint};
use crate::key::{Bucket, KeySpan, KeyTuple};
use crate::limits::{LEAST_BUDGET, MOST_DETAIL_POINTS, MOST_PACKED, POINTS_A_CHUNK};
use crate::plan::Estimate;
use crate::probe::Spread;
use crate::rationale::Note;
use crate::refusal::Refusal;

/// One partition, as far as the plan reads it.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    /// Uncompressed bytes of the columns that are read, in the window.
    pub(crate) bytes: u64,
    pub(crate) id: String,
    /// Rows in the window.
    pub(crate) rows: u64,
}

/// What is cut, and how.
pub(crate) struct Task<'a> {
    /// Most bytes of a chunk.
    pub(crate) budget: u64,
    pub(crate) histogram: &'a KeyHistogram,
    /// Whether spans name their partitions.
    pub(crate) partitioned: bool,
    /// Whether one chunk may write the rows of several partitions.
    pub(crate) pack: bool,
    pub(crate) slices: &'a [Slice],
}

/// Spans with their sizes.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    /// Finer points would make it more even.
    pub(crate) finer: Option<Spread>,
    /// Tuples that the histogram does not divide.
    pub(crate) heavy: Vec<Heavy>,
    pub(crate) notes: Vec<Note>,
    pub(crate) spans: Vec<(KeySpan, Estimate)>,
}

/// A tuple of more rows than a chunk may have.
#[derive(Debug)]
pub(crate) struct Heavy {
    pub(crate) from: KeyTuple,
    /// Rows that a chunk may have.
    pub(crate) most: u64,
    pub(crate) partition: String,
    pub(crate) rows: u64,
    /// The next tuple; none: it is the last.
    pub(crate) to: Option<KeyTuple>,
}

/// Refuses budgets that cannot be meant.
pub(crate) fn check(budget: u64, total_bytes: u64) -> Result<(), Refusal> {
    if budget < LEAST_BUDGET {
        return Err(Refusal::new(
            "budget-too-small",
            format!("a budget of {budget} bytes a chunk; at least {LEAST_BUDGET} are possible"),
            "choose a larger budget: 268435456 (256 MiB) suits most servers",
        ));
    }
    super::bounded(total_bytes.div_ceil(budget), "a larger budget")
}

/// Cuts every partition.
pub(crate) fn cut(task: &Task<'_>) -> Cut {
    let mut cut = Cut::default();
    let mut pack = Pack::default();
    let (mut packed, mut large) = (0_usize, 0_usize);
    for slice in task.slices {
        if slice.bytes > stretched(task.budget) {
            pack.flush(task, &mut cut);
            large += 1;
            divide(task, slice, &mut cut);
            continue;
        }
        if !pack.takes(task, slice) {
            pack.flush(task, &mut cut);
        }
        packed += 1;
        pack.add(slice);
    }
    let divided = cut.spans.iter().filter(|(span, _)| span.from.is_some() || span.to.is_some() || span.bucket.is_some()).count();
    pack.flush(task, &mut cut);
    cut.finer = finer(task);
    if task.partitioned {
        let chunks = cut.spans.len();
        cut.notes.insert(
            0,
            Note::info(
                "partitions",
                format!("{packed} partitions of at most the budget make {} chunks, {large} larger ones {divided}", chunks - divided),
            ),
        );
    }
    cut
}

/// Partitions that one chunk reads whole.
#[derive(Default)]
struct Pack {
    ids: Vec<String>,
    size: Estimate,
}

impl Pack {
    fn takes(&self, task: &Task<'_>, slice: &Slice) -> bool {
        self.ids.is_empty() || (task.pack && self.ids.len() < MOST_PACKED && self.size.bytes.saturating_add(slice.bytes) <= task.budget)
    }

    fn add(&mut self, slice: &Slice) {
        self.ids.push(slice.id.clone());
        self.size.bytes = self.size.bytes.saturating_add(slice.bytes);
        self.size.rows = self.size.rows.saturating_add(slice.rows);
    }

    fn flush(&mut self, task: &Task<'_>, cut: &mut Cut) {
        let Self { ids, size } = std::mem::take(self);
        if !ids.is_empty() {
            let partitions = if task.partitioned { ids } else { Vec::new() };
            cut.spans.push((KeySpan { bucket: None, from: None, partitions, to: None }, size));
        }
    }
}

/// Points of one tuple: the smallest piece that the key can divide.
struct Run<'a> {
    key: &'a KeyTuple,
    /// Points; of a single one the index does not tell what else is in it.
    points: u64,
    rows: u64,
}

fn runs(points: &[KeyPoint]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::with_capacity(points.len());
    for point in points {
        match runs.last_mut() {
            Some(last) if last.key == &point.key => {
                last.points += 1;
                last.rows = last.rows.saturating_add(point.rows);
            }
            _ => runs.push(Run { key: &point.key, points: 1, rows: point.rows }),
        }
    }
    runs
}

/// Neighbouring runs that are divided in one way.
struct Segment {
    /// Index of the first run, and of the first one behind.
    runs: (usize, usize),
    rows: u64,
    heavy: bool,
}

/// Cuts one partition that is larger than the budget.
fn divide(task: &Task<'_>, slice: &Slice, cut: &mut Cut) {
    let runs = task.histogram.partitions.get(&slice.id).map(|points| runs(points)).unwrap_or_default();
    let counted: u64 = runs.iter().map(|run| run.rows).sum();
    // Rows that one chunk may have, of those that the histogram counts.
    let most = share(counted, stretched(task.budget), slice.bytes).max(1);
    let segments = if counted == 0 {
        cut.notes.push(Note::warning(
            "hash-buckets",
            format!("{}: nothing is known of its key, so its rows are divided by hash", partition_name(task, slice)),
            "each of these chunks reads the whole partition",
        ));
        vec![Segment { runs: (0, 0), rows: slice.rows.max(1), heavy: true }]
    } else {
        segments(&runs, most)
    };
    let whole = if counted == 0 { slice.rows.max(1) } else { counted };
    let most = if counted == 0 { share(whole, stretched(task.budget), slice.bytes).max(1) } else { most };
    let next = |at: usize| runs.get(at + 1).map(|run| run.key.clone());
    cut.heavy.extend(runs.iter().enumerate().filter(|(_, run)| run.rows > most).map(|(at, run)| Heavy {
        from: run.key.clone(),
        most,
        partition: slice.id.clone(),
        rows: run.rows,
        to: next(at),
    }));
    cut.notes.extend(divided_below(task, slice, &runs, counted));
    let size = |rows: u64| Estimate { bytes: share(slice.bytes, rows, whole), rows: share(slice.rows, rows, whole) };
    let start = |run: usize| (run > 0).then(|| runs.get(run).map(|run| run.key.clone())).flatten();
    let partitions = || if task.partitioned { vec![slice.id.clone()] } else { Vec::new() };
    for segment in &segments {
        let (first, end) = segment.runs;
        if segment.heavy {
            let of = u32::try_from(segment.rows.div_ceil(most)).unwrap_or(u32::MAX).max(1);
            if counted > 0 {
                cut.notes.push(hot_key(task, slice, &runs, segment, counted, of));
            }
            let rows = segment.rows / u64::from(of);
            for index in 0..of {
                let bucket = (of > 1).then_some(Bucket { index, of });
                cut.spans.push((KeySpan { bucket, from: start(first), partitions: partitions(), to: start(end) }, size(rows)));
            }
            continue;
        }
        let mut from = (first, 0);
        for (to, rows_before) in bounds(runs.get(first..end).unwrap_or_default(), segment.rows, most) {
            let span = KeySpan { bucket: None, from: start(from.0), partitions: partitions(), to: start(first + to) };
            cut.spans.push((span, size(rows_before - from.1)));
            from = (first + to, rows_before);
        }
    }
}

/// Light and heavy stretches. A light one that would make a chunk of less than half the budget goes with its heavy neighbour.
fn segments(runs: &[Run<'_>], most: u64) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        let heavy = run.rows > most;
        match segments.last_mut() {
            Some(last) if !last.heavy && !heavy => {
                last.runs.1 = at + 1;
                last.rows = last.rows.saturating_add(run.rows);
            }
            _ => segments.push(Segment { runs: (at, at + 1), rows: run.rows, heavy }),
        }
    }
    let mut joined: Vec<Segment> = Vec::new();
    for segment in segments {
        let small = |one: &Segment| !one.heavy && one.rows < most / 2;
        match joined.last_mut() {
            Some(last) if (last.heavy && small(&segment)) || (segment.heavy && small(last)) => {
                last.runs.1 = segment.runs.1;
                last.rows = last.rows.saturating_add(segment.rows);
                last.heavy = true;
            }
            _ => joined.push(segment),
        }
    }
    joined
}

/// Ends of the chunks of a light stretch: index of the first run behind, and rows before it. Ascending; the last is the end.
fn bounds(runs: &[Run<'_>], rows: u64, most: u64) -> Vec<(usize, u64)> {
    let chunks = rows.div_ceil(most).max(1);
    let mut before = Vec::with_capacity(runs.len());
    let mut sum = 0_u64;
    for run in runs {
        before.push(sum);
        sum = sum.saturating_add(run.rows);
    }
    let mut ends: Vec<(usize, u64)> = Vec::new();
    for chunk in 1..chunks {
        let wanted = share(rows, chunk, chunks);
        let above = before.partition_point(|before| *before < wanted);
        let distance = |at: usize| before.get(at).map_or(u64::MAX, |before| before.abs_diff(wanted));
        let nearest = if above > 0 && distance(above - 1) < distance(above) { above - 1 } else { above };
        let last = ends.last().map_or(0, |end| end.0);
        if let Some(rows_before) = before.get(nearest).filter(|_| nearest > last) {
            ends.push((nearest, *rows_before));
        }
    }
    ends.push((runs.len(), rows));
    ends
}

/// Finer points, where chunks have too few and the index has more.
fn finer(task: &Task<'_>) -> Option<Spread> {
    let histogram = task.histogram;
    if histogram.origin != KeyOrigin::IndexMarks || histogram.columns.is_empty() {
        return None;
    }
    let large = || task.slices.iter().filter(|slice| slice.bytes > stretched(task.budget));
    let rows_a_chunk = |slice: &Slice| share(slice.rows, task.budget, slice.bytes);
    let poor = large().any(|slice| {
        let points = histogram.partitions.get(&slice.id).map(Vec::as_slice).unwrap_or_default();
        let few = (points.len() as u64) < slice.bytes.div_ceil(task.budget).saturating_mul(POINTS_A_CHUNK);
        few && (points.is_empty() || points.iter().any(|point| point.granules > 1))
    });
    if !poor {
        return None;
    }
    let total: u64 = large().map(|slice| slice.rows).fold(0, u64::saturating_add);
    let wanted = large().map(rows_a_chunk).min()? / POINTS_A_CHUNK;
    let rows_a_point = wanted.max(total / MOST_DETAIL_POINTS).max(1);
    let known = histogram.rows_a_point;
    // Points that were asked for this fine are as fine as the index is.
    if known > 0 && known <= rows_a_point {
        return None;
    }
    let larger_than = large().map(|slice| slice.rows).min()?.saturating_sub(1);
    Some(Spread::Rows { rows_a_point, larger_than })
}

/// What a chunk may have before it is cut once more: two halves are less even than one chunk of a twentieth more.
pub(crate) fn stretched(budget: u64) -> u64 {
    budget.saturating_add(budget / 20)
}

/// `whole * part / of`, without overflow.
fn share(whole: u64, part: u64, of: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(part) / u128::from(of.max(1))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn histogram(partitions: &[(&str, &[(u8, u64)])]) -> KeyHistogram {
        let points = |list: &[(u8, u64)]| -> Vec<KeyPoint> {
            list.iter().map(|(key, rows)| KeyPoint { granules: 1, key: KeyTuple::of(&[*key]), rows: *rows }).collect()
        };
        KeyHistogram {
            columns: vec![crate::key::KeyColumn { descending: false, expression: "k".into(), type_name: "UInt8".into() }],
            origin: KeyOrigin::IndexMarks,
            partitions: partitions.iter().map(|(id, list)| ((*id).to_owned(), points(list))).collect::<BTreeMap<_, _>>(),
            ..KeyHistogram::unknown("")
        }
    }

    /// One byte a row. Spans as `partitions from..to bucket rows`.
    fn check(partitions: &[(&str, &[(u8, u64)])], budget: u64, expected: &[&str]) {
        let histogram = histogram(partitions);
        let slices: Vec<Slice> = partitions
            .iter()
            .map(|(id, points)| {
                let rows = points.iter().map(|point| point.1).sum();
                Slice { bytes: rows, id: (*id).to_owned(), rows }
            })
            .collect();
        let cut = cut(&Task { budget, histogram: &histogram, partitioned: partitions.len() > 1, pack: true, slices: &slices });
        let bound = |tuple: &Option<KeyTuple>| tuple.as_ref().map_or_else(String::new, |tuple| tuple.as_str().to_owned());
        let shown: Vec<String> = cut
            .spans
            .iter()
            .map(|(span, size)| {
                let bucket = span.bucket.map_or_else(String::new, |bucket| format!("{}/{} ", bucket.index, bucket.of));
                format!("{} {}..{} {bucket}{}", span.partitions.join("+"), bound(&span.from), bound(&span.to), size.rows)
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn small_partitions_are_packed_and_large_ones_cut() {
        check(
            &[("a", &[(1, 40)]), ("b", &[(1, 50)]), ("c", &[(1, 60), (2, 60), (3, 60), (4, 60)]), ("d", &[(1, 20)])],
            120,
            &["a+b .. 90", "c ..03 120", "c 03.. 120", "d .. 20"],
        );
    }

    #[test]
    fn a_tuple_that_is_too_heavy_is_divided_by_hash() {
        check(
            &[("all", &[(1, 100), (2, 100), (5, 300), (5, 300), (6, 100), (7, 90)])],
            200,
            &[" ..05 200", " 05..06 0/3 200", " 05..06 1/3 200", " 05..06 2/3 200", " 06.. 190"],
        );
        // What is left on its sides would be small chunks: it goes with them.
        check(&[("all", &[(1, 50), (5, 600), (6, 20)])], 200, &[" .. 0/4 167", " .. 1/4 167", " .. 2/4 167", " .. 3/4 167"]);
    }

    #[test]
    fn cuts_fall_where_equal_shares_lie() {
        let points: Vec<(u8, u64)> = (0..100).map(|key| (key, 10)).collect();
        check(&[("all", &points)], 250, &[" ..19 250", " 19..32 250", " 32..4B 250", " 4B.. 250"]);
        check(&[("all", &points)], 1000, &[" .. 1000"]);
    }
}
