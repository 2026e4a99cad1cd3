//! Comparing contents. Fingerprints form a group: what the target held before can be subtracted from what it holds after.

use std::collections::BTreeMap;

use executor_api::receipt::{Comparison, Fingerprint};
use planner_core::quantity::UnixMillis;
use serde::Deserialize;

use crate::clickhouse::client::{Client, Failure, Query, lenient};

/// The fingerprint of no rows.
pub fn nothing() -> Fingerprint {
    Fingerprint { rows: 0, sum: "0".into(), xor: "0".into() }
}

/// `after` without `before`: count and sum subtract (the sum modulo 2^64), xor is its own inverse.
/// None when `before` holds more rows, or a hash is not a number: then nothing can be said.
pub fn minus(after: &Fingerprint, before: &Fingerprint) -> Option<Fingerprint> {
    let number = |text: &str| text.parse::<u64>().ok();
    Some(Fingerprint {
        rows: after.rows.checked_sub(before.rows)?,
        sum: number(&after.sum)?.wrapping_sub(number(&before.sum)?).to_string(),
        xor: (number(&after.xor)? ^ number(&before.xor)?).to_string(),
    })
}

/// Compares what was added to the target with the source.
pub fn compare(scope: &str, task: Option<u64>, source: Fingerprint, target: Fingerprint, before: Option<Fingerprint>) -> Comparison {
    let before = before.filter(|before| *before != nothing());
    let added = match &before {
        None => Some(target.clone()),
        Some(before) => minus(&target, before),
    };
    Comparison { before, equal: added.as_ref() == Some(&source), scope: scope.to_owned(), source, target, task }
}

/// Runs a fingerprint query of planner-core.
pub async fn fingerprint(client: &Client, sql: &str) -> Result<Fingerprint, Failure> {
    let rows: Vec<Row> = client.patient_rows(Query::new(sql)).await?;
    let row = rows.into_iter().next().ok_or_else(|| Failure::Exception { code: 0, message: "a fingerprint without a row".into() })?;
    Ok(row.into())
}

/// Runs a query for the fingerprints of several chunks; a chunk without rows is not among them.
pub async fn fingerprints(client: &Client, sql: &str) -> Result<BTreeMap<u64, Fingerprint>, Failure> {
    #[derive(Deserialize)]
    struct OfChunk {
        #[serde(deserialize_with = "lenient")]
        chunk: u64,
        #[serde(flatten)]
        row: Row,
    }
    let rows: Vec<OfChunk> = client.patient_rows(Query::new(sql)).await?;
    Ok(rows.into_iter().map(|of| (of.chunk, of.row.into())).collect())
}

#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "lenient")]
    rows: u64,
    sum: String,
    xor: String,
}

impl From<Row> for Fingerprint {
    fn from(row: Row) -> Self {
        // The sum over no rows may come as an empty text from a Nullable.
        let or_zero = |text: String| if text.is_empty() { "0".to_owned() } else { text };
        Self { rows: row.rows, sum: or_zero(row.sum), xor: or_zero(row.xor) }
    }
}

/// `20,000,000`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds from one instant to another, never negative.
pub fn elapsed_ms(from: Option<UnixMillis>, to: UnixMillis) -> u64 {
    from.map_or(0, |from| u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(rows: u64, sum: u64, xor: u64) -> Fingerprint {
        Fingerprint { rows, sum: sum.to_string(), xor: xor.to_string() }
    }

    #[test]
    fn what_was_there_before_is_subtracted() {
        // Hashes 5 and u64::MAX were there; 7 was added.
        let before = print(2, 5_u64.wrapping_add(u64::MAX), 5 ^ u64::MAX);
        let after = print(3, 5_u64.wrapping_add(u64::MAX).wrapping_add(7), 5 ^ u64::MAX ^ 7);
        assert_eq!(minus(&after, &before), Some(print(1, 7, 7)));
        assert!(compare("x", Some(0), print(1, 7, 7), after.clone(), Some(before.clone())).equal);
        assert!(!compare("x", Some(0), print(1, 8, 8), after, Some(before)).equal);
    }

    #[test]
    fn a_count_never_stands_for_content() {
        assert!(!compare("x", None, print(10, 1, 2), print(10, 1, 3), None).equal);
        assert!(!compare("x", None, print(10, 1, 2), print(10, 2, 2), None).equal);
        assert!(!compare("x", None, print(10, 1, 2), print(9, 1, 2), None).equal);
        assert!(compare("x", None, print(10, 1, 2), print(10, 1, 2), None).equal);
    }

    #[test]
    fn rows_that_vanished_are_a_difference() {
        assert!(!compare("x", None, nothing(), nothing(), Some(print(1, 1, 1))).equal);
    }

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (20_000_000, "20,000,000")] {
            assert_eq!(thousands(number), text);
        }
    }
}
