//! Amounts with their units: instants and widths of time. Integers only, so that every target computes the same.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;
/// One day of 24 hours in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// Years that a four-digit ISO text can carry: the bound of what [`UnixMillis::parse`] accepts.
const YEARS: std::ops::RangeInclusive<i64> = 1..=9999;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
///
/// In JSON a number; on reading, ISO text (`2025-01-01`, `2025-01-01T00:00`, `2025-01-01T00:00:00.000Z`, always UTC) is accepted too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Reads ISO text in UTC: a date, optionally with `T` or a space and `hh:mm[:ss[.fraction]]`, optionally `Z`.
    /// Digits finer than a millisecond are refused, not rounded.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not an instant; write 2025-01-31T13:45:00Z (UTC, at most milliseconds)");
        let text_utc = text.strip_suffix('Z').unwrap_or(text);
        let (date, time) = match text_utc.split_once(['T', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (text_utc, None),
        };
        let mut fields = date.splitn(3, '-').map(|part| digits(part, 4));
        let (Some(Some(year)), Some(Some(month)), Some(Some(day))) = (fields.next(), fields.next(), fields.next()) else {
            return Err(wrong());
        };
        if !YEARS.contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return Err(wrong());
        }
        let of_day = match time {
            None => 0,
            Some(time) => time_of_day(time).ok_or_else(wrong)?,
        };
        Ok(Self(days_from_civil(year, month, day) * DAY_MS + of_day))
    }

    /// `2025-01-01T00:00:00.000Z`: the form that goes into plan ids.
    pub fn iso(self) -> String {
        let mut text = self.text('T');
        text.push('Z');
        text
    }

    /// For people: `2025-01-01 00:00`, with seconds or milliseconds only where they are not zero.
    pub fn label(self) -> String {
        let mut text = self.text(' ');
        let zeros = match (self.0.rem_euclid(60_000), self.0.rem_euclid(1000)) {
            (0, _) => ":00.000".len(),
            (_, 0) => ".000".len(),
            _ => 0,
        };
        text.truncate(text.len() - zeros);
        text
    }

    /// The calendar date in UTC as `2025-01-01`.
    pub fn date(self) -> String {
        let (year, month, day) = civil_from_days(self.day());
        let mut text = String::with_capacity(10);
        push_padded(&mut text, year, 4);
        for part in [month, day] {
            text.push('-');
            push_padded(&mut text, part, 2);
        }
        text
    }

    /// Days since 1970 in UTC.
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// Date and time of day, to the millisecond. A plan has one or two a chunk, so no formatter runs here.
    fn text(self, between: char) -> String {
        let ms = self.0.rem_euclid(DAY_MS);
        let mut text = self.date();
        text.reserve(14);
        for (before, part, width) in
            [(between, ms / HOUR_MS, 2), (':', ms / 60_000 % 60, 2), (':', ms / 1000 % 60, 2), ('.', ms % 1000, 3)]
        {
            text.push(before);
            push_padded(&mut text, part, width);
        }
        text
    }

    /// This instant moved by `ms`, saturating at the ends of the range.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso())
    }
}

/// Appends a number with zeros in front, as `{value:0width$}` would.
fn push_padded(text: &mut String, value: i64, width: u32) {
    let mut left = value.unsigned_abs();
    let mut place = 10_u64.pow(width - 1 - u32::from(value < 0));
    if value < 0 {
        text.push('-');
    }
    while left / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        text.push(char::from(b'0' + u8::try_from(left / place).unwrap_or(0)));
        left %= place;
        place /= 10;
    }
}

fn digits(text: &str, at_most: usize) -> Option<i64> {
    let fine = !text.is_empty() && text.len() <= at_most && text.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| text.parse().ok()).flatten()
}

