//! The sample that `penstock up` shows: a table worth backfilling from, and targets that are still empty.
//!
//! ```text
//!  demo.events (January 2025, one tenant with 60 %) ──► events_by_time    other order, no deduplication window
//!        │                                         ──► events_by_tenant  other order and partitions, window 10000
//!        └─ daily_totals_mv, daily_refunds_mv      ──► daily_totals      sums; the views came after the data
//! ```
//!
//! Every value is a hash of the row's number, so two machines hold the same rows. Each statement may be repeated: a day
//! is one block into one partition, so it is there as a whole or not at all, and is filled only when it is empty. A
//! start that was killed half-way goes on where it stopped.

/// Rows of `demo.events` when nobody asks for another number.
pub const DEFAULT_ROWS: u64 = 20_000_000;

/// Answers 1 when nothing is left to do for `rows` rows, else 0. Works before the database exists.
pub fn is_installed_query(rows: u64) -> String {
    let rows = total_rows(rows);
    format!(
        "SELECT toUInt8(coalesce((SELECT sum(total_rows) FROM system.tables WHERE database = 'demo' AND name = 'events'), 0) >= {rows} \
         AND (SELECT count() FROM system.tables WHERE database = 'demo' AND name IN ('events_by_time', 'events_by_tenant', \
         'daily_totals', 'daily_totals_mv', 'daily_refunds_mv')) = 5)"
    )
}

/// The statements that create and fill the sample, one each, in order. They are safe to repeat; with another number of
/// rows than before, days that have rows stay as they are.
pub fn statements(rows: u64) -> Vec<String> {
    let before_data = ["CREATE DATABASE IF NOT EXISTS demo", include_str!("sql/events.sql")];
    let after_data = [
        include_str!("sql/events_by_time.sql"),
        include_str!("sql/events_by_tenant.sql"),
        include_str!("sql/daily_totals.sql"),
        include_str!("sql/daily_totals_mv.sql"),
        include_str!("sql/daily_refunds_mv.sql"),
    ];
    let fills = days(rows).map(Day::fill);
    before_data.into_iter().map(str::to_owned).chain(fills).chain(after_data.map(str::to_owned)).collect()
}

const DAYS: u64 = 31;
/// 2025-01-01T00:00:00Z, a Wednesday.
const FIRST_DAY_MS: u64 = 1_735_689_600_000;
const DAY_MS: u64 = 86_400_000;

/// How busy the hours of a day are, from 0 to 23 UTC.
const HOUR_WEIGHTS: [usize; 24] = [3, 2, 2, 1, 1, 2, 3, 5, 8, 11, 13, 13, 11, 11, 13, 14, 13, 12, 10, 9, 8, 7, 6, 4];

/// One day's share of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    /// 1 to 31.
    number: u64,
    first_row: u64,
    rows: u64,
}

/// Weekends are quiet, the month grows, and a campaign ran on the 16th.
fn weight(day: u64) -> u64 {
    let is_weekend = matches!(day % 7, 4 | 5);
    let campaign = if day == 16 { 70 } else { 0 };
    (if is_weekend { 55 } else { 100 }) + day + campaign
}

/// The days with their rows: all of `rows` and at least one a day.
fn days(rows: u64) -> impl Iterator<Item = Day> {
    let total = total_rows(rows);
    let weights: u64 = (1..=DAYS).map(weight).sum();
    // In 128 bits: rows times a weight may not fit into 64.
    let upto = move |weight: u64| u64::try_from(u128::from(total - DAYS) * u128::from(weight) / u128::from(weights)).unwrap_or(u64::MAX);
    (1..=DAYS).scan(0, move |before, number| {
        let (from, to) = (upto(*before), upto(*before + weight(number)));
        *before += weight(number);
        Some(Day { number, first_row: from + number - 1, rows: to - from + 1 })
    })
}

fn total_rows(rows: u64) -> u64 {
    rows.max(DAYS)
}

impl Day {
    fn fill(self) -> String {
        let hours: Vec<String> = (0..24).flat_map(|hour| vec![hour.to_string(); HOUR_WEIGHTS[hour]]).collect();
        let day_start_ms = FIRST_DAY_MS + (self.number - 1) * DAY_MS;
        include_str!("sql/fill_day.sql")
            .replace("{day_start_ms}", &day_start_ms.to_string())
            .replace("{hour_count}", &hours.len().to_string())
            .replace("{hours}", &hours.join(", "))
            .replace("{first}", &self.first_row.to_string())
            .replace("{rows}", &self.rows.to_string())
            .replace("{partition}", &format!("202501{:02}", self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: u64) {
        let days: Vec<Day> = days(rows).collect();
        assert_eq!(days.len(), 31);
        assert_eq!(days.iter().map(|day| day.rows).sum::<u64>(), rows.max(31), "{rows}");
        for pair in days.windows(2) {
            assert_eq!(pair[0].first_row + pair[0].rows, pair[1].first_row, "{rows}");
        }
        assert!(days.iter().all(|day| day.rows > 0));
    }

    #[test]
    fn days_cover_all_rows_once() {
        [0, 1, 31, 32, 1000, 999_983, DEFAULT_ROWS, u64::MAX / 2].into_iter().for_each(check);
    }

    #[test]
    fn no_placeholder_is_left() {
        for statement in statements(DEFAULT_ROWS) {
            assert!(!statement.contains(['{', '}']), "{statement}");
        }
    }
}
