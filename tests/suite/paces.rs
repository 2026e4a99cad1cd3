//! How long a plan will take: from trials that leave nothing behind, and from jobs that ran.

use executor_api::pace::{PaceAnswer, PaceOrigin};
use executor_api::plan::PlanAnswer;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample;
use penstock_tests::service::{Service, request};
use planner_core::pace;
use planner_core::request::Method;

#[tokio::test]
async fn a_pace_is_measured_and_then_remembered() {
    let server = ClickHouse::start();
    sample::install(&server, 400_000).await;
    let service = Service::start(&server.url()).await;
    let window = Some(("2025-01-01", "2025-02-01"));
    let past = "/paces?source=demo.events&target=demo.events_by_tenant";
    let none: PaceAnswer = service.get(past).await.unwrap();
    assert_eq!((none.pace, none.chunks, none.origin), (None, 0, PaceOrigin::PastJobs));

    let by_time = request("demo.events", "demo.events_by_tenant", "24", window);
    let mut by_size = request("demo.events", "demo.events_by_tenant", "24", None);
    by_size.method = Method::SizeBudget { bytes: 1 << 30 };
    // Through views, into a table that folds rows.
    let replay = request("demo.events", "demo.daily_totals", "24", window);
    for asked in [&by_time, &by_size, &replay] {
        let plan: PlanAnswer = service.plan(asked).await.unwrap();
        let measured: PaceAnswer = service.post(&format!("/plans/{}/calibration", plan.digest), &serde_json::json!({})).await.unwrap();
        let pace = measured.pace.unwrap_or_else(|| panic!("{asked:?}: nothing was measured"));
        assert!((1..=3).contains(&measured.chunks) && pace.slow < pace.fast && pace.lanes == 1, "{measured:?}");
        let (quick, slow) = pace::seconds(plan.bytes, pace, 2);
        assert!(quick <= slow && slow < 600, "{quick} to {slow} s");
    }
    for table in ["events_by_tenant", "daily_totals"] {
        assert_eq!(server.query(&format!("SELECT count() FROM demo.{table}")).await, "0\n", "{table}: a trial wrote into the target");
    }
    // The server's own temporary tables of other sessions show in no database: none is left in any.
    assert_eq!(server.query("SELECT count() FROM system.tables WHERE name LIKE '%penstock_calibration%'").await, "0\n");

    let job = service.start_job(&by_time, 2).await;
    service.completed(&job.id).await;
    let found: PaceAnswer = service.get(past).await.unwrap();
    let pace = found.pace.unwrap();
    assert_eq!((found.chunks, pace.lanes, found.origin), (31, 2, PaceOrigin::PastJobs));
    assert!(0 < pace.slow && pace.slow <= pace.fast, "{pace:?}");
}
