//! A chunk that is not one block: said so, and never repeated on the strength of its token.

use std::time::Duration;

use clickhouse_embedded::UserConfig;
use executor_api::event::EventPage;
use executor_api::job::JobState;
use executor_api::receipt::{Receipt, Verdict};
use executor_api::task::{TaskDetail, TaskPage, TaskState};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};
use planner_core::request::Acknowledgement;

const ROWS: u64 = 600_000;
const WINDOW: Option<(&str, &str)> = Some(("2025-01-01", "2025-01-03"));

async fn start() -> (ClickHouse, Proxy, Service) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let proxy = Proxy::start(&server.url()).await;
    let service = Service::start(&proxy.url()).await;
    (server, proxy, service)
}

async fn exact(server: &ClickHouse) {
    let rows = |table: &str| format!("{COLUMNS} demo.{table} WHERE ts < '2025-01-03'");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("events_by_tenant")).await);
}

async fn kinds(service: &Service, job: &str) -> Vec<String> {
    let page: EventPage = service.get(&format!("/jobs/{job}/log?limit=1000")).await.unwrap();
    page.events.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_torn_chunk_says_so_and_a_repeat_looks_at_contents() {
    let (server, proxy, service) = start().await;
    proxy.arm(1, Fault::Torn);
    let mut asked = request("demo.events", "demo.events_by_tenant", "24", WINDOW);
    let job = service.start_job(&asked, 1).await;
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
    let told = page.tasks[0].message.clone().unwrap();
    assert!(told.starts_with("not retry-safe: ") && told.contains(" parts in partition 20250101 instead of one block"), "{told}");
    let receipt: Receipt = service.receipt(&job.id).await;
    assert_eq!(receipt.tasks.iter().map(|task| task.one_block).collect::<Vec<_>>(), [Some(false), Some(true)]);

    // The same plan again, with rows there: nothing is sent.
    let sent = *proxy.inserts().borrow();
    asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    let again = service.start_job(&asked, 1).await;
    service.completed(&again.id).await;
    assert_eq!(*proxy.inserts().borrow(), sent);
    let receipt: Receipt = service.receipt(&again.id).await;
    assert!(receipt.tasks.iter().all(|task| task.one_block.is_none() && task.evidence == "already-there"), "{:?}", receipt.tasks);
    exact(&server).await;
}

/// An INSERT that is cut into many blocks, killed when some of them are stored.
async fn torn_and_killed(server: &ClickHouse, service: &Service, job: &str, table: &str) {
    while server.query(&format!("SELECT count() FROM {table}")).await.trim() == "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.query("KILL QUERY WHERE query_id LIKE 'penstock-%' SYNC").await;
    service.wait_until(job, "looked into", |job| job.counts.running == 0 || job.counts.done > 0 || job.state.is_terminal()).await;
}

#[tokio::test]
async fn a_torn_chunk_that_is_half_there_is_removed_and_sent_with_another_token() {
    let (server, proxy, service) = start().await;
    server.query("ALTER TABLE demo.events_by_tenant ADD COLUMN pause UInt8 MATERIALIZED sleepEachRow(0.00005)").await;
    proxy.arm(1, Fault::Torn);
    let job = service.start_job(&request("demo.events", "demo.events_by_tenant", "24", WINDOW), 1).await;
    torn_and_killed(&server, &service, &job.id, "demo.events_by_tenant").await;
    let ended = service.completed(&job.id).await;
    assert_eq!(ended.verdict, Some(Verdict::Exact));
    let log = kinds(&service, &job.id).await;
    assert!(log.iter().any(|kind| kind == "task-clearing"), "no half was there: {log:?}");
    let detail: TaskDetail = service.get(&format!("/jobs/{}/tasks/0", job.id)).await.unwrap();
    assert_eq!(detail.attempts.iter().map(|attempt| attempt.generation).collect::<Vec<_>>(), [0, 1]);
    exact(&server).await;
}

#[tokio::test]
async fn a_torn_chunk_whose_rows_cannot_be_told_is_not_repeated() {
    let (server, proxy, service) = start().await;
    server
        .run(&[
            "CREATE TABLE demo.clicks (id UInt64, ts DateTime64(3, 'UTC'), pause UInt8 MATERIALIZED sleepEachRow(0.00005)) ENGINE = MergeTree \
             ORDER BY ts SETTINGS non_replicated_deduplication_window = 1000",
            "CREATE MATERIALIZED VIEW demo.clicks_mv TO demo.clicks AS SELECT id, ts FROM demo.events",
        ])
        .await;
    proxy.arm(1, Fault::Torn);
    let asked = request("demo.events", "demo.clicks", "24", WINDOW);
    let job = service.start_job(&asked, 1).await;
    torn_and_killed(&server, &service, &job.id, "demo.clicks").await;
    let ended = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((ended.state, ended.counts.failed, *proxy.inserts().borrow()), (JobState::Partial, 1, 2), "{ended:?}");
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
    let told = page.tasks[0].message.clone().unwrap();
    assert_eq!(page.tasks[0].state, TaskState::Failed);
    assert!(told.starts_with("outcome-unprovable: ") && told.contains("Empty demo.clicks and start the job again"), "{told}");
    // The way out works: an empty target, and a token that the server has not seen.
    server.query("TRUNCATE TABLE demo.clicks").await;
    let again = service.start_job(&asked, 1).await;
    assert_eq!(service.completed(&again.id).await.verdict, Some(Verdict::Exact));
}

#[tokio::test]
async fn settings_that_a_profile_forbids_stop_the_chunk_before_anything_is_written() {
    let user = UserConfig {
        name: "bound".into(),
        password: "secret-of-the-bound".into(),
        grants: vec!["GRANT SELECT ON *.*".into(), "GRANT INSERT ON demo.*".into(), "GRANT SYSTEM FLUSH LOGS ON *.*".into()],
    };
    let server = ClickHouse::start_with(|config| {
        config.users.push(user);
        config.most.insert("max_insert_block_size".into(), 1_000_000);
    });
    sample::install(&server, ROWS).await;
    let environment = [("PENSTOCK_CLICKHOUSE_USER", "bound"), ("PENSTOCK_CLICKHOUSE_PASSWORD", "secret-of-the-bound")];
    let service = Service::start_with(&server.url(), &environment).await;
    let job = service.start_job(&request("demo.events", "demo.events_by_tenant", "24", WINDOW), 1).await;
    let ended = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((ended.state, ended.counts.failed), (JobState::Failed, 2), "{ended:?}");
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
    for task in &page.tasks {
        let told = task.message.as_deref().unwrap_or_default();
        assert!(task.attempts == 1 && told.contains("max_insert_block_size"), "{task:?}");
    }
    assert_eq!(server.query("SELECT count() FROM demo.events_by_tenant").await.trim(), "0");
}
