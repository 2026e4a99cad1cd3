//! What the service goes through while it dies.

use std::time::Duration;

use executor_api::event::EventPage;
use executor_api::job::JobState;
use executor_api::receipt::Verdict;
use penstock_tests::proxy::Fault;
use serde_json::json;

use super::case::Case;

/// A second and a half of work for a day's rows: the target computes it while it is written.
const SLOW: &str = ", pause UInt8 MATERIALIZED sleepEachRow(0.0001)";
const BY_TIME: &str = "ORDER BY ts";
const WINDOWED: &str = "PARTITION BY toYYYYMMDD(ts) ORDER BY ts SETTINGS non_replicated_deduplication_window = 1000";

#[derive(Clone, Copy, Debug)]
pub(super) enum Scenario {
    Copy,
    Lost,
    Repeated,
    Split,
    Removed,
    TakenUp,
    Paused,
    Cancelled,
    Refused,
    Again,
    InTheWay,
    Differs,
    NotCompared,
    Torn,
    Away,
    Held,
    Window,
}

impl Scenario {
    pub(super) const ALL: [Self; 17] = [
        Self::Copy,
        Self::Lost,
        Self::Repeated,
        Self::Split,
        Self::Removed,
        Self::TakenUp,
        Self::Paused,
        Self::Cancelled,
        Self::Refused,
        Self::Again,
        Self::InTheWay,
        Self::Differs,
        Self::NotCompared,
        Self::Torn,
        Self::Away,
        Self::Held,
        Self::Window,
    ];

    /// The kinds of events that it shows.
    pub(super) fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Copy => &["job-accepted", "job-started", "task-started", "task-done", "verifying", "compared", "job-completed"],
            Self::Lost => &["task-unknown", "task-adopted"],
            Self::Repeated => &["task-retrying"],
            Self::Split => &["task-split"],
            Self::Removed => &["task-clearing"],
            Self::TakenUp => &["task-failed", "job-failed", "job-retried", "task-cleared"],
            Self::Paused => &["job-stopping", "job-paused", "lanes-changed", "job-resumed"],
            Self::Cancelled => &["job-cancelled"],
            Self::Refused => &["job-refused"],
            Self::Again => &["task-already-there"],
            Self::InTheWay => &["task-refused", "job-partial"],
            Self::Differs => &["differs"],
            Self::NotCompared => &["not-compared"],
            Self::Torn => &["task-not-one-block"],
            Self::Away => &["clickhouse-away", "clickhouse-back"],
            Self::Held => &["job-held", "job-released"],
            Self::Window => &["window-setting"],
        }
    }

    pub(super) async fn play(self, case: &mut Case<'_>) {
        match self {
            Self::Copy => copy(case, WINDOWED, 4, "12").await,
            Self::Lost => {
                case.target(SLOW, BY_TIME).await;
                case.proxy.arm(1, Fault::CutBeforeAnswer(Duration::from_millis(50)));
                let job = start(case, 1, "24").await;
                completed(case, &job, 1).await;
            }
            Self::Repeated => {
                case.proxy.arm(1, Fault::Hurry(Duration::from_millis(1)));
                copy(case, BY_TIME, 1, "24").await;
            }
            Self::Split => {
                for insert in 1..=3 {
                    case.proxy.arm(insert, Fault::Hurry(Duration::from_millis(1)));
                }
                copy(case, BY_TIME, 1, "24").await;
            }
            Self::Removed => removed(case).await,
            Self::TakenUp => taken_up(case).await,
            Self::Paused => {
                case.target(SLOW, BY_TIME).await;
                let job = start(case, 2, "12").await;
                case.until(&job, "running", |job| job.counts.running > 0).await;
                case.command(&job, "pause", &json!({"running": "kill"})).await;
                case.until(&job, "paused", |job| job.state == JobState::Paused).await;
                case.command(&job, "lanes", &json!({"lanes": 3})).await;
                case.command(&job, "resume", &json!({})).await;
                completed(case, &job, 2).await;
            }
            Self::Cancelled => cancelled(case).await,
            Self::Refused => refused(case).await,
            Self::Again => {
                copy(case, BY_TIME, 1, "12").await;
                let plan = case.plan(1, "12", true).await;
                let job = case.submit(&plan, 1).await;
                completed(case, &job, 1).await;
            }
            Self::InTheWay => {
                case.target("", BY_TIME).await;
                let plan = case.plan(2, "24", false).await;
                case.sql("INSERT INTO $db.target VALUES (1000000, toDateTime('2025-01-02 03:00:00', 'UTC'), 1)").await;
                let job = case.submit(&plan, 2).await;
                let job = case.ended(&job, JobState::Partial).await;
                assert_eq!((job.counts.done, job.counts.failed), (1, 1));
                case.exact(1).await;
            }
            Self::Differs => {
                copy(case, BY_TIME, 1, "24").await;
                case.sql("ALTER TABLE $db.target UPDATE amount = amount + 1 WHERE id = (SELECT min(id) FROM $db.target) SETTINGS mutations_sync = 2").await;
                let job = last_job(case).await;
                case.command(&job, "verify", &json!({})).await;
                let job = case.until(&job, "compared", |job| job.state.is_terminal() && job.verdict == Some(Verdict::Different)).await;
                assert_eq!(job.state, JobState::Failed);
            }
            Self::NotCompared => {
                copy(case, BY_TIME, 1, "24").await;
                let job = last_job(case).await;
                case.sql("RENAME TABLE $db.target TO $db.elsewhere").await;
                case.command(&job, "verify", &json!({})).await;
                case.until(&job, "compared", |job| job.verdict == Some(Verdict::Unproven)).await;
                case.sql("RENAME TABLE $db.elsewhere TO $db.target").await;
                case.command(&job, "verify", &json!({})).await;
                case.until(&job, "compared", |job| job.verdict == Some(Verdict::Exact)).await;
            }
            Self::Torn => {
                case.proxy.arm(1, Fault::Torn);
                copy(case, BY_TIME, 1, "24").await;
            }
            Self::Held => held(case).await,
            Self::Window => {
                case.target("", BY_TIME).await;
                let plan = case.plan(1, "12", false).await;
                let job = case.submit_with(&plan, 2, Some("set_window")).await;
                completed(case, &job, 1).await;
                let made = case.sql("SHOW CREATE TABLE $db.target").await;
                assert!(made.contains("non_replicated_deduplication_window = 1024"), "{made}");
            }
            Self::Away => {
                case.target(SLOW, BY_TIME).await;
                let job = start(case, 1, "12").await;
                case.until(&job, "running", |job| job.counts.running > 0).await;
                case.server.kill();
                case.until(&job, "waiting for ClickHouse", |job| {
                    job.message.as_deref().is_some_and(|words| words.starts_with("waiting for"))
                })
                .await;
                case.server.restart();
                completed(case, &job, 1).await;
            }
        }
    }
}

