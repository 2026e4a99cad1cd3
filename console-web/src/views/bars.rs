//! Bytes over time as bars: from a time profile, or from the ranges of partitions.

use planner_core::quantity::{DAY_MS, HOUR_MS, UnixMillis};
use planner_core::request::Window;
use planner_core::snapshot::{Partition, TimeBucket};

use super::facts::{TableFacts, TimeFacts};
use super::order::by_key;
use super::strip::rect;

/// Most bars.
const MOST: i64 = 180;
/// Widths of bars that people can read.
const STEPS: [i64; 9] = [15 * 60_000, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 365 * DAY_MS];
/// Units of a chart: width and height.
pub const UNITS: (u64, u64) = (10_000, 100);

/// Amount within a range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First instant.
    pub from: i64,
    /// Behind the last instant.
    pub to: i64,
    /// Amount.
    pub amount: u64,
}

/// Bars of equal width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    /// Start of the first bar.
    pub from: i64,
    /// Width of a bar in milliseconds; 0 without bars.
    pub step: i64,
    /// Amount of each.
    pub amounts: Vec<u64>,
}

/// Fewest partitions whose ranges alone make a picture.
const ENOUGH: usize = 8;

/// Pieces of a snapshot's source: the partitions, whose bytes are exact, where they are fine enough; else rows of the
/// profile at the table's average width.
pub fn pieces(table: &TableFacts, profile: Option<&TimeFacts>) -> Vec<Piece> {
    match profile.filter(|_| table.partitions.len() < ENOUGH || table.partitions.iter().any(|partition| partition.times.is_none())) {
        Some(profile) if !profile.buckets.is_empty() => {
            let (rows, bytes) = (u128::from(table.stored.rows.max(1)), u128::from(table.stored.bytes));
            let amount = |part: u64| u64::try_from(u128::from(part) * bytes / rows).unwrap_or(u64::MAX);
            let piece = |bucket: &TimeBucket| Piece {
                from: bucket.min.0.max(bucket.start.0),
                to: (bucket.max.0 + 1).max(bucket.min.0 + 1),
                amount: amount(bucket.rows),
            };
            profile.buckets.iter().map(piece).collect()
        }
        _ => of_partitions(&table.partitions),
    }
}

/// Pieces of partitions that have a time range; none when one with rows has not.
fn of_partitions(partitions: &[Partition]) -> Vec<Piece> {
    let piece = |partition: &Partition| {
        partition.times.map(|(first, last)| Piece { from: first.0, to: last.0.saturating_add(1000), amount: partition.bytes })
    };
    partitions.iter().map(piece).collect::<Option<_>>().unwrap_or_default()
}

impl Bars {
    /// Spreads pieces over at most [`MOST`] bars of a readable width.
    pub fn of(pieces: &[Piece]) -> Self {
        let (Some(first), Some(last)) = (pieces.iter().map(|p| p.from).min(), pieces.iter().map(|p| p.to).max()) else {
            return Self::default();
        };
        let by_width = by_key(pieces.iter().map(|piece| (piece.to - piece.from).max(0).unsigned_abs()));
        let median = by_width.get(by_width.len() / 2).and_then(|place| pieces.get(*place)).map_or(0, |piece| piece.to - piece.from);
        // Bars finer than the pieces would show steps that nobody measured.
        let fits = |step: &&i64| (last - first) / **step < MOST && **step >= median / 10 * 9;
        let step = STEPS.iter().find(fits).copied().unwrap_or_else(|| (last - first) / MOST + 1);
        let from = first.div_euclid(step) * step;
        let count = usize::try_from((last - 1 - from).div_euclid(step) + 1).unwrap_or(1);
        let mut amounts = vec![0_u64; count];
        for piece in pieces {
            spread(&mut amounts, from, step, piece);
        }
        Self { from, step, amounts }
    }

    /// Behind the last bar.
    pub fn to(&self) -> i64 {
        self.from + self.step * i64::try_from(self.amounts.len()).unwrap_or(0)
    }

    /// The bars as one path.
    pub fn path(&self) -> String {
        let most = self.amounts.iter().max().copied().unwrap_or(0).max(1);
        let count = self.amounts.len().max(1) as u64;
        let gap = (UNITS.0 / count / 6).min(14);
        let mut path = String::new();
        for (amount, i) in self.amounts.iter().zip(0_u64..).filter(|(amount, _)| **amount > 0) {
            let height = u64::try_from(u128::from(*amount) * u128::from(UNITS.1) / u128::from(most)).unwrap_or(0).max(1);
            let (left, right) = (UNITS.0 * i / count, UNITS.0 * (i + 1) / count);
            rect(&mut path, left, UNITS.1 - height, (right - left).saturating_sub(gap).max(1), height);
        }
        path
    }

    /// Place of an instant in chart units, clamped.
    pub fn place(&self, instant: UnixMillis) -> u64 {
        let width = (self.to() - self.from).max(1);
        let inside = (instant.0 - self.from).clamp(0, width);
        u64::try_from(i128::from(inside) * i128::from(UNITS.0) / i128::from(width)).unwrap_or(0)
    }

