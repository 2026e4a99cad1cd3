//! A span of the sorting key as a WHERE condition.
//!
//! `(a, b) >= (x, y)` does not use the primary index, so the order of tuples is written out: `a > x OR (a = x AND b >= y)`
//! (clickhouse.md section 2). NULL is above every value and NaN above every number, as the server sorts them; with
//! that, "below a tuple" and "not below it" are exact complements, and spans that meet at a tuple share no row and
//! lose none. An expression stands in brackets: `a OR b < x` would compare `b` alone.

use crate::key::{KeyAxis, KeyColumn, KeySpan, TargetPartition};
use crate::plan::ColumnMapping;
use crate::sql::identifier::Identifier;
use crate::sql::key_type::KeyType;
use crate::sql::partition;
use crate::sql::tokens;

/// The condition for a span's rows in the source; `1` for all rows.
pub(crate) fn in_source(span: &KeySpan, axis: &KeyAxis, mappings: &[ColumnMapping]) -> String {
    let partition = (!span.partitions.is_empty()).then(|| partition::with_ids(&span.partitions));
    let hash = |column: &Identifier| {
        let written = mappings.iter().find(|mapping| &mapping.name == column);
        written.map_or_else(|| column.quoted(), |mapping| mapping.expression.clone())
    };
    all([partition, keys(span, axis), bucket(span, axis, hash)])
}

/// The condition for a span's rows in the target, where they can be told.
pub(crate) fn in_target(span: &KeySpan, axis: &KeyAxis, mappings: &[ColumnMapping]) -> Option<String> {
    let partition = match axis.target_partition.as_ref()? {
        _ if span.partitions.is_empty() => None,
        TargetPartition::None => return None,
        TargetPartition::Same => Some(partition::with_ids(&span.partitions)),
        TargetPartition::Computed(key) => {
            Some(partition::one_of(key, &span.partitions, |column| partition::written_type(mappings, column)))
        }
    };
    Some(all([partition, keys(span, axis), bucket(span, axis, Identifier::quoted)]))
}

/// The condition for a span that has no bucket, before there is a plan: in the columns that a key is made of.
pub(crate) fn of_key(span: &KeySpan, columns: &[KeyColumn]) -> String {
    let known: Vec<KeyColumn> = columns.iter().take_while(|column| !column.type_name.is_empty()).cloned().collect();
    let axis = KeyAxis { columns: known, hashed: Vec::new(), target_partition: None };
    in_source(span, &axis, &[])
}

fn all<const N: usize>(conditions: [Option<String>; N]) -> String {
    let given: Vec<String> = conditions.into_iter().flatten().collect();
    match given.as_slice() {
        [] => "1".into(),
        [only] => only.clone(),
        _ => given.into_iter().map(bracketed).collect::<Vec<_>>().join(" AND "),
    }
}

fn bucket(span: &KeySpan, axis: &KeyAxis, expression: impl Fn(&Identifier) -> String) -> Option<String> {
    let bucket = span.bucket?;
    let columns: Vec<String> = axis.hashed.iter().map(expression).collect();
    Some(format!("cityHash64(tuple({})) % {} = {}", columns.join(", "), bucket.of, bucket.index))
}

/// The condition on the key columns; `None` when there is no bound.
fn keys(span: &KeySpan, axis: &KeyAxis) -> Option<String> {
    let types = axis.types();
    let read = |tuple: &Option<crate::key::KeyTuple>| tuple.as_ref().map(|tuple| tuple.values(&types));
    let (from, to) = match (read(&span.from), read(&span.to)) {
        (None, None) => return None,
        // A tuple that its types do not fit selects nothing: the audit reports it.
        (Some(None), _) | (_, Some(None)) => return Some("0".into()),
        (from, to) => (from.flatten(), to.flatten()),
    };
    let mut columns: Vec<Side<'_>> = axis.columns.iter().zip(&types).map(|(column, key_type)| Side::new(column, key_type)).collect();
    Some(match (from, to) {
        (Some(from), Some(to)) => between(&mut columns, &from, &to),
        (Some(from), None) => at_least(&columns, &from),
        (None, Some(to)) => below(&columns, &to),
        (None, None) => "1".into(),
    })
}

/// Leading columns that are equal in both bounds are said once.
fn between(columns: &mut [Side<'_>], from: &[Vec<u8>], to: &[Vec<u8>]) -> String {
    let same = columns.iter().zip(from.iter().zip(to)).take_while(|(_, (from, to))| from == to).count();
    let mut parts: Vec<String> = columns.iter().zip(from).take(same).map(|(column, value)| column.equal(value)).collect();
    let rest = |values: &[Vec<u8>]| values.get(same..).unwrap_or_default().to_vec();
    let columns = columns.get_mut(same..).unwrap_or_default();
    if let Some(first) = columns.first_mut() {
        let ceiling = if first.descending { from.get(same) } else { to.get(same) };
        first.bounded = ceiling.is_some_and(|value| !first.key_type.is_null(value) && !first.key_type.is_nan(value));
    }
    parts.extend([at_least(columns, &rest(from)), below(columns, &rest(to))].map(bracketed));
    parts.join(" AND ")
}

/// Not below the tuple.
fn at_least<'a>(columns: &[Side<'a>], tuple: &[Vec<u8>]) -> String {
    ordered(columns, tuple, Side::<'a>::above, Side::<'a>::not_below)
}