/// The partition is full of parts; nothing is sent until they are merged.
async fn held(case: &mut Case<'_>) {
    case.target("", "PARTITION BY toYYYYMM(ts) ORDER BY ts SETTINGS parts_to_delay_insert = 10").await;
    case.sql("SYSTEM STOP MERGES $db.target").await;
    for id in 0..6 {
        case.sql(&format!("INSERT INTO $db.target VALUES (100000{id}, toDateTime('2025-01-20 03:00:00', 'UTC'), 1)")).await;
    }
    let job = start(case, 1, "12").await;
    let waiting = case.until(&job, "waiting", |job| job.message.is_some()).await;
    let message = waiting.message.as_deref().unwrap_or_default();
    assert!(message.starts_with("waiting for merges: partition 202501 has 6 active parts"), "{message}");
    // Longer than between two looks at the target.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let waiting = case.until(&job, "seen", |_| true).await;
    assert_eq!((waiting.counts.waiting, *case.proxy.inserts().borrow()), (2, 0));
    case.sql("SYSTEM START MERGES $db.target").await;
    case.sql("OPTIMIZE TABLE $db.target FINAL").await;
    completed(case, &job, 1).await;
}

async fn start(case: &mut Case<'_>, days: u32, hours: &str) -> String {
    let plan = case.plan(days, hours, false).await;
    case.submit(&plan, 2).await
}

async fn completed(case: &mut Case<'_>, job: &str, days: u32) {
    let job = case.ended(job, JobState::Completed).await;
    assert_eq!(job.verdict, Some(Verdict::Exact));
    case.exact(days).await;
}

async fn copy(case: &mut Case<'_>, target: &str, days: u32, hours: &str) {
    case.target("", target).await;
    let job = start(case, days, hours).await;
    completed(case, &job, days).await;
}

async fn last_job(case: &mut Case<'_>) -> String {
    case.mend().await;
    let list: executor_api::job::JobList = case.service.get("/jobs").await.unwrap();
    list.jobs[0].id.clone()
}

