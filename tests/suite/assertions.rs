//! What a user asserts of each slice fails the chunk of which it does not hold, with the figures in words.

use executor_api::job::{Dedup, Job, JobState};
use executor_api::receipt::{Receipt, Verdict};
use executor_api::task::{TaskPage, TaskState};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Refused, Service, request};
use planner_core::request::Request;
use serde_json::{Value, json};

const ROWS: u64 = 600_000;

fn asked(target: &str) -> Request {
    request("demo.events", &format!("demo.{target}"), "24", Some(("2025-01-01", "2025-01-04")))
}

async fn start(environment: &[(&str, &str)]) -> (ClickHouse, Service) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    // The second day has few rows.
    server.query("ALTER TABLE demo.events DROP PARTITION ID '20250102'").await;
    let few = "SELECT id, tenant, ts + INTERVAL 1 DAY, kind, tags, note, amount FROM demo.events WHERE toDate(ts) = '2025-01-01' LIMIT 10";
    server.query(&format!("INSERT INTO demo.events (id, tenant, ts, kind, tags, note, amount) {few}")).await;
    let service = Service::start_with(&server.url(), environment).await;
    (server, service)
}

async fn submit(service: &Service, asked: &Request, assertions: Value) -> Result<Job, Refused> {
    let plan = service.plan(asked).await?;
    let body = json!({"plan_digest": plan.digest, "title": "asserted", "dedup": Dedup::ContentOnly, "assertions": assertions});
    let key = format!("{assertions}").chars().filter(char::is_ascii_alphanumeric).take(100).collect::<String>();
    service.read(service.http.post(format!("{}/v1/jobs", service.url())).header("Idempotency-Key", key).json(&body)).await
}

async fn exact(server: &ClickHouse, target: &str) {
    let rows = |table: &str| format!("{COLUMNS} demo.{table} WHERE ts < '2025-01-04'");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows(target)).await);
}

#[tokio::test]
async fn assertions_that_hold_stand_in_the_receipt() {
    let (server, service) = start(&[]).await;
    let all = json!([
        {"min_rows": {"rows": 10}},
        {"max_nulls": {"column": "note", "per_million": 500_000}},
        {"max_nulls": {"column": "id", "per_million": 0}},
        {"holds": {"sql": "countIf(NOT (amount < 1000 AND kind IN ('click', 'view', 'buy'))) = 0 -- all of them"}},
    ]);
    let job = submit(&service, &asked("events_by_tenant"), all).await.unwrap();
    assert_eq!((job.assertions.len(), service.completed(&job.id).await.verdict), (4, Some(Verdict::Exact)));
    let receipt: Receipt = service.receipt(&job.id).await;
    let found: Vec<&str> = receipt.tasks[1].asserted.iter().map(|one| one.found.as_str()).collect();
    assert_eq!(found[0], "10 rows; at least 10 are asserted");
    assert!(found[1].starts_with("'note' is NULL in ") && found[1].contains(" of 10 rows, "), "{found:?}");
    assert_eq!(found[2], "'id' is NULL in 0 of 10 rows, 0 per million; at most 0 are asserted");
    assert!(found[3].ends_with("all of them holds over 10 rows"), "{found:?}");
    assert!(receipt.tasks.iter().all(|task| task.asserted.len() == 4 && task.asserted.iter().all(|one| one.holds)));
    exact(&server, "events_by_tenant").await;
}

#[tokio::test]
async fn a_chunk_of_which_one_does_not_hold_has_failed_and_is_not_sent_again() {
    // Dies before the failure is stored, once: the rows are found there, and looked at again.
    let (server, mut service) = start(&[("PENSTOCK_TEST_CRASH", "before:task-failed")]).await;
    let job = submit(&service, &asked("events_by_time"), json!([{"min_rows": {"rows": 11}}])).await.unwrap();
    while !service.has_ended() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    service.set_environment("PENSTOCK_TEST_CRASH", None);
    service.revive().await;
    let words = "assertion-failed: 10 rows; at least 11 are asserted. Its rows are in the target; put them or the assertion right, then retry the task";
    for _ in 0..2 {
        let ended = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
        assert_eq!((ended.state, ended.counts.done, ended.counts.failed), (JobState::Partial, 2, 1), "{ended:?}");
        let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
        let task = &page.tasks[1];
        assert_eq!((task.state, task.message.as_deref(), task.attempts), (TaskState::Failed, Some(words), 1));
        let receipt: Receipt = service.receipt(&job.id).await;
        assert_eq!((receipt.verdict, receipt.tasks[1].asserted[0].holds), (Verdict::Unproven, false));
        exact(&server, "events_by_time").await;
        // Taken up again, the rows are there still, and still too few.
        let _: Job = service.post(&format!("/jobs/{}/retry", job.id), &json!({})).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_asserted_is_refused_at_once() {
    let (server, service) = start(&[]).await;
    let many: Vec<Value> = (0..21).map(|rows| json!({"min_rows": {"rows": rows}})).collect();
    for (assertions, status, words) in [
        (json!([{"max_nulls": {"column": "nothing", "per_million": 1}}]), 422, "has no column 'nothing'"),
        (json!([{"max_nulls": {"column": "note", "per_million": 1_000_001}}]), 422, "more than all"),
        (json!([{"holds": {"sql": "amount > 0"}}]), 422, "amount"),
        (json!([{"holds": {"sql": "max(kind)"}}]), 422, "Illegal type"),
        (json!([{"holds": {"sql": "nosuch(amount) > 1"}}]), 422, "nosuch"),
        (json!([{"holds": {"sql": "(SELECT 1) = 1"}}]), 400, "asks another question"),
        (json!([{"holds": {"sql": "1; DROP TABLE demo.events"}}]), 400, "which no condition needs"),
        (json!(many), 422, "at most 20"),
    ] {
        let refused = submit(&service, &asked("events_by_time"), assertions.clone()).await.unwrap_err();
        assert_eq!(refused.status, status, "{assertions}: {:?}", refused.problem);
        assert!(refused.problem.detail.contains(words), "{assertions}: {:?}", refused.problem);
    }
    let mut replay = asked("daily_totals");
    replay.window = None;
    server.query("TRUNCATE TABLE demo.daily_totals").await;
    let refused = submit(&service, &replay, json!([{"min_rows": {"rows": 1}}])).await.unwrap_err();
    assert!(refused.problem.detail.contains("cannot be told in demo.daily_totals"), "{:?}", refused.problem);
    assert_eq!(server.query("SELECT count() FROM demo.events_by_time").await.trim(), "0");
}
