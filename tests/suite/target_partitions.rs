//! Chunks that are whole partitions, in a target that is partitioned in another way: their rows are told there.

use std::collections::BTreeSet;

use penstock_tests::by_size::{carried, copy, request};
use penstock_tests::clickhouse::ClickHouse;
use planner_core::plan::Plan;
use planner_core::request::{Method, Request};
use planner_core::sql::checks::{self, Proof};
use planner_core::{Outcome, plan};

const KEEP: &str = "non_replicated_deduplication_window = 1000";
const COLUMNS: &str = "a UInt32, b Bool, d Date, d32 Date32, e Enum8('x' = -1, 'y' = 2), f FixedString(3), i Int32, ip IPv4, \
                       l LowCardinality(String), n Nullable(Int32), s String, t64 DateTime64(3, 'UTC'), ts DateTime('Europe/Berlin'), u UUID, w UInt128";

/// Partition keys of the source, and whether the target (partitioned by days) prunes by what follows from an id.
const KEYS: [(&str, bool); 29] = [
    ("a", false),
    ("b", false),
    ("d", true),
    ("d32", false),
    ("e", false),
    ("f", false),
    ("i", false),
    ("intDiv(i, 2)", false),
    ("ip", false),
    ("l", false),
    ("s", false),
    ("substring(s, 6)", false),
    ("toDate(t64)", true),
    ("toMonday(ts)", true),
    ("toStartOfDay(ts)", true),
    ("toStartOfHour(ts)", true),
    ("toStartOfMonth(ts)", true),
    ("toStartOfWeek(ts)", true),
    ("toYYYYMM(t64)", true),
    ("toYYYYMM(ts)", true),
    ("tuple(toYYYYMM(ts))", true),
    ("(toYYYYMM(ts), a)", true),
    ("(d, b)", true),
    ("(toDate(ts), s)", false),
    ("(i, a)", false),
    ("((a, i), b)", false),
    ("u", false),
    ("w", false),
    ("(a + 1) * (a + 2)", false),
];

async fn filled(server: &ClickHouse, at: usize, key: &str) -> (String, String) {
    let (source, target) = (format!("d.s{at}"), format!("d.t{at}"));
    server
        .run(&[
            &format!("CREATE TABLE {source} ({COLUMNS}) ENGINE = MergeTree PARTITION BY {key} ORDER BY a SETTINGS {KEEP}, allow_nullable_key = 1"),
            &format!(
                "CREATE TABLE {target} ({COLUMNS}) ENGINE = MergeTree PARTITION BY (d, toDate(t64), toDate(ts)) ORDER BY ts SETTINGS {KEEP}"
            ),
            &format!(
                "INSERT INTO {source} SELECT number % 5, number % 2, toDate(ts, 'UTC'), toDate32('1950-01-01') + number % 4, if(number % 3 = 0, 'x', 'y'), \
                 toString(number % 4), toInt32(number % 6) - 3, toIPv4(number % 5), toString(number % 5), if(number % 5 = 0, NULL, -toInt32(number % 5)), \
                 concat('it\\'s-', toString(number % 4)), ts, toDateTime(1735689600 + (number % 4) * 86400 * 20 + number) AS ts, \
                 toUUID(concat('00000000-0000-0000-0000-00000000000', toString(number % 4))), number % 4 FROM numbers(6000) \
                 SETTINGS max_partitions_per_insert_block = 0"
            ),
        ])
        .await;
    (source, target)
}

async fn by_partition(server: &ClickHouse, source: &str, target: &str) -> (Plan, Proof) {
    let snapshot = server.snapshot(source, target).await;
    let asked = Request { method: Method::Partitions, ..request(source, target, 1) };
    match plan(&asked, &snapshot) {
        Outcome::Planned(plan) => {
            let proof = checks::proof(&plan.core, &snapshot);
            (*plan, proof)
        }
        other => panic!("{source}: {other:?}"),
    }
}

