//! A span as a WHERE condition. Half-open only: a closed upper bound loses the rows between its ticks.

use crate::plan::{ColumnMapping, PlanCore, Span, TimeAxis};
use crate::request::Window;
use crate::sql::identifier::Identifier;
use crate::sql::key_predicate;
use crate::sql::literal;
use crate::sql::time_type::{TimeKind, TimeType};

/// The condition that holds for just the span's rows of the source. `columns` give the expressions that hash buckets hash.
pub(crate) fn in_source(core: &PlanCore, span: &Span, columns: &[ColumnMapping]) -> String {
    let time = core.time.as_ref().map(|axis| (axis, time_type(&axis.source_type)));
    match (span, &core.key, time) {
        (Span::Key(span), Some(key), time) => {
            let window = core.window.zip(time).map(|(window, (axis, time))| of_time(&within(window), &axis.column, &time));
            both(key_predicate::in_source(span, key, columns), window)
        }
        (Span::Time(..) | Span::TimeIsNull, _, Some((axis, time))) => of_time(span, &axis.column, &time),
        // Such a plan is refused by the audit: it selects nothing.
        (Span::Key(_), None, _) | (Span::Time(..) | Span::TimeIsNull, _, None) => "0".into(),
    }
}

/// The condition that holds for just the span's rows in the target, where they can be told there.
pub(crate) fn in_target(core: &PlanCore, span: &Span, columns: &[ColumnMapping]) -> Option<String> {
    let time = match &core.time {
        Some(axis) => Some((axis, time_type(axis.target_type.as_deref()?))),
        None => None,
    };
    match (span, &core.key, time) {
        (Span::Key(span), Some(key), time) => {
            let window = core.window.zip(time).map(|(window, (axis, time))| of_time(&within(window), &axis.column, &time));
            Some(both(key_predicate::in_target(span, key, columns)?, window))
        }
        (Span::Time(..) | Span::TimeIsNull, _, Some((axis, time))) => Some(of_time(span, &axis.column, &time)),
        (Span::Key(_), None, _) | (Span::Time(..) | Span::TimeIsNull, _, None) => None,
    }
}

/// The union of all spans of one statement, as one condition over the source: the window, or everything.
pub(crate) fn of_window(core: &PlanCore) -> String {
    match (core.window, &core.time) {
        (Some(window), Some(TimeAxis { column, source_type, .. })) => of_time(&within(window), column, &time_type(source_type)),
        _ => "1".into(),
    }
}

fn within(window: Window) -> Span {
    Span::Time(Some(window.from), Some(window.to))
}

fn both(key: String, window: Option<String>) -> String {
    match window {
        None => key,
        Some(window) if key == "1" => window,
        Some(window) if key.contains(" OR ") => format!("({key}) AND {window}"),
        Some(window) => format!("{key} AND {window}"),
    }
}

/// A span of time, with literals in the column's own type.
fn of_time(span: &Span, column: &Identifier, time: &TimeType) -> String {
    let column = column.quoted();
    match span {
        Span::TimeIsNull => format!("isNull({column})"),
        Span::Time(None, None) if time.nullable => format!("isNotNull({column})"),
        Span::Time(None, None) => "1".into(),
        Span::Time(Some(from), None) => format!("{column} >= {}", literal::instant(*from, time)),
        Span::Time(None, Some(to)) => format!("{column} < {}", literal::instant(*to, time)),
        Span::Time(Some(from), Some(to)) => {
            format!("{column} >= {} AND {column} < {}", literal::instant(*from, time), literal::instant(*to, time))
        }
        Span::Key(_) => "0".into(),
    }
}

/// A type that was already read once when the plan was made or its document audited.
fn time_type(name: &str) -> TimeType {
    TimeType::of(name).unwrap_or(TimeType { kind: TimeKind::DateTime, zone: None, nullable: false })
}
