//! Types that differ: a value arrives as it was or fails its chunk, and where neither is so the plan says it.

use penstock_tests::by_size::request;
use penstock_tests::clickhouse::ClickHouse;
use planner_core::plan::Plan;
use planner_core::request::{Method, Request};
use planner_core::sql::checks;
use planner_core::{Outcome, plan};

/// Type in the source, type in the target, values that arrive unchanged, values that do not fit.
type Checked = (&'static str, &'static str, &'static str, &'static [&'static str]);

const CHECKED: &[Checked] = &[
    ("UInt32", "UInt8", "0, 255", &["300", "256"]),
    ("Int64", "UInt64", "0, 9223372036854775807", &["-1"]),
    ("UInt64", "Int64", "7", &["18446744073709551615"]),
    ("Float64", "UInt8", "1, 255", &["1.9", "300", "-1", "nan", "inf"]),
    ("UInt64", "Float64", "5, 9007199254740992", &["9007199254740993"]),
    ("UInt64", "Decimal(9, 2)", "5", &["50000000000"]),
    ("Decimal(18, 2)", "Decimal(9, 3)", "1.25", &["10000000"]),
    ("String", "UInt8", "'5', '255'", &["'300'", "'-1'", "''", "'1.5'"]),
    ("LowCardinality(String)", "UInt8", "'5'", &["'300'"]),
    ("String", "Enum8('a' = 1, 'b' = 2)", "'a'", &["'zz'"]),
    ("String", "UUID", "'00000000-0000-0000-0000-000000000001'", &["'x'"]),
    ("String", "FixedString(2)", "'ab'", &["'abc'"]),
    ("Enum8('a' = 1, 'b' = 2)", "String", "'a', 'b'", &[]),
    ("Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1, 'b' = 2, 'c' = 3)", "'a', 'b'", &[]),
    ("UInt32", "LowCardinality(UInt8)", "5", &["300"]),
    ("UInt32", "Nullable(UInt8)", "5", &["300"]),
    ("Nullable(UInt32)", "Nullable(UInt8)", "5, NULL", &["300"]),
    ("Nullable(UInt32)", "UInt8", "5", &["NULL", "300"]),
    ("String", "Nullable(String)", "'a'", &[]),
    ("Array(UInt32)", "Array(UInt8)", "[1, 2]", &["[300]"]),
    ("Array(Array(String))", "Array(Array(UInt8))", "[['3']]", &["[['300']]"]),
    ("Map(String, UInt32)", "Map(String, UInt8)", "map('a', 3)", &["map('a', 300)"]),
    ("Tuple(UInt32, UInt8)", "Tuple(UInt8, UInt8)", "(3, 1)", &["(300, 1)"]),
    ("UInt32", "SimpleAggregateFunction(max, UInt64)", "3", &[]),
    ("UInt32", "SimpleAggregateFunction(max, UInt8)", "3", &["300"]),
    ("Int64", "DateTime('UTC')", "1735689600", &["-5", "17356896000"]),
    ("UInt16", "String", "300", &[]),
    ("DateTime('UTC')", "DateTime('Europe/Berlin')", "1735689600", &[]),
    ("DateTime('UTC')", "DateTime64(3, 'UTC')", "1735689600", &[]),
    ("Date", "DateTime('UTC')", "'2025-01-01'", &["'2149-01-01'"]),
    ("Date32", "DateTime('UTC')", "'2025-01-01'", &["'1950-01-01'"]),
    ("Date32", "Date", "'2025-01-01'", &["'1950-01-01'"]),
    ("DateTime64(0, 'UTC')", "DateTime('UTC')", "'2025-01-01 00:00:00'", &["'2200-01-01 00:00:00'", "'1960-01-01 00:00:00'"]),
];

/// What is changed on the way, without an error: the plan says so.
const ALTERED: &[(&str, &str, &str, &str)] = &[
    ("Decimal(18, 3)", "Decimal(9, 2)", "1.239", "1.23"),
    ("Decimal(18, 3)", "UInt8", "1.5", "1"),
    ("DateTime64(6, 'UTC')", "DateTime64(3, 'UTC')", "'2025-01-01 00:00:00.123456'", "2025-01-01 00:00:00.123"),
    ("DateTime64(3, 'UTC')", "DateTime('UTC')", "'2025-01-01 00:00:00.123'", "2025-01-01 00:00:00"),
    ("DateTime('UTC')", "Date", "'2025-01-01 10:00:00'", "2025-01-01"),
    ("DateTime('UTC')", "UInt8", "'2025-01-01 00:00:00'", "128"),
    ("Float64", "Float32", "1e300", "inf"),
    ("Array(Float64)", "Array(Float32)", "[1.5]", "[1.5]"),
    ("String", "Float32", "'1e300'", "inf"),
    ("String", "Date", "'2025-13-45'", "1970-01-01"),
    ("String", "DateTime('UTC')", "'2300-01-01 00:00:00'", "2106-02-07 06:28:15"),
    ("UInt32", "Date", "70000", "1970-01-01"),
    ("Enum8('a' = -1)", "UInt8", "'a'", "255"),
    ("UInt8", "Bool", "2", "true"),
];

struct Pair {
    plan: Plan,
    source: String,
    target: String,
}

async fn pair(server: &ClickHouse, at: usize, from: &str, to: &str, value: &str) -> Pair {
    let (source, target) = (format!("d.s{at}"), format!("d.t{at}"));
    let settings = "allow_suspicious_low_cardinality_types = 1";
    server
        .run(&[
            &format!("CREATE OR REPLACE TABLE {source} (x {from}) ENGINE = MergeTree ORDER BY tuple() SETTINGS {settings}"),
            &format!("CREATE OR REPLACE TABLE {target} (x {to}) ENGINE = MergeTree ORDER BY tuple() SETTINGS {settings}"),
            &format!("INSERT INTO {source} VALUES ({value})"),
        ])
        .await;
    let snapshot = server.snapshot(&source, &target).await;
    let asked = Request { method: Method::Partitions, ..request(&source, &target, 1) };
    match plan(&asked, &snapshot) {
        Outcome::Planned(plan) => Pair { plan: *plan, source, target },
        other => panic!("{from} → {to}: {other:?}"),
    }
}

impl Pair {
    async fn send(&self, server: &ClickHouse) -> Result<String, String> {
        server.try_query(&self.plan.core.chunk_sql(0), &self.plan.core.insert_settings(0, 0, 1, "test")).await
    }

    fn warns(&self, code: &str) -> bool {
        self.plan.rationale.iter().any(|note| note.code == code)
    }
}

#[tokio::test]
async fn a_value_that_does_not_fit_fails_its_chunk() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, (from, to, fine, misfits)) in CHECKED.iter().enumerate() {
        let values: Vec<String> = split(fine);
        for value in values {
            let pair = pair(&server, at, from, to, &value).await;
            assert!(pair.warns("type-conversion") && !pair.warns("conversion-alters"), "{from} → {to}: {:?}", pair.plan.rationale);
            pair.send(&server).await.unwrap_or_else(|error| panic!("{from} → {to}: {value}: {error}"));
            let core = &pair.plan.core;
            let contents = [checks::source_fingerprint(core, 0), checks::target_fingerprint(core, 0)];
            let told = if contents[1].contains("WHERE 0") { checks::source_fingerprint(core, 0) } else { contents[1].clone() };
            assert_eq!(server.query(&contents[0]).await, server.query(&told).await, "{from} → {to}: {value}");
            let (source, target) = (&pair.source, &pair.target);
            let back = server
                .query(&format!("SELECT count() FROM {source} AS s, {target} AS t WHERE s.x IS NOT DISTINCT FROM CAST(t.x AS {from})"))
                .await;
            assert_eq!(back.trim(), "1", "{from} → {to}: {value} is another value in the target");
        }
        for value in *misfits {
            let pair = pair(&server, at, from, to, value).await;
            let sent = pair.send(&server).await;
            assert!(sent.is_err(), "{from} → {to}: {value} became {}", server.query(&format!("SELECT x FROM {}", pair.target)).await);
            assert_eq!(server.query(&format!("SELECT count() FROM {}", pair.target)).await.trim(), "0");
        }
    }
}

#[tokio::test]
async fn what_is_altered_without_an_error_is_said() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, (from, to, value, becomes)) in ALTERED.iter().enumerate() {
        let pair = pair(&server, at, from, to, value).await;
        pair.send(&server).await.unwrap_or_else(|error| panic!("{from} → {to}: {value}: {error}"));
        assert_eq!(server.query(&format!("SELECT x FROM {}", pair.target)).await.trim(), *becomes, "{from} → {to}");
        assert!(pair.warns("conversion-alters"), "{from} → {to}: {:?}", pair.plan.rationale);
    }
}

/// Values at commas that stand in no bracket.
fn split(list: &str) -> Vec<String> {
    let (mut depth, mut values) = (0, vec![String::new()]);
    for c in list.chars() {
        depth += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
        if c == ',' && depth == 0 {
            values.push(String::new());
        } else {
            values.last_mut().unwrap().push(c);
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).collect()
}
