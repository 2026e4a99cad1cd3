//! Types of sorting key columns: how a value travels, reads as SQL, reads for people, and compares.
//!
//! A value travels as the bytes that the server itself writes in the format `RowBinary`: nothing is lost of a 256-bit
//! number, a string that is no text or a NaN. The server sorts; [`KeyType::compare`] only checks what it handed back.

mod order;
mod text;

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

/// Upper-case hex, as the server's `hex()` writes it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_types_are_not_keys() {
        for name in ["Array(UInt8)", "Map(String, String)", "Tuple(Nullable(UInt8), String)", "Decimal(77, 1)", "UInt7", "Nothing"] {
            assert_eq!(KeyType::of(name), None, "{name}");
        }
    }
}
