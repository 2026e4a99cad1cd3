//! From a column's type to another: what checks each value, and what changes values without an error.
//!
//! `CAST` wraps: 300 as `UInt8` is 44. `accurateCast` fails instead, for whole numbers and for text that is read as one. Where it
//! does not look either (a `Decimal` loses digits, a text that is no day becomes 1970-01-01), or is stricter than
//! a type can be (`Float64` to `Float32` would fail for nearly every value), the plan tells what is changed.

use crate::sql::key_type::arguments;
use crate::sql::literal::string;
use crate::sql::time_type::{TimeKind, TimeType};

/// What becomes of a value that the other type does not hold as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// Its chunk fails.
    Fails,
    /// It is changed, in this way.
    Alters(&'static str),
}

/// The expression that gives an operand of one type in the other.
pub(crate) fn expression(operand: &str, from: &str, to: &str) -> String {
    // An expression of such a type is refused without a setting of its own; the INSERT makes it of what is inside.
    let to = match applied(to) {
        ("LowCardinality", list) => list.into_iter().next().filter(|inner| !inner.contains("String")).unwrap_or(to),
        _ => to,
    };
    match misfit(from, to) {
        Misfit::Fails if checks(from, to) => format!("accurateCast({operand}, {})", string(to)),
        Misfit::Fails | Misfit::Alters(_) => cast(operand, to),
    }
}

/// The same without a look at values, as the server itself inserts them.
pub(crate) fn cast(operand: &str, to: &str) -> String {
    format!("CAST({operand} AS {to})")
}

/// Whether times are converted, so that one beyond the other type's range fails only by a setting.
pub(crate) fn narrows_times(from: &str, to: &str) -> bool {
    from.contains("Date") && to.contains("Date")
}

/// What becomes of values that do not fit, once a time beyond the range of its type is an error.
pub(crate) fn misfit(from: &str, to: &str) -> Misfit {
    let (from, to) = (bare(from), bare(to));
    if from == to {
        return Misfit::Fails;
    }
    if let Some(inner) = nested(from, to) {
        let all: Vec<Misfit> = inner.into_iter().map(|(from, to)| misfit(from, to)).collect();
        return all.iter().copied().find(|one| *one != Misfit::Fails).unwrap_or(Misfit::Fails);
    }
    let (Some(from), Some(to)) = (Kind::of(from), Kind::of(to)) else { return Misfit::Alters(AT_ALL) };
    between(&from, &to)
}

/// Whether `accurateCast` says more than `CAST`: where numbers are made. Of times and names it is the same.
fn checks(from: &str, to: &str) -> bool {
    let (from, to) = (bare(from), bare(to));
    match nested(from, to) {
        Some(inner) => inner.into_iter().any(|(from, to)| checks(from, to)),
        None => matches!(Kind::of(from), Some(Kind::Integer | Kind::Float(_) | Kind::Decimal(_) | Kind::Text)) && from != to,
    }
}

/// How values are changed, in words that follow "values of a column".
const AT_ALL: &str = "may be changed";
const DIGITS: &str = "lose digits behind the last decimal place";
const ROUNDED: &str = "are rounded, or infinite where too large";
const ANOTHER_TIME: &str = "become another time where they are out of range, or no time at all";

fn between(from: &Kind, to: &Kind) -> Misfit {
    let unless = |kept: bool, how| if kept { Misfit::Fails } else { Misfit::Alters(how) };
    match from {
        Kind::Integer => match to {
            Kind::Integer | Kind::Float(_) | Kind::Decimal(_) | Kind::Text | Kind::Enum => Misfit::Fails,
            Kind::Bool => Misfit::Alters("become true unless 0"),
            Kind::Time(time) => unless(time.kind == TimeKind::DateTime, ANOTHER_TIME),
            Kind::Address => Misfit::Alters(AT_ALL),
        },
        Kind::Bool => unless(matches!(to, Kind::Bool | Kind::Integer | Kind::Float(_) | Kind::Decimal(_) | Kind::Text), AT_ALL),
        Kind::Float(width) => match to {
            Kind::Integer | Kind::Text => Misfit::Fails,
            Kind::Float(wanted) => unless(wanted >= width, ROUNDED),
            Kind::Decimal(_) => Misfit::Alters(DIGITS),
            Kind::Time(_) => Misfit::Alters(ANOTHER_TIME),
            Kind::Bool | Kind::Enum | Kind::Address => Misfit::Alters(AT_ALL),
        },
        Kind::Decimal(scale) => match to {
            Kind::Text => Misfit::Fails,
            Kind::Integer => unless(*scale == 0, DIGITS),
            Kind::Decimal(wanted) => unless(wanted >= scale, DIGITS),
            Kind::Float(_) => Misfit::Alters(ROUNDED),
            Kind::Time(_) => Misfit::Alters(ANOTHER_TIME),
            Kind::Bool | Kind::Enum | Kind::Address => Misfit::Alters(AT_ALL),
        },
        Kind::Text => match to {
            Kind::Text | Kind::Integer | Kind::Bool | Kind::Enum | Kind::Address => Misfit::Fails,
            Kind::Float(_) => Misfit::Alters(ROUNDED),
            Kind::Decimal(_) => Misfit::Alters(DIGITS),
            Kind::Time(_) => Misfit::Alters(ANOTHER_TIME),
        },
        Kind::Enum => unless(matches!(to, Kind::Enum | Kind::Text), AT_ALL),
        Kind::Address => unless(matches!(to, Kind::Text), AT_ALL),
        Kind::Time(time) => match to {
            Kind::Text => Misfit::Fails,
            Kind::Time(wanted) => unless(!coarser(time, wanted), "lose what is finer than their new type"),
            Kind::Integer | Kind::Bool | Kind::Float(_) | Kind::Decimal(_) | Kind::Enum | Kind::Address => Misfit::Alters(AT_ALL),
        },
    }
}

