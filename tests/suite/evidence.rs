//! What decides about an open outcome: late arrivals are waited for, and only what the job wrote is ever removed.

use std::time::Duration;

use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{Task, TaskPage};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::{Fault, Proxy, Statement};
use penstock_tests::service::{Service, request};
use serde_json::json;

const ROWS: u64 = 25_000;
const ROWS_OF: &str = "SELECT id, ts FROM d.";

/// A day of rows, and a target of the same columns with some more.
async fn install(server: &ClickHouse, more: &str) {
    server
        .run(&[
            "CREATE DATABASE d",
            "CREATE TABLE d.s (id UInt64, ts DateTime) ENGINE = MergeTree ORDER BY ts",
            &format!("CREATE TABLE d.t (id UInt64, ts DateTime{more}) ENGINE = MergeTree ORDER BY ts"),
            &format!("INSERT INTO d.s SELECT number, toDateTime('2025-01-01 00:00:00') + number * 3 FROM numbers({ROWS})"),
        ])
        .await;
}

async fn start(service: &Service) -> Job {
    service.start_job(&request("d.s", "d.t", "24", Some(("2025-01-01", "2025-01-02"))), 1).await
}

/// The rows are written, the answer is not heard, and the service has died.
async fn written_unheard(server: &ClickHouse) -> (Proxy, Service, Job) {
    let proxy = Proxy::start(&server.url()).await;
    proxy.arm(1, Fault::Mute);
    let mut service = Service::start(&proxy.url()).await;
    let job = start(&service).await;
    while count(server, "t").await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    service.kill();
    (proxy, service, job)
}

async fn only_task(service: &Service, job: &Job) -> Task {
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
    assert_eq!(page.tasks.len(), 1);
    page.tasks.into_iter().next().unwrap()
}

/// The task has failed; its words.
async fn failed(service: &Service, job: &Job) -> String {
    service.wait_until(&job.id, "failed", |job| job.state == JobState::Failed).await;
    only_task(service, job).await.message.unwrap()
}

async fn retry(service: &Service, job: &Job) {
    let _: Job = service.post(&format!("/jobs/{}/retry", job.id), &json!({})).await.unwrap();
    service.wait_until(&job.id, "taken up", |job| job.state == JobState::Running || job.counts.failed == 0).await;
}

async fn equal(server: &ClickHouse) {
    assert_eq!(server.fingerprint(&format!("{ROWS_OF}s")).await, server.fingerprint(&format!("{ROWS_OF}t")).await);
}

async fn count(server: &ClickHouse, table: &str) -> u64 {
    server.query(&format!("SELECT count() FROM d.{table}")).await.trim().parse().unwrap()
}

async fn inserted(server: &ClickHouse) -> String {
    server.query("SYSTEM FLUSH LOGS").await;
    server.query("SELECT count() FROM system.query_log WHERE type = 'QueryStart' AND query_kind = 'Insert' AND startsWith(query_id, 'penstock-')").await
}

