//! Jobs through the service on the real engine: contents are compared, never only counted.

use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{TaskDetail, TaskPage, TaskState};
use penstock_tests::by_size;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};
use planner_core::request::{Acknowledgement, Request};
use serde_json::{Value, json};

const ROWS: u64 = 200_000;

async fn start() -> (ClickHouse, Service) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let service = Service::start(&server.url()).await;
    (server, service)
}

/// Rows that all INSERTs of Penstock wrote into a table so far, by the server's own part log.
async fn parts_written(server: &ClickHouse, table: &str) -> String {
    server.query("SYSTEM FLUSH LOGS").await;
    server
        .query(&format!("SELECT count(), sum(rows) FROM system.part_log WHERE event_type = 'NewPart' AND error = 0 AND table = '{table}'"))
        .await
}

/// Every chunk left just one part in each partition that it touched.
pub(crate) async fn one_part_a_partition(server: &ClickHouse, plan_id: &str) {
    server.query("SYSTEM FLUSH LOGS").await;
    let parts = format!("FROM system.part_log WHERE event_type = 'NewPart' AND error = 0 AND query_id LIKE 'penstock-{plan_id}-%'");
    let torn =
        server.query(&format!("SELECT query_id, partition_id, count() {parts} GROUP BY query_id, partition_id HAVING count() != 1")).await;
    assert_eq!(torn, "", "more than one part a partition");
    assert_ne!(server.query(&format!("SELECT count() {parts}")).await.trim(), "0");
}

#[tokio::test]
async fn a_copy_ends_with_a_receipt_and_a_repeat_writes_nothing() {
    let (server, service) = start().await;
    for target in ["events_by_tenant", "events_by_time"] {
        let asked = request("demo.events", &format!("demo.{target}"), "24", Some(("2025-01-01", "2025-02-01")));
        let plan = service.plan(&asked).await.unwrap();
        let job = service.submit(&plan, 2).await.unwrap();
        let job = service.completed(&job.id).await;
        assert_eq!((job.counts.done, job.counts.total, job.verdict), (31, 31, Some(Verdict::Exact)));
        let source = server.fingerprint(&format!("{COLUMNS} demo.events")).await;
        assert!(source.starts_with(&format!("{ROWS}\t")));
        assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.{target}")).await);
        one_part_a_partition(&server, plan.plan_id.as_str()).await;

        let receipt = service.receipt(&job.id).await;
        assert_eq!((receipt.rows, receipt.verdict, receipt.plan_digest.clone()), (ROWS, Verdict::Exact, plan.digest.clone()));
        assert_eq!(receipt.statement, "200,000 rows, each exactly once");
        assert_eq!(receipt.comparisons.len(), 31);
        assert!(receipt.comparisons.iter().all(|one| one.equal && one.source == one.target && one.source.rows > 0));
        let unsigned = executor_api::receipt::Receipt { digest: None, ..receipt.clone() };
        assert_eq!(receipt.digest, Some(planner_core::digest::of_document("penstock-receipt", &unsigned)));

        // The same plan again: the target with a window of 0 would take every row twice if tokens were all there is.
        let written = parts_written(&server, target).await;
        let again = service.submit(&plan, 2).await.unwrap();
        let again = service.completed(&again.id).await;
        assert_eq!(again.verdict, Some(Verdict::Exact));
        assert_eq!(parts_written(&server, target).await, written, "the repeat wrote into {target}");
        assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.{target}")).await);
    }
}

#[tokio::test]
async fn plans_by_size_run_to_an_exact_receipt() {
    let (server, service) = start().await;
    // Days are packed; each day is cut along (tenant, ts), with points that the first snapshot does not have; a window in days.
    let window = request("demo.events", "demo.events_by_time", "1", Some(("2025-01-03T12:00", "2025-01-20"))).window;
    for (target, bytes, window) in
        [("events_by_tenant", 4 << 20, None), ("events_by_tenant", 200 << 10, None), ("events_by_time", 1 << 20, window)]
    {
        server.query(&format!("TRUNCATE TABLE demo.{target}")).await;
        let asked = Request { window, ..by_size::request("demo.events", &format!("demo.{target}"), bytes) };
        let plan = service.plan(&asked).await.unwrap();
        let job = service.submit(&plan, 2).await.unwrap();
        let job = service.completed(&job.id).await;
        assert_eq!((job.verdict, job.counts.done), (Some(Verdict::Exact), job.counts.total));
        let bounds = if window.is_some() { "WHERE ts >= '2025-01-03 12:00:00' AND ts < '2025-01-20'" } else { "" };
        let source = server.fingerprint(&format!("{COLUMNS} demo.events {bounds}")).await;
        assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.{target}")).await);
        one_part_a_partition(&server, plan.plan_id.as_str()).await;
        let receipt = service.receipt(&job.id).await;
        assert_eq!(receipt.comparisons.len() as u64, job.counts.total, "each chunk is told in the target");
        assert!(receipt.comparisons.iter().all(|one| one.equal));
    }
    let asked = by_size::request("demo.events", "demo.daily_totals", 2 << 20);
    let job = service.start_job(&asked, 2).await;
    let job = service.completed(&job.id).await;
    assert_eq!((job.verdict, job.counts.total % 2), (Some(Verdict::Exact), 0), "two views");
}

