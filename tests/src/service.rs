//! A running `penstock serve` for one test: its own port, its own state directory, killed like a real one.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use executor_api::job::{Dedup, Job, JobCreate, JobState, Order};
use executor_api::plan::{DetailCreate, PlanAnswer, PlanCreate, SnapshotAnswer, SnapshotCreate};
use executor_api::problem::Problem;
use executor_api::receipt::Receipt;
use planner_core::Outcome;
use planner_core::quantity::{Hours, UnixMillis};
use planner_core::request::{Acknowledgement, Method, ModeChoice, Request, Window};
use planner_core::sql::identifier::TableName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use crate::clickhouse::{built, workspace};

/// How long anything may take before a test gives up: generous, as machines are noisy.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// An answer of the API that is no success.
#[derive(Debug)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// The problem, as sent.
    pub problem: Problem,
}

/// A running service. It is killed when this value goes.
pub struct Service {
    child: Option<Child>,
    port: u16,
    clickhouse: String,
    environment: Vec<(String, String)>,
    state: Arc<TempDir>,
    /// A client without any default.
    pub http: reqwest::Client,
}

impl Service {
    /// Starts one against a ClickHouse and waits until it is ready.
    pub async fn start(clickhouse: &str) -> Self {
        Self::start_with(clickhouse, &[]).await
    }

    /// The same with more environment variables.
    pub async fn start_with(clickhouse: &str, environment: &[(&str, &str)]) -> Self {
        Self::launch(clickhouse, environment, None, Self::state()).await
    }

    /// Starts another one on the same state directory.
    pub async fn second(&self, clickhouse: &str) -> Self {
        Self::launch(clickhouse, &[], None, Arc::clone(&self.state)).await
    }

    /// Starts one with a configuration file.
    pub async fn start_configured(clickhouse: &str, file: &str) -> Self {
        Self::launch(clickhouse, &[], Some(file), Self::state()).await
    }

    fn state() -> Arc<TempDir> {
        Arc::new(TempDir::new().expect("a temporary folder"))
    }

    async fn launch(clickhouse: &str, environment: &[(&str, &str)], file: Option<&str>, state: Arc<TempDir>) -> Self {
        if let Some(file) = file {
            std::fs::write(state.path().join("penstock.toml"), file).expect("the configuration can be written");
        }
        let mut service = Self::still(clickhouse, environment, state);
        service.revive().await;
        service
    }

    fn still(clickhouse: &str, environment: &[(&str, &str)], state: Arc<TempDir>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { child: None, port, clickhouse: clickhouse.to_owned(), environment, state, http: reqwest::Client::new() }
    }

    /// Starts it again with the same port and state.
    pub async fn revive(&mut self) {
        if let Some(status) = self.revive_or_die().await {
            panic!("penstock ended with {status}:\n{}", self.log_text());
        }
    }

