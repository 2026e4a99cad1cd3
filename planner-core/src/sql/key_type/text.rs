//! A value as SQL, and for people.

use super::{KeyType, TimeUnit, elements_of, hex, integer, text_of};
use crate::quantity::{DAY_MS, UnixMillis};
use crate::sql::literal::string;

impl KeyType {
    /// The value as SQL of exactly this type (clickhouse.md section 2: a literal of another type prunes matching rows).
    pub fn literal(&self, raw: &[u8]) -> String {
        match self {
            Self::Integer { name, signed, .. } if name == "Bool" => {
                debug_assert!(!signed);
                if raw.first() == Some(&0) { "false".into() } else { "true".into() }
            }
            Self::Integer { name, width, signed } => {
                let number = decimal_text(raw, *signed);
                if *width > 8 { format!("CAST({} AS {name})", string(&number)) } else { format!("CAST({number} AS {name})") }
            }
            Self::Enum { name, .. } => format!("CAST({} AS {name})", decimal_text(raw, true)),
            // Text of a float may round; its bytes do not.
            Self::Float { name, .. } => format!("reinterpret(unhex('{}'), {})", hex(raw), string(name)),
            Self::Decimal { name, scale, .. } => format!("CAST({} AS {name})", string(&point(&decimal_text(raw, true), *scale))),
            Self::Time { name, unit: TimeUnit::Day, .. } => format!("CAST({} AS {name})", string(&self.label(raw))),
            // Never local text, which is ambiguous when clocks change.
            Self::Time { name, width: 4, .. } => format!("CAST({} AS {name})", decimal_text(raw, false)),
            Self::Time { name, .. } => format!("reinterpret(CAST({} AS Int64), {})", decimal_text(raw, true), string(name)),
            Self::Uuid => format!("toUUID({})", string(&self.label(raw))),
            Self::Ipv4 => format!("toIPv4({})", string(&self.label(raw))),
            Self::Ipv6 => format!("toIPv6({})", string(&self.label(raw))),
            Self::String => bytes_literal(text_of(raw)),
            Self::FixedString(width) => format!("CAST({} AS FixedString({width}))", bytes_literal(raw)),
            Self::Tuple { name, elements } => {
                let values: Vec<String> = elements_of(elements, raw).map(|(element, raw)| element.literal(raw)).collect();
                format!("CAST(tuple({}) AS {name})", values.join(", "))
            }
            Self::Nullable(inner) => {
                if self.is_null(raw) {
                    "NULL".into()
                } else {
                    inner.literal(raw.get(1..).unwrap_or_default())
                }
            }
        }
    }

    /// The value for people, short.
    pub fn label(&self, raw: &[u8]) -> String {
        match self {
            Self::Integer { name, .. } if name == "Bool" => self.literal(raw),
            Self::Integer { signed, .. } => decimal_text(raw, *signed),
            Self::Enum { .. } => decimal_text(raw, true),
            Self::Float { .. } if self.is_nan(raw) => "NaN".into(),
            Self::Float { width, .. } => float_text(raw, *width),
            Self::Decimal { scale, .. } => point(&decimal_text(raw, true), *scale),
            Self::Time { width, unit, .. } => time_label(integer(raw, *width == 8 || (*width == 4 && *unit == TimeUnit::Day)), *unit),
            Self::Uuid => uuid_text(raw),
            Self::Ipv4 => raw.iter().rev().map(u8::to_string).collect::<Vec<_>>().join("."),
            Self::Ipv6 => raw.chunks(2).map(hex).map(|group| group.to_lowercase()).collect::<Vec<_>>().join(":"),
            Self::String => bytes_label(text_of(raw)),
            Self::FixedString(_) => bytes_label(raw),
            Self::Tuple { elements, .. } => {
                let values: Vec<String> = elements_of(elements, raw).map(|(element, raw)| element.label(raw)).collect();
                format!("({})", values.join(", "))
            }
            Self::Nullable(inner) => {
                if self.is_null(raw) {
                    "NULL".into()
                } else {
                    inner.label(raw.get(1..).unwrap_or_default())
                }
            }
        }
    }
}

/// An integer of any width as decimal text: wide ones exceed what the machine counts with.
fn decimal_text(raw: &[u8], signed: bool) -> String {
    let negative = signed && raw.last().is_some_and(|top| top & 0x80 != 0);
    let mut left: Vec<u8> = raw.iter().rev().copied().collect();
    if negative {
        // Two's complement: invert, then add one from the lowest byte on.
        let mut carry = true;
        for byte in left.iter_mut().rev() {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            *byte = sum;
            carry = over;
        }
    }
    let mut digits = Vec::new();
    while left.iter().any(|byte| *byte != 0) {
        let mut remainder = 0_u16;
        for byte in &mut left {
            let value = remainder * 256 + u16::from(*byte);
            *byte = u8::try_from(value / 10).unwrap_or(0);
            remainder = value % 10;
        }
        digits.push(char::from(b'0' + u8::try_from(remainder).unwrap_or(0)));
    }
    if digits.is_empty() {
        return "0".into();
    }
    let sign = if negative { "-" } else { "" };
    format!("{sign}{}", digits.iter().rev().collect::<String>())
}

