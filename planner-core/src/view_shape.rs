//! What a view's SELECT does to its rows, as far as cutting the source matters. Read from tokens; when in doubt, the
//! stricter reading.

use crate::quantity::{DAY_MS, HOUR_MS};
use crate::sql::tokens::{self, Token};

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

/// Aggregate functions without their combinators (`If`, `State`, …).
const AGGREGATES: &[&str] = &[
    "sum",
    "sumwithoverflow",
    "sumkahan",
    "count",
    "avg",
    "avgweighted",
    "min",
    "max",
    "any",
    "anylast",
    "anyheavy",
    "any_value",
    "first_value",
    "last_value",
    "argmin",
    "argmax",
    "uniq",
    "uniqexact",
    "uniqcombined",
    "uniqcombined64",
    "uniqhll12",
    "uniqtheta",
    "quantile",
    "quantiles",
    "quantileexact",
    "quantiletdigest",
    "quantiletiming",
    "quantilebfloat16",
    "quantiledd",
    "quantiledeterministic",
    "quantilesexact",
    "quantilestdigest",
    "quantilestiming",
    "median",
    "stddevpop",
    "stddevsamp",
    "varpop",
    "varsamp",
    "covarpop",
    "covarsamp",
    "corr",
    "grouparray",
    "groupuniqarray",
    "grouparraysample",
    "groupbitand",
    "groupbitor",
    "groupbitxor",
    "groupbitmap",
    "topk",
    "topkweighted",
    "summap",
    "minmap",
    "maxmap",
    "sumcount",
    "sequencematch",
    "sequencecount",
    "windowfunnel",
    "retention",
    "entropy",
    "deltasum",
    "deltasumtimestamp",
    "maxintersections",
    "simplelinearregression",
    "kurtpop",
    "kurtsamp",
    "skewpop",
    "skewsamp",
    "rankcorr",
    "mannwhitneyutest",
    "studentttest",
    "welchttest",
    "boundingratio",
    "categoricalinformationvalue",
    "grouparraymovingsum",
    "grouparraymovingavg",
    "grouparraylast",
    "grouparraysorted",
];

/// Combinators that may follow an aggregate's name.
const COMBINATORS: &[&str] =
    &["if", "array", "map", "state", "simplestate", "merge", "mergestate", "foreach", "distinct", "ordefault", "ornull", "resample"];

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
    let has = |keyword: &str| seen.iter().any(|token| token.is(keyword));
    ViewShape {
        groups: group_by || has("DISTINCT") || !aggregates.is_empty(),
        depends_on_neighbours: has("LIMIT") || has("OVER") || has("OFFSET"),
        bucket_ms: if group_by { bucket(&seen, time_column) } else { None },
        volatile: volatile(&seen),
        joins: has("JOIN"),
        aggregates,
    }
}

/// Volatile functions that an expression calls, lower case.
pub fn volatile_in(expression: &str) -> Vec<String> {
    volatile(&tokens::tokens(expression))
}

/// The aggregate's own name when a function is one: `sumif` → `sum`.
pub fn base_aggregate(name: &str) -> Option<&'static str> {
    AGGREGATES.iter().copied().filter(|base| name.strip_prefix(base).is_some_and(only_combinators)).max_by_key(|base| base.len())
}

fn only_combinators(rest: &str) -> bool {
    rest.is_empty() || COMBINATORS.iter().any(|combinator| rest.strip_prefix(combinator).is_some_and(only_combinators))
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

/// The widest bucket of the time column that stands in the last GROUP BY, directly or through an alias.
fn bucket(seen: &[Token], time_column: &str) -> Option<i64> {
    let group_at = seen.windows(2).rposition(|pair| matches!(pair, [group, by] if group.is("GROUP") && by.is("BY")))?;
    let group = seen.get(group_at + 2..)?;
    let end = group.iter().position(|token| ["HAVING", "ORDER", "WITH", "SETTINGS", "UNION"].iter().any(|word| token.is(word)));
    let group = group.get(..end.unwrap_or(group.len()))?;
    let aliases = aliases(seen, time_column);
    let direct = buckets(group, time_column).map(|(_, width)| width);
    let through_alias =
        group.iter().filter_map(Token::name).filter_map(|name| aliases.iter().find(|(alias, _)| alias == name).map(|(_, width)| *width));
    direct.chain(through_alias).max()
}

/// `toDate(ts) AS day` → (`day`, one day).
fn aliases(seen: &[Token], time_column: &str) -> Vec<(String, i64)> {
    buckets(seen, time_column)
        .filter_map(|(at, width)| match (seen.get(at + 4), seen.get(at + 5)) {
            (Some(keyword), Some(alias)) if keyword.is("AS") => alias.name().map(|alias| (alias.to_owned(), width)),
            _ => None,
        })
        .collect()
}

/// Where a bucket function is applied to just the time column, and its width.
fn buckets<'a>(seen: &'a [Token], time_column: &'a str) -> impl Iterator<Item = (usize, i64)> + 'a {
    seen.windows(4).enumerate().filter_map(move |(at, window)| match window {
        [Token::Word(function), Token::Symbol('('), column, Token::Symbol(')')] if column.name() == Some(time_column) => {
            let function = function.to_ascii_lowercase();
            BUCKETS.iter().find(|(name, _)| *name == function).map(|(_, width)| (at, *width))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(base_aggregate("uniqexactstate"), Some("uniqexact"));
        assert_eq!(base_aggregate("summary"), None);
    }
}
