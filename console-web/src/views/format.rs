//! Amounts as text for people. Integers only: float formatting would cost more bytes than this file.

use planner_core::quantity::UnixMillis;

const BYTE_UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const COUNT_UNITS: [&str; 5] = ["", "k", "M", "G", "T"];

/// `540 MiB`, `15.1 GiB`: at most one decimal, none from 100 on.
pub fn bytes(amount: u64) -> String {
    scaled(amount, 1024, &BYTE_UNITS)
}

/// `42.3 M`, `980`: for places where the exact number is a tooltip away.
pub fn count(amount: u64) -> String {
    scaled(amount, 1000, &COUNT_UNITS).trim_end().to_owned()
}

/// `20,000,000`.
pub fn exact(amount: u64) -> String {
    let digits = amount.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 chunk`, `1,204 chunks`.
pub fn plural(amount: u64, noun: &str) -> String {
    format!("{} {noun}{}", exact(amount), if amount == 1 { "" } else { "s" })
}

/// `820 ms`, `12 s`, `2 m 11 s`, `3 h 04 m`, `2 d 3 h`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (seconds, minutes, hours, days) {
        (0, ..) => format!("{ms} ms"),
        (_, 0, ..) if seconds < 10 => format!("{seconds}.{} s", ms % 1000 / 100),
        (_, 0, ..) => format!("{seconds} s"),
        (_, _, 0, _) if minutes < 10 => format!("{minutes} m {:02} s", seconds % 60),
        (_, _, 0, _) => format!("{minutes} m"),
        (_, _, _, 0) => format!("{hours} h {:02} m", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// `just now`, `12 s ago`, `3 d ago`: one unit.
pub fn ago(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..=4 => "just now".to_owned(),
        5..=59 => format!("{seconds} s ago"),
        60..=3599 => format!("{} min ago", seconds / 60),
        3600..=86_399 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// `×1.08`: a whole over a part, rounded to hundredths; `–` of nothing.
pub fn times(amount: u128, of: u128) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    let hundredths = (amount * 100 + of / 2) / of;
    format!("×{}.{:02}", hundredths / 100, hundredths % 100)
}

/// `58 %`; `<1 %` when something but little is done, 100 only when all is.
pub fn percent(done: u64, total: u64) -> String {
    match done.saturating_mul(100).checked_div(total) {
        None => "–".to_owned(),
        Some(0) if done > 0 => "<1 %".to_owned(),
        Some(share) => format!("{} %", share.min(100)),
    }
}

/// `61 MiB/s`.
pub fn rate(bytes_per_second: u64) -> String {
    format!("{}/s", bytes(bytes_per_second))
}

/// `14:32` at an offset from UTC in minutes.
pub fn clock(at: UnixMillis, offset_minutes: i64) -> String {
    local(at, offset_minutes).get(11..16).unwrap_or_default().to_owned()
}

/// `2025-01-01 14:32` at an offset from UTC in minutes.
pub fn moment(at: UnixMillis, offset_minutes: i64) -> String {
    local(at, offset_minutes).get(..16).unwrap_or_default().replace('T', " ")
}

/// `14:32:07` at an offset from UTC in minutes.
pub fn seconds(at: UnixMillis, offset_minutes: i64) -> String {
    local(at, offset_minutes).get(11..19).unwrap_or_default().to_owned()
}

/// First characters of a digest in groups of four: `9f3c 41ab`.
pub fn short_digest(digest: &str) -> String {
    format!("{} {}", digest.get(..4).unwrap_or(digest), digest.get(4..8).unwrap_or_default())
}

fn local(at: UnixMillis, offset_minutes: i64) -> String {
    at.plus(offset_minutes * 60_000).iso()
}

fn scaled(amount: u64, base: u64, units: &[&str]) -> String {
    let mut unit = 0;
    let mut size = 1_u64;
    while amount / size >= base && unit + 1 < units.len() {
        size *= base;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    let tenths = u64::try_from(u128::from(amount) * 10 / u128::from(size)).unwrap_or(u64::MAX);
    if unit == 0 || tenths >= 1000 || tenths.is_multiple_of(10) {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_counts_are_short() {
        let texts: Vec<String> = [0, 1023, 1024, 566_231_040, 16_213_540_044, u64::MAX].map(bytes).into();
        assert_eq!(texts, ["0 B", "1023 B", "1 KiB", "540 MiB", "15.1 GiB", "16383 PiB"]);
        assert_eq!([0, 980, 1000, 42_300_000, 999_999].map(count).to_vec(), ["0", "980", "1 k", "42.3 M", "999 k"]);
        assert_eq!([0, 999, 1000, 20_000_000].map(exact).to_vec(), ["0", "999", "1,000", "20,000,000"]);
        assert_eq!((plural(1, "chunk"), plural(1204, "chunk")), ("1 chunk".into(), "1,204 chunks".into()));
    }

    #[test]
    fn ratios_have_two_digits() {
        assert_eq!([(108, 100), (1, 1), (5, 3), (1, 0)].map(|(a, b)| times(a, b)), ["×1.08", "×1.00", "×1.67", "–"]);
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let texts: Vec<String> = [820, 1500, 12_000, 131_000, 1_440_000, 11_040_000, 183_600_000].map(duration).into();
        assert_eq!(texts, ["820 ms", "1.5 s", "12 s", "2 m 11 s", "24 m", "3 h 04 m", "2 d 3 h"]);
        assert_eq!(
            [0, 12_000, 130_000, 7_200_000, 200_000_000].map(ago).to_vec(),
            ["just now", "12 s ago", "2 min ago", "2 h ago", "2 d ago"]
        );
    }

    #[test]
    fn percent_does_not_round_up_to_all() {
        assert_eq!(percent(999, 1000), "99 %");
        assert_eq!(percent(1, 1000), "<1 %");
        assert_eq!(percent(1000, 1000), "100 %");
        assert_eq!(percent(0, 0), "–");
    }

    #[test]
    fn moments_follow_the_offset() {
        let at = UnixMillis::parse("2025-01-01T23:30:09Z").unwrap();
        assert_eq!(clock(at, 60), "00:30");
        assert_eq!(moment(at, 60), "2025-01-02 00:30");
        assert_eq!(seconds(at, 0), "23:30:09");
        assert_eq!(short_digest("9f3c41abdd"), "9f3c 41ab");
    }
}
