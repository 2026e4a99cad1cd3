//! What a copy cannot carry as it is: refused, or said.

use penstock_tests::by_size::{copy, request};
use penstock_tests::clickhouse::ClickHouse;
use planner_core::plan::Plan;
use planner_core::refusal::Refusal;
use planner_core::request::{Method, Request};
use planner_core::snapshot::Snapshot;
use planner_core::sql::checks::{self, Proof};
use planner_core::{Outcome, plan};

async fn planned(server: &ClickHouse, source: &str, target: &str) -> (Snapshot, Result<Plan, Refusal>) {
    let mut snapshot = server.snapshot(source, target).await;
    let asked = Request { method: Method::Partitions, ..request(source, target, 1) };
    loop {
        match plan(&asked, &snapshot) {
            Outcome::Planned(plan) => return (snapshot, Ok(*plan)),
            Outcome::Refused(refusal) => return (snapshot, Err(refusal)),
            Outcome::NeedsDetail(probes) => snapshot = server.detail(&snapshot, probes).await,
        }
    }
}

async fn started() -> ClickHouse {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE d",
            "CREATE TABLE d.s (k UInt32, v UInt32, ts DateTime, twice UInt64 ALIAS v * 2, r UInt32 ALIAS rand()) ENGINE = MergeTree ORDER BY k",
            "INSERT INTO d.s SELECT number, number % 7, 1735689600 + number FROM numbers(1000)",
        ])
        .await;
    server
}

#[tokio::test]
async fn what_changes_between_two_readings_is_refused() {
    let server = started().await;
    server
        .run(&[
            "CREATE VIEW d.plain AS SELECT k, v + 1 AS v FROM d.s WHERE v > 1",
            "CREATE VIEW d.chance AS SELECT k, rand() AS v FROM d.s",
            "CREATE VIEW d.some AS SELECT k, v FROM d.s LIMIT 10",
            "CREATE TABLE d.t (k UInt32, v UInt32) ENGINE = MergeTree ORDER BY k",
            "CREATE TABLE d.t_twice (k UInt32, twice UInt64) ENGINE = MergeTree ORDER BY k",
            "CREATE TABLE d.t_r (k UInt32, r UInt32) ENGINE = MergeTree ORDER BY k",
        ])
        .await;
    for (source, target, refused) in [
        ("d.plain", "d.t", None),
        ("d.chance", "d.t", Some("volatile-function")),
        ("d.some", "d.t", Some("view-needs-all-rows")),
        ("d.s", "d.t", None),
        ("d.s", "d.t_twice", None),
        ("d.s", "d.t_r", Some("volatile-function")),
    ] {
        let (_, outcome) = planned(&server, source, target).await;
        assert_eq!(outcome.err().map(|refusal| refusal.code).as_deref(), refused, "{source} → {target}");
    }
}

#[tokio::test]
async fn what_the_target_computes_or_forgets_is_said() {
    let server = started().await;
    server
        .run(&[
            "CREATE TABLE d.same (k UInt32, v UInt32, twice UInt64 MATERIALIZED v * 2) ENGINE = MergeTree ORDER BY k",
            "CREATE TABLE d.another (k UInt32, v UInt32 MATERIALIZED k + 1) ENGINE = MergeTree ORDER BY k",
            "CREATE TABLE d.forgets (k UInt32, ts DateTime) ENGINE = MergeTree ORDER BY k TTL ts + INTERVAL 1000 YEAR",
        ])
        .await;
    for (target, code) in [("d.same", None), ("d.another", Some("columns-computed")), ("d.forgets", Some("target-ttl"))] {
        let (_, outcome) = planned(&server, "d.s", target).await;
        let notes = outcome.unwrap().rationale;
        for one in ["columns-computed", "target-ttl"] {
            assert_eq!(notes.iter().any(|note| note.code == one), code == Some(one), "{target}: {notes:?}");
        }
    }
}

/// Rows of different partitions are never added up.
#[tokio::test]
async fn sums_are_compared_by_partition_too() {
    let server = started().await;
    server
        .run(&[
            "CREATE TABLE d.parts (region UInt32, k UInt32, n UInt64) ENGINE = MergeTree ORDER BY k",
            "INSERT INTO d.parts SELECT number % 3, number % 10, number FROM numbers(1000)",
            "CREATE TABLE d.sums (region UInt32, k UInt32, n UInt64) ENGINE = SummingMergeTree PARTITION BY region ORDER BY k",
            "CREATE TABLE d.odd (region UInt32, k UInt32, n UInt64) ENGINE = SummingMergeTree PARTITION BY intDiv(region, 2) ORDER BY k",
        ])
        .await;
    let (snapshot, outcome) = planned(&server, "d.parts", "d.sums").await;
    let plan = outcome.unwrap();
    assert_eq!(checks::proof(&plan.core, &snapshot), Proof::WholeTarget);
    copy(&server, &plan).await;
    let question = checks::whole_source(&plan.core, &snapshot);
    assert_eq!(server.query(&question).await, server.query(&checks::whole_target(&plan.core, &snapshot)).await, "{question}");
    assert!(server.query(&question).await.contains("\"rows\":\"30\""), "{question}");
    let (snapshot, outcome) = planned(&server, "d.parts", "d.odd").await;
    assert!(matches!(checks::proof(&outcome.unwrap().core, &snapshot), Proof::Unprovable { .. }));
}
