//! The bucket of time that a view groups by: where groups end, and cuts may fall.

use super::clauses::{self, Clause};
use crate::quantity::{DAY_MS, HOUR_MS};
use crate::sql::tokens::Token;

/// Functions that round a time down, with the width they round to.
const BUCKETS: &[(&str, i64)] = &[
    ("todate", DAY_MS),
    ("todate32", DAY_MS),
    ("date", DAY_MS),
    ("tostartofday", DAY_MS),
    ("toyyyymmdd", DAY_MS),
    ("tostartofhour", HOUR_MS),
    ("tostartoffifteenminutes", 900_000),
    ("tostartoftenminutes", 600_000),
    ("tostartoffiveminutes", 300_000),
    ("tostartofminute", 60_000),
];

/// Words that make more groups than the items say.
const MORE_GROUPS: [&str; 4] = ["ROLLUP", "CUBE", "TOTALS", "GROUPING"];

/// The bucket of the time column that every GROUP BY has among its items, by itself or through an alias; the widest of each.
pub(super) fn of(seen: &[Token], time_column: &str) -> Option<i64> {
    if MORE_GROUPS.iter().any(|word| seen.iter().any(|token| token.is(word))) {
        return None;
    }
    let aliases = aliases(seen, time_column);
    let widths: Option<Vec<i64>> = clauses::all(seen, Clause::GroupBy)
        .into_iter()
        .map(|group| {
            let width = |item: &&[Token]| match item {
                [one] => one.name().and_then(|name| aliases.iter().find(|(alias, _)| alias == name)).map(|(_, width)| *width),
                item => bucket(item, time_column),
            };
            clauses::items(clauses::unbracketed(group)).iter().filter_map(width).max()
        })
        .collect();
    widths?.into_iter().max()
}

/// `toDate(ts) AS day` → (`day`, one day). Only where nothing stands before it: `x + toDate(ts) AS day` is no bucket.
fn aliases(seen: &[Token], time_column: &str) -> Vec<(String, i64)> {
    let starts = |before: Option<&Token>| match before {
        None | Some(Token::Symbol(',' | '(')) => true,
        Some(token) => ["SELECT", "DISTINCT", "WITH"].iter().any(|word| token.is(word)),
    };
    let alias = |(at, window): (usize, &[Token])| {
        let [call @ .., keyword, alias] = window else { return None };
        let width = bucket(call, time_column).filter(|_| keyword.is("AS") && starts(at.checked_sub(1).and_then(|at| seen.get(at))))?;
        Some((alias.name()?.to_owned(), width))
    };
    seen.windows(6).enumerate().filter_map(alias).collect()
}

/// The width of a bucket function that is applied to just the time column.
fn bucket(item: &[Token], time_column: &str) -> Option<i64> {
    match item {
        [Token::Word(function), Token::Symbol('('), column, Token::Symbol(')')] if column.name() == Some(time_column) => {
            let function = function.to_ascii_lowercase();
            BUCKETS.iter().find(|(name, _)| *name == function).map(|(_, width)| *width)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tokens::tokens;

    #[test]
    fn only_a_whole_item_is_a_bucket() {
        for (select, expected) in [
            ("SELECT toDate(ts) AS day, count() FROM e GROUP BY day, tenant", Some(DAY_MS)),
            ("SELECT toDate(ts), count() FROM e GROUP BY (tenant, toDate(ts)) ORDER BY 1", Some(DAY_MS)),
            ("SELECT count() FROM (SELECT * FROM e) GROUP BY toStartOfHour(ts) HAVING count() > 1", Some(HOUR_MS)),
            ("SELECT count() FROM e GROUP BY toStartOfMonth(toDate(ts))", None),
            ("SELECT toStartOfMonth(toDate(ts)) AS m, count() FROM e GROUP BY m", None),
            ("SELECT tenant + toDate(ts) AS day, count() FROM e GROUP BY day", None),
            ("SELECT toDate(ts) + 1 AS day, count() FROM e GROUP BY day", None),
            ("SELECT toDate(ts) AS day, count() FROM e GROUP BY day % 7", None),
            ("SELECT toDate(ts) AS day, count() FROM e GROUP BY day, tenant WITH ROLLUP", None),
            ("SELECT toDate(ts) AS day, count() FROM e GROUP BY CUBE(day, tenant)", None),
            ("SELECT toDate(ts) AS day, count() FROM e GROUP BY day WITH TOTALS", None),
            ("SELECT toDate(ts) AS day, count() FROM e GROUP BY GROUPING SETS ((day), (tenant))", None),
            ("SELECT day, max(n) FROM (SELECT toDate(ts) AS day, u, count() AS n FROM e GROUP BY day, u) GROUP BY day", Some(DAY_MS)),
            ("SELECT day, max(n) FROM (SELECT any(toDate(ts)) AS day, u, count() AS n FROM e GROUP BY u) GROUP BY toDate(ts)", None),
        ] {
            assert_eq!(of(&tokens(select), "ts"), expected, "{select}");
        }
    }
}
