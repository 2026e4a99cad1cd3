//! What a view's SELECT does to its rows, as far as cutting the source matters. Read from tokens; when in doubt, the
//! stricter reading.

mod aggregates;
mod buckets;
mod clauses;
mod items;

use crate::sql::identifier::TableName;
use crate::sql::tokens::{self, Token};

pub use self::aggregates::base_aggregate;
pub(crate) use self::items::{Item, of as items};

/// Functions whose value changes between two runs of the same statement.
const VOLATILE: &[&str] = &[
    "now",
    "now64",
    "nowinblock",
    "nowinblock64",
    "today",
    "yesterday",
    "curdate",
    "current_date",
    "current_timestamp",
    "utc_timestamp",
    "utctimestamp",
    "rand",
    "rand32",
    "rand64",
    "randconstant",
    "randcanonical",
    "randuniform",
    "randnormal",
    "randlognormal",
    "randexponential",
    "randchisquared",
    "randstudentt",
    "randfisherf",
    "randbernoulli",
    "randbinomial",
    "randnegativebinomial",
    "randpoisson",
    "randomstring",
    "randomfixedstring",
    "randomprintableascii",
    "randomstringutf8",
    "fuzzbits",
    "fuzzquery",
    "fuzzjson",
    "generaterandom",
    "generateuuidv4",
    "generateuuidv7",
    "generateulid",
    "generatesnowflakeid",
    "generateserialid",
    "rownumberinallblocks",
    "rownumberinblock",
    "blocknumber",
    "blockserializedsize",
    "blocksize",
    "runningdifference",
    "runningaccumulate",
    "neighbor",
    "hostname",
    "fqdn",
    "serveruuid",
    "uptime",
    "queryid",
    "query_id",
    "initialqueryid",
    "initial_query_id",
    "connectionid",
    "connection_id",
    "currentuser",
    "user",
    "currentdatabase",
    "database",
    "tcpport",
    "shardnum",
    "shardcount",
    "sleep",
    "sleepeachrow",
    "getsetting",
    "filesystemavailable",
];

/// What matters of a SELECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewShape {
    /// Aggregate functions it calls, lower case, combinators included; without duplicates.
    pub aggregates: Vec<String>,
    /// Whether rows are grouped: GROUP BY, DISTINCT, or an aggregate over everything.
    pub groups: bool,
    /// Whether other rows decide a row's fate or value beyond grouping: LIMIT, window functions.
    pub depends_on_neighbours: bool,
    /// Width of the time bucket that is part of the GROUP BY, if one was recognised.
    pub bucket_ms: Option<i64>,
    /// Functions whose value changes between runs.
    pub volatile: Vec<String>,
    /// Whether it joins other tables.
    pub joins: bool,
}

/// Reads the shape of a SELECT over a source whose time column is `time_column`.
pub fn of(select: &str, time_column: &str) -> ViewShape {
    let seen = tokens::tokens(select);
    let mut aggregates: Vec<String> = calls(&seen).filter(|name| base_aggregate(name).is_some()).collect();
    aggregates.sort();
    aggregates.dedup();
    let group_by = seen.windows(2).any(|pair| matches!(pair, [group, by] if group.is("GROUP") && by.is("BY")));
    // Only aggregate functions have parameters before their arguments: `f(1)(x)`.
    let parametric = seen.windows(2).any(|pair| matches!(pair, [Token::Symbol(')'), Token::Symbol('(')]));
    let has = |keyword: &str| seen.iter().any(|token| token.is(keyword));
    ViewShape {
        groups: group_by || has("DISTINCT") || !aggregates.is_empty() || parametric,
        depends_on_neighbours: has("LIMIT") || has("OVER") || has("OFFSET"),
        bucket_ms: if group_by { buckets::of(&seen, time_column) } else { None },
        volatile: volatile(&seen),
        joins: has("JOIN"),
        aggregates,
    }
}

/// Whether a SELECT leaves groups out by what all of their rows come to.
pub(crate) fn filters_groups(select: &str) -> bool {
    tokens::tokens(select).iter().any(|token| token.is("HAVING"))
}

/// Whether a SELECT gives only some of its rows.
pub(crate) fn limits(select: &str) -> bool {
    tokens::tokens(select).iter().any(|token| token.is("LIMIT") || token.is("OFFSET"))
}