fn time_of_day(text: &str) -> Option<i64> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut fields = clock.split(':').map(|part| digits(part, 2));
    let (hour, minute) = (fields.next()??, fields.next()??);
    let second = match fields.next() {
        None if fraction.is_some() => return None,
        None => 0,
        Some(second) => second?,
    };
    if fields.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ms = match fraction {
        None => 0,
        Some(fraction) => digits(fraction, 3)? * 10_i64.pow(3 - u32::try_from(fraction.len()).ok()?),
    };
    Some(hour * HOUR_MS + minute * 60_000 + second * 1000 + ms)
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * month_index + 2) / 5 + 1)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl Serialize for UnixMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for UnixMillis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Instant;
        impl Visitor<'_> for Instant {
            type Value = UnixMillis;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("milliseconds since 1970 or ISO text in UTC")
            }
            fn visit_i64<E: de::Error>(self, ms: i64) -> Result<UnixMillis, E> {
                Ok(UnixMillis(ms))
            }
            fn visit_u64<E: de::Error>(self, ms: u64) -> Result<UnixMillis, E> {
                i64::try_from(ms).map(UnixMillis).map_err(E::custom)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<UnixMillis, E> {
                UnixMillis::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Instant)
    }
}

/// A width in hours with at most five decimals, kept in whole milliseconds (0.00001 h = 36 ms).
///
/// In JSON the shortest decimal text, `"6"` or `"0.25"`: the form that goes into plan ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hours(i64);

impl Hours {
    /// Hours of a whole number of milliseconds; `None` unless positive and a multiple of 36 ms.
    pub fn from_ms(ms: i64) -> Option<Self> {
        (ms > 0 && ms % 36 == 0).then_some(Self(ms))
    }

    /// Whole hours; zero becomes one.
    pub fn whole(hours: u32) -> Self {
        Self(i64::from(hours.max(1)) * HOUR_MS)
    }

    /// Reads `6`, `0.25`, `1.5`: positive, at most five decimals, at most 1,000,000 hours.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a width in hours; write 6 or 0.25 (at most five decimals, above 0)");
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let whole = digits(whole, 7).ok_or_else(wrong)?;
        let scale = 10_i64.pow(5 - u32::try_from(fraction.len().min(5)).unwrap_or(5));
        let fraction = digits(fraction, 5).ok_or_else(wrong)? * scale;
        Self::from_ms((whole * 100_000 + fraction) * 36).ok_or_else(wrong)
    }

    /// The width in milliseconds.
    pub fn ms(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0 / 36;
        let fraction = format!("{:05}", units % 100_000);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{}", units / 100_000),
            fraction => write!(f, "{}.{fraction}", units / 100_000),
        }
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, iso: &str) {
        let instant = UnixMillis::parse(text).unwrap();
        assert_eq!(instant.iso(), iso);
        assert_eq!(UnixMillis::parse(iso).unwrap(), instant);
    }

    #[test]
    fn instants_are_read_and_written() {
        check("2025-01-01", "2025-01-01T00:00:00.000Z");
        check("2025-01-01 13:45", "2025-01-01T13:45:00.000Z");
        check("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500Z");
        check("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z");
        check("0001-01-01", "0001-01-01T00:00:00.000Z");
        assert_eq!(UnixMillis::parse("2025-01-01").unwrap().0, 1_735_689_600_000);
    }

    #[test]
    fn impossible_instants_are_refused() {
        for text in ["", "2025", "2025-02-29", "2025-13-01", "2025-01-01T24:00", "2025-01-01T00:00:00.0001", "2025-1-1T1", "+025-01-01"] {
            assert!(UnixMillis::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hours_keep_their_shortest_form() {
        for (text, shortest, ms) in
            [("6", "6", 6 * HOUR_MS), ("0.25", "0.25", 900_000), ("1.50", "1.5", 5_400_000), ("0.00001", "0.00001", 36)]
        {
            let hours = Hours::parse(text).unwrap();
            assert_eq!((hours.to_string().as_str(), hours.ms()), (shortest, ms));
        }
        for text in ["0", "", "-1", "1e3", "0.000001", "six", "1.", ".5"] {
            assert!(Hours::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn labels_are_as_short_as_they_can_be() {
        assert_eq!(UnixMillis(1_735_689_600_000).label(), "2025-01-01 00:00");
        assert_eq!(UnixMillis(1_735_689_601_000).label(), "2025-01-01 00:00:01");
        assert_eq!(UnixMillis(1_735_689_601_250).label(), "2025-01-01 00:00:01.250");
    }
}
