//! Halving a chunk that turned out to be too big, by the rules that the plan was made by. Pure: the same chunk of the
//! same plan is always halved at the same instant, so children have the same ids and tokens wherever they are derived.

use crate::plan::{ChunkSpan, Estimate, Mode, Plan, PlanCore, Span};
use crate::quantity::UnixMillis;
use crate::refusal::Refusal;
use crate::replay;
use crate::snapshot::Snapshot;
use crate::time_column;

/// A half of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Half {
    /// What it carries, by the parent's statement.
    pub chunk: ChunkSpan,
    /// Its share of the parent's estimate; both add up to it.
    pub estimate: Estimate,
}

/// The two halves of chunk `i`, which cover it exactly: cut in the middle, on a multiple of the narrowest chunk allowed.
///
/// Refused where a half would be narrower than that, where the span is not one of time, and where a cut would tear the
/// groups of a view.
pub fn halves(plan: &Plan, snapshot: &Snapshot, i: usize) -> Result<[Half; 2], Refusal> {
    let core = &plan.core;
    let chunk = *core.chunks.get(i).ok_or_else(|| refusal(format!("there is no chunk {i}")))?;
    let time = time_column::resolve(Some(&core.time.column), &snapshot.policy, &snapshot.source)?;
    let (from, to) = match chunk.span {
        Span::Time(from, to) => (from, to),
        Span::TimeIsNull => return Err(refusal("its rows have no time that could divide them")),
    };
    // An open side is as wide as the rows that were seen when the plan was made.
    let profile = snapshot.source.times.get(&core.time.column);
    let first = || profile.and_then(|profile| profile.buckets.first()).map(|bucket| bucket.min);
    let last = || profile.and_then(|profile| profile.buckets.last()).map(|bucket| bucket.max.plus(1));
    let bounds = from.or_else(first).zip(to.or_else(last));
    let cut = bounds.and_then(|(from, to)| Some((from, middle(from, to, unit(core, snapshot))?, to)));
    let Some((start, cut, end)) = cut else {
        return Err(refusal(format!("it is as narrow as a chunk may be ({} minutes)", snapshot.policy.min_chunk_minutes)));
    };
    let spans = [Span::Time(from, Some(cut)), Span::Time(Some(cut), to)];
    check_groups(core, snapshot, chunk, &time, &spans)?;
    let whole = plan.estimates.get(i).copied().unwrap_or_default();
    let share = |part: u64| scale(part, cut.0 - start.0, end.0 - start.0);
    let left = Estimate { bytes: share(whole.bytes), rows: share(whole.rows) };
    let right = Estimate { bytes: whole.bytes - left.bytes, rows: whole.rows - left.rows };
    let [before, after] = spans.map(|span| ChunkSpan { span, statement: chunk.statement });
    Ok([Half { chunk: before, estimate: left }, Half { chunk: after, estimate: right }])
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
fn unit(core: &PlanCore, snapshot: &Snapshot) -> i64 {
    let tick = core.source_time().resolution_ms().max(core.target_time().map_or(1, |time| time.resolution_ms()));
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

fn check_groups(
    core: &PlanCore,
    snapshot: &Snapshot,
    chunk: ChunkSpan,
    time: &time_column::Resolved,
    spans: &[Span],
) -> Result<(), Refusal> {
    match core.mode {
        Mode::Copy => Ok(()),
        Mode::ViewReplay => {
            let statement = usize::try_from(chunk.statement).ok().and_then(|index| core.statements.get(index));
            let name = statement.and_then(|statement| statement.view.as_ref()).map(|view| &view.name);
            let view = snapshot.feeding_views().find(|view| Some(&view.name) == name);
            view.map_or_else(
                || Err(refusal("its view is not in the snapshot")),
                |view| replay::check(view, snapshot, time, spans).map(drop),
            )
        }
    }
}

/// `whole × part / all`.
fn scale(whole: u64, part: i64, all: i64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(part.unsigned_abs()) / u128::from(all.unsigned_abs().max(1))).unwrap_or(whole)
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