    /// The same where it may end at once by itself; says how it ended.
    pub async fn revive_or_die(&mut self) -> Option<ExitStatus> {
        self.kill();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).expect("the log can be written");
        // A bound on the size of its files is an error of its writes, as a full disk is, and not the end of the process.
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(built("penstock"))
            .arg("serve")
            .arg("--console")
            .arg(std::env::var_os("PENSTOCK_CONSOLE").map_or_else(|| workspace().join("target/console/dist"), PathBuf::from))
            .env(if self.clickhouse.contains(',') { "PENSTOCK_CLICKHOUSE_URLS" } else { "PENSTOCK_CLICKHOUSE_URL" }, &self.clickhouse)
            .env("PENSTOCK_STATE_DIR", self.state.path())
            .env("PENSTOCK_LISTEN", format!("127.0.0.1:{}", self.port))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.state.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(log);
        self.child = Some(command.spawn().expect("penstock can be started"));
        let started = Instant::now();
        while !self.is_live().await {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                return Some(status);
            }
            assert!(started.elapsed() < PATIENCE, "penstock does not answer:\n{}", self.log_text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Leads its next life to another ClickHouse: an address, or several with commas between them.
    pub fn lead_to(&mut self, clickhouse: &str) {
        clickhouse.clone_into(&mut self.clickhouse);
    }

    /// Starts one that must end at once by itself; says how, and with what words.
    pub async fn refused(clickhouse: &str, environment: &[(&str, &str)]) -> (ExitStatus, String) {
        let mut service = Self::still(clickhouse, environment, Self::state());
        let ended = service.revive_or_die().await;
        (ended.unwrap_or_else(|| panic!("it serves:\n{}", service.log_text())), service.log_text())
    }

    /// Sets or removes an environment variable of its next life.
    pub fn set_environment(&mut self, name: &str, value: Option<&str>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Waits until the process has ended by itself; says how.
    pub async fn end(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "penstock does not end:\n{}", self.log_text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends the running process a signal by name: `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, name: &str) {
        if let Some(pid) = self.pid() {
            let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
            assert!(sent.is_ok_and(|status| status.success()), "SIG{name} cannot be sent");
        }
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its state lies.
    pub fn state_dir(&self) -> PathBuf {
        self.state.path().to_owned()
    }

    /// What it wrote to stdout and stderr over all its lives.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.state.path().join(format!("test-{}.log", self.port))
    }

    async fn is_live(&self) -> bool {
        self.http.get(format!("{}/livez", self.url())).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// GET below `/v1`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        self.read(self.http.get(format!("{}/v1{path}", self.url()))).await
    }

    /// POST below `/v1`.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Refused> {
        self.read(self.http.post(format!("{}/v1{path}", self.url())).json(body)).await
    }

    /// Sends a request and reads its answer: the value, or the problem. Anything else fails the test.
    pub async fn read<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Refused> {
        let answer = request.send().await.unwrap_or_else(|error| panic!("no answer: {error}\n{}", self.log_text()));
        let status = answer.status();
        let kind =
            answer.headers().get("content-type").map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned()).unwrap_or_default();
        let text = answer.text().await.unwrap_or_default();
        if status.is_success() {
            return Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")));
        }
        assert!(kind.starts_with("application/problem+json"), "{status} is {kind}: {text}");
        let problem: Problem = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(problem.status, status.as_u16());
        Err(Refused { status: status.as_u16(), problem })
    }

    /// Snapshot and plan, with whatever detail planning asks for; the digest is computed here and must be the service's.
    pub async fn plan(&self, request: &Request) -> Result<PlanAnswer, Refused> {
        let create = SnapshotCreate {
            source: Some(request.source.clone()),
            target: request.target.clone(),
            time_column: request.time_column.clone(),
        };
        let mut snapshot: SnapshotAnswer = self.post("/snapshots", &create).await?;
        let expect_digest = loop {
            assert_eq!(snapshot.snapshot.digest(), snapshot.digest);
            match planner_core::plan(request, &snapshot.snapshot) {
                Outcome::Planned(plan) => break Some(plan.core.digest()),
                Outcome::Refused(_) => break None,
                Outcome::NeedsDetail(probes) => {
                    snapshot = self.post(&format!("/snapshots/{}/detail", snapshot.digest), &DetailCreate { probes }).await?;
                }
            }
        };
        self.post("/plans", &PlanCreate { expect_digest, request: request.clone(), snapshot: snapshot.digest }).await
    }

    /// Starts a job of a plan; by contents alone where the target remembers no tokens.
    pub async fn submit(&self, plan: &PlanAnswer, lanes: u16) -> Result<Job, Refused> {
        self.submit_with(plan, lanes, Dedup::by_contents_where_off(&plan.rationale)).await
    }

    /// The same with a choice of what is done where the target remembers no tokens.
    pub async fn submit_with(&self, plan: &PlanAnswer, lanes: u16, dedup: Option<Dedup>) -> Result<Job, Refused> {
        let create = JobCreate {
            assertions: Vec::new(),
            dedup,
            lanes,
            order: Order::OldestFirst,
            plan_digest: plan.digest.clone(),
            reason: "a test".into(),
            title: "test".into(),
        };
        let key = format!("{}-{:?}", plan.digest, Instant::now());
        self.read(self.http.post(format!("{}/v1/jobs", self.url())).header("Idempotency-Key", key).json(&create)).await
    }

    /// Plans and starts.
    pub async fn start_job(&self, request: &Request, lanes: u16) -> Job {
        let plan = self.plan(request).await.unwrap_or_else(|refused| panic!("{refused:?}"));
        self.submit(&plan, lanes).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// The job as it stands.
    pub async fn job(&self, id: &str) -> Job {
        self.get(&format!("/jobs/{id}")).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Waits until the job is as wanted.
    pub async fn wait_until(&self, id: &str, what: &str, wanted: impl Fn(&Job) -> bool) -> Job {
        let started = Instant::now();
        loop {
            let job = self.job(id).await;
            let counts = job.counts;
            let sum = counts.waiting
                + counts.running
                + counts.retrying
                + counts.unknown
                + counts.done
                + counts.failed
                + counts.skipped
                + counts.cancelled;
            assert_eq!(sum, counts.total, "counts add up: {job:?}");
            if wanted(&job) {
                return job;
            }
            assert!(started.elapsed() < PATIENCE, "not {what} after {PATIENCE:?}: {job:#?}\n{}", self.log_text());
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Waits for the end, which must be `completed`.
    pub async fn completed(&self, id: &str) -> Job {
        let job = self.wait_until(id, "terminal", |job| job.state.is_terminal()).await;
        assert_eq!(job.state, JobState::Completed, "{job:#?}\n{}", self.log_text());
        job
    }

    /// The receipt.
    pub async fn receipt(&self, id: &str) -> Receipt {
        self.get(&format!("/jobs/{id}/receipt")).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A request for hours over a window, large windows and all.
pub fn request(source: &str, target: &str, hours: &str, window: Option<(&str, &str)>) -> Request {
    let instant = |text| UnixMillis::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let name = |text| TableName::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Request {
        acknowledged: [Acknowledgement::LargeWindow].into(),
        generation: 0,
        method: Method::TimeWindow { hours: Hours::parse(hours).unwrap_or_else(|error| panic!("{error}")) },
        mode: ModeChoice::Auto,
        source: name(source),
        target: name(target),
        time_column: None,
        window: window.map(|(from, to)| Window { from: instant(from), to: instant(to) }),
    }
}
