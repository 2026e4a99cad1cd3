//! Types of sorting key columns: how a value travels, reads as SQL, reads for people, and compares.
//!
//! A value travels as the bytes that the server itself writes in the format `RowBinary`: nothing is lost of a 256-bit
//! number, a string that is no text or a NaN. The server sorts; [`KeyType::compare`] only checks what it handed back.

use std::cmp::Ordering;

use crate::quantity::{DAY_MS, UnixMillis};
use crate::sql::literal::string;

/// A type that keys are cut by. [`KeyType::of`] is `None` for any other: such a column is left out of the cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Integers of 8 to 256 bits, and Bool.
    Integer {
        /// The type's name, as SQL.
        name: String,
        /// Its width in bytes.
        width: usize,
        /// Whether it has a sign.
        signed: bool,
    },
    /// Float32 and Float64.
    Float {
        /// The type's name.
        name: String,
        /// Its width in bytes.
        width: usize,
    },
    /// Decimals of each width: an integer and a scale.
    Decimal {
        /// The type's name.
        name: String,
        /// Its width in bytes.
        width: usize,
        /// Digits behind the point.
        scale: usize,
    },
    /// Date, Date32, DateTime and DateTime64: an integer of days, seconds or ticks.
    Time {
        /// The type's name.
        name: String,
        /// Its width in bytes.
        width: usize,
        /// What one step is.
        unit: TimeUnit,
    },
    /// Enum8 and Enum16, which compare by number.
    Enum {
        /// The type's name.
        name: String,
        /// Its width in bytes.
        width: usize,
    },
    /// UUID: two 64-bit halves, of which the second weighs more.
    Uuid,
    /// IPv4, which compares by number.
    Ipv4,
    /// IPv6, which compares by bytes.
    Ipv6,
    /// String: any bytes.
    String,
    /// FixedString: so many bytes, padded with zeros.
    FixedString(usize),
    /// A tuple of types that are neither nullable nor floats.
    Tuple {
        /// The type's name: the index is not used for a tuple whose elements have other names.
        name: String,
        /// Types of its elements.
        elements: Vec<KeyType>,
    },
    /// A type with NULL, which sorts last.
    Nullable(Box<KeyType>),
}

/// What one step of a time type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// A day.
    Day,
    /// 10^-scale seconds; 0 for whole seconds.
    Ticks(u8),
}

impl KeyType {
    /// Reads a type as the server writes it.
    pub fn of(type_name: &str) -> Option<Self> {
        let name = type_name.trim();
        if let Some(inner) = inside(name, "Nullable") {
            return Some(Self::Nullable(Box::new(Self::of(inner)?)));
        }
        if let Some(inner) = inside(name, "LowCardinality") {
            return Self::of(inner);
        }
        if let Some(inner) = inside(name, "Tuple") {
            let elements: Option<Vec<Self>> = arguments(inner).into_iter().map(|element| Self::of(unnamed(element))).collect();
            let plain = |element: &Self| !matches!(element, Self::Nullable(_) | Self::Float { .. } | Self::Tuple { .. });
            return elements
                .filter(|elements| !elements.is_empty() && elements.iter().all(plain))
                .map(|elements| Self::Tuple { name: name.to_owned(), elements });
        }
        if let Some(inner) = inside(name, "Decimal") {
            let [precision, scale] = <[&str; 2]>::try_from(arguments(inner)).ok()?;
            let width = match precision.trim().parse::<u8>().ok()? {
                1..=9 => 4,
                10..=18 => 8,
                19..=38 => 16,
                39..=76 => 32,
                _ => return None,
            };
            return Some(Self::Decimal { name: name.to_owned(), width, scale: scale.trim().parse().ok()? });
        }
        if let Some(inner) = inside(name, "FixedString") {
            return Some(Self::FixedString(inner.trim().parse().ok()?));
        }
        if let Some(inner) = inside(name, "DateTime64") {
            let scale = arguments(inner).first()?.trim().parse().ok().filter(|scale| *scale <= 9)?;
            return Some(Self::Time { name: name.to_owned(), width: 8, unit: TimeUnit::Ticks(scale) });
        }
        let time = |width, unit| Some(Self::Time { name: name.to_owned(), width, unit });
        let integer = |width, signed| Some(Self::Integer { name: name.to_owned(), width, signed });
        if inside(name, "DateTime").is_some() {
            return time(4, TimeUnit::Ticks(0));
        }
        if inside(name, "Enum8").is_some() {
            return Some(Self::Enum { name: name.to_owned(), width: 1 });
        }
        if inside(name, "Enum16").is_some() {
            return Some(Self::Enum { name: name.to_owned(), width: 2 });
        }
        match name {
            "String" => Some(Self::String),
            "UUID" => Some(Self::Uuid),
            "IPv4" => Some(Self::Ipv4),
            "IPv6" => Some(Self::Ipv6),
            "Date" => time(2, TimeUnit::Day),
            "Date32" => time(4, TimeUnit::Day),
            "DateTime" => time(4, TimeUnit::Ticks(0)),
            "Bool" => integer(1, false),
            "Float32" => Some(Self::Float { name: name.to_owned(), width: 4 }),
            "Float64" => Some(Self::Float { name: name.to_owned(), width: 8 }),
            _ => {
                let (bits, signed) = match name.strip_prefix("UInt") {
                    Some(bits) => (bits, false),
                    None => (name.strip_prefix("Int")?, true),
                };
                match bits {
                    "8" | "16" | "32" | "64" | "128" | "256" => integer(bits.parse::<usize>().ok()? / 8, signed),
                    _ => None,
                }
            }
        }
    }