/// The request arrives after its sender has died and its successor has looked for it in vain, and then runs for longer than
/// anybody looks into the logs.
#[tokio::test]
async fn what_arrives_late_and_runs_long_is_waited_for() {
    // No function may sleep for more than three seconds a block: six of them do.
    let sleeps: Vec<String> = (0..6).map(|at| format!(", pause{at} UInt8 MATERIALIZED sleepEachRow(0.0000{}1)", at + 90)).collect();
    for fresh in [false, true] {
        let mut server = ClickHouse::start();
        install(&server, &sleeps.concat()).await;
        let proxy = Proxy::start(&server.url()).await;
        proxy.arm(1, Fault::Unseen);
        let mut service = Service::start(&proxy.url()).await;
        if fresh {
            // A server that has just started may have lost whatever its log does not hold.
            server.restart();
        } else {
            while server.query("SELECT uptime()").await.trim().parse::<u64>().unwrap() < 4 {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        let job = start(&service).await;
        proxy.inserts().wait_for(|seen| *seen >= 1).await.unwrap();
        service.kill();
        service.revive().await;
        let job = service.completed(&job.id).await;
        assert_eq!(job.verdict, Some(Verdict::Exact));
        // Nothing comes after the receipt either.
        tokio::time::sleep(Duration::from_secs(4)).await;
        equal(&server).await;
        assert_eq!(inserted(&server).await.trim(), "1", "it was sent once more while it ran; fresh: {fresh}");
    }
}

/// A wrong statement and a failing view give the same codes: only the logs tell that nothing was written.
#[tokio::test]
async fn rows_whose_view_failed_are_not_called_done() {
    let server = ClickHouse::start();
    install(&server, "").await;
    server
        .run(&[
            "CREATE TABLE d.seen (id UInt64) ENGINE = MergeTree ORDER BY id",
            "CREATE TABLE d.names (id UInt64) ENGINE = MergeTree ORDER BY id",
            "CREATE MATERIALIZED VIEW d.v TO d.seen AS SELECT id FROM d.t WHERE id NOT IN (SELECT id FROM d.names)",
        ])
        .await;
    let service = Service::start(&server.url()).await;
    let plan = service.plan(&request("d.s", "d.t", "24", Some(("2025-01-01", "2025-01-02")))).await.unwrap();
    server.query("DROP TABLE d.names").await;
    let job = service.submit(&plan, 1).await.unwrap();
    let words = failed(&service, &job).await;
    // Whichever came first, the target's part or the view's error: what is there is told as it is.
    if count(&server, "t").await == ROWS {
        assert!(words.starts_with("views-unproven: ") && words.contains("retry the task"), "{words}");
        server.query("DROP VIEW d.v").await;
        retry(&service, &job).await;
        assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
        equal(&server).await;
    } else {
        assert_eq!(count(&server, "t").await, 0, "{words}");
    }
}

/// Another table stands under the target's name when an open outcome is looked into.
#[tokio::test]
async fn nothing_is_removed_from_a_table_that_took_the_targets_name() {
    let mut server = ClickHouse::start();
    install(&server, "").await;
    server.run(&["CREATE TABLE d.other AS d.t", "INSERT INTO d.other VALUES (1, '2025-01-01 05:00:00')"]).await;
    let (_proxy, mut service, job) = written_unheard(&server).await;
    server.kill();
    server.restart();
    server.query("EXCHANGE TABLES d.t AND d.other").await;
    service.revive().await;
    let words = failed(&service, &job).await;
    assert!(words.starts_with("target-replaced: "), "{words}");
    assert_eq!((count(&server, "t").await, count(&server, "other").await), (1, ROWS));
    server.query("EXCHANGE TABLES d.t AND d.other").await;
    retry(&service, &job).await;
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
    equal(&server).await;
}

/// The attempt wrote nothing; what stands in its span then is somebody's.
#[tokio::test]
async fn rows_that_the_job_did_not_write_are_never_removed() {
    let server = ClickHouse::start();
    install(&server, ", CONSTRAINT small CHECK id < 20000").await;
    let service = Service::start(&server.url()).await;
    let job = start(&service).await;
    failed(&service, &job).await;
    server.run(&["ALTER TABLE d.t DROP CONSTRAINT small", "INSERT INTO d.t VALUES (777777, '2025-01-01 05:00:00')"]).await;
    retry(&service, &job).await;
    let words = failed(&service, &job).await;
    assert!(words.starts_with("target-holds-other-rows: "), "{words}");
    assert_eq!(server.query("SELECT id FROM d.t").await.trim(), "777777");
    server.query("TRUNCATE TABLE d.t").await;
    retry(&service, &job).await;
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
}

/// An attempt left some of its rows, and others wrote into the same partition since the job began.
#[tokio::test]
async fn a_span_that_others_wrote_into_is_left_to_people() {
    let mut server = ClickHouse::start();
    install(&server, "").await;
    let (_proxy, mut service, job) = written_unheard(&server).await;
    server.run(&["INSERT INTO d.t VALUES (777777, '2025-01-01 05:00:00')", "SYSTEM FLUSH LOGS"]).await;
    server.kill();
    server.restart();
    server.query("ALTER TABLE d.t DELETE WHERE id < 10 SETTINGS mutations_sync = 2").await;
    service.revive().await;
    let words = failed(&service, &job).await;
    assert!(words.starts_with("cannot-clean-span: ") && words.contains("others wrote 1 part"), "{words}");
    assert_eq!(count(&server, "t").await, ROWS - 10 + 1);
    // A person removes what is wrong; a retry finds nothing there and sends it.
    server.query("TRUNCATE TABLE d.t").await;
    retry(&service, &job).await;
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
    equal(&server).await;
}

/// The rows are written, the answer is not heard, the service and the server have died, and some of the rows are gone.
async fn left_in_part(server: &mut ClickHouse) -> (Proxy, Service, Job) {
    let (proxy, service, job) = written_unheard(server).await;
    server.kill();
    server.restart();
    server.query("ALTER TABLE d.t DELETE WHERE id < 10 SETTINGS mutations_sync = 2").await;
    (proxy, service, job)
}

/// A removal that arrives after its deadline finds the rows of whoever sent the chunk again: it removes none.
#[tokio::test]
async fn a_removal_that_arrives_late_removes_nothing() {
    let late = Duration::from_secs(9);
    for fault in [Fault::Late(late), Fault::Delay(late)] {
        let mut server = ClickHouse::start();
        install(&server, "").await;
        let (proxy, mut service, job) = left_in_part(&mut server).await;
        proxy.arm_for(Statement::Removal, 1, fault);
        let mut removals = proxy.seen(Statement::Removal);
        service.revive().await;
        removals.wait_for(|seen| *seen == 1).await.unwrap();
        let arrives = tokio::time::Instant::now() + late;
        assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
        assert!(*removals.borrow() > 1, "{fault:?}: the chunk was sent upon what was left");
        tokio::time::sleep_until(arrives + Duration::from_secs(2)).await;
        equal(&server).await;
        server.query("SYSTEM FLUSH LOGS").await;
        let ran = server.query("SELECT count() FROM system.query_log WHERE type = 'QueryFinish' AND query_kind = 'Alter' AND query LIKE '%d%t%DELETE WHERE%' AND query LIKE '%mutations_execute_nondeterministic_on_initiator%'").await;
        assert_eq!(ran.trim().parse::<u64>().unwrap(), *removals.borrow(), "{fault:?}: the late one has not come");
    }
}

/// Whether a query runs cannot be told while the server has no memory for the question: that is waited for.
#[tokio::test]
async fn a_server_without_memory_is_asked_until_it_tells_what_runs() {
    let server = ClickHouse::start();
    install(&server, "").await;
    let (proxy, mut service, job) = written_unheard(&server).await;
    let questions = proxy.seen(Statement::Processes);
    let asked = *questions.borrow();
    let refused = 7;
    for number in 1..=refused {
        proxy.arm_for(Statement::Processes, asked + number, Fault::Memory(1));
    }
    service.revive().await;
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
    equal(&server).await;
    server.query("SYSTEM FLUSH LOGS").await;
    let full = server.query("SELECT count() FROM system.query_log WHERE exception_code = 241 AND query LIKE '%system.processes%'").await;
    assert_eq!(full.trim().parse::<u64>().unwrap(), refused);
    assert_eq!(inserted(&server).await.trim(), "1");
}

/// The server refuses the double of a request that it is working on: that says nothing of the end of the first.
#[tokio::test]
async fn a_request_that_arrives_twice_is_waited_for() {
    let server = ClickHouse::start();
    install(&server, ", pause UInt8 MATERIALIZED sleepEachRow(0.00009)").await;
    let proxy = Proxy::start(&server.url()).await;
    proxy.arm(1, Fault::Twice);
    let service = Service::start(&proxy.url()).await;
    let job = start(&service).await;
    let job = service.completed(&job.id).await;
    assert_eq!(job.verdict, Some(Verdict::Exact));
    equal(&server).await;
    assert_eq!(only_task(&service, &job).await.attempts, 1);
    assert_eq!(inserted(&server).await.trim(), "1");
    let doubles = server.query("SELECT count() FROM system.query_log WHERE exception_code = 216").await;
    assert_eq!(doubles.trim(), "1", "the double was not refused");
}

/// While the job runs, another table takes the target's name. It holds what was written until then, and gets the rest:
/// nothing is missing there, and yet the table that the job was made for was not compared.
#[tokio::test]
async fn a_table_that_took_the_targets_name_is_no_proof() {
    let server = ClickHouse::start();
    install(&server, "").await;
    server.query("CREATE TABLE d.other AS d.t").await;
    let proxy = Proxy::start(&server.url()).await;
    proxy.arm(2, Fault::Delay(Duration::from_secs(2)));
    let service = Service::start(&proxy.url()).await;
    let job = service.start_job(&request("d.s", "d.t", "12", Some(("2025-01-01", "2025-01-02"))), 1).await;
    proxy.inserts().wait_for(|seen| *seen >= 2).await.unwrap();
    server.run(&["INSERT INTO d.other SELECT * FROM d.t", "EXCHANGE TABLES d.t AND d.other"]).await;
    let job = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    equal(&server).await;
    assert_eq!(job.verdict, Some(Verdict::Unproven), "{job:?}");
    assert!(job.message.as_deref().is_some_and(|words| words.contains("target-replaced")), "{job:?}");
}
