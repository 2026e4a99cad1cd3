//! What earlier jobs left behind: half a chunk in the target, and tokens that the server remembers.

use std::time::Duration;

use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{TaskPage, TaskState};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};
use planner_core::request::{Acknowledgement, Request};
use serde_json::json;

const ROWS: u64 = 60_000;
const QUICK: &str = "[defaults]\nfirst_retry_pause_ms = 50\n";
/// A row of somebody else, on the first day.
const MINE: &str = "(id, tenant, ts, amount) VALUES (1, 'mine', '2025-01-01 05:00:00', 7)";

async fn start() -> (ClickHouse, Proxy, Service) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let proxy = Proxy::start(&server.url()).await;
    let service = Service::start_configured(&proxy.url(), QUICK).await;
    (server, proxy, service)
}

fn asked(table: &str, hours: &str, from: &str, to: &str) -> Request {
    let mut asked = request("demo.events", &format!("demo.{table}"), hours, Some((from, to)));
    asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    asked
}

/// The first INSERT of a job is written, and nobody hears of it: the service dies, the logs with the server, and `damage` is
/// done before the service lives again.
async fn torn(server: &mut ClickHouse, proxy: &Proxy, service: &mut Service, asked: &Request, damage: &[&str]) -> Job {
    proxy.arm(1, Fault::Mute);
    let job = service.start_job(asked, 1).await;
    let written = format!("SELECT count() FROM {} WHERE tenant != 'mine'", asked.target);
    while server.query(&written).await.trim() == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    service.kill();
    server.query("SYSTEM FLUSH LOGS").await;
    server.kill();
    server.restart();
    for log in ["query_log", "part_log"] {
        server.query(&format!("TRUNCATE TABLE system.{log}")).await;
    }
    for sql in damage {
        server.query(sql).await;
    }
    service.revive().await;
    service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await
}

/// The words of the only task that failed.
async fn words(service: &Service, job: &Job) -> String {
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks?state=failed", job.id)).await.unwrap();
    assert_eq!((page.total, page.tasks[0].state), (1, TaskState::Failed), "{page:?}");
    page.tasks[0].message.clone().unwrap_or_default()
}

async fn once(server: &ClickHouse, table: &str, to: &str) {
    let source = server.fingerprint(&format!("{COLUMNS} demo.events WHERE ts < '{to}'")).await;
    assert!(!source.starts_with("0\t"));
    assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.{table} WHERE tenant != 'mine'")).await);
}

#[tokio::test]
async fn a_token_that_an_earlier_job_used_up_is_not_used_again() {
    let (mut server, proxy, mut service) = start().await;
    let table = "demo.events_by_tenant";
    // Torn between two partitions, then cleared; what is sent next is refused, so that the job ends there.
    let tear = format!("ALTER TABLE {table} DELETE WHERE ts >= '2025-01-02' SETTINGS mutations_sync = 2");
    let refuse = format!("ALTER TABLE {table} ADD CONSTRAINT never CHECK amount > 1000000");
    let asked = asked("events_by_tenant", "48", "2025-01-01", "2025-01-03");
    let first = torn(&mut server, &proxy, &mut service, &asked, &[&tear, &refuse]).await;
    assert_eq!((first.state, first.counts.failed), (JobState::Failed, 1), "{first:?}");
    assert_eq!(server.query(&format!("SELECT count() FROM {table}")).await, "0\n", "cleared");
    server.query(&format!("ALTER TABLE {table} DROP CONSTRAINT never")).await;
    // The server remembers the blocks of both partitions under the first token: a DELETE leaves their ids behind.
    let second = service.start_job(&asked, 1).await;
    assert_eq!(service.completed(&second.id).await.verdict, Some(Verdict::Exact));
    once(&server, "events_by_tenant", "2025-01-03").await;
}