/// Whether a SELECT reads a table more than once other than in parts of a union: each reading is then cut for itself, and rows that
/// belong together are not read together.
pub(crate) fn reads_twice(select: &str, table: &TableName) -> bool {
    let seen = tokens::tokens(select);
    let is_read = |window: &[Token]| match window {
        [before, database, Token::Symbol('.'), name, after @ ..] => {
            let read = ["FROM", "JOIN", "IN"].iter().any(|word| before.is(word)) || matches!(before, Token::Symbol(',' | '('));
            let named = database.name() == Some(table.database.as_str()) && name.name() == Some(table.table.as_str());
            read && named && after != [Token::Symbol('.')]
        }
        _ => false,
    };
    let readings = |part: &[Token]| (0..part.len()).filter(|at| is_read(part.get(*at..part.len().min(at + 5)).unwrap_or_default())).count();
    let related = ["JOIN", "IN"].iter().any(|word| seen.iter().any(|token| token.is(word)));
    if related { readings(&seen) > 1 } else { seen.split(|token| token.is("UNION")).any(|part| readings(part) > 1) }
}

/// Volatile functions that an expression calls, lower case.
pub fn volatile_in(expression: &str) -> Vec<String> {
    volatile(&tokens::tokens(expression))
}

fn calls(seen: &[Token]) -> impl Iterator<Item = String> {
    tokens::function_names(seen).map(str::to_ascii_lowercase)
}

fn volatile(seen: &[Token]) -> Vec<String> {
    // A few of them are called without parentheses.
    let bare = seen.iter().filter(|token| token.is("current_timestamp") || token.is("current_date")).filter_map(Token::name);
    let mut found: Vec<String> =
        calls(seen).filter(|name| VOLATILE.contains(&name.as_str())).chain(bare.map(str::to_ascii_lowercase)).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{DAY_MS, HOUR_MS};

    #[test]
    fn grouping_and_its_time_bucket_are_seen() {
        let shape = of("SELECT toDate(ts) AS day, tenant, count() AS n, sumIf(amount, ok) AS s FROM d.e GROUP BY day, tenant", "ts");
        assert!(shape.groups && !shape.depends_on_neighbours && !shape.joins);
        assert_eq!(shape.bucket_ms, Some(DAY_MS));
        assert_eq!(shape.aggregates, ["count", "sumif"]);
        assert_eq!(of("SELECT toStartOfHour(ts), count() FROM e GROUP BY toStartOfHour(ts)", "ts").bucket_ms, Some(HOUR_MS));
        assert_eq!(of("SELECT toDate(other) AS day, count() FROM e GROUP BY day", "ts").bucket_ms, None);
        assert_eq!(of("SELECT toDate(ts) AS day, tenant FROM e", "ts").bucket_ms, None);
    }

    #[test]
    fn neighbours_and_chance_are_seen() {
        assert!(of("SELECT * FROM e LIMIT 1 BY tenant", "ts").depends_on_neighbours);
        assert!(of("SELECT row_number() OVER (ORDER BY ts) FROM e", "ts").depends_on_neighbours);
        assert!(!of("SELECT `limit` FROM e", "ts").depends_on_neighbours);
        assert_eq!(of("SELECT now(), 'rand()', generateUUIDv4() FROM e", "ts").volatile, ["generateuuidv4", "now"]);
        assert!(of("SELECT count() FROM e", "ts").groups);
        assert!(of("SELECT new_aggregate(3)(x) FROM e", "ts").groups);
    }

    #[test]
    fn readings_of_one_table_are_counted() {
        let table = TableName::new("d", "e").unwrap();
        for (select, expected) in [
            ("SELECT * FROM d.e", false),
            ("SELECT d.e.a, d.e.b FROM d.e", false),
            ("SELECT * FROM d.e AS x INNER JOIN d.other AS y ON x.a = y.a", false),
            ("SELECT a FROM d.e UNION ALL SELECT b FROM d.e", false),
            ("SELECT * FROM d.e AS x INNER JOIN d.e AS y ON x.a = y.a", true),
            ("SELECT * FROM d.e WHERE a IN (SELECT a FROM d.e)", true),
            ("SELECT * FROM d.e WHERE a IN d.e", true),
            ("SELECT *, (SELECT max(a) FROM `d`.`e`) FROM d.e", true),
        ] {
            assert_eq!(reads_twice(select, &table), expected, "{select}");
        }
    }
}
