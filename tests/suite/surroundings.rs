//! What surrounds the service fails: its disk is full, its clock jumps.

use std::process::Command;
use std::time::Duration;

use executor_api::job::{Job, JobList};
use executor_api::receipt::Verdict;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Refused, Service, request};
use serde_json::json;

const ROWS: u64 = 600_000;

async fn exact(server: &ClickHouse, before: &str) {
    let rows = |table: &str| format!("{COLUMNS} demo.{table} WHERE ts < '{before}'");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("events_by_time")).await);
}

/// No file of the service may grow beyond so many bytes; none lifts the bound.
fn bound(service: &Service, bytes: Option<u64>) {
    let bytes = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let pid = service.pid().unwrap();
    let set = Command::new("prlimit").args(["--pid", &pid.to_string(), &format!("--fsize={bytes}:unlimited")]).status();
    assert!(set.is_ok_and(|status| status.success()), "prlimit (util-linux) is needed");
}

#[tokio::test]
async fn a_store_without_room_stops_everything_until_there_is_room() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    server.query("ALTER TABLE demo.events_by_time ADD COLUMN pause UInt8 MATERIALIZED sleepEachRow(0.00001)").await;
    let proxy = Proxy::start(&server.url()).await;
    let service = Service::start(&proxy.url()).await;
    let asked = request("demo.events", "demo.events_by_time", "12", Some(("2025-01-01", "2025-01-09")));
    let plan = service.plan(&asked).await.unwrap();
    let job = service.submit(&plan, 2).await.unwrap();
    service.wait_until(&job.id, "working", |job| job.counts.done > 1).await;
    bound(&service, Some(1));
    // What is on the server ends; nothing that cannot be stored follows.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let sent = *proxy.inserts().borrow();
    assert!(sent < 16, "all was sent before");
    let stands = service.job(&job.id).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((sent, stands.last_event_id), (*proxy.inserts().borrow(), service.job(&job.id).await.last_event_id));
    assert!(service.get::<JobList>("/jobs").await.is_ok());
    let body = json!({"plan_digest": plan.digest, "title": "another", "dedup": "content_only"});
    let call = service.http.post(format!("{}/v1/jobs", service.url())).header("Idempotency-Key", "another").json(&body);
    let refused: Refused = service.read::<Job>(call).await.unwrap_err();
    assert!(refused.status >= 409, "{refused:?}");
    bound(&service, None);
    let job = service.completed(&job.id).await;
    assert_eq!((job.verdict, job.counts.failed), (Some(Verdict::Exact), 0));
    exact(&server, "2025-01-09").await;
}

/// A job whose chunks fail once each and lose answers, while the service's clock is put somewhere else in the middle.
async fn clock_jumps(hours: i64) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let proxy = Proxy::start(&server.url()).await;
    for (insert, fault) in [(2, Fault::Hurry(Duration::from_millis(1))), (4, Fault::Mute), (5, Fault::CutInAnswer), (6, Fault::CutBefore)] {
        proxy.arm(insert, fault);
    }
    let clock = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(clock.path(), "0").unwrap();
    let mut service = Service::start_with(&proxy.url(), &[("PENSTOCK_TEST_CLOCK", clock.path().to_str().unwrap())]).await;
    let asked = request("demo.events", "demo.events_by_time", "12", Some(("2025-01-01", "2025-01-05")));
    let plan = service.plan(&asked).await.unwrap();
    let job = service.submit(&plan, 1).await.unwrap();
    // A retry waits for its time when the clock jumps, and an answer is lost under the other clock.
    service.wait_until(&job.id, "retrying", |job| job.counts.retrying > 0).await;
    std::fs::write(clock.path(), (hours * 3_600_000).to_string()).unwrap();
    service.wait_until(&job.id, "at the silent one", |job| job.counts.done == 2 && job.counts.running == 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    service.kill();
    std::fs::write(clock.path(), (-hours * 3_600_000).to_string()).unwrap();
    service.revive().await;
    let job = service.completed(&job.id).await;
    assert_eq!((job.verdict, job.counts.failed), (Some(Verdict::Exact), 0), "{job:?}");
    exact(&server, "2025-01-05").await;
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_changes_nothing() {
    clock_jumps(75).await;
}

#[tokio::test]
async fn a_clock_that_jumps_back_and_ahead_changes_nothing() {
    clock_jumps(-75).await;
}
