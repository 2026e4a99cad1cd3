//! Fifteen chunks, killed after five, resumed, and the whole plan run again. With `--long` it is 20 million rows.

use std::time::Instant;

use executor_api::event::EventPage;
use executor_api::receipt::Verdict;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};
use planner_core::request::Acknowledgement;

#[tokio::test]
async fn fifteen_chunks_are_killed_after_five_and_arrive_once() {
    let rows: u64 = if std::env::var_os("PENSTOCK_TEST_LONG").is_some() { 20_000_000 } else { 2_000_000 };
    let server = ClickHouse::start_with(|config| config.max_memory_bytes = 8 << 30);
    sample::install(&server, rows).await;
    let mut service = Service::start(&server.url()).await;
    let mut asked = request("demo.events", "demo.events_by_tenant", "50", Some(("2025-01-01", "2025-02-01")));
    let job = service.start_job(&asked, 2).await;
    assert_eq!(job.counts.total, 15);
    service.wait_until(&job.id, "five done", |job| job.counts.done >= 5).await;
    service.kill();
    service.revive().await;
    let (up, now) = (Instant::now(), std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis());
    let resent = loop {
        let page: EventPage = service.get(&format!("/jobs/{}/log?limit=1000", job.id)).await.unwrap();
        let sent = |event: &executor_api::event::Event| event.kind == "task-started" && u128::try_from(event.at.0).unwrap_or(0) >= now;
        if page.events.iter().any(sent) {
            break up.elapsed();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    eprintln!("the first chunk is sent {resent:?} after the service is up again");
    let job = service.completed(&job.id).await;
    assert_eq!((job.verdict, service.receipt(&job.id).await.rows), (Some(Verdict::Exact), rows));

    let content = |table: &str| format!("{COLUMNS} demo.{table}");
    let source = server.fingerprint(&content("events")).await;
    assert!(source.starts_with(&format!("{rows}\t")), "{source}");
    assert_eq!(source, server.fingerprint(&content("events_by_tenant")).await);

    asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    let again = service.start_job(&asked, 2).await;
    assert_eq!(service.completed(&again.id).await.verdict, Some(Verdict::Exact));
    assert_eq!(source, server.fingerprint(&content("events_by_tenant")).await);
}
