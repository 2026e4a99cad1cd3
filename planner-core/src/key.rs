//! Spans of the sorting key: a cut is a whole key tuple, so rows on both of its sides are told apart whatever they hold.

use serde::{Deserialize, Serialize};

use crate::snapshot::Table;
use crate::sql::identifier::Identifier;
use crate::sql::key_type::{self, KeyType};
use crate::sql::tokens::{self, Token};

/// One column of a sorting key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyColumn {
    /// Whether the key sorts it downwards.
    #[serde(default, skip_serializing_if = "is_false")]
    pub descending: bool,
    /// SQL over the table's columns: a column in backticks, or an expression as the server writes it.
    pub expression: String,
    /// Its type; empty until an answer has told it.
    #[serde(rename = "type", default, skip_serializing_if = "String::is_empty")]
    pub type_name: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A key tuple: its values in `RowBinary`, one behind the other, as upper-case hex.
///
/// With the types of the key's columns it is an exact literal of each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyTuple(String);

impl KeyTuple {
    /// From the bytes.
    pub fn of(raw: &[u8]) -> Self {
        Self(key_type::hex(raw))
    }

    /// The hex.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The values, one for each leading column; `None` when the bytes are not such a tuple.
    ///
    /// A tuple of fewer columns than the key has stands before every row that starts with it.
    pub fn values(&self, types: &[KeyType]) -> Option<Vec<Vec<u8>>> {
        let raw = unhex(&self.0)?;
        let mut left = raw.as_slice();
        let mut values = Vec::with_capacity(types.len());
        for key_type in types {
            if left.is_empty() {
                break;
            }
            let (value, rest) = key_type.take(left)?;
            values.push(value.to_vec());
            left = rest;
        }
        left.is_empty().then_some(values)
    }
}

impl TryFrom<String> for KeyTuple {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let fine = text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
        if fine { Ok(Self(text)) } else { Err("a key tuple is not upper-case hex".into()) }
    }
}

impl From<KeyTuple> for String {
    fn from(tuple: KeyTuple) -> Self {
        tuple.0
    }
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    Some(digits?.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit)).collect())
}

/// Rows of some partitions between two key tuples, or a share of them by hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySpan {
    /// Only the rows whose hash falls into this bucket: for rows that no key divides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    /// First tuple that is inside; none: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<KeyTuple>,
    /// Partition ids of the source, ascending; empty: the source is not partitioned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<String>,
    /// First tuple that is outside; none: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<KeyTuple>,
}

impl KeySpan {
    /// Whether both bounds hold the same value of the key's leading column: that value alone is heavier than a chunk.
    pub fn is_within_one(&self, leading: &KeyType) -> bool {
        let (Some(from), Some(to)) = (&self.from, &self.to) else { return false };
        // Values stand one behind the other, and none is the beginning of another: what both start with holds the leading
        // value, or only a part of it.
        let same = from.0.bytes().zip(to.0.bytes()).take_while(|(one, other)| one == other).count();
        let start = from.0.get(..same / 2 * 2).filter(|start| !start.is_empty()).and_then(unhex);
        start.is_some_and(|start| leading.take(&start).is_some())
    }
}

/// One of several shares of rows, by the hash of all that is written of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Counted from 0.
    pub index: u32,
    /// Number of buckets.
    pub of: u32,
}

/// What key spans are about: the source's key, and how the target's rows are told by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAxis {
    /// The columns that tuples are of: leading columns of the source's sorting key.
    pub columns: Vec<KeyColumn>,
    /// The columns that hash buckets are made of.
    pub hashed: Vec<Identifier>,
    /// How a partition of the source is told among the target's rows, where all of a span can be told there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_partition: Option<TargetPartition>,
}

impl KeyAxis {
    /// The columns' types; empty when one of them cannot be cut by.
    pub fn types(&self) -> Vec<KeyType> {
        types(&self.columns).unwrap_or_default()
    }
}

/// The types of key columns.
pub(crate) fn types(columns: &[KeyColumn]) -> Option<Vec<KeyType>> {
    columns.iter().map(|column| KeyType::of(&column.type_name)).collect()
}

/// The columns for people: `tenant, ts DESC`.
pub(crate) fn names(columns: &[KeyColumn]) -> String {
    let name = |column: &KeyColumn| format!("{}{}", column.expression, if column.descending { " DESC" } else { "" });
    columns.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// How the target's rows are told by a partition of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetPartition {
    /// The source is not partitioned.
    None,
    /// Both tables have the same partition key.
    Same,
    /// The source's partition key, computed over the target's columns of the same names and types.
    Computed(String),
}

