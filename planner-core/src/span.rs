//! Names and labels of spans.

use crate::plan::Span;
use crate::quantity::UnixMillis;

/// Text that names a span within a plan: part of the chunk's id.
pub fn key(span: Span) -> String {
    let bound = |bound: Option<UnixMillis>| bound.map_or_else(|| "-".to_owned(), |instant| instant.0.to_string());
    match span {
        Span::Time(from, to) => format!("time {} {}", bound(from), bound(to)),
        Span::TimeIsNull => "time null".into(),
    }
}

/// For people: `2025-01-01 00:00 – 06:00`; the date of the end only where it differs.
pub fn label(span: Span) -> String {
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
    }
}
