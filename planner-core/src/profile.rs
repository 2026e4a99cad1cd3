//! Estimates from a time profile: how many rows lie before an instant.

use crate::plan::Span;
use crate::snapshot::TimeProfile;

/// A profile as running totals.
#[derive(Debug)]
pub(crate) struct Totals<'a> {
    profile: &'a TimeProfile,
    /// Rows before each bucket.
    before: Vec<u64>,
    total: u64,
}

impl<'a> Totals<'a> {
    /// Sums a profile up.
    pub(crate) fn new(profile: &'a TimeProfile) -> Self {
        let mut total = 0_u64;
        let before = profile
            .buckets
            .iter()
            .map(|bucket| {
                let before = total;
                total = total.saturating_add(bucket.rows);
                before
            })
            .collect();
        Self { profile, before, total }
    }

    /// Rows before an instant, those of the bucket it falls into taken as evenly spread.
    pub(crate) fn rows_before(&self, instant: i64) -> u64 {
        let after = self.profile.buckets.partition_point(|bucket| bucket.start.0 < instant);
        let Some(index) = after.checked_sub(1) else { return 0 };
        let (Some(bucket), Some(before)) = (self.profile.buckets.get(index), self.before.get(index)) else { return 0 };
        let inside = (instant - bucket.start.0).clamp(0, self.profile.step_ms);
        let share = u128::from(bucket.rows) * u128::from(inside.unsigned_abs()) / u128::from(self.profile.step_ms.max(1).unsigned_abs());
        before + u64::try_from(share).unwrap_or(bucket.rows)
    }

    /// Rows of a span. Neighbouring spans add up without gaps.
    pub(crate) fn rows_in(&self, span: &Span) -> u64 {
        match span {
            Span::TimeIsNull => self.profile.null_rows,
            Span::Key(_) => 0,
            Span::Time(from, to) => {
                let upper = to.map_or(self.total, |to| self.rows_before(to.0));
                upper.saturating_sub(from.map_or(0, |from| self.rows_before(from.0)))
            }
        }
    }
}