/// Written with a remembered token, then damaged while nobody looked: the rest is removed and sent with another token.
async fn removed(case: &mut Case<'_>) {
    case.target("", WINDOWED).await;
    case.proxy.arm(1, Fault::Mute);
    let job = start(case, 1, "24").await;
    case.until(&job, "running", |job| job.counts.running > 0).await;
    while case.sql("SELECT count() FROM $db.target").await.trim() == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    case.service.kill();
    case.sql("SYSTEM FLUSH LOGS").await;
    case.server.kill();
    case.server.restart();
    case.sql("TRUNCATE TABLE system.query_log").await;
    case.sql("TRUNCATE TABLE system.part_log").await;
    case.sql("ALTER TABLE $db.target DELETE WHERE id = (SELECT min(id) FROM $db.target) SETTINGS mutations_sync = 2").await;
    case.service.revive_or_die().await;
    completed(case, &job, 1).await;
}

/// Written, then damaged while nobody looked, and another table has the target's name; under its own name again a retry
/// removes the rest and writes.
async fn taken_up(case: &mut Case<'_>) {
    case.target("", BY_TIME).await;
    case.sql("CREATE TABLE $db.other AS $db.target").await;
    case.proxy.arm(1, Fault::Mute);
    let job = start(case, 1, "24").await;
    case.until(&job, "running", |job| job.counts.running > 0).await;
    while case.sql("SELECT count() FROM $db.target").await.trim() == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    case.service.kill();
    case.sql("ALTER TABLE $db.target DELETE WHERE id = (SELECT min(id) FROM $db.target) SETTINGS mutations_sync = 2").await;
    case.sql("EXCHANGE TABLES $db.target AND $db.other").await;
    case.service.revive_or_die().await;
    case.ended(&job, JobState::Failed).await;
    case.sql("EXCHANGE TABLES $db.target AND $db.other").await;
    case.command(&job, "retry", &json!({})).await;
    case.until(&job, "completed", |job| job.state == JobState::Completed).await;
    completed(case, &job, 1).await;
}

async fn cancelled(case: &mut Case<'_>) {
    case.target(SLOW, BY_TIME).await;
    let job = start(case, 4, "12").await;
    case.until(&job, "further", |job| job.counts.done > 0).await;
    case.command(&job, "cancel", &json!({"running": "kill"})).await;
    let ended = case.ended(&job, JobState::Cancelled).await;
    assert_eq!(ended.counts.done + ended.counts.cancelled, 8, "{ended:?}");
    let twice = case.sql("SELECT count() FROM (SELECT id FROM $db.target GROUP BY id HAVING count() > 1)").await;
    assert_eq!(twice.trim(), "0");
}

/// The target of a view is filled by somebody between the acceptance and the start.
async fn refused(case: &mut Case<'_>) {
    case.target("", BY_TIME).await;
    case.sql("CREATE MATERIALIZED VIEW $db.view TO $db.target AS SELECT id, ts, amount FROM $db.events").await;
    let wanted = "PENSTOCK_TEST_CRASH";
    let own = case.crash().to_owned();
    case.service.set_environment(wanted, Some("after:job-accepted"));
    case.service.revive().await;
    let plan = case.plan(1, "24", false).await;
    let body = json!({"plan_digest": plan.digest, "title": "a case", "lanes": 1, "dedup": "content_only"});
    let call = case.service.http.post(format!("{}/v1/jobs", case.service.url())).header("Idempotency-Key", case.db.clone()).json(&body);
    assert!(call.send().await.is_err(), "the service should have died");
    case.sql("INSERT INTO $db.target VALUES (1000000, toDateTime('2025-01-01 03:00:00', 'UTC'), 1)").await;
    case.service.set_environment(wanted, Some(&own));
    case.service.revive_or_die().await;
    case.mend().await;
    let job = last_job(case).await;
    case.ended(&job, JobState::Failed).await;
    // Taken up again it begins again, and finds the same.
    let before = refusals(case, &job).await;
    case.command(&job, "retry", &json!({})).await;
    case.ended(&job, JobState::Failed).await;
    assert_eq!(refusals(case, &job).await, before + 1, "{}", case.crash());
    assert_eq!(case.sql("SELECT count() FROM $db.target").await.trim(), "1");
}

async fn refusals(case: &mut Case<'_>, job: &str) -> usize {
    case.mend().await;
    let page: EventPage = case.service.get(&format!("/jobs/{job}/log?limit=1000")).await.unwrap();
    page.events.iter().filter(|event| event.kind == "job-refused").count()
}
