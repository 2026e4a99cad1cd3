//! A target that remembers no tokens: nothing starts before somebody has chosen what is done about that.

use std::time::Duration;

use clickhouse_embedded::UserConfig;
use executor_api::event::EventPage;
use executor_api::job::{Dedup, JobState};
use executor_api::receipt::Verdict;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};
use planner_core::request::Request;

const ROWS: u64 = 600_000;

fn asked() -> Request {
    request("demo.events", "demo.events_by_time", "24", Some(("2025-01-01", "2025-01-05")))
}

async fn exact(server: &ClickHouse) {
    let rows = |table: &str| format!("{COLUMNS} demo.{table} WHERE ts < '2025-01-05'");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("events_by_time")).await);
}

async fn kinds(service: &Service, job: &str) -> Vec<(String, String)> {
    let page: EventPage = service.get(&format!("/jobs/{job}/log?limit=1000")).await.unwrap();
    page.events.into_iter().map(|event| (event.kind, event.message)).collect()
}

#[tokio::test]
async fn without_a_choice_contents_count_and_a_window_is_set_as_shown() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let service = Service::start(&server.url()).await;
    let plan = service.plan(&asked()).await.unwrap();
    let unsaid = service.submit_with(&plan, 1, None).await.unwrap();
    assert_eq!(unsaid.dedup, Some(Dedup::ContentOnly));
    assert_eq!(service.completed(&unsaid.id).await.verdict, Some(Verdict::Exact));
    let log = kinds(&service, &unsaid.id).await;
    assert!(log[0].1.contains("no deduplication window is relied on"), "{log:?}");
    server.query("TRUNCATE TABLE demo.events_by_time").await;

    let job = service.submit_with(&plan, 1, Some(Dedup::SetWindow)).await.unwrap();
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
    let log = kinds(&service, &job.id).await;
    let at = |kind: &str| log.iter().position(|(found, _)| found == kind).unwrap();
    assert!(at("window-setting") < at("job-started") && at("job-started") < at("task-started"), "{log:?}");
    let sql = "ALTER TABLE `demo`.`events_by_time` MODIFY SETTING non_replicated_deduplication_window = 1024";
    assert!(log[at("window-setting")].1.ends_with(sql), "{log:?}");
    let made = server.query("SHOW CREATE TABLE demo.events_by_time").await;
    assert!(made.contains("non_replicated_deduplication_window = 1024"), "{made}");
    exact(&server).await;

    // Set once, there is nothing to choose; asked for once more, there is nothing to set.
    for dedup in [None, Some(Dedup::SetWindow)] {
        server.query("TRUNCATE TABLE demo.events_by_time").await;
        let job = service.submit_with(&service.plan(&asked()).await.unwrap(), 1, dedup).await.unwrap();
        service.completed(&job.id).await;
        assert!(kinds(&service, &job.id).await.iter().all(|(kind, _)| kind != "window-setting"));
    }
}

#[tokio::test]
async fn a_window_that_may_not_be_set_stops_the_job_before_its_first_chunk() {
    let user = UserConfig {
        name: "reader".into(),
        password: "secret-of-the-reader".into(),
        grants: vec![
            "GRANT SELECT ON *.*".into(),
            "GRANT INSERT ON demo.*".into(),
            "GRANT SYSTEM FLUSH LOGS ON *.*".into(),
            "GRANT KILL QUERY ON *.*".into(),
        ],
    };
    let server = ClickHouse::start_with(|config| config.users.push(user));
    sample::install(&server, ROWS).await;
    let environment = [("PENSTOCK_CLICKHOUSE_USER", "reader"), ("PENSTOCK_CLICKHOUSE_PASSWORD", "secret-of-the-reader")];
    let service = Service::start_with(&server.url(), &environment).await;
    let plan = service.plan(&asked()).await.unwrap();
    let job = service.submit_with(&plan, 1, Some(Dedup::SetWindow)).await.unwrap();
    let ended = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((ended.state, ended.counts.failed), (JobState::Failed, 4));
    let told = kinds(&service, &job.id).await.into_iter().find(|(kind, _)| kind == "job-refused").unwrap().1;
    assert!(told.starts_with("window-not-set: ALTER TABLE") && told.contains("content_only"), "{told}");
    assert_eq!(server.query("SELECT count() FROM demo.events_by_time").await.trim(), "0");
    // The way out works.
    let job = service.submit_with(&plan, 1, Some(Dedup::ContentOnly)).await.unwrap();
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
    exact(&server).await;
}

#[tokio::test]
async fn by_contents_alone_a_log_that_says_finished_is_not_believed() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let proxy = Proxy::start(&server.url()).await;
    proxy.arm(2, Fault::Mute);
    let mut service = Service::start(&proxy.url()).await;
    let plan = service.plan(&asked()).await.unwrap();
    let job = service.submit_with(&plan, 1, Some(Dedup::ContentOnly)).await.unwrap();
    assert_eq!(job.dedup, Some(Dedup::ContentOnly));
    service.wait_until(&job.id, "writing", |job| job.counts.done == 1 && job.counts.running == 1).await;
    let day = "FROM demo.events_by_time WHERE ts >= '2025-01-02' AND ts < '2025-01-03'";
    while server.query(&format!("SELECT count() {day}")).await.trim() == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    service.kill();
    server.query("SYSTEM FLUSH LOGS").await;
    // What a crash of the server without fsync leaves: the log knows the end of the query, and some of its rows are gone.
    server
        .query(&format!("ALTER TABLE demo.events_by_time DELETE WHERE id IN (SELECT id {day} LIMIT 5) SETTINGS mutations_sync = 2"))
        .await;
    service.revive().await;
    assert_eq!(service.completed(&job.id).await.verdict, Some(Verdict::Exact));
    let log = kinds(&service, &job.id).await;
    let cleared = log.iter().find(|(kind, _)| kind == "task-clearing").map(|(_, message)| message.clone());
    assert!(cleared.is_some_and(|message| message.starts_with("query_log: finished after")), "{log:?}");
    exact(&server).await;
}
