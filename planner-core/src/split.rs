//! Halving a chunk that turned out to be too big, by the rules that the plan was made by. Pure: the same chunk of the
//! same plan is always halved at the same instant, so children have the same ids and tokens wherever they are derived.

use crate::histogram::KeyHistogram;
use crate::key::{Bucket, KeySpan, KeyTuple};
use crate::plan::{ChunkSpan, Estimate, Mode, Plan, PlanCore, Span, TimeAxis};
use crate::quantity::UnixMillis;
use crate::refusal::Refusal;
use crate::replay;
use crate::snapshot::Snapshot;
use crate::sql::time_type::TimeType;
use crate::time_column;

/// A half of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Half {
    /// What it carries, by the parent's statement.
    pub chunk: ChunkSpan,
    /// Its share of the parent's estimate; both add up to it.
    pub estimate: Estimate,
}

/// The two halves of chunk `i`, which cover it exactly. A span of time is cut in the middle, on a multiple of the
/// narrowest chunk allowed; packed partitions are parted; a span of a key is cut at the point of the histogram that lies
/// nearest to its middle, and where there is none, by hash.
///
/// Refused where a half would be narrower than allowed, where rows have no time, where hashing does not help either, and
/// where a cut would tear the groups of a view.
pub fn halves(plan: &Plan, snapshot: &Snapshot, i: usize) -> Result<[Half; 2], Refusal> {
    let core = &plan.core;
    let chunk = core.chunks.get(i).ok_or_else(|| refusal(format!("there is no chunk {i}")))?;
    let whole = plan.estimates.get(i).copied().unwrap_or_default();
    let (spans, (part, of)) = match &chunk.span {
        Span::Time(from, to) => time_halves(core, snapshot, *from, *to)?,
        Span::TimeIsNull => return Err(refusal("its rows have no time that could divide them")),
        Span::Key(span) => key_halves(core, snapshot, span, whole.rows)?,
    };
    check_groups(core, snapshot, chunk.statement, &spans)?;
    let share = |whole: u64| scale(whole, part, of);
    let left = Estimate { bytes: share(whole.bytes), rows: share(whole.rows) };
    let right = Estimate { bytes: whole.bytes - left.bytes, rows: whole.rows - left.rows };
    let [before, after] = spans.map(|span| ChunkSpan { span, statement: chunk.statement });
    Ok([Half { chunk: before, estimate: left }, Half { chunk: after, estimate: right }])
}

/// From so many parts by hash on, parts of few rows are not split further. (Estimates may be wrong, so many are made.)
const MANY_BUCKETS: u32 = 256;
/// Rows that a chunk never has to be split for.
const FEW_ROWS: u64 = 8_192;

/// Two spans, and the first one's share of both.
type Halves = ([Span; 2], (u64, u64));

fn time_halves(core: &PlanCore, snapshot: &Snapshot, from: Option<UnixMillis>, to: Option<UnixMillis>) -> Result<Halves, Refusal> {
    let axis = core.time.as_ref().ok_or_else(|| refusal("the plan names no time column"))?;
    // An open side is as wide as the rows that were seen when the plan was made.
    let profile = snapshot.source.times.get(&axis.column);
    let first = || profile.and_then(|profile| profile.buckets.first()).map(|bucket| bucket.min);
    let last = || profile.and_then(|profile| profile.buckets.last()).map(|bucket| bucket.max.plus(1));
    let bounds = from.or_else(first).zip(to.or_else(last));
    let cut = bounds.and_then(|(from, to)| Some((from, middle(from, to, unit(axis, snapshot))?, to)));
    let Some((start, cut, end)) = cut else {
        return Err(refusal(format!("it is as narrow as a chunk may be ({} minutes)", snapshot.policy.min_chunk_minutes)));
    };
    let width = |from: UnixMillis, to: UnixMillis| (to.0 - from.0).unsigned_abs();
    Ok(([Span::Time(from, Some(cut)), Span::Time(Some(cut), to)], (width(start, cut), width(start, end))))
}

fn key_halves(core: &PlanCore, snapshot: &Snapshot, span: &KeySpan, rows: u64) -> Result<Halves, Refusal> {
    let key = |span: KeySpan| Span::Key(Box::new(span));
    if let (left, [_, ..]) = span.partitions.split_at(span.partitions.len() / 2)
        && !left.is_empty()
    {
        let right = span.partitions.iter().skip(left.len()).cloned().collect();
        let halves = [left.to_vec(), right].map(|partitions| key(KeySpan { partitions, ..span.clone() }));
        return Ok((halves, (left.len() as u64, span.partitions.len() as u64)));
    }
    if let (None, Some((cut, part, of))) = (span.bucket, middle_point(core, snapshot, span)) {
        let before = KeySpan { to: Some(cut.clone()), ..span.clone() };
        let after = KeySpan { from: Some(cut), ..span.clone() };
        return Ok(([key(before), key(after)], (part, of)));
    }
    // A hash that leaves `index` by `of` leaves either `index` or `index + of` by twice as many.
    let (index, of) = span.bucket.map_or((0, 1), |bucket| (bucket.index, bucket.of));
    if of >= MANY_BUCKETS && rows < FEW_ROWS {
        // Each bucket reads all rows of its span: what does not fit is not the rows that it writes.
        return Err(refusal(format!("it is already one of {of} parts by hash, with about {rows} rows")));
    }
    let halves = [index, index + of].map(|index| key(KeySpan { bucket: Some(Bucket { index, of: of * 2 }), ..span.clone() }));
    Ok((halves, (1, 2)))
}

