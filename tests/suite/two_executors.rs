//! Two services on one store: one works, the other waits; and whoever was taken over writes and sends nothing more.

use std::time::{Duration, Instant};

use executor_api::event::{Event, EventPage};
use executor_api::job::{JobList, JobState};
use executor_api::receipt::Verdict;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::Proxy;
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{PATIENCE, Service, request};

const ROWS: u64 = 600_000;

/// Waits until a service works; how long it took.
async fn ready(service: &Service) -> Duration {
    let started = Instant::now();
    while service.get::<JobList>("/jobs").await.is_err() {
        assert!(started.elapsed() < PATIENCE, "it never takes over:\n{}", service.log_text());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    started.elapsed()
}

async fn waits_for(service: &Service, holder: &Service) {
    let alive = service.http.get(format!("{}/livez", service.url())).send().await.unwrap();
    assert_eq!(alive.status(), 200);
    let call = service.http.get(format!("{}/readyz", service.url()));
    let refused = service.read::<()>(call).await.unwrap_err();
    assert_eq!((refused.status, refused.problem.code.as_str()), (503, "standby"));
    assert!(refused.problem.detail.contains(&holder.url()), "{:?}", refused.problem);
    assert!(refused.problem.detail.contains(&format!("process {}", holder.pid().unwrap())), "{:?}", refused.problem);
    assert_eq!(service.get::<JobList>("/jobs").await.unwrap_err().status, 503);
}

#[tokio::test]
async fn a_second_service_waits_and_goes_on_when_the_first_is_gone() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let mut first = Service::start(&server.url()).await;
    let mut second = first.second(&server.url()).await;
    waits_for(&second, &first).await;
    let job = first.start_job(&request("demo.events", "demo.events_by_time", "6", Some(("2025-01-01", "2025-02-01"))), 1).await;
    first.wait_until(&job.id, "working", |job| job.counts.done > 2).await;
    waits_for(&second, &first).await;

    // Told to stop: it gives the store back.
    first.signal("TERM");
    assert!(first.end().await.success());
    assert!(ready(&second).await < Duration::from_secs(3));
    second.wait_until(&job.id, "working", |job| job.counts.done > 20).await;
    first.revive().await;
    waits_for(&first, &second).await;

    // Killed: the kernel's lock is gone with it.
    second.kill();
    assert!(ready(&first).await < Duration::from_secs(3));
    let job = first.completed(&job.id).await;
    assert_eq!((job.verdict, job.counts.total), (Some(Verdict::Exact), 124));
    let rows = |table: &str| format!("{COLUMNS} demo.{table}");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("events_by_time")).await);
}

/// The first service stops at a moment and sleeps until the second has done the job; then it wakes up.
async fn sleeper(moment: &str, source: &str, target: &str) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    server.run(&sample::CLICKS).await;
    let proxy = Proxy::start(&server.url()).await;
    let mut first = Service::start_with(&proxy.url(), &[("PENSTOCK_TEST_PAUSE", moment)]).await;
    let job = first.start_job(&request(source, target, "24", Some(("2025-01-01", "2025-01-07"))), 1).await;
    // It does not answer while it is stopped.
    while first.http.get(format!("{}/livez", first.url())).timeout(Duration::from_millis(500)).send().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let sent = *proxy.inserts().borrow();
    let second = first.second(&server.url()).await;
    waits_for(&second, &first).await;
    let took = ready(&second).await;
    assert!(took > Duration::from_secs(5), "it may only have been slow: waited for, not overrun after {took:?}");
    let done = second.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((done.state, done.verdict), (JobState::Completed, Some(Verdict::Exact)), "{done:?}\n{}", second.log_text());
    let events = log(&second, &job.id).await;

    first.signal("CONT");
    assert_eq!(first.end().await.code(), Some(1), "{}", first.log_text());
    assert!(first.log_text().contains("the store was taken over by"), "{}", first.log_text());
    assert_eq!(*proxy.inserts().borrow(), sent, "it sent an INSERT after it woke up");
    assert_eq!(events, log(&second, &job.id).await, "it wrote to the store after it woke up");
    let rows = |table: &str| format!("SELECT id, ts, amount FROM {table} WHERE ts < '2025-01-07'");
    assert_eq!(server.fingerprint(&rows(source)).await, server.fingerprint(&rows(target)).await);
}

async fn log(service: &Service, job: &str) -> Vec<Event> {
    service.get::<EventPage>(&format!("/jobs/{job}/log?limit=1000")).await.unwrap().events
}

#[tokio::test]
async fn who_sleeps_before_a_chunk_is_stored_never_sends_it() {
    sleeper("before:task-started", "demo.events", "demo.events_by_time").await;
}

#[tokio::test]
async fn who_sleeps_between_storing_and_sending_never_sends() {
    sleeper("after:task-started", "demo.events", "demo.events_by_time").await;
}

#[tokio::test]
async fn who_sleeps_over_an_answer_cannot_store_it() {
    sleeper("before:task-done", "demo.events", "demo.clicks").await;
}
