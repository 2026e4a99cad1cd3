//! Another try of a job that has ended: what happened to the target since counts, and is looked at first.

use std::time::Duration;

use executor_api::job::{Job, JobList, JobState};
use executor_api::plan::PlanAnswer;
use executor_api::receipt::Verdict;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::sample;
use penstock_tests::service::{Refused, Service, request};
use serde_json::json;

const ROWS: u64 = 60_000;

async fn start() -> (ClickHouse, Proxy, Service) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    server.run(&sample::CLICKS).await;
    let proxy = Proxy::start(&server.url()).await;
    let service = Service::start(&proxy.url()).await;
    (server, proxy, service)
}

async fn plan(service: &Service, table: &str) -> PlanAnswer {
    let asked = request("demo.events", &format!("demo.{table}"), "24", Some(("2025-01-01", "2025-01-03")));
    service.plan(&asked).await.unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// A job of two chunks that writes nothing: the first is sent to a target that is away by then, and for the second there
/// is none to look at.
async fn failed(server: &ClickHouse, proxy: &Proxy, service: &Service, table: &str) -> (PlanAnswer, Job) {
    proxy.arm(1, Fault::Delay(Duration::from_secs(2)));
    let plan = plan(service, table).await;
    let job = service.submit(&plan, 1).await.unwrap();
    proxy.inserts().wait_for(|seen| *seen == 1).await.unwrap();
    server.query(&format!("RENAME TABLE demo.{table} TO demo.away")).await;
    let job = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((job.state, job.counts.failed, *proxy.inserts().borrow()), (JobState::Failed, 2, 1), "{job:?}");
    server.query(&format!("RENAME TABLE demo.away TO demo.{table}")).await;
    (plan, job)
}

async fn retry(service: &Service, job: &Job) -> Result<Job, Refused> {
    service.post(&format!("/jobs/{}/retry", job.id), &json!({})).await
}

async fn once(server: &ClickHouse, table: &str) {
    let rows = |table: &str| format!("SELECT id, ts, amount FROM demo.{table} WHERE ts < '2025-01-03'");
    let source = server.fingerprint(&rows("events")).await;
    assert!(!source.starts_with("0\t"));
    assert_eq!(source, server.fingerprint(&rows(table)).await, "{table}");
}

#[tokio::test]
async fn a_job_is_not_taken_up_again_while_another_writes_its_rows() {
    let (server, proxy, service) = start().await;
    let (plan, first) = failed(&server, &proxy, &service, "events_by_time").await;
    proxy.arm(2, Fault::Delay(Duration::from_millis(3500)));
    let second = service.submit(&plan, 1).await.unwrap();
    proxy.inserts().wait_for(|seen| *seen == 2).await.unwrap();
    let refused = retry(&service, &first).await.unwrap_err();
    assert_eq!((refused.status, refused.problem.code.as_str()), (409, "target-busy"), "{refused:?}");
    assert!(refused.problem.detail.contains(&second.id), "{refused:?}");
    // Its own job is not in its way, and nothing is once the other has ended.
    service.completed(&second.id).await;
    retry(&service, &first).await.unwrap();
    service.completed(&first.id).await;
    once(&server, "events_by_time").await;
}

#[tokio::test]
async fn what_another_job_wrote_meanwhile_is_found_there() {
    let (server, proxy, service) = start().await;
    let (plan, first) = failed(&server, &proxy, &service, "events_by_time").await;
    let second = service.submit(&plan, 1).await.unwrap();
    assert_eq!(service.completed(&second.id).await.verdict, Some(Verdict::Exact));
    let sent = *proxy.inserts().borrow();
    retry(&service, &first).await.unwrap();
    let first = service.completed(&first.id).await;
    assert_eq!((first.verdict, *proxy.inserts().borrow()), (Some(Verdict::Exact), sent));
    once(&server, "events_by_time").await;
}

#[tokio::test]
async fn a_replay_is_not_taken_up_again_after_another_job_wrote_its_rows() {
    let (server, proxy, service) = start().await;
    let (plan, first) = failed(&server, &proxy, &service, "clicks").await;
    let second = service.submit(&plan, 1).await.unwrap();
    assert_eq!(service.completed(&second.id).await.verdict, Some(Verdict::Exact));
    // Which rows of a replay are there cannot be told: nothing keeps a second writing from doubling them.
    let refused = retry(&service, &first).await.unwrap_err();
    assert_eq!((refused.status, refused.problem.code.as_str()), (409, "target-overtaken"), "{refused:?}");
    assert!(refused.problem.detail.contains(&second.id), "{refused:?}");
    once(&server, "clicks").await;
}

#[tokio::test]
async fn a_replay_that_was_refused_begins_again_when_it_is_retried() {
    let (server, _proxy, mut service) = start().await;
    let plan = plan(&service, "clicks").await;
    let first = service.submit(&plan, 1).await.unwrap();
    service.completed(&first.id).await;
    // Accepted a second time, and dead before it begins; when it does, the target cannot be looked at.
    service.set_environment("PENSTOCK_TEST_CRASH", Some("after:job-accepted"));
    service.revive().await;
    let body = json!({"plan_digest": plan.digest, "title": "again", "lanes": 1, "dedup": "content_only"});
    let call = service.http.post(format!("{}/v1/jobs", service.url())).header("Idempotency-Key", "again").json(&body);
    assert!(call.send().await.is_err(), "the service should have died");
    server.query("RENAME TABLE demo.clicks TO demo.away").await;
    service.set_environment("PENSTOCK_TEST_CRASH", None);
    service.revive().await;
    let list: JobList = service.get("/jobs").await.unwrap();
    let again = list.jobs.into_iter().find(|job| job.title == "again").unwrap();
    let refused = service.wait_until(&again.id, "refused", |job| job.state.is_terminal()).await;
    assert_eq!((refused.state, refused.counts.failed), (JobState::Failed, 2), "{refused:?}");
    server.query("RENAME TABLE demo.away TO demo.clicks").await;

    // One chunk of it, then the rest.
    let _: Job = service.post(&format!("/jobs/{}/retry", again.id), &json!({"tasks": [1]})).await.unwrap();
    let part = service.wait_until(&again.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((part.state, part.counts.done, part.counts.failed), (JobState::Partial, 1, 1), "{part:?}");
    retry(&service, &again).await.unwrap();
    let again = service.completed(&again.id).await;
    assert_eq!((again.counts.done, again.verdict), (2, Some(Verdict::Exact)));
    once(&server, "clicks").await;
}