/// The tuple nearest to the middle of a span's rows, strictly inside of it; with the rows before it, and all.
fn middle_point(core: &PlanCore, snapshot: &Snapshot, span: &KeySpan) -> Option<(KeyTuple, u64, u64)> {
    let of_this_key = |histogram: &&KeyHistogram| core.key.as_ref().is_some_and(|axis| axis.columns == histogram.columns);
    let histogram = snapshot.source.keys.as_ref().filter(of_this_key)?;
    let partition = span.partitions.first().or_else(|| histogram.partitions.keys().next())?;
    let points = histogram.partitions.get(partition)?;
    let at = |tuple: &Option<KeyTuple>| tuple.as_ref().map(|tuple| points.iter().position(|point| &point.key == tuple));
    let first = at(&span.from).map_or(Some(0), |found| found)?;
    let end = at(&span.to).map_or(Some(points.len()), |found| found)?;
    let inside = points.get(first..end)?;
    let all: u64 = inside.iter().map(|point| point.rows).fold(0, u64::saturating_add);
    let start = inside.first()?;
    let mut before = 0_u64;
    let mut best: Option<(KeyTuple, u64)> = None;
    for pair in inside.windows(2) {
        let [one, next] = pair else { continue };
        before = before.saturating_add(one.rows);
        let nearer = best.as_ref().is_none_or(|(_, rows)| before.abs_diff(all / 2) < rows.abs_diff(all / 2));
        if next.key != one.key && next.key != start.key && nearer {
            best = Some((next.key.clone(), before));
        }
    }
    best.map(|(tuple, rows)| (tuple, rows, all))
}

impl Plan {
    /// The plan with halves of its chunks behind its own chunks: their ids, tokens and SQL follow by the same formulas.
    /// Not a plan to hand out: the digest of what was previewed is that of the plan without them.
    #[must_use]
    pub fn with_halves(mut self, halves: impl IntoIterator<Item = Half>) -> Self {
        for half in halves {
            self.core.chunks.push(half.chunk);
            self.estimates.push(half.estimate);
        }
        self
    }
}

/// Narrowest chunk, in whole ticks of the time column on both sides.
fn unit(axis: &TimeAxis, snapshot: &Snapshot) -> i64 {
    let tick = |type_name: &str| TimeType::of(type_name).map_or(1, |time| time.resolution_ms());
    let tick = tick(&axis.source_type).max(axis.target_type.as_deref().map_or(1, tick));
    let least = i64::from(snapshot.policy.min_chunk_minutes) * 60_000;
    (least + tick - 1) / tick * tick
}

/// The multiple of `unit` next below the middle, where both sides are then wide enough; else counted from the start.
fn middle(from: UnixMillis, to: UnixMillis, unit: i64) -> Option<UnixMillis> {
    let width = to.0.checked_sub(from.0).filter(|width| *width >= 2 * unit)?;
    let even = (from.0 + width / 2).div_euclid(unit) * unit;
    let wide = |cut: i64| cut - from.0 >= unit && to.0 - cut >= unit;
    let counted = from.0 + width / 2 / unit * unit;
    [even, counted].into_iter().find(|cut| wide(*cut)).map(UnixMillis)
}

fn check_groups(core: &PlanCore, snapshot: &Snapshot, statement: u32, spans: &[Span]) -> Result<(), Refusal> {
    match core.mode {
        Mode::Copy => Ok(()),
        Mode::ViewReplay => {
            let time =
                core.time.as_ref().map(|axis| time_column::resolve(Some(&axis.column), &snapshot.policy, &snapshot.source)).transpose()?;
            let statement = usize::try_from(statement).ok().and_then(|index| core.statements.get(index));
            let name = statement.and_then(|statement| statement.view.as_ref()).map(|view| &view.name);
            let view = snapshot.feeding_views().find(|view| Some(&view.name) == name);
            view.map_or_else(
                || Err(refusal("its view is not in the snapshot")),
                |view| replay::check(view, snapshot, time.as_ref(), spans).map(drop),
            )
        }
    }
}

/// `whole × part / all`.
fn scale(whole: u64, part: u64, all: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(part) / u128::from(all.max(1))).unwrap_or(whole)
}

fn refusal(message: impl Into<String>) -> Refusal {
    Refusal::new("cannot-split", message, "give ClickHouse more memory or time, or plan narrower chunks")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn check(from: i64, to: i64, unit: i64, expected: Option<i64>) {
        let cut = middle(UnixMillis(from * MINUTE), UnixMillis(to * MINUTE), unit * MINUTE);
        assert_eq!(cut.map(|cut| cut.0 / MINUTE), expected, "{from} to {to} by {unit}");
    }

    #[test]
    fn the_middle_is_a_round_instant_and_leaves_no_half_too_narrow() {
        check(0, 720, 15, Some(360));
        check(0, 45, 15, Some(15));
        check(0, 30, 15, Some(15));
        check(0, 29, 15, None);
        check(0, 15, 15, None);
        // No quarter of an hour leaves both sides wide enough: counted from the start.
        check(7, 37, 15, Some(22));
        check(7, 52, 15, Some(22));
        check(-30, 0, 15, Some(-15));
        check(0, 3 * 1440, 1440, Some(1440));
    }

    #[test]
    fn shares_add_up() {
        for whole in [0, 1, 7, u64::MAX] {
            let left = scale(whole, 1, 3);
            assert!(left <= whole);
        }
        assert_eq!(scale(90, 1, 3), 30);
    }
}