/// Sets a decimal point `scale` digits from the end.
fn point(integer: &str, scale: usize) -> String {
    if scale == 0 {
        return integer.to_owned();
    }
    let (sign, digits) = integer.strip_prefix('-').map_or(("", integer), |digits| ("-", digits));
    let padded = format!("{}{digits}", "0".repeat((scale + 1).saturating_sub(digits.len())));
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// For a label only: nothing is decided by it.
fn float_text(raw: &[u8], width: usize) -> String {
    if width == 4 {
        raw.try_into().map(f32::from_le_bytes).map_or_else(|_| String::new(), |value| value.to_string())
    } else {
        raw.try_into().map(f64::from_le_bytes).map_or_else(|_| String::new(), |value| value.to_string())
    }
}

fn time_label(value: i128, unit: TimeUnit) -> String {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    match unit {
        TimeUnit::Day => UnixMillis(value.saturating_mul(DAY_MS)).date(),
        TimeUnit::Ticks(scale) if scale <= 3 => UnixMillis(value.saturating_mul(10_i64.pow(u32::from(3 - scale)))).label(),
        TimeUnit::Ticks(scale) => {
            let step = 10_i64.pow(u32::from(scale - 3));
            let rest = value.rem_euclid(step);
            let label = UnixMillis(value.div_euclid(step)).label();
            if rest == 0 { label } else { format!("{label} + {rest}e-{scale} s") }
        }
    }
}

fn uuid_text(raw: &[u8]) -> String {
    let bytes: Vec<u8> = raw.chunks(8).flat_map(|half| half.iter().rev().copied()).collect();
    let text = hex(&bytes).to_lowercase();
    [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)]
        .into_iter()
        .map(|(from, to)| text.get(from..to).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("-")
}

/// Text where the bytes are plain text, else their hex.
fn bytes_literal(bytes: &[u8]) -> String {
    match plain_text(bytes) {
        Some(text) => string(text),
        None => format!("unhex('{}')", hex(bytes)),
    }
}

fn bytes_label(bytes: &[u8]) -> String {
    const LONGEST: usize = 32;
    let trimmed = bytes.iter().rposition(|byte| *byte != 0).map_or(&[][..], |last| bytes.get(..=last).unwrap_or(bytes));
    match plain_text(trimmed) {
        Some("") => "''".into(),
        Some(text) if text.chars().count() > LONGEST => format!("{}…", text.chars().take(LONGEST).collect::<String>()),
        Some(text) => text.to_owned(),
        None => format!("0x{}", hex(trimmed.get(..LONGEST / 2).unwrap_or(trimmed))),
    }
}

/// Printable text without control characters, so that SQL on a screen is what it seems to be.
fn plain_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.chars().any(|c| c.is_control() || is_invisible(c)))
}

/// Marks that turn or hide text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(hex: &str) -> Vec<u8> {
        crate::key::unhex(hex).unwrap()
    }

    /// Type, the server's RowBinary in hex, literal, label.
    fn check(type_name: &str, bytes: &str, literal: &str, label: &str) {
        let key = KeyType::of(type_name).unwrap();
        let bytes = raw(bytes);
        assert_eq!(key.take(&bytes), Some((bytes.as_slice(), &[][..])), "{type_name}");
        assert_eq!((key.literal(&bytes).as_str(), key.label(&bytes).as_str()), (literal, label), "{type_name}");
    }

    #[test]
    fn values_read_as_sql_and_for_people() {
        check("Int32", "FBFFFFFF", "CAST(-5 AS Int32)", "-5");
        check("UInt64", "0100000000002000", "CAST(9007199254740993 AS UInt64)", "9007199254740993");
        check("Int256", "FBFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "CAST('-5' AS Int256)", "-5");
        check(
            "Int128",
            "00000000000000000000000000000080",
            "CAST('-170141183460469231731687303715884105728' AS Int128)",
            "-170141183460469231731687303715884105728",
        );
        check("Bool", "01", "true", "true");
        check("Decimal(9, 2)", "83FFFFFF", "CAST('-1.25' AS Decimal(9, 2))", "-1.25");
        check("Decimal(18, 4)", "0500000000000000", "CAST('0.0005' AS Decimal(18, 4))", "0.0005");
        check("Float32", "0000C03F", "reinterpret(unhex('0000C03F'), 'Float32')", "1.5");
        check("Float64", "000000000000F87F", "reinterpret(unhex('000000000000F87F'), 'Float64')", "NaN");
        check("Date", "0100", "CAST('1970-01-02' AS Date)", "1970-01-02");
        check("Date32", "FFFFFFFF", "CAST('1969-12-31' AS Date32)", "1969-12-31");
        check("DateTime('UTC')", "80857467", "CAST(1735689600 AS DateTime('UTC'))", "2025-01-01 00:00");
        check(
            "DateTime64(4, 'Europe/Berlin')",
            "983A000000000000",
            "reinterpret(CAST(15000 AS Int64), 'DateTime64(4, \\'Europe/Berlin\\')')",
            "1970-01-01 00:00:01.500",
        );
        check(
            "UUID",
            "E711B35C04C4F061A0DBD36A00A67B90",
            "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')",
            "61f0c404-5cb3-11e7-907b-a6006ad3dba0",
        );
        check("IPv4", "04030201", "toIPv4('1.2.3.4')", "1.2.3.4");
        check("String", "027831", "'x1'", "x1");
        check("String", "02FF0A", "unhex('FF0A')", "0xFF0A");
        check("LowCardinality(Nullable(String))", "01", "NULL", "NULL");
        check("FixedString(3)", "616200", "CAST(unhex('616200') AS FixedString(3))", "ab");
        check("Enum8('a, b' = -3, 'c' = 5)", "FD", "CAST(-3 AS Enum8('a, b' = -3, 'c' = 5))", "-3");
        check("Tuple(UInt16, String)", "0100026162", "CAST(tuple(CAST(1 AS UInt16), 'ab') AS Tuple(UInt16, String))", "(1, ab)");
        let named = "Tuple(n UInt16, `odd name` String)";
        check(named, "0100026162", "CAST(tuple(CAST(1 AS UInt16), 'ab') AS Tuple(n UInt16, `odd name` String))", "(1, ab)");
    }
}
