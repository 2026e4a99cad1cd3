//! Which jobs and runs may write at the same time.

use std::time::Duration;

use executor_api::job::{Job, JobState};
use penstock_tests::cli::Cli;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::sample;
use penstock_tests::service::{Refused, Service, request};
use planner_core::request::Request;
use planner_core::sql::identifier::Identifier;
use serde_json::json;

#[tokio::test]
async fn windows_of_two_time_columns_are_never_apart() {
    let server = ClickHouse::start();
    let columns = "(id UInt64, ts DateTime('UTC'), created_at DateTime('UTC')) ENGINE = MergeTree ORDER BY ts";
    server.run(&["CREATE DATABASE demo", &format!("CREATE TABLE demo.a {columns}"), &format!("CREATE TABLE demo.b {columns}")]).await;
    // What happened in January was entered in February.
    server
        .query("INSERT INTO demo.a SELECT number, toDateTime('2025-01-01', 'UTC') + number, toDateTime('2025-02-01', 'UTC') + number FROM numbers(86400)")
        .await;
    let proxy = Proxy::start(&server.url()).await;
    let service = Service::start(&proxy.url()).await;
    let by = |column: &str, window| Request {
        time_column: Some(Identifier::new(column).unwrap()),
        ..request("demo.a", "demo.b", "24", Some(window))
    };
    let plan = async |asked: Request| service.plan(&asked).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    let january = plan(by("ts", ("2025-01-01", "2025-01-02"))).await;
    let february = plan(by("created_at", ("2025-02-01", "2025-02-02"))).await;
    let elsewhere = plan(by("ts", ("2025-01-05", "2025-01-06"))).await;
    proxy.arm(1, Fault::Delay(Duration::from_millis(3500)));
    let first = service.submit(&january, 1).await.unwrap();
    proxy.inserts().wait_for(|seen| *seen == 1).await.unwrap();
    let refused = service.submit(&february, 1).await.unwrap_err();
    assert_eq!((refused.status, refused.problem.code.as_str()), (409, "target-busy"), "{refused:?}");
    // Of one time column, windows are apart or not.
    service.submit(&elsewhere, 1).await.unwrap();
    service.completed(&first.id).await;
    assert_eq!(server.query("SELECT count(), uniqExact(id) FROM demo.b").await, "86400\t86400\n");
}

// The command is waited for while the proxy works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_the_service_waits_for_runs_of_the_command() {
    let server = ClickHouse::start();
    sample::install(&server, 60_000).await;
    let proxy = Proxy::start(&server.url()).await;
    let cli = Cli::configured(&format!("[clickhouse]\nurl = \"{}\"\n[defaults]\ndedup = \"content_only\"\n", proxy.url()));
    let state = cli.state("");
    let service = Service::start_with(&server.url(), &[("PENSTOCK_STATE_DIR", state.to_str().unwrap())]).await;
    let submit = async |from: &str, to: &str| -> Result<Job, Refused> {
        let plan = service.plan(&request("demo.events", "demo.events_by_time", "24", Some((from, to)))).await?;
        service.submit(&plan, 1).await
    };
    // A job of the service that has failed, over the days of the run.
    server.query("ALTER TABLE demo.events_by_time ADD CONSTRAINT never CHECK amount > 1000000").await;
    let before = submit("2025-01-01", "2025-01-02").await.unwrap();
    let before = service.wait_until(&before.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!(before.state, JobState::Failed);
    server.query("ALTER TABLE demo.events_by_time DROP CONSTRAINT never").await;

    let id = cli.plan(&["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-01", "--to", "2025-01-03"]);
    // The run is stopped before anything of it is there, and goes on later.
    proxy.arm(1, Fault::Swallow);
    let run = cli.start(&["run", "--plan-id", &id]);
    proxy.inserts().wait_for(|seen| *seen == 1).await.unwrap();
    run.kill();
    let busy = |refused: Refused| {
        assert_eq!((refused.status, refused.problem.code.as_str()), (409, "target-busy"), "{refused:?}");
        assert!(refused.problem.detail.contains(&id), "{refused:?}");
    };
    busy(submit("2025-01-02", "2025-01-05").await.unwrap_err());
    busy(service.post::<Job>(&format!("/jobs/{}/retry", before.id), &json!({})).await.unwrap_err());
    let beside = submit("2025-01-20", "2025-01-21").await.unwrap();
    service.completed(&beside.id).await;
    server.query("ALTER TABLE demo.events_by_time DELETE WHERE ts >= '2025-01-20' SETTINGS mutations_sync = 2").await;
    cli.run(&["resume", "--plan-id", &id]).exits(0);
    // Ended: nothing is in the way any more, and what it wrote is found there.
    let _: Job = service.post(&format!("/jobs/{}/retry", before.id), &json!({})).await.unwrap();
    service.completed(&before.id).await;
    let rows = |table: &str| format!("SELECT id, ts, amount FROM demo.{table} WHERE ts < '2025-01-03'");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("events_by_time")).await);
}
