//! What must hold on every server: run on the embedded one, and on whichever `PENSTOCK_TEST_CLICKHOUSE_URL` names.

use std::time::Duration;

use executor_api::event::EventPage;
use executor_api::job::{Dedup, Job};
use executor_api::receipt::{Receipt, Verdict};
use penstock_tests::any_server::AnyServer;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::service::{Service, request};
use planner_core::request::Acknowledgement;

async fn install(name: &str) -> (AnyServer, Proxy, Service) {
    let server = AnyServer::start(name).await;
    let columns = "id UInt64, ts DateTime64(3, 'UTC'), tenant LowCardinality(String), note Nullable(String)";
    server.query(&format!("CREATE TABLE $db.events ({columns}) ENGINE = $engine PARTITION BY toYYYYMM(ts) ORDER BY (tenant, ts)")).await;
    server.query(&format!("CREATE TABLE $db.copy ({columns}) ENGINE = $engine PARTITION BY toYYYYMMDD(ts) ORDER BY (ts, id)")).await;
    for part in 0..4 {
        server
            .query(&format!(
                "INSERT INTO $db.events SELECT number, fromUnixTimestamp64Milli(1735689600000 + toInt64(cityHash64(number) % 691200000), 'UTC'), \
                 toString(number % 7), if(number % 3 = 0, NULL, toString(number)) FROM numbers(800000) WHERE number % 4 = {part}"
            ))
            .await;
    }
    let proxy = Proxy::start(server.url()).await;
    let service = Service::start_with(&proxy.url(), &server.environment()).await;
    (server, proxy, service)
}

/// A copy of eight days in chunks of a day and a half, each of them several partitions.
async fn copy(server: &AnyServer, service: &Service, dedup: Option<Dedup>, again: bool) -> Job {
    let mut asked = request(&format!("{}.events", server.database), &format!("{}.copy", server.database), "36", None);
    asked.window = request("a.b", "a.c", "1", Some(("2025-01-01", "2025-01-09"))).window;
    if again {
        asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    }
    let plan = service.plan(&asked).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    let off = plan.rationale.iter().any(|note| note.code == "dedup-window-off");
    service.submit_with(&plan, 2, dedup.filter(|_| off)).await.unwrap_or_else(|refused| panic!("{refused:?}"))
}

async fn exact(server: &AnyServer, service: &Service, job: &Job) -> Receipt {
    let job = service.completed(&job.id).await;
    assert_eq!((job.verdict, job.counts.failed), (Some(Verdict::Exact), 0));
    let rows = |table: &str| format!("SELECT * FROM $db.{table}");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("copy")).await);
    service.receipt(&job.id).await
}

#[tokio::test]
async fn a_copy_is_one_block_a_chunk_and_a_repeat_writes_nothing() {
    let (server, proxy, service) = install("copy").await;
    let job = copy(&server, &service, Some(Dedup::SetWindow), false).await;
    let receipt = exact(&server, &service, &job).await;
    assert!(receipt.tasks.iter().all(|task| task.one_block == Some(true)), "{:?}", receipt.tasks);
    let sent = *proxy.inserts().borrow();
    let again = copy(&server, &service, Some(Dedup::SetWindow), true).await;
    exact(&server, &service, &again).await;
    assert_eq!(*proxy.inserts().borrow(), sent);
    server.end().await;
}

async fn struck(name: &str, dedup: Dedup) {
    let (server, proxy, mut service) = install(name).await;
    let faults = [
        (1, Fault::CutInAnswer),
        (2, Fault::CutBeforeAnswer(Duration::from_millis(20))),
        (3, Fault::CutBefore),
        (4, Fault::Hurry(Duration::from_millis(1))),
        (5, Fault::Torn),
        (7, Fault::Mute),
    ];
    for (insert, fault) in faults {
        proxy.arm(insert, fault);
    }
    let job = copy(&server, &service, Some(dedup), false).await;
    service.wait_until(&job.id, "half done", |job| job.counts.done >= 3).await;
    service.kill();
    service.revive().await;
    exact(&server, &service, &job).await;
    let page: EventPage = service.get(&format!("/jobs/{}/log?limit=1000", job.id)).await.unwrap();
    assert!(page.events.iter().filter(|event| event.kind == "task-unknown").count() >= 3, "the faults met nothing");
    let left = server.query("SELECT count() FROM system.processes WHERE query_id LIKE 'penstock-%' AND current_database = '$db'").await;
    assert_eq!(left.trim(), "0");
    server.end().await;
}

#[tokio::test]
async fn lost_answers_with_a_window_leave_each_row_once() {
    struck("window", Dedup::SetWindow).await;
}

#[tokio::test]
async fn lost_answers_by_contents_alone_leave_each_row_once() {
    struck("content", Dedup::ContentOnly).await;
}
