//! When a job will finish, as a range, from what it did so far.

use planner_core::quantity::UnixMillis;

/// Samples kept: two minutes of one a second.
const KEPT: usize = 120;
/// Samples younger than this against the last are folded into it, in milliseconds.
const APART_MS: i64 = 900;

/// Absolute counters over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    points: Vec<(i64, u64)>,
}

/// An estimate of the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eta {
    /// Most likely end.
    pub at: UnixMillis,
    /// Half width of the range, in milliseconds.
    pub plus_minus_ms: u64,
}

impl Samples {
    /// Adds the counter as it stood at `now`; a counter that went back starts anew.
    pub fn add(&mut self, now: i64, done: u64) {
        if self.points.last().is_some_and(|(_, before)| *before > done) {
            self.points.clear();
        }
        match self.points.last() {
            Some((at, _)) if now - at < APART_MS => {}
            _ => self.points.push((now, done)),
        }
        if self.points.len() > KEPT {
            self.points.drain(..self.points.len() - KEPT);
        }
    }

    /// Forgets everything: after a pause old rates say nothing.
    pub fn clear(&mut self) {
        self.points.clear();
    }

    /// Bytes a second over all samples; none before three seconds.
    pub fn rate(&self) -> Option<u64> {
        rate(&self.points)
    }

    /// Bytes a second between neighbouring samples, at most `bars` of them, newest last.
    pub fn bars(&self, bars: usize) -> Vec<u64> {
        let step = (self.points.len() / bars.max(1)).max(1);
        let picked: Vec<(i64, u64)> = self.points.iter().rev().step_by(step).rev().copied().collect();
        let rates = picked.windows(2).map(|pair| match pair {
            [(t0, b0), (t1, b1)] => per_second(b1 - b0, t1 - t0),
            _ => 0,
        });
        let rates: Vec<u64> = rates.collect();
        rates.iter().skip(rates.len().saturating_sub(bars)).copied().collect()
    }

    /// The end of the job. The range comes from the rates of both halves of the samples, and is never below a tenth of what is left.
    pub fn eta(&self, now: i64, done: u64, total: u64, fallback_rate: Option<u64>) -> Option<Eta> {
        let rate = self.rate().or(fallback_rate).filter(|rate| *rate > 0)?;
        let left = total.checked_sub(done).filter(|left| *left > 0)?;
        let ms = |rate: u64| u64::try_from(u128::from(left) * 1000 / u128::from(rate.max(1))).unwrap_or(u64::MAX).min(100 * 86_400_000);
        let (early, late) = self.points.split_at(self.points.len() / 2);
        let bounds: Vec<u64> = [early, late].into_iter().filter_map(self::rate).filter(|rate| *rate > 0).map(ms).collect();
        let spread = bounds.iter().map(|bound| bound.abs_diff(ms(rate))).max().unwrap_or_else(|| ms(rate) / 4);
        let likely = ms(rate);
        let plus_minus_ms = spread.max(likely / 10).min(likely);
        Some(Eta { at: UnixMillis(now + i64::try_from(likely).unwrap_or(i64::MAX / 2)), plus_minus_ms })
    }
}

fn rate(points: &[(i64, u64)]) -> Option<u64> {
    let ((t0, b0), (t1, b1)) = (points.first()?, points.last()?);
    (t1 - t0 >= 3000).then(|| per_second(b1 - b0, t1 - t0))
}

/// Bytes a second.
pub fn per_second(bytes: u64, ms: i64) -> u64 {
    let ms = u128::from(ms.max(1).unsigned_abs());
    u64::try_from(u128::from(bytes) * 1000 / ms).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(seconds: i64) -> Samples {
        let mut samples = Samples::default();
        for t in 0..seconds {
            samples.add(t * 1000, t.unsigned_abs() * 100);
        }
        samples
    }

    #[test]
    fn a_steady_job_ends_where_it_should() {
        let samples = steady(61);
        assert_eq!(samples.rate(), Some(100));
        let eta = samples.eta(60_000, 6000, 12_000, None).unwrap();
        assert_eq!(eta, Eta { at: UnixMillis(120_000), plus_minus_ms: 6000 });
        assert_eq!(samples.bars(10), vec![100; 10]);
    }

    #[test]
    fn nothing_is_promised_without_a_rate() {
        assert_eq!(steady(2).rate(), None);
        assert_eq!(steady(2).eta(2000, 200, 1000, None), None);
        assert_eq!(steady(61).eta(60_000, 1000, 1000, None), None);
        assert!(steady(2).eta(2000, 200, 1000, Some(100)).is_some());
    }

    #[test]
    fn a_counter_that_goes_back_starts_anew() {
        let mut samples = steady(10);
        samples.add(11_000, 5);
        assert_eq!(samples.rate(), None);
        assert!(steady(1000).points.len() <= KEPT);
    }
}
