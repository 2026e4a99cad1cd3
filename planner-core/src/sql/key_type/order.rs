//! The server's order of values.

use std::cmp::Ordering;

use super::{KeyType, TimeUnit, elements_of, magnitude, text_of};

impl KeyType {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(hex: &str) -> Vec<u8> {
        crate::key::unhex(hex).unwrap()
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
}