/// The columns of a table's sorting key, in order. Directions stand only in its CREATE statement.
pub(crate) fn sorting_columns(table: &Table) -> Vec<KeyColumn> {
    let column = |(at, expression): (usize, &str)| KeyColumn {
        descending: u32::try_from(at).is_ok_and(|at| table.descending.contains(&at)),
        expression: expression.to_owned(),
        type_name: String::new(),
    };
    key_type::arguments(&table.sorting_key).into_iter().enumerate().map(column).collect()
}

/// Number of the sorting key's columns that the primary index holds.
pub(crate) fn primary_length(table: &Table) -> usize {
    key_type::arguments(&table.primary_key).len()
}

/// Positions of the columns that the ORDER BY clause of a CREATE TABLE statement sorts downwards.
pub(crate) fn descending(create: &str) -> Vec<u32> {
    let seen = tokens::tokens(create);
    let order = seen.windows(2).position(|pair| matches!(pair, [order, by] if order.is("ORDER") && by.is("BY")));
    let Some(order) = order else { return Vec::new() };
    let (mut depth, mut column, mut found) = (0_u32, 0, Vec::new());
    // In `ORDER BY (a, b DESC)` the columns stand one bracket deep, in `ORDER BY a DESC` none.
    let bracketed = match seen.get(order + 2..).unwrap_or_default() {
        [Token::Symbol('('), ..] => true,
        [tuple, Token::Symbol('('), ..] => tuple.is("TUPLE"),
        _ => false,
    };
    let level = u32::from(bracketed);
    for token in seen.iter().skip(order + 2) {
        match token {
            Token::Symbol('(' | '[') => depth += 1,
            Token::Symbol(')' | ']') if depth == level && bracketed => break,
            Token::Symbol(')' | ']') => depth = depth.saturating_sub(1),
            Token::Symbol(',') if depth == level => column += 1,
            _ if depth == level && token.is("DESC") => found.push(column),
            _ if depth == 0 && (token.is("SETTINGS") || token.is("TTL") || token.is("COMMENT") || token.is("SAMPLE")) => break,
            Token::Word(_) | Token::Quoted(_) | Token::Text(_) | Token::Number(_) | Token::Symbol(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_read_from_the_statement() {
        assert_eq!(
            descending("CREATE TABLE d.t (a Int8) ENGINE = MergeTree ORDER BY tuple(a, -b DESC, f(x, y), c DESC) SETTINGS x = 1"),
            [1, 3]
        );
        assert_eq!(descending("CREATE TABLE d.t (a Int8) ENGINE = MergeTree PARTITION BY p ORDER BY a DESC SETTINGS x = 1"), [0]);
        assert_eq!(descending("CREATE TABLE d.t (a Int8) ENGINE = MergeTree ORDER BY (a, b)"), Vec::<u32>::new());
        assert_eq!(descending("CREATE TABLE d.t (a Int8) ENGINE = MergeTree ORDER BY tuple()"), Vec::<u32>::new());
    }

    #[test]
    fn spans_within_one_leading_value_are_told() {
        let check = |leading: &str, from: &[u8], to: &[u8], expected: bool| {
            let bound = |bytes: &[u8]| (!bytes.is_empty()).then(|| KeyTuple::of(bytes));
            let span = KeySpan { bucket: None, from: bound(from), partitions: Vec::new(), to: bound(to) };
            assert_eq!(span.is_within_one(&KeyType::of(leading).unwrap()), expected, "{leading} {from:?} {to:?}");
        };
        check("String", &[2, b'a', b'b', 1], &[2, b'a', b'b', 9], true);
        check("String", &[2, b'a', b'b', 1], &[2, b'a', b'c', 1], false);
        check("String", &[2, b'a', b'b', 1], &[3, b'a', b'b', b'c', 1], false);
        check("UInt16", &[1, 0, 7], &[1, 0, 8], true);
        check("UInt16", &[1, 0], &[1, 1], false);
        check("Nullable(UInt8)", &[1, 5], &[1, 6], true);
        check("Nullable(UInt8)", &[0, 5, 1], &[0, 6, 1], false);
        check("UInt16", &[], &[1, 0, 8], false);
        check("UInt16", &[1, 0, 8], &[], false);
    }

    #[test]
    fn a_tuple_comes_apart_by_its_types() {
        let types = ["String", "Nullable(Int16)"].map(|name| KeyType::of(name).unwrap());
        let tuple = KeyTuple::of(&[1, b'x', 0, 5, 0]);
        assert_eq!(tuple.as_str(), "0178000500");
        assert_eq!(tuple.values(&types), Some(vec![vec![1, b'x'], vec![0, 5, 0]]));
        assert_eq!(KeyTuple::of(&[1, b'x']).values(&types), Some(vec![vec![1, b'x']]));
        assert_eq!(KeyTuple::of(&[1]).values(&types), None);
        assert_eq!(KeyTuple::of(&[1, b'x', 1, 0]).values(&types), None);
    }
}