/// Whether a type has fewer digits of a second than another, or only days.
fn coarser(from: &TimeType, to: &TimeType) -> bool {
    let of_day = |time: &TimeType| matches!(time.kind, TimeKind::Date | TimeKind::Date32);
    (of_day(to) && !of_day(from)) || to.scale() < from.scale()
}

/// A type that is not made of others, as far as conversions go.
enum Kind {
    Integer,
    Bool,
    /// Its width in bits.
    Float(u32),
    /// Its decimal places.
    Decimal(u32),
    Text,
    Enum,
    Time(TimeType),
    /// UUID, IPv4, IPv6.
    Address,
}

impl Kind {
    fn of(type_name: &str) -> Option<Self> {
        if let Some(time) = TimeType::of(type_name) {
            return Some(Self::Time(time));
        }
        let (name, list) = applied(type_name);
        Some(match name {
            "Bool" => Self::Bool,
            "Float64" => Self::Float(64),
            "Float32" => Self::Float(32),
            "BFloat16" => Self::Float(16),
            "Decimal" => Self::Decimal(list.get(1)?.parse().ok()?),
            "String" | "FixedString" => Self::Text,
            "Enum8" | "Enum16" => Self::Enum,
            "UUID" | "IPv4" | "IPv6" => Self::Address,
            _ => {
                let width = name.strip_prefix('U').unwrap_or(name).strip_prefix("Int")?;
                return width.bytes().all(|byte| byte.is_ascii_digit()).then_some(Self::Integer);
            }
        })
    }
}

/// Pairs of types that stand at the same place in two types that are made of others.
fn nested<'a>(from: &'a str, to: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let ((from, from_list), (to, to_list)) = (applied(from), applied(to));
    let alike = from == to && matches!(from, "Array" | "Map" | "Tuple") && from_list.len() == to_list.len();
    alike.then(|| from_list.into_iter().map(element).zip(to_list.into_iter().map(element)).collect())
}

/// A type's name and what it is applied to.
fn applied(type_name: &str) -> (&str, Vec<&str>) {
    let inner = type_name.strip_suffix(')').and_then(|rest| rest.split_once('('));
    inner.map_or((type_name, Vec::new()), |(name, list)| (name, arguments(list)))
}

/// A tuple's element without the name that it may have.
fn element(text: &str) -> &str {
    match text.split_once(' ') {
        Some((name, type_name)) if !name.contains('(') && !name.ends_with(',') => type_name.trim(),
        _ => text,
    }
}

/// A type without what does not change its values: `Nullable`, `LowCardinality`, and the aggregate of a simple state.
fn bare(type_name: &str) -> &str {
    match applied(type_name) {
        ("Nullable" | "LowCardinality", list) => list.first().map_or(type_name, |inner| bare(inner)),
        ("SimpleAggregateFunction", list) => list.get(1).map_or(type_name, |inner| bare(inner)),
        _ => type_name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_and_the_rest_is_cast() {
        for (from, to, expected) in [
            ("UInt32", "UInt8", "accurateCast(x, 'UInt8')"),
            ("String", "Nullable(UInt8)", "accurateCast(x, 'Nullable(UInt8)')"),
            ("Array(UInt32)", "Array(UInt8)", "accurateCast(x, 'Array(UInt8)')"),
            ("Tuple(a UInt32, b String)", "Tuple(a UInt8, b String)", "accurateCast(x, 'Tuple(a UInt8, b String)')"),
            ("Float64", "Float32", "CAST(x AS Float32)"),
            ("Array(Float64)", "Array(Float32)", "CAST(x AS Array(Float32))"),
            ("Date32", "Date", "CAST(x AS Date)"),
            ("Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)", "CAST(x AS Enum8('a' = 1, 'b' = 2))"),
            ("LowCardinality(String)", "String", "CAST(x AS String)"),
            ("UInt8", "LowCardinality(String)", "accurateCast(x, 'LowCardinality(String)')"),
            ("UInt32", "LowCardinality(UInt8)", "accurateCast(x, 'UInt8')"),
            ("Variant(String)", "JSON", "CAST(x AS JSON)"),
        ] {
            assert_eq!(expression("x", from, to), expected, "{from} → {to}");
        }
    }

    #[test]
    fn what_changes_values_is_told() {
        for (from, to, alters) in [
            ("Decimal(18, 3)", "Decimal(18, 2)", true),
            ("Decimal(9, 2)", "Decimal(18, 2)", false),
            ("Nullable(Decimal(9, 2))", "Decimal(18, 4)", false),
            ("DateTime64(6)", "DateTime64(3, 'UTC')", true),
            ("DateTime", "DateTime64(3)", false),
            ("Date", "DateTime", false),
            ("DateTime", "Date", true),
            ("Map(String, Float64)", "Map(LowCardinality(String), Float32)", true),
            ("Variant(String)", "JSON", true),
            ("AggregateFunction(sum, UInt8)", "AggregateFunction(sum, UInt16)", true),
            ("UInt8", "SimpleAggregateFunction(sum, UInt64)", false),
        ] {
            assert_eq!(misfit(from, to) != Misfit::Fails, alters, "{from} → {to}");
        }
    }
}
