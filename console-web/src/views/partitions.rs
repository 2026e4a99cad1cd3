//! Partitions in their order as bars, and what a range of them means for a plan.

use executor_api::table::PartitionDetail;
use planner_core::quantity::{DAY_MS, HOUR_MS, UnixMillis};
use planner_core::request::Window;

use super::format;
use super::strip::rect;

/// Width and height of the chart in its own units.
pub const UNITS: (u64, u64) = (10_000, 100);
/// Most bars; beyond it neighbours share one.
const MOST: usize = 240;

/// Partitions from the first to the last, both inside.
pub type Range = (usize, usize);

/// Bytes of each partition as one path.
pub fn path(all: &[PartitionDetail]) -> String {
    let each = all.len().div_ceil(MOST).max(1);
    let amounts: Vec<u64> = all.chunks(each).map(|some| some.iter().map(|p| p.bytes).fold(0, u64::saturating_add)).collect();
    let most = amounts.iter().max().copied().unwrap_or(0).max(1);
    let gap = (UNITS.0 / amounts.len().max(1) as u64 / 6).min(14);
    let mut path = String::new();
    for (amount, at) in amounts.iter().zip(0..) {
        let height = u64::try_from(u128::from(*amount) * u128::from(UNITS.1) / u128::from(most)).unwrap_or(0).max(1);
        let (left, right) = (place(at * each, all.len()), place(((at + 1) * each).min(all.len()), all.len()));
        rect(&mut path, left, UNITS.1 - height, (right - left).saturating_sub(gap).max(1), height);
    }
    path
}

/// Left edge of a partition; of the number of partitions: the right end.
pub fn place(index: usize, count: usize) -> u64 {
    UNITS.0 * index as u64 / count.max(1) as u64
}

/// The partition at a place.
pub fn locate(count: usize, x: u64) -> usize {
    usize::try_from(x.min(UNITS.0 - 1) * count as u64 / UNITS.0).unwrap_or(0).min(count.saturating_sub(1))
}

/// `20250105 · 12,480 rows · 1.2 MiB · 2 parts`.
pub fn one_words(one: &PartitionDetail) -> String {
    format!("{} · {} rows · {} · {}", one.name, format::exact(one.rows), format::bytes(one.bytes), format::plural(one.parts, "part"))
}

/// `20250105 – 20250112 · 8 partitions · 1.2 M rows · 120 MiB`.
pub fn words(all: &[PartitionDetail], range: Range) -> String {
    match inside(all, range) {
        [] => String::new(),
        [one] => one_words(one),
        some @ [first, .., last] => {
            let sum = |of: fn(&PartitionDetail) -> u64| some.iter().map(of).fold(0, u64::saturating_add);
            let (rows, bytes) = (format::count(sum(|p| p.rows)), format::bytes(sum(|p| p.bytes)));
            format!("{} – {} · {} · {rows} rows · {bytes}", first.name, last.name, format::plural(some.len() as u64, "partition"))
        }
    }
}

/// Whether every partition tells from when to when its rows are.
pub fn have_times(all: &[PartitionDetail]) -> bool {
    !all.is_empty() && all.iter().all(|p| p.min_time.is_some() && p.max_time.is_some())
}

/// The window that holds a range of partitions, rounded to days or hours where no other partition reaches into it.
pub fn window(all: &[PartitionDetail], range: Range) -> Option<Window> {
    let chosen = inside(all, range);
    // One without a time is before all others: there is no window then.
    let from = chosen.iter().map(|p| p.min_time).min()??;
    // Bounds are told to the second: the last instant may be up to one later.
    let to = chosen.iter().map(|p| p.max_time).max()??.saturating_add(1000);
    let rounded = [DAY_MS, HOUR_MS].into_iter().find_map(|step| {
        let (from, to) = (from.div_euclid(step) * step, (to + step - 1).div_euclid(step) * step);
        (others_inside(all, range, from, to) == 0).then_some((from, to))
    });
    let (from, to) = rounded.unwrap_or((from, to));
    Some(Window { from: UnixMillis(from), to: UnixMillis(to) })
}

/// How many partitions outside of a range have rows in its window: where the partition key is not of time alone.
pub fn others(all: &[PartitionDetail], range: Range) -> usize {
    window(all, range).map_or(0, |window| others_inside(all, range, window.from.0, window.to.0))
}