    /// Takes one value off the front of `raw`; `None` when it is cut short.
    pub fn take<'a>(&self, raw: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        raw.split_at_checked(self.length(raw)?)
    }

    fn length(&self, raw: &[u8]) -> Option<usize> {
        Some(match self {
            Self::Integer { width, .. }
            | Self::Float { width, .. }
            | Self::Decimal { width, .. }
            | Self::Time { width, .. }
            | Self::Enum { width, .. }
            | Self::FixedString(width) => *width,
            Self::Uuid | Self::Ipv6 => 16,
            Self::Ipv4 => 4,
            Self::String => {
                let (length, prefix) = varint(raw)?;
                prefix.checked_add(length)?
            }
            Self::Tuple { elements, .. } => {
                elements.iter().try_fold(0_usize, |sum, element| Some(sum + element.length(raw.get(sum..)?)?))?
            }
            Self::Nullable(inner) => match raw.first()? {
                0 => 1 + inner.length(raw.get(1..)?)?,
                _ => 1,
            },
        })
    }

    /// Whether values can be NULL, which ordinary comparisons leave out.
    pub fn nullable(&self) -> bool {
        matches!(self, Self::Nullable(_))
    }

    /// Whether values can be NaN, which ordinary comparisons leave out.
    pub fn floating(&self) -> bool {
        matches!(self.inner(), Self::Float { .. })
    }

    /// The type without NULL.
    fn inner(&self) -> &Self {
        if let Self::Nullable(inner) = self { inner } else { self }
    }

    /// Whether this value is NULL.
    pub fn is_null(&self, raw: &[u8]) -> bool {
        self.nullable() && raw.first() != Some(&0)
    }

    /// Whether this value is NaN.
    pub fn is_nan(&self, raw: &[u8]) -> bool {
        let (Self::Float { width, .. }, false) = (self.inner(), self.is_null(raw)) else { return false };
        let raw = raw.get(usize::from(self.nullable())..).unwrap_or_default();
        // All bits of the exponent set, and some bit of the fraction.
        let bits = magnitude(raw) & !(1 << (width * 8 - 1));
        let infinity: u128 = if *width == 4 { 0x7f80_0000 } else { 0x7ff0_0000_0000_0000 };
        bits > infinity
    }

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

    /// The server's order: NaN above every number, NULL above all.
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Self::Nullable(inner) => match (self.is_null(a), self.is_null(b)) {
                (false, false) => inner.compare(a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default()),
                (a, b) => a.cmp(&b),
            },
            Self::Integer { signed, .. } => compare_integers(a, b, *signed),
            Self::Decimal { .. } | Self::Enum { .. } => compare_integers(a, b, true),
            Self::Time { width, unit, .. } => compare_integers(a, b, *width == 8 || (*width == 4 && *unit == TimeUnit::Day)),
            Self::Float { width, .. } => match (self.is_nan(a), self.is_nan(b)) {
                (false, false) => ordered_float(a, *width).cmp(&ordered_float(b, *width)),
                (a, b) => a.cmp(&b),
            },
            // Of a UUID the server compares the second half first: as one number of these bytes.
            Self::Uuid | Self::Ipv4 => compare_integers(a, b, false),
            Self::Ipv6 | Self::FixedString(_) => a.cmp(b),
            Self::String => text_of(a).cmp(text_of(b)),
            Self::Tuple { elements, .. } => elements_of(elements, a)
                .zip(elements_of(elements, b))
                .map(|((element, a), (_, b))| element.compare(a, b))
                .find(|order| *order != Ordering::Equal)
                .unwrap_or(Ordering::Equal),
        }
    }
}