    /// The instant at a place in chart units, on the nearest edge of a bar.
    pub fn edge_at(&self, place: u64) -> UnixMillis {
        let count = self.amounts.len() as u64;
        let index = (place.min(UNITS.0) * count + UNITS.0 / 2) / UNITS.0;
        UnixMillis(self.from + self.step * i64::try_from(index).unwrap_or(0))
    }

    /// The window between two places; at least one bar wide.
    pub fn window(&self, a: u64, b: u64) -> Window {
        let (from, to) = (self.edge_at(a.min(b)), self.edge_at(a.max(b)));
        let last = self.to() - self.step;
        if from < to {
            Window { from, to }
        } else {
            Window { from: UnixMillis(from.0.min(last)), to: UnixMillis(from.0.min(last) + self.step) }
        }
    }

    /// What a place shows: start of its bar and amount.
    pub fn at(&self, place: u64) -> Option<(UnixMillis, u64)> {
        let count = self.amounts.len() as u64;
        let index = place * count / UNITS.0;
        let amount = self.amounts.get(usize::try_from(index).ok()?)?;
        Some((UnixMillis(self.from + self.step * i64::try_from(index).ok()?), *amount))
    }

    /// At most `most` labelled instants, with their places: on midnights where bars are finer than days.
    pub fn ticks(&self, most: i64) -> Vec<(u64, String)> {
        if self.step == 0 {
            return Vec::new();
        }
        let width = self.to() - self.from;
        let fits = |step: &&i64| **step >= self.step && width / **step <= most;
        let nice: Vec<i64> =
            STEPS.iter().copied().chain([2 * DAY_MS, 14 * DAY_MS, 60 * DAY_MS, 90 * DAY_MS, 180 * DAY_MS, 730 * DAY_MS]).collect();
        let step = nice.iter().filter(fits).min().copied().unwrap_or_else(|| width.max(1));
        let first = (self.from + step - 1).div_euclid(step) * step;
        let instants = (0..=most).map(|i| UnixMillis(first + i * step)).take_while(|at| at.0 < self.to());
        instants.map(|at| (self.place(at), tick_label(at, step))).filter(|(place, _)| *place < UNITS.0 * 19 / 20).collect()
    }
}

fn tick_label(at: UnixMillis, step: i64) -> String {
    let label = at.label();
    if step >= DAY_MS { label.get(..10) } else { label.get(5..16) }.unwrap_or_default().to_owned()
}

/// Adds a piece to the bars that it covers; shares add up to the whole.
fn spread(amounts: &mut [u64], from: i64, step: i64, piece: &Piece) {
    let width = i128::from((piece.to - piece.from).max(1));
    let upto = |instant: i64| {
        u64::try_from(i128::from(piece.amount) * i128::from(instant.clamp(piece.from, piece.to) - piece.from) / width).unwrap_or(0)
    };
    let first = (piece.from - from).div_euclid(step);
    let last = (piece.to.max(piece.from + 1) - 1 - from).div_euclid(step);
    for index in first..=last {
        let (left, right) = (from + index * step, from + (index + 1) * step);
        if let Some(amount) = usize::try_from(index).ok().and_then(|index| amounts.get_mut(index)) {
            *amount += upto(right) - upto(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month() -> Bars {
        let day = |d: i64| Piece { from: d * DAY_MS, to: (d + 1) * DAY_MS, amount: 100 };
        Bars::of(&(0..31).map(day).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_is_lost() {
        let bars = month();
        assert_eq!((bars.step, bars.amounts.len()), (DAY_MS, 31));
        assert_eq!(bars.amounts.iter().sum::<u64>(), 3100);
        let odd = Bars::of(&[Piece { from: 5, to: 100 * DAY_MS + 7, amount: 1_000_003 }]);
        assert_eq!(odd.amounts.iter().sum::<u64>(), 1_000_003);
        assert_eq!(Bars::of(&[]), Bars::default());
    }

    #[test]
    fn places_and_instants_agree() {
        let bars = month();
        for index in [0_i64, 1, 17, 31] {
            let edge = UnixMillis(index * DAY_MS);
            assert_eq!(bars.edge_at(bars.place(edge)), edge);
        }
        let one = bars.window(9999, UNITS.0);
        assert_eq!((one.to.0 - one.from.0, one.to.0), (bars.step, bars.to()));
        let window = bars.window(UNITS.0, 0);
        assert_eq!((window.from.0, window.to.0), (bars.from, bars.to()));
    }

    #[test]
    fn ticks_are_few_and_on_days() {
        let ticks = month().ticks(6);
        assert!(ticks.len() <= 7 && ticks.len() > 2, "{ticks:?}");
        assert_eq!(ticks[0], (0, "1970-01-01".to_owned()));
    }

    #[test]
    fn partitions_without_time_give_no_bars() {
        let partition = |times| Partition { bytes: 3, id: "1".into(), rows: 1, times };
        let known = partition(Some((UnixMillis(1), UnixMillis(2))));
        assert_eq!(of_partitions(std::slice::from_ref(&known)), [Piece { from: 1, to: 1002, amount: 3 }]);
        assert!(of_partitions(&[known, partition(None)]).is_empty());
    }
}
