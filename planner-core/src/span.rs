//! Names and labels of spans.

use crate::key::{KeyAxis, KeyColumn, KeySpan, KeyTuple};
use crate::plan::Span;
use crate::quantity::UnixMillis;

/// Text that names a span within a plan: part of the chunk's id.
pub fn key(span: &Span) -> String {
    let bound = |bound: Option<UnixMillis>| bound.map_or_else(|| "-".to_owned(), |instant| instant.0.to_string());
    match span {
        Span::Time(from, to) => format!("time {} {}", bound(*from), bound(*to)),
        Span::TimeIsNull => "time null".into(),
        Span::Key(span) => {
            let bound = |tuple: &Option<KeyTuple>| tuple.as_ref().map_or("-", KeyTuple::as_str).to_owned();
            let bucket = span.bucket.map_or_else(|| "-".to_owned(), |bucket| format!("{}/{}", bucket.index, bucket.of));
            // Ids of partitions hold neither commas nor blanks.
            format!("key {} {} {bucket} {}", bound(&span.from), bound(&span.to), span.partitions.join(","))
        }
    }
}

/// For people: `2025-01-01 00:00 – 06:00`; the date of the end only where it differs. Of a key: `202501 · x, 7 – y, 9`.
pub fn label(span: &Span, axis: Option<&KeyAxis>) -> String {
    match span {
        Span::TimeIsNull => "time is NULL".into(),
        Span::Time(None, None) => "all".into(),
        Span::Time(Some(from), None) => format!("from {}", from.label()),
        Span::Time(None, Some(to)) => format!("before {}", to.label()),
        Span::Time(Some(from), Some(to)) => {
            let (start, end) = (from.label(), to.label());
            let end = if from.day() == to.day() { end.get(11..).unwrap_or(&end) } else { &end };
            format!("{start} – {end}")
        }
        Span::Key(span) => key_label(span, axis.map_or(&[], |axis| axis.columns.as_slice())),
    }
}

fn key_label(span: &KeySpan, columns: &[KeyColumn]) -> String {
    let partitions = match span.partitions.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [first, .., last] => Some(format!("{first} … {last} ({})", span.partitions.len())),
    };
    let range = match (&span.from, &span.to) {
        (None, None) => None,
        (Some(from), None) => Some(format!("from {}", tuple_label(from, columns))),
        (None, Some(to)) => Some(format!("before {}", tuple_label(to, columns))),
        (Some(from), Some(to)) => Some(format!("{} – {}", tuple_label(from, columns), tuple_label(to, columns))),
    };
    let bucket = span.bucket.map(|bucket| format!("hash {} of {}", bucket.index + 1, bucket.of));
    let parts: Vec<String> = [partitions, range, bucket].into_iter().flatten().collect();
    if parts.is_empty() { "all".into() } else { parts.join(" · ") }
}

/// The values of a tuple for people.
pub(crate) fn tuple_label(tuple: &KeyTuple, columns: &[KeyColumn]) -> String {
    let types = crate::key::types(columns).unwrap_or_default();
    let values = tuple.values(&types).unwrap_or_default();
    values.iter().zip(&types).map(|(value, key_type)| key_type.label(value)).collect::<Vec<_>>().join(", ")
}
