//! One case: tables of its own, and a service that dies once, is started again, and is asked again what it left unanswered.

use std::time::{Duration, Instant};

use executor_api::job::{Job, JobState};
use executor_api::plan::PlanAnswer;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::Proxy;
use penstock_tests::service::{PATIENCE, Service, request};
use planner_core::request::Acknowledgement;
use serde_json::{Value, json};

/// Rows of the source, over four days.
const ROWS: u64 = 40_000;

pub(super) struct Case<'a> {
    pub(super) server: &'a mut ClickHouse,
    pub(super) service: Service,
    pub(super) proxy: Proxy,
    pub(super) db: String,
    crash: String,
    crashed: bool,
}

impl<'a> Case<'a> {
    pub(super) async fn start(server: &'a mut ClickHouse, db: String, crash: String) -> Self {
        server.query(&format!("CREATE DATABASE {db}")).await;
        server
            .query(&format!("CREATE TABLE {db}.events (id UInt64, ts DateTime('UTC'), amount UInt32) ENGINE = MergeTree ORDER BY ts"))
            .await;
        server.query(&format!("SYSTEM STOP MERGES {db}.events")).await;
        for part in 0..4 {
            let rows = "number AS id, toDateTime(1735689600 + cityHash64(number) % 345600, 'UTC'), number % 1000";
            server.query(&format!("INSERT INTO {db}.events SELECT {rows} FROM numbers({ROWS}) WHERE number % 4 = {part}")).await;
        }
        let proxy = Proxy::start(&server.url()).await;
        let mut service = Service::start_configured(&proxy.url(), "[defaults]\nfirst_retry_pause_ms = 50\n").await;
        service.set_environment("PENSTOCK_TEST_CRASH", Some(&crash));
        service.revive().await;
        Self { server, service, proxy, db, crash, crashed: false }
    }

    /// Where it dies: `before:task-done`.
    pub(super) fn crash(&self) -> &str {
        &self.crash
    }

    /// A target; `more` is what stands behind its columns.
    pub(super) async fn target(&self, more_columns: &str, more: &str) {
        let sql = format!(
            "CREATE TABLE {}.target (id UInt64, ts DateTime('UTC'), amount UInt32{more_columns}) ENGINE = MergeTree {more}",
            self.db
        );
        self.server.query(&sql).await;
    }

    pub(super) async fn sql(&self, sql: &str) -> String {
        self.server.query(&sql.replace("$db", &self.db)).await
    }

    /// Plans a copy of the first `days` days in chunks of `hours`.
    pub(super) async fn plan(&mut self, days: u32, hours: &str, accept_rows: bool) -> PlanAnswer {
        let to = format!("2025-01-{:02}", days + 1);
        let (source, target) = (format!("{}.events", self.db), format!("{}.target", self.db));
        let mut asked = request(&source, &target, hours, Some(("2025-01-01", &to)));
        if accept_rows {
            asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
        }
        self.service.plan(&asked).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    pub(super) async fn submit(&mut self, plan: &PlanAnswer, lanes: u16) -> String {
        let off = plan.rationale.iter().any(|note| note.code == "dedup-window-off");
        self.submit_with(plan, lanes, off.then_some("content_only")).await
    }

    pub(super) async fn submit_with(&mut self, plan: &PlanAnswer, lanes: u16, dedup: Option<&str>) -> String {
        let body = json!({"plan_digest": plan.digest, "title": "a case", "lanes": lanes, "dedup": dedup});
        let key = format!("{}-{lanes}-{}", self.db, plan.digest);
        let job = self.send("/jobs", &body, Some(&key)).await;
        job["id"].as_str().unwrap_or_else(|| panic!("no job: {job}")).to_owned()
    }

    pub(super) async fn command(&mut self, job: &str, what: &str, body: &Value) {
        self.send(&format!("/jobs/{job}/{what}"), body, None).await;
    }

    /// POSTs until it is answered. A command that was obeyed before the death may be refused when it comes again.
    async fn send(&mut self, path: &str, body: &Value, key: Option<&str>) -> Value {
        loop {
            let mut call = self.service.http.post(format!("{}/v1{path}", self.service.url())).json(body);
            if let Some(key) = key {
                call = call.header("Idempotency-Key", key);
            }
            match call.send().await {
                Ok(answer) => {
                    let status = answer.status();
                    let text = answer.text().await.unwrap_or_default();
                    assert!(status.is_success() || self.crashed && status.as_u16() == 409, "{path}: {status} {text}");
                    return serde_json::from_str(&text).unwrap_or_default();
                }
                Err(error) => assert!(self.mend().await, "{error}\n{}", self.service.log_text()),
            }
        }
    }

    /// The job, once it is as wanted.
    pub(super) async fn until(&mut self, job: &str, what: &str, wanted: impl Fn(&Job) -> bool) -> Job {
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < PATIENCE, "{}: not {what}\n{}", self.crash, self.service.log_text());
            let answer = self.service.http.get(format!("{}/v1/jobs/{job}", self.service.url())).send().await;
            match answer {
                Ok(answer) => {
                    let found: Job = answer.json().await.unwrap();
                    if wanted(&found) {
                        return found;
                    }
                }
                Err(error) => assert!(self.mend().await, "{error}\n{}", self.service.log_text()),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(super) async fn ended(&mut self, job: &str, state: JobState) -> Job {
        let job = self.until(job, "ended", |job| job.state.is_terminal()).await;
        assert_eq!(job.state, state, "{}: {job:?}\n{}", self.crash, self.service.log_text());
        job
    }

    /// Starts the service again if it has died; says whether it had.
    pub(super) async fn mend(&mut self) -> bool {
        for _ in 0..100 {
            if self.service.has_ended() {
                assert!(!self.crashed, "it died twice\n{}", self.service.log_text());
                self.crashed = true;
                self.service.set_environment("PENSTOCK_TEST_CRASH", None);
                self.service.revive().await;
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// Source and target hold the same, within the first days.
    pub(super) async fn exact(&self, days: u32) {
        let rows =
            |table: &str| format!("SELECT id, ts, amount FROM {}.{table} WHERE ts < toDateTime('2025-01-{:02}', 'UTC')", self.db, days + 1);
        let source = self.server.fingerprint(&rows("events")).await;
        assert!(!source.starts_with("0\t"));
        assert_eq!(source, self.server.fingerprint(&rows("target")).await, "{}\n{}", self.crash, self.service.log_text());
    }

    /// The crash did happen, and nothing runs any more.
    pub(super) async fn finish(mut self) {
        // An event of the very end may have been stored after the last look.
        if !self.crashed {
            self.mend().await;
        }
        assert!(self.crashed, "{} never came\n{}", self.crash, self.service.log_text());
        let left = self.server.query("SELECT query_id FROM system.processes WHERE query_id LIKE 'penstock-%'").await;
        assert_eq!(left, "", "{}", self.crash);
        self.server.query(&format!("DROP DATABASE {} SYNC", self.db)).await;
    }
}