/// Below the tuple.
fn below<'a>(columns: &[Side<'a>], tuple: &[Vec<u8>]) -> String {
    ordered(columns, tuple, Side::<'a>::below, Side::<'a>::below)
}

/// `a > x OR (a = x AND (b > y OR (b = y AND c >= z)))`: `strict` on all columns but the last.
fn ordered<'a>(
    columns: &[Side<'a>],
    tuple: &[Vec<u8>],
    strict: impl Fn(&Side<'a>, &[u8]) -> String,
    last: impl Fn(&Side<'a>, &[u8]) -> String,
) -> String {
    let mut pairs = columns.iter().zip(tuple).rev();
    let Some((column, value)) = pairs.next() else { return "1".into() };
    let mut condition = last(column, value);
    for (column, value) in pairs {
        let (strict, equal) = (strict(column, value), column.equal(value));
        condition = match (strict.as_str(), condition.as_str()) {
            (strict, "0") => strict.to_owned(),
            ("0", inner) => format!("{equal} AND {}", bracketed(inner.to_owned())),
            (strict, inner) => format!("{strict} OR ({equal} AND {})", bracketed(inner.to_owned())),
        };
    }
    condition
}

fn bracketed(condition: String) -> String {
    if condition.contains(" OR ") { format!("({condition})") } else { condition }
}

/// One column of the key, with its comparisons against a value in `RowBinary`.
struct Side<'a> {
    /// Whether another condition already leaves NULL and NaN out: saying them again would keep the index from pruning.
    bounded: bool,
    descending: bool,
    /// One operand, whatever is written beside it.
    expression: String,
    key_type: &'a KeyType,
}

impl<'a> Side<'a> {
    fn new(column: &KeyColumn, key_type: &'a KeyType) -> Self {
        let expression = tokens::operand(&column.expression).into_owned();
        Self { bounded: false, descending: column.descending, expression, key_type }
    }

    fn below(&self, value: &[u8]) -> String {
        if self.descending { self.greater(value) } else { self.less(value) }
    }

    fn above(&self, value: &[u8]) -> String {
        if self.descending { self.less(value) } else { self.greater(value) }
    }

    fn not_below(&self, value: &[u8]) -> String {
        if self.descending { self.at_most(value) } else { self.at_least(value) }
    }

    fn equal(&self, value: &[u8]) -> String {
        let expression = &self.expression;
        if self.key_type.is_null(value) {
            format!("isNull({expression})")
        } else if self.key_type.is_nan(value) {
            format!("isNaN({expression})")
        } else {
            self.compared("=", value)
        }
    }

    /// NULL and NaN fail every comparison, as values above should.
    fn less(&self, value: &[u8]) -> String {
        let expression = &self.expression;
        if self.key_type.is_null(value) {
            format!("isNotNull({expression})")
        } else if self.key_type.is_nan(value) {
            format!("NOT isNaN({expression})")
        } else {
            self.compared("<", value)
        }
    }

    fn at_most(&self, value: &[u8]) -> String {
        if self.key_type.is_null(value) {
            "1".into()
        } else if self.key_type.is_nan(value) {
            // Every value that is not NULL.
            if self.key_type.nullable() { format!("isNotNull({})", self.expression) } else { "1".into() }
        } else {
            self.compared("<=", value)
        }
    }

    fn greater(&self, value: &[u8]) -> String {
        if self.key_type.is_null(value) {
            "0".into()
        } else if self.key_type.is_nan(value) {
            if self.key_type.nullable() { format!("isNull({})", self.expression) } else { "0".into() }
        } else {
            self.or_above(self.compared(">", value))
        }
    }

    fn at_least(&self, value: &[u8]) -> String {
        if self.key_type.is_null(value) {
            format!("isNull({})", self.expression)
        } else if self.key_type.is_nan(value) {
            let nan = format!("isNaN({})", self.expression);
            if self.key_type.nullable() { format!("({nan} OR isNull({}))", self.expression) } else { nan }
        } else {
            self.or_above(self.compared(">=", value))
        }
    }

    fn compared(&self, operator: &str, value: &[u8]) -> String {
        format!("{} {operator} {}", self.expression, self.key_type.literal(value))
    }

    /// NULL and NaN are above every value, but fail its comparison.
    fn or_above(&self, condition: String) -> String {
        let expression = &self.expression;
        if self.bounded {
            return condition;
        }
        let mut conditions = vec![condition];
        if self.key_type.floating() {
            conditions.push(format!("isNaN({expression})"));
        }
        if self.key_type.nullable() {
            conditions.push(format!("isNull({expression})"));
        }
        if let [only] = conditions.as_mut_slice() { std::mem::take(only) } else { format!("({})", conditions.join(" OR ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Bucket, KeyTuple};

    fn axis(columns: &[(&str, &str, bool)]) -> KeyAxis {
        KeyAxis {
            columns: columns
                .iter()
                .map(|(expression, type_name, descending)| KeyColumn {
                    descending: *descending,
                    expression: (*expression).into(),
                    type_name: (*type_name).into(),
                })
                .collect(),
            hashed: vec![Identifier::new("a").unwrap()],
            target_partition: Some(TargetPartition::Computed("toYYYYMM(t)".into())),
        }
    }

    fn span(from: Option<&[u8]>, to: Option<&[u8]>) -> KeySpan {
        KeySpan { bucket: None, from: from.map(KeyTuple::of), partitions: Vec::new(), to: to.map(KeyTuple::of) }
    }

    fn check(columns: &[(&str, &str, bool)], from: Option<&[u8]>, to: Option<&[u8]>, expected: &str) {
        assert_eq!(in_source(&span(from, to), &axis(columns), &[]), expected);
    }

    #[test]
    fn tuples_are_written_out() {
        let two = [("a", "UInt8", false), ("b", "UInt8", false)];
        check(&two, None, None, "1");
        check(&two, Some(&[1, 2]), None, "a > CAST(1 AS UInt8) OR (a = CAST(1 AS UInt8) AND b >= CAST(2 AS UInt8))");
        check(
            &two,
            Some(&[1, 2]),
            Some(&[3, 4]),
            "(a > CAST(1 AS UInt8) OR (a = CAST(1 AS UInt8) AND b >= CAST(2 AS UInt8))) AND \
             (a < CAST(3 AS UInt8) OR (a = CAST(3 AS UInt8) AND b < CAST(4 AS UInt8)))",
        );
        check(&two, Some(&[1, 2]), Some(&[1, 4]), "a = CAST(1 AS UInt8) AND b >= CAST(2 AS UInt8) AND b < CAST(4 AS UInt8)");
        check(&[("a", "UInt8", true)], Some(&[9]), Some(&[2]), "a <= CAST(9 AS UInt8) AND a > CAST(2 AS UInt8)");
    }

    #[test]
    fn null_and_nan_are_above_all() {
        let nullable = [("n", "Nullable(UInt8)", false)];
        check(&nullable, Some(&[0, 5]), None, "(n >= CAST(5 AS UInt8) OR isNull(n))");
        check(&nullable, None, Some(&[0, 5]), "n < CAST(5 AS UInt8)");
        check(&nullable, Some(&[1]), None, "isNull(n)");
        check(&nullable, None, Some(&[1]), "isNotNull(n)");
        let float = [("f", "Float32", false)];
        check(&float, Some(&[0, 0, 0xc0, 0x7f]), None, "isNaN(f)");
        check(&float, None, Some(&[0, 0, 0xc0, 0x7f]), "NOT isNaN(f)");
        check(
            &float,
            Some(&[0, 0, 0xc0, 0x3f]),
            Some(&[0, 0, 0, 0x40]),
            "f >= reinterpret(unhex('0000C03F'), 'Float32') AND f < reinterpret(unhex('00000040'), 'Float32')",
        );
        check(&float, Some(&[0, 0, 0xc0, 0x3f]), None, "(f >= reinterpret(unhex('0000C03F'), 'Float32') OR isNaN(f))");
        let down = [("n", "Nullable(UInt8)", true)];
        check(&down, None, Some(&[0, 5]), "(n > CAST(5 AS UInt8) OR isNull(n))");
        check(&down, Some(&[0, 5]), None, "n <= CAST(5 AS UInt8)");
    }

    #[test]
    fn partitions_and_buckets_are_told_on_both_sides() {
        let axis = axis(&[("a", "UInt8", false)]);
        let span = KeySpan {
            bucket: Some(Bucket { index: 1, of: 3 }),
            from: None,
            partitions: vec!["202501".into(), "202502".into()],
            to: Some(KeyTuple::of(&[7])),
        };
        let rest = "a < CAST(7 AS UInt8) AND cityHash64(tuple(`a`)) % 3 = 1";
        assert_eq!(in_source(&span, &axis, &[]), format!("_partition_id IN ('202501', '202502') AND {rest}"));
        let told = "partitionId(toYYYYMM(t)) IN ('202501', '202502') AND toYYYYMM(t) IN (202501, 202502)";
        assert_eq!(in_target(&span, &axis, &[]).unwrap(), format!("{told} AND {rest}"));
    }
}