#[tokio::test]
async fn every_view_is_replayed_and_a_repeat_writes_nothing() {
    let (server, service) = start().await;
    let asked = request("demo.events", "demo.daily_totals", "30", None);
    let plan = service.plan(&asked).await.unwrap();
    let job = service.submit(&plan, 2).await.unwrap();
    let job = service.completed(&job.id).await;
    assert_eq!(job.verdict, Some(Verdict::Exact));
    let expected = "SELECT day, tenant, sum(events), sum(amount) FROM (SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events \
                    GROUP BY day, tenant UNION ALL SELECT toDate(ts), toLowCardinality('buys'), count(), sum(amount) FROM demo.events WHERE kind = 'buy' \
                    GROUP BY toDate(ts)) GROUP BY day, tenant";
    let expected = server.fingerprint(expected).await;
    let found = "SELECT day, tenant, sum(events), sum(amount) FROM demo.daily_totals GROUP BY day, tenant";
    assert_eq!(expected, server.fingerprint(found).await);
    let written = parts_written(&server, "daily_totals").await;
    let again = service.submit(&plan, 2).await.unwrap();
    service.completed(&again.id).await;
    assert_eq!(parts_written(&server, "daily_totals").await, written);
    assert_eq!(expected, server.fingerprint(found).await);
}

#[tokio::test]
async fn rows_that_were_there_before_are_told_apart() {
    let (server, service) = start().await;
    let mut asked = request("demo.events", "demo.events_by_time", "12", Some(("2025-01-10", "2025-01-12")));
    server.query("INSERT INTO demo.events_by_time (ts, id, tenant, amount) VALUES ('2025-01-10 05:00:00', 1, 'mine', 7), ('2025-01-11 13:00:00', 2, 'mine', 8)").await;
    assert_eq!(service.plan(&asked).await.unwrap_err().problem.code, "target-holds-rows");
    asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    let job = service.start_job(&asked, 2).await;
    let job = service.completed(&job.id).await;
    assert_eq!(job.verdict, Some(Verdict::Exact), "what was added is what the source holds");
    let receipt = service.receipt(&job.id).await;
    assert!(receipt.comparisons.iter().any(|one| one.before.as_ref().is_some_and(|before| before.rows == 1)));
    let condition = "WHERE ts >= '2025-01-10' AND ts < '2025-01-12'";
    assert_eq!(
        server.fingerprint(&format!("{COLUMNS} demo.events {condition}")).await,
        server.fingerprint(&format!("{COLUMNS} demo.events_by_time {condition} AND tenant != 'mine'")).await
    );
}

#[tokio::test]
async fn pause_lanes_resume_and_cancel_do_what_they_say() {
    let (server, service) = start().await;
    let asked = request("demo.events", "demo.events_by_tenant", "2", Some(("2025-01-01", "2025-01-11")));
    let job = service.start_job(&asked, 1).await;
    let act = async |path: &str, body: Value| -> Job {
        service.post(&format!("/jobs/{}/{path}", job.id), &body).await.unwrap_or_else(|refused| panic!("{path}: {refused:?}"))
    };
    service.wait_until(&job.id, "under way", |job| job.counts.done >= 5).await;
    act("pause", json!({})).await;
    let paused = service.wait_until(&job.id, "paused", |job| job.state == JobState::Paused).await;
    assert_eq!((paused.counts.running, paused.counts.done < paused.counts.total), (0, true));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(service.job(&job.id).await.counts, paused.counts, "nothing moves while paused");
    assert_eq!(act("lanes", json!({"lanes": 3})).await.lanes, 3);
    act("resume", json!({})).await;
    service.wait_until(&job.id, "going on", |job| job.counts.done > paused.counts.done + 5).await;
    act("cancel", json!({"running": "kill"})).await;
    let cancelled = service.wait_until(&job.id, "cancelled", |job| job.state == JobState::Cancelled).await;
    assert_eq!((cancelled.counts.running, cancelled.counts.waiting, cancelled.counts.unknown), (0, 0, 0));
    assert!(cancelled.counts.cancelled > 0);
    assert_eq!(server.query("SELECT count() FROM system.processes WHERE query_id LIKE 'penstock-%'").await.trim(), "0");

    // What was done before the cancel stays done: the same plan goes on from there by content.
    let next = service.start_job(&request("demo.events", "demo.events_by_time", "24", Some(("2025-01-01", "2025-02-01"))), 2).await;
    service.completed(&next.id).await;
    let mut again = asked;
    again.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    let again = service.start_job(&again, 4).await;
    assert_eq!(service.completed(&again.id).await.verdict, Some(Verdict::Exact));
    assert_eq!(
        server.fingerprint(&format!("{COLUMNS} demo.events WHERE ts < '2025-01-11'")).await,
        server.fingerprint(&format!("{COLUMNS} demo.events_by_tenant")).await
    );
}