#[tokio::test]
async fn partitions_of_every_key_are_told_in_a_target_of_days() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, (key, prunes)) in KEYS.into_iter().enumerate() {
        let (source, target) = filled(&server, at, key).await;
        let (plan, proof) = by_partition(&server, &source, &target).await;
        assert_eq!(proof, Proof::PerChunk, "{key}");
        assert!(plan.len() > 1, "{key}: one chunk shows nothing");
        let (counts, astray) = carried(&server, &plan).await;
        assert_eq!((counts.iter().sum::<u64>(), astray), (6000, (0, 0)), "{key}");
        copy(&server, &plan).await;
        let parts: u64 =
            server.query(&format!("SELECT count() FROM system.parts WHERE active AND table = 't{at}'")).await.trim().parse().unwrap();
        for chunk in 0..plan.len() {
            let contents = [checks::source_fingerprint(&plan.core, chunk), checks::target_fingerprint(&plan.core, chunk)];
            assert_eq!(server.query(&contents[0]).await, server.query(&contents[1]).await, "{key}: {}", contents[1]);
            if prunes {
                let condition = plan.core.target_predicate(chunk).unwrap();
                let read =
                    server.query(&format!("SELECT sum(parts) FROM (EXPLAIN ESTIMATE SELECT * FROM {target} WHERE {condition})")).await;
                assert!(read.trim().parse::<u64>().unwrap() < parts, "{key}: all {parts} parts are read for {condition}");
            }
        }
    }
}

/// The server gives rows without a value an id that `partitionId` does not give: nothing is told by it.
#[tokio::test]
async fn partitions_of_nulls_are_compared_with_the_whole_target() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, key) in ["n", "(n, a)", "nullIf(a, 2)", "toStartOfMonth(t64)"].into_iter().enumerate() {
        let (source, target) = filled(&server, at, key).await;
        let (plan, proof) = by_partition(&server, &source, &target).await;
        assert_eq!((proof, plan.core.target_predicate(0)), (Proof::WholeTarget, None), "{key}");
        let (counts, astray) = carried(&server, &plan).await;
        assert_eq!((counts.iter().sum::<u64>(), astray), (6000, (0, 0)), "{key}");
        copy(&server, &plan).await;
        let contents = [&source, &target].map(|table| format!("SELECT * FROM {table}"));
        assert_eq!(server.fingerprint(&contents[0]).await, server.fingerprint(&contents[1]).await, "{key}");
    }
}

/// In a partition key the server takes `%` for `moduloLegacy`, whose values differ from what a query computes.
#[tokio::test]
async fn partitions_of_a_modulo_are_compared_with_the_whole_target() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, key) in ["x % 200", "(modulo(x, 200), x > 0)"].into_iter().enumerate() {
        let (source, target) = (format!("d.s{at}"), format!("d.t{at}"));
        server
            .run(&[
                &format!("CREATE TABLE {source} (x Int64) ENGINE = MergeTree PARTITION BY {key} ORDER BY x SETTINGS {KEEP}"),
                &format!("CREATE TABLE {target} (x Int64) ENGINE = MergeTree ORDER BY x SETTINGS {KEEP}"),
                &format!("INSERT INTO {source} SELECT number * 7 - 200 FROM numbers(60) SETTINGS max_partitions_per_insert_block = 0"),
            ])
            .await;
        let (plan, proof) = by_partition(&server, &source, &target).await;
        copy(&server, &plan).await;
        for chunk in (0..plan.len()).filter(|_| proof == Proof::PerChunk) {
            let contents = [checks::source_fingerprint(&plan.core, chunk), checks::target_fingerprint(&plan.core, chunk)];
            assert_eq!(server.query(&contents[0]).await, server.query(&contents[1]).await, "{key}: {}", contents[1]);
        }
        assert_eq!(proof, Proof::WholeTarget, "{key}");
        let contents = [&source, &target].map(|table| format!("SELECT * FROM {table}"));
        assert_eq!(server.fingerprint(&contents[0]).await, server.fingerprint(&contents[1]).await, "{key}");
    }
}

#[tokio::test]
async fn one_chunk_a_partition() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    server.query(&format!("CREATE TABLE d.s (day Date, k UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY k SETTINGS {KEEP}")).await;
    server
        .query(&format!("CREATE TABLE d.t (day Date, k UInt64) ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY k SETTINGS {KEEP}"))
        .await;
    server.query("INSERT INTO d.s SELECT toDate('2025-01-01') + number % 40, number FROM numbers(10000)").await;
    let (plan, _) = by_partition(&server, "d.s", "d.t").await;
    assert_eq!(plan.len(), 40);
    let (counts, astray) = carried(&server, &plan).await;
    assert_eq!((counts.into_iter().collect::<BTreeSet<_>>(), astray), (BTreeSet::from([250]), (0, 0)));
}
