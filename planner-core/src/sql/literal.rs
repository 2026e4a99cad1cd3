//! Values as SQL text. A literal has the exact type of the column that it is compared with: a comparison across
//! types may prune granules that match (clickhouse.md section 2).

use crate::quantity::{DAY_MS, UnixMillis};
use crate::sql::time_type::{TimeKind, TimeType};

/// A string literal in single quotes.
pub fn string(text: &str) -> String {
    let mut sql = String::with_capacity(text.len() + 2);
    sql.push('\'');
    escape_into(&mut sql, text, '\'');
    sql.push('\'');
    sql
}

/// Appends `text` escaped for a quoted run that ends with `quote`.
pub(crate) fn escape_into(sql: &mut String, text: &str, quote: char) {
    for c in text.chars() {
        match c {
            '\\' => sql.push_str("\\\\"),
            '\n' => sql.push_str("\\n"),
            '\r' => sql.push_str("\\r"),
            '\t' => sql.push_str("\\t"),
            '\0' => sql.push_str("\\0"),
            _ if c == quote => {
                sql.push('\\');
                sql.push(c);
            }
            _ => sql.push(c),
        }
    }
}

/// The smallest value of the type that is not before `instant`, as SQL of exactly that type.
///
/// With half-open spans both bounds round up, so a cut between two representable values loses and doubles nothing.
/// Instants travel as numbers, never as local text, which is ambiguous when clocks change.
pub fn instant(instant: UnixMillis, time: &TimeType) -> String {
    let zone = time.zone.as_deref().map(string);
    match time.kind {
        TimeKind::Date | TimeKind::Date32 => {
            let days = ceil_div(instant.0, DAY_MS);
            let function = if time.kind == TimeKind::Date { "toDate" } else { "toDate32" };
            format!("{function}('{}')", UnixMillis(days * DAY_MS).date())
        }
        TimeKind::DateTime => {
            let zone = zone.map(|zone| format!(", {zone}")).unwrap_or_default();
            format!("toDateTime({}{zone})", ceil_div(instant.0, 1000))
        }
        TimeKind::DateTime64(scale) => {
            let ticks = ticks(instant, scale);
            let argument = zone.map(|zone| format!(", {zone}")).unwrap_or_default();
            match scale {
                3 => format!("fromUnixTimestamp64Milli({ticks}{argument})"),
                6 => format!("fromUnixTimestamp64Micro({ticks}{argument})"),
                9 => format!("fromUnixTimestamp64Nano({ticks}{argument})"),
                0..3 => {
                    format!("CAST(fromUnixTimestamp64Milli({}{argument}) AS {})", ticks * 10_i64.pow(u32::from(3 - scale)), time.name())
                }
                _ => format!("CAST(fromUnixTimestamp64Milli({}{argument}) AS {})", instant.0, time.name()),
            }
        }
    }
}

/// `instant` in units of 10^-scale seconds, rounded up; saturates at the ends of the 64-bit range.
fn ticks(instant: UnixMillis, scale: u8) -> i64 {
    if scale <= 3 {
        ceil_div(instant.0, 10_i64.pow(u32::from(3 - scale)))
    } else {
        instant.0.saturating_mul(10_i64.pow(u32::from(scale.min(9) - 3)))
    }
}

fn ceil_div(value: i64, by: i64) -> i64 {
    value.div_euclid(by) + i64::from(value.rem_euclid(by) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(type_name: &str, ms: i64, expected: &str) {
        assert_eq!(instant(UnixMillis(ms), &TimeType::of(type_name).unwrap()), expected, "{type_name}");
    }

    #[test]
    fn instants_take_the_type_of_the_column() {
        check("DateTime", 1_500, "toDateTime(2)");
        check("DateTime('Europe/Berlin')", 2_000, "toDateTime(2, 'Europe/Berlin')");
        check("DateTime64(3, 'UTC')", 1_735_689_600_000, "fromUnixTimestamp64Milli(1735689600000, 'UTC')");
        check("DateTime64(6)", 1_500, "fromUnixTimestamp64Micro(1500000)");
        check("DateTime64(9, 'UTC')", 1, "fromUnixTimestamp64Nano(1000000, 'UTC')");
        check("DateTime64(0)", 1_001, "CAST(fromUnixTimestamp64Milli(2000) AS DateTime64(0))");
        check("DateTime64(4, 'UTC')", 5, "CAST(fromUnixTimestamp64Milli(5, 'UTC') AS DateTime64(4, 'UTC'))");
        check("Date", 1, "toDate('1970-01-02')");
        check("Date32", -DAY_MS, "toDate32('1969-12-31')");
        check("Nullable(DateTime)", 1_000, "toDateTime(1)");
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("it's \\ a\nline"), r"'it\'s \\ a\nline'");
    }
}