#[tokio::test]
async fn a_failed_task_shows_the_servers_words_and_can_be_retried() {
    let (server, service) = start().await;
    server
        .run(&["CREATE TABLE demo.picky (id UInt64, tenant LowCardinality(String), ts DateTime64(3, 'UTC'), amount UInt32, \
                CONSTRAINT small CHECK NOT (toDayOfMonth(ts) = 17 AND amount = 5)) ENGINE = MergeTree ORDER BY ts"])
        .await;
    let job = service.start_job(&request("demo.events", "demo.picky", "24", Some(("2025-01-01", "2025-02-01"))), 2).await;
    let job = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((job.state, job.counts.done, job.counts.failed), (JobState::Partial, 30, 1));
    let failed: TaskPage = service.get(&format!("/jobs/{}/tasks?state=failed", job.id)).await.unwrap();
    assert_eq!((failed.total, failed.tasks[0].n, failed.tasks[0].state), (1, 16, TaskState::Failed));
    let detail: TaskDetail = service.get(&format!("/jobs/{}/tasks/16", job.id)).await.unwrap();
    assert!(
        detail.attempts.iter().any(|attempt| attempt.message.as_deref().is_some_and(|message| message.contains("small"))),
        "{detail:?}"
    );
    assert_eq!(detail.attempts[0].error_code, Some(469));
    server.query("ALTER TABLE demo.picky DROP CONSTRAINT small").await;
    let _: Job = service.post(&format!("/jobs/{}/retry", job.id), &json!({})).await.unwrap();
    let done = service.wait_until(&job.id, "ended again", |job| job.state == JobState::Completed).await;
    assert_eq!((done.counts.done, done.verdict), (31, Some(Verdict::Exact)));
    let columns = "SELECT id, tenant, ts, amount FROM";
    assert_eq!(server.fingerprint(&format!("{columns} demo.events")).await, server.fingerprint(&format!("{columns} demo.picky")).await);
}

#[tokio::test]
async fn a_difference_is_never_called_exact() {
    let (server, service) = start().await;
    let asked = request("demo.events", "demo.events_by_time", "24", Some(("2025-01-01", "2025-01-08")));
    let job = service.start_job(&asked, 2).await;
    service.completed(&job.id).await;
    // One row goes and another comes: every count stays right.
    server.query("ALTER TABLE demo.events_by_time UPDATE amount = amount + 1 WHERE id = (SELECT min(id) FROM demo.events WHERE ts < '2025-01-08') SETTINGS mutations_sync = 2").await;
    let _: Job = service.post(&format!("/jobs/{}/verify", job.id), &json!({})).await.unwrap();
    let job = service.wait_until(&job.id, "verified again", |job| job.verdict == Some(Verdict::Different)).await;
    assert_eq!(job.state, JobState::Failed);
    let receipt = service.receipt(&job.id).await;
    let unequal: Vec<_> = receipt.comparisons.iter().filter(|one| !one.equal).collect();
    assert_eq!((unequal.len(), unequal[0].source.rows), (1, unequal[0].target.rows));
    assert!(!receipt.statement.contains("exactly once"), "{}", receipt.statement);
}

#[tokio::test]
async fn one_key_starts_one_job() {
    let (_server, service) = start().await;
    let plan = service.plan(&request("demo.events", "demo.events_by_time", "24", Some(("2025-01-01", "2025-01-03")))).await.unwrap();
    let body = json!({"plan_digest": plan.digest, "title": "once", "dedup": "content_only"});
    let post = |key: &'static str, body: Value| {
        service.read::<Job>(service.http.post(format!("{}/v1/jobs", service.url())).header("Idempotency-Key", key).json(&body))
    };
    let (first, second) = tokio::join!(post("k", body.clone()), post("k", body.clone()));
    let id = first.unwrap().id;
    assert_eq!(id, second.unwrap().id);
    let other = post("k", json!({"plan_digest": plan.digest, "title": "another", "dedup": "content_only"})).await.unwrap_err();
    assert_eq!(other.status, 422);
    service.completed(&id).await;
}
