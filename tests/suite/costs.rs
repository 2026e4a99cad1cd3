//! What a plan says that it reads, against what the server says of the same chunks; and the advice that follows from it.

use penstock_tests::by_size::{estimated, request};
use penstock_tests::clickhouse::ClickHouse;
use planner_core::plan::Plan;
use planner_core::quantity::{Hours, UnixMillis};
use planner_core::request::{Method, Request, Window};
use planner_core::snapshot::Snapshot;
use planner_core::{Outcome, cost, plan};

async fn planned(server: &ClickHouse, request: &Request) -> (Plan, Snapshot) {
    let mut snapshot = server.snapshot(&request.source.to_string(), &request.target.to_string()).await;
    loop {
        match plan(request, &snapshot) {
            Outcome::Planned(plan) => return (*plan, snapshot),
            Outcome::NeedsDetail(probes) => snapshot = server.detail(&snapshot, probes).await,
            Outcome::Refused(refusal) => panic!("{refusal:?}"),
        }
    }
}

/// Tenths of the rows wanted that the plan says it reads, and that the server says.
async fn check(server: &ClickHouse, request: &Request) -> (Plan, u64, u64) {
    let (plan, snapshot) = planned(server, request).await;
    let wanted = plan.total().rows.max(1);
    let said = cost::rows_read(&plan, &snapshot).iter().sum::<u64>() * 10 / wanted;
    let read = estimated(server, &plan).await.0.rows * 10 / wanted;
    let told = plan.rationale.iter().any(|note| note.code == "read-amplification");
    assert_eq!(told, said >= 20, "{:?}", plan.rationale);
    // A granule here and there, and a bound that a granule crosses.
    assert!(said.abs_diff(read) <= read / 5 + 1, "{:?}: said {said}, read {read} tenths", request.method);
    (plan, said, read)
}

fn hint(plan: &Plan) -> &str {
    let note = plan.rationale.iter().find(|note| note.code == "read-amplification");
    note.map(|note| note.hint.as_str()).unwrap_or_default()
}

#[tokio::test]
async fn plans_say_what_they_read() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    let table = |name: &str, rest: &str| {
        format!(
            "CREATE TABLE d.{name} (ts DateTime64(3, 'UTC'), tenant UInt16, id UInt64) ENGINE = MergeTree {rest} SETTINGS index_granularity = 256"
        )
    };
    server
        .run(&[
            &table("by_time", "PARTITION BY toYYYYMMDD(ts) ORDER BY ts"),
            &table("by_tenant", "PARTITION BY toYYYYMM(ts) ORDER BY (tenant, ts)"),
            &table("by_id", "ORDER BY id"),
            &table("copy", "ORDER BY tuple()"),
        ])
        .await;
    for name in ["by_time", "by_tenant", "by_id"] {
        server
            .query(&format!(
                "INSERT INTO d.{name} SELECT toDateTime64('2025-01-01', 3, 'UTC') + intDiv(number * 20 * 86400, 400000), \
                 if(number % 10 < 6, 7, cityHash64(number) % 20), cityHash64(number, 2) FROM numbers(400000)"
            ))
            .await;
    }
    let hours = |source: &str| Request { method: Method::TimeWindow { hours: Hours::whole(12) }, ..request(source, "d.copy", 1) };
    let size = |source: &str| request(source, "d.copy", 250_000);
    let week = Window { from: UnixMillis::parse("2025-01-03").unwrap(), to: UnixMillis::parse("2025-01-10").unwrap() };

    let (_, said, _) = check(&server, &hours("d.by_time")).await;
    assert!(said < 12, "the time leads: {said}");
    // Below one tenant the index knows the time.
    let (plan, said, _) = check(&server, &hours("d.by_tenant")).await;
    assert!(plan.len() == 40 && said < 30, "{said}");
    let (plan, said, _) = check(&server, &hours("d.by_id")).await;
    assert!(said >= 390, "each chunk reads the table: {said}");
    assert!(hint(&plan).contains("cut by size") && hint(&plan).contains("about 1.0 times"), "{}", hint(&plan));
    let (plan, said, _) = check(&server, &Request { window: Some(week), ..hours("d.by_id") }).await;
    assert!(said >= 390 && hint(&plan).contains("about 2.8 times"), "{said}: {}", hint(&plan));

    for source in ["d.by_time", "d.by_tenant", "d.by_id"] {
        let (_, said, _) = check(&server, &size(source)).await;
        assert!(said < 12, "{source}: {said}");
    }
    let (plan, said, _) = check(&server, &Request { window: Some(week), ..size("d.by_id") }).await;
    assert!((25..=31).contains(&said), "the advice was right: {said}, {}", hint(&plan));
}
