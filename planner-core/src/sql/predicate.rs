//! A span as a WHERE condition. Half-open only: a closed upper bound loses the rows between its ticks.

use crate::plan::Span;
use crate::sql::identifier::Identifier;
use crate::sql::literal;
use crate::sql::time_type::TimeType;

/// The condition that holds for just the rows of `span`, with literals in the column's own type.
pub fn of_span(span: Span, column: &Identifier, time: &TimeType) -> String {
    let column = column.quoted();
    match span {
        Span::TimeIsNull => format!("isNull({column})"),
        Span::Time(None, None) if time.nullable => format!("isNotNull({column})"),
        Span::Time(None, None) => "1".into(),
        Span::Time(Some(from), None) => format!("{column} >= {}", literal::instant(from, time)),
        Span::Time(None, Some(to)) => format!("{column} < {}", literal::instant(to, time)),
        Span::Time(Some(from), Some(to)) => {
            format!("{column} >= {} AND {column} < {}", literal::instant(from, time), literal::instant(to, time))
        }
    }
}

/// The union of all spans of one statement, as one condition: the window, or everything.
pub fn of_window(window: Option<crate::request::Window>, column: &Identifier, time: &TimeType) -> String {
    window.map_or_else(|| "1".into(), |window| of_span(Span::Time(Some(window.from), Some(window.to)), column, time))
}