fn elements_of<'a>(elements: &'a [KeyType], mut raw: &'a [u8]) -> impl Iterator<Item = (&'a KeyType, &'a [u8])> {
    elements.iter().map_while(move |element| {
        let (value, rest) = element.take(raw)?;
        raw = rest;
        Some((element, value))
    })
}

/// Text between `wrapper(` and the closing `)`.
fn inside<'a>(type_name: &'a str, wrapper: &str) -> Option<&'a str> {
    type_name.strip_prefix(wrapper)?.strip_prefix('(')?.strip_suffix(')')
}

/// Splits at commas that stand in no brackets and no quotes.
pub(crate) fn arguments(list: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in list.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                found.push(list.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = list.get(start..).unwrap_or_default().trim();
    if !last.is_empty() {
        found.push(last);
    }
    found
}

/// The type of a tuple's element, without the name that a named tuple gives it.
fn unnamed(element: &str) -> &str {
    if KeyType::of(element).is_some() {
        return element;
    }
    let after_name = match element.strip_prefix('`') {
        Some(quoted) => quoted.split_once("` "),
        None => element.split_once(' '),
    };
    after_name.map_or(element, |(_, rest)| rest.trim())
}

/// Length and width of a length prefix: seven bits a byte, lowest first.
fn varint(raw: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (at, byte) in raw.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

/// A string's bytes without its length.
fn text_of(raw: &[u8]) -> &[u8] {
    varint(raw).and_then(|(_, prefix)| raw.get(prefix..)).unwrap_or_default()
}

/// Up to 128 bits, lowest byte first, as a number without sign.
fn magnitude(raw: &[u8]) -> u128 {
    raw.iter().take(16).rev().fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}

/// Up to 64 bits, lowest byte first.
fn integer(raw: &[u8], signed: bool) -> i128 {
    let bits = u32::try_from(raw.len().min(16) * 8).unwrap_or(128);
    let value = magnitude(raw);
    let negative = signed && raw.last().is_some_and(|top| top & 0x80 != 0);
    let value = i128::try_from(value).unwrap_or(i128::MAX);
    if negative && bits < 128 { value - (1_i128 << bits) } else { value }
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

fn compare_integers(a: &[u8], b: &[u8], signed: bool) -> Ordering {
    let negative = |raw: &[u8]| signed && raw.last().is_some_and(|top| top & 0x80 != 0);
    negative(b).cmp(&negative(a)).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// A float's bits as a number that orders as the float does; both zeros are one.
fn ordered_float(raw: &[u8], width: usize) -> i128 {
    let bits = i128::try_from(magnitude(raw)).unwrap_or(0);
    let sign = 1_i128 << (width * 8 - 1);
    if bits >= sign { sign - bits } else { bits }
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

/// Upper-case hex, as the server's `hex()` writes it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
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

    fn ascending(type_name: &str, values: &[&str]) {
        let key = KeyType::of(type_name).unwrap();
        for pair in values.windows(2) {
            assert_eq!(key.compare(&raw(pair[0]), &raw(pair[1])), Ordering::Less, "{type_name}: {pair:?}");
        }
    }

    #[test]
    fn order_is_the_servers() {
        ascending("Int8", &["80", "FF", "00", "7F"]);
        ascending("UInt16", &["0000", "FF00", "0001"]);
        ascending("Nullable(Int8)", &["00FF", "0001", "01"]);
        // -inf, -1, 0, 1, inf, NaN.
        ascending("Float32", &["000080FF", "000080BF", "00000000", "0000803F", "0000807F", "0000C07F"]);
        ascending("String", &["00", "0100", "0161", "026100", "0162"]);
        ascending("UUID", &["02000000000000000100000000000000", "01000000000000000200000000000000"]);
        assert_eq!(KeyType::of("Float64").unwrap().compare(&raw("0000000000000080"), &raw("0000000000000000")), Ordering::Equal);
    }

    #[test]
    fn other_types_are_not_keys() {
        for name in ["Array(UInt8)", "Map(String, String)", "Tuple(Nullable(UInt8), String)", "Decimal(77, 1)", "UInt7", "Nothing"] {
            assert_eq!(KeyType::of(name), None, "{name}");
        }
    }
}
