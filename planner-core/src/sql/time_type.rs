//! Column types that hold a moment in time.

use crate::sql::literal;

/// What kind of moment a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeKind {
    /// Days since 1970, 16 bits.
    Date,
    /// Days, 32 bits.
    Date32,
    /// Seconds since 1970, 32 bits: up to 2106-02-07.
    DateTime,
    /// Ticks of 10^-scale seconds, scale 0 to 9.
    DateTime64(u8),
}

/// A type that holds a moment, without the wrappers around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeType {
    /// The kind with its scale.
    pub kind: TimeKind,
    /// The zone written in the type, if any.
    pub zone: Option<String>,
    /// Whether NULL is possible: such rows fall outside every range.
    pub nullable: bool,
}

impl TimeType {
    /// Reads a type as `system.columns` gives it; `None` when it does not hold a moment.
    pub fn of(type_name: &str) -> Option<Self> {
        if let Some(inner) = unwrap(type_name, "Nullable") {
            return Self::of(inner).map(|time| Self { nullable: true, ..time });
        }
        if let Some(inner) = unwrap(type_name, "LowCardinality") {
            return Self::of(inner);
        }
        let plain = |kind, zone| Some(Self { kind, zone, nullable: false });
        match type_name {
            "Date" => return plain(TimeKind::Date, None),
            "Date32" => return plain(TimeKind::Date32, None),
            "DateTime" => return plain(TimeKind::DateTime, None),
            _ => {}
        }
        if let Some(zone) = unwrap(type_name, "DateTime") {
            return plain(TimeKind::DateTime, Some(unquote(zone)?));
        }
        let arguments = unwrap(type_name, "DateTime64")?;
        let (scale, zone) = match arguments.split_once(',') {
            Some((scale, zone)) => (scale, Some(unquote(zone.trim())?)),
            None => (arguments, None),
        };
        let scale = scale.trim().parse().ok().filter(|scale| *scale <= 9)?;
        plain(TimeKind::DateTime64(scale), zone)
    }

    /// The type's name without wrappers, as SQL.
    pub fn name(&self) -> String {
        match (self.kind, &self.zone) {
            (TimeKind::Date, _) => "Date".into(),
            (TimeKind::Date32, _) => "Date32".into(),
            (TimeKind::DateTime, None) => "DateTime".into(),
            (TimeKind::DateTime, Some(zone)) => format!("DateTime({})", literal::string(zone)),
            (TimeKind::DateTime64(scale), None) => format!("DateTime64({scale})"),
            (TimeKind::DateTime64(scale), Some(zone)) => format!("DateTime64({scale}, {})", literal::string(zone)),
        }
    }

    /// Digits of a second that a value has.
    pub fn scale(&self) -> u8 {
        match self.kind {
            TimeKind::Date | TimeKind::Date32 | TimeKind::DateTime => 0,
            TimeKind::DateTime64(scale) => scale,
        }
    }

    /// Smallest step between two values, in milliseconds; finer types count as one.
    pub fn resolution_ms(&self) -> i64 {
        match self.kind {
            TimeKind::Date | TimeKind::Date32 => crate::quantity::DAY_MS,
            TimeKind::DateTime | TimeKind::DateTime64(0) => 1000,
            TimeKind::DateTime64(1) => 100,
            TimeKind::DateTime64(2) => 10,
            TimeKind::DateTime64(_) => 1,
        }
    }

    /// First and last instant that the type can hold, in milliseconds.
    pub fn range_ms(&self) -> (i64, i64) {
        match self.kind {
            TimeKind::Date => (0, 65_535 * crate::quantity::DAY_MS),
            TimeKind::DateTime => (0, 4_294_967_295_000),
            // 1900-01-01 to 2299-12-31, and for nanoseconds what 64 bits hold.
            TimeKind::DateTime64(9) => (-2_208_988_800_000, 9_223_372_036_854),
            TimeKind::Date32 | TimeKind::DateTime64(_) => (-2_208_988_800_000, 10_413_791_999_999),
        }
    }
}

fn unwrap<'a>(type_name: &'a str, wrapper: &str) -> Option<&'a str> {
    type_name.strip_prefix(wrapper)?.strip_prefix('(')?.strip_suffix(')')
}

fn unquote(text: &str) -> Option<String> {
    Some(text.strip_prefix('\'')?.strip_suffix('\'')?.to_owned())
}