#[tokio::test]
async fn a_token_of_another_plan_with_the_same_statement_is_not_used_again() {
    let (server, _proxy, service) = start().await;
    let first = service.start_job(&asked("events_by_tenant", "24", "2025-01-01", "2025-01-03"), 1).await;
    service.completed(&first.id).await;
    server.query("ALTER TABLE demo.events_by_tenant DELETE WHERE toDayOfMonth(ts) = 2 SETTINGS mutations_sync = 2").await;
    let second = service.start_job(&asked("events_by_tenant", "24", "2025-01-02", "2025-01-04"), 1).await;
    assert_ne!(first.plan_id, second.plan_id);
    assert_eq!(service.completed(&second.id).await.verdict, Some(Verdict::Exact));
    once(&server, "events_by_tenant", "2025-01-04").await;
}

#[tokio::test]
async fn half_a_chunk_of_an_earlier_job_is_not_taken_for_what_was_there() {
    let (mut server, proxy, mut service) = start().await;
    server.query(&format!("INSERT INTO demo.events_by_tenant {MINE}")).await;
    let asked = asked("events_by_tenant", "48", "2025-01-01", "2025-01-03");
    let tear = "ALTER TABLE demo.events_by_tenant DELETE WHERE ts >= '2025-01-02' SETTINGS mutations_sync = 2";
    let first = torn(&mut server, &proxy, &mut service, &asked, &[tear]).await;
    let said = words(&service, &first).await;
    assert!(said.starts_with("cannot-clean-span: "), "{said}");

    let sent = *proxy.inserts().borrow();
    let second = service.start_job(&asked, 1).await;
    let second = service.wait_until(&second.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((second.state, *proxy.inserts().borrow()), (JobState::Failed, sent), "{second:?}");
    let said = words(&service, &second).await;
    assert!(said.starts_with("cannot-clean-span: ") && said.contains("by hand"), "{said}");
    // The way out: as it was before the first job.
    server.query("ALTER TABLE demo.events_by_tenant DELETE WHERE tenant != 'mine' SETTINGS mutations_sync = 2").await;
    let _: Job = service.post(&format!("/jobs/{}/retry", second.id), &json!({})).await.unwrap();
    assert_eq!(service.completed(&second.id).await.verdict, Some(Verdict::Exact));
    once(&server, "events_by_tenant", "2025-01-03").await;
    // The first job finds what the second has written.
    let sent = *proxy.inserts().borrow();
    let _: Job = service.post(&format!("/jobs/{}/retry", first.id), &json!({})).await.unwrap();
    let first = service.completed(&first.id).await;
    assert_eq!((first.verdict, *proxy.inserts().borrow()), (Some(Verdict::Exact), sent));
    once(&server, "events_by_tenant", "2025-01-03").await;
}

#[tokio::test]
async fn a_half_that_an_earlier_job_wrote_is_not_taken_for_what_was_there() {
    let (server, proxy, service) = start().await;
    let table = "demo.events_by_time";
    server.query(&format!("INSERT INTO {table} {MINE}")).await;
    server.query(&format!("ALTER TABLE {table} ADD CONSTRAINT morning CHECK toHour(ts) < 12")).await;
    for insert in 1..=3 {
        proxy.arm(insert, Fault::Hurry(Duration::from_millis(1)));
    }
    let asked = asked("events_by_time", "24", "2025-01-01", "2025-01-02");
    let first = service.start_job(&asked, 1).await;
    let first = service.wait_until(&first.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((first.state, first.counts.done, first.counts.skipped, first.counts.failed), (JobState::Partial, 1, 1, 1), "{first:?}");
    server.query(&format!("ALTER TABLE {table} DROP CONSTRAINT morning")).await;

    let sent = *proxy.inserts().borrow();
    let second = service.start_job(&asked, 1).await;
    let second = service.wait_until(&second.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((second.state, *proxy.inserts().borrow()), (JobState::Failed, sent), "{second:?}");
    let said = words(&service, &second).await;
    assert!(said.starts_with("cannot-clean-span: ") && said.contains("retry"), "{said}");
    // The way out: the job that wrote the half writes the other one; then all is there.
    let _: Job = service.post(&format!("/jobs/{}/retry", first.id), &json!({})).await.unwrap();
    assert_eq!(service.completed(&first.id).await.verdict, Some(Verdict::Exact));
    let _: Job = service.post(&format!("/jobs/{}/retry", second.id), &json!({})).await.unwrap();
    assert_eq!(service.completed(&second.id).await.verdict, Some(Verdict::Exact));
    once(&server, "events_by_time", "2025-01-02").await;
}