fn others_inside(all: &[PartitionDetail], range: Range, from: i64, to: i64) -> usize {
    let meets = |p: &PartitionDetail| p.min_time.zip(p.max_time).is_none_or(|(min, max)| min < to && max >= from);
    all.iter().enumerate().filter(|(at, p)| !(range.0..=range.1).contains(at) && meets(p)).count()
}

fn inside(all: &[PartitionDetail], range: Range) -> &[PartitionDetail] {
    all.get(range.0..=range.1.min(all.len().saturating_sub(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(name: &str, bytes: u64, times: Option<(&str, &str)>) -> PartitionDetail {
        let at = |text: &str| UnixMillis::parse(text).unwrap().0;
        PartitionDetail {
            id: name.into(),
            name: name.into(),
            rows: bytes / 10,
            bytes,
            parts: 1,
            min_time: times.map(|times| at(times.0)),
            max_time: times.map(|times| at(times.1)),
        }
    }

    fn days() -> Vec<PartitionDetail> {
        let day = |d: u32| {
            let (from, to) = (format!("2025-01-{d:02}T00:00:03"), format!("2025-01-{d:02}T23:59:58"));
            partition(&format!("202501{d:02}"), 1000 * u64::from(d), Some((&from, &to)))
        };
        (1..=9).map(day).collect()
    }

    fn check(all: &[PartitionDetail], range: Range, from: &str, to: &str) {
        let window = window(all, range).unwrap();
        assert_eq!((window.from.label(), window.to.label()), (from.into(), to.into()));
    }

    #[test]
    fn windows_are_whole_days_where_the_partitions_are() {
        check(&days(), (1, 3), "2025-01-02 00:00", "2025-01-05 00:00");
        assert_eq!(others(&days(), (1, 3)), 0);
        let hours = [("0", "T05:00:00", "T05:59:59"), ("1", "T06:10:00", "T06:59:59"), ("2", "T07:00:00", "T07:59:00")]
            .map(|(name, from, to)| partition(name, 1, Some((&format!("2025-01-01{from}"), &format!("2025-01-01{to}")))));
        check(&hours, (1, 1), "2025-01-01 06:00", "2025-01-01 07:00");
        check(&hours, (0, 2), "2025-01-01 00:00", "2025-01-02 00:00");
    }

    #[test]
    fn partitions_that_share_a_time_are_counted() {
        let both = [("a", 1), ("b", 2)].map(|(name, bytes)| partition(name, bytes, Some(("2025-01-01T01:00", "2025-01-09T02:00"))));
        check(&both, (0, 0), "2025-01-01 01:00", "2025-01-09 02:00:01");
        assert_eq!(others(&both, (0, 0)), 1);
    }

    #[test]
    fn partitions_without_time_have_no_window() {
        let all = [partition("a", 1, Some(("2025-01-01", "2025-01-02"))), partition("b", 2, None)];
        assert_eq!(window(&all, (0, 1)), None);
        assert_eq!(window(&all, (1, 1)), None);
        assert!(!have_times(&all) && have_times(&days()) && !have_times(&[]));
    }

    #[test]
    fn places_and_partitions_agree() {
        for count in [1, 9, 240, 241, 10_000] {
            for index in [0, count / 2, count - 1] {
                assert_eq!(locate(count, place(index, count).saturating_add(UNITS.0 / count as u64 / 2)), index, "{index} of {count}");
            }
            assert_eq!((place(0, count), place(count, count), locate(count, UNITS.0)), (0, UNITS.0, count - 1));
        }
    }

    #[test]
    fn many_partitions_share_bars() {
        let many: Vec<PartitionDetail> = (0..1000).map(|at| partition(&at.to_string(), 10, None)).collect();
        assert_eq!(path(&many).matches('M').count(), 200);
        assert_eq!(path(&days()[..1]), "M0 0h9986v100h-9986z");
    }

    #[test]
    fn words_sum_a_range_up() {
        assert_eq!(words(&days(), (1, 3)), "20250102 – 20250104 · 3 partitions · 900 rows · 8.7 KiB");
        assert_eq!(words(&days(), (8, 8)), "20250109 · 900 rows · 8.7 KiB · 1 part");
    }
}
