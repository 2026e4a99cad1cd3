//! A real ClickHouse of its own for one test, on a free loopback port, with its data in a temporary folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clickhouse_embedded::{Engine, EngineConfig};
use planner_core::policy::Policy;
use planner_core::probe::{self, Answers, Probe};
use planner_core::snapshot::Snapshot;
use planner_core::sql::identifier::{Identifier, TableName};
use planner_core::survey::{Survey, SurveySpec, extend, survey};
use tempfile::TempDir;

/// A running ClickHouse; it ends with this value.
pub struct ClickHouse {
    config: EngineConfig,
    engine: Option<Engine>,
    http: reqwest::Client,
    _dir: TempDir,
}

impl ClickHouse {
    /// Starts an empty one.
    pub fn start() -> Self {
        Self::start_with(|_| ())
    }

    /// Starts an empty one with a changed configuration.
    pub fn start_with(change: impl FnOnce(&mut EngineConfig)) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let library = clickhouse_embedded::find_library(None, &workspace()).unwrap_or_else(|error| panic!("{error}"));
        let mut config = EngineConfig::new(built("penstock-engine"), library, dir.path());
        config.program_args = Vec::new();
        change(&mut config);
        let engine = Engine::start(&config).unwrap_or_else(|error| panic!("{error}"));
        config.http_port = engine.http_port();
        Self { config, engine: Some(engine), http: unpooled(), _dir: dir }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.config.http_port)
    }

    /// The running process.
    pub fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("the engine runs")
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut engine) = self.engine.take() {
            engine.kill();
        }
    }

    /// Starts it again on the same port with the same data.
    pub fn restart(&mut self) {
        self.kill();
        self.engine = Some(Engine::start(&self.config).unwrap_or_else(|error| panic!("{error}")));
    }

    /// The same server, asked by another of its users.
    pub fn as_user(&self, name: &str, password: &str) -> Asker {
        Asker {
            http: self.http.clone(),
            backwards: false,
            index_hidden: false,
            password: password.to_owned(),
            url: self.url(),
            user: name.to_owned(),
        }
    }

    /// Starts it again when it has ended by itself, as whatever watches over a server does; says whether it had.
    pub fn watch_over(&mut self) -> bool {
        let ended = self.engine.as_mut().is_none_or(|engine| !engine.is_running());
        if ended {
            self.restart();
        }
        ended
    }

    /// Runs one statement; panics with the server's words when it fails.
    pub async fn query(&self, sql: &str) -> String {
        self.try_query(sql, &BTreeMap::new()).await.unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }

    /// Runs one statement with settings; the server's words when it fails.
    pub async fn try_query(&self, sql: &str, settings: &BTreeMap<String, String>) -> Result<String, String> {
        self.as_user("default", "").try_query(sql, settings).await
    }

    /// Runs several statements, one by one.
    pub async fn run(&self, statements: &[&str]) {
        for sql in statements {
            self.query(sql).await;
        }
    }

    /// A snapshot of a pair of tables, taken as a host takes it.
    pub async fn snapshot(&self, source: &str, target: &str) -> Snapshot {
        self.as_user("default", "").snapshot(source, target).await
    }

    /// The same, of names that need no reading, with a time column.
    pub async fn snapshot_of(&self, source: TableName, target: TableName, time_column: Option<Identifier>) -> Snapshot {
        self.as_user("default", "").snapshot_of(source, target, time_column).await
    }

    /// A snapshot with what planning asked for added.
    pub async fn detail(&self, snapshot: &Snapshot, probes: Vec<Probe>) -> Snapshot {
        let mut answers = Answers::new();
        for probe in probes {
            let text = self.query(&probe.sql()).await;
            answers.insert(probe, text);
        }
        extend(snapshot, &answers).unwrap_or_else(|refusal| panic!("{refusal:?}"))
    }

    /// Count, sum and xor of the hashes of a query's rows: content, whatever its order.
    pub async fn fingerprint(&self, select: &str) -> String {
        self.query(&format!("SELECT count(), sum(h), groupBitXor(h) FROM (SELECT cityHash64(tuple(*)) AS h FROM ({select}))")).await
    }
}

/// One of a server's users.
pub struct Asker {
    http: reqwest::Client,
    backwards: bool,
    index_hidden: bool,
    password: String,
    url: String,
    user: String,
}

impl Asker {
    /// The same user where the server refuses `mergeTreeIndex`, as older ones and some managed ones do.
    #[must_use]
    pub fn without_index(self) -> Self {
        Self { index_hidden: true, ..self }
    }

    /// The same user, who hands answers on with their lines in the opposite order.
    #[must_use]
    pub fn backwards(self) -> Self {
        Self { backwards: true, ..self }
    }

    /// Runs one statement with settings; the server's words when it fails.
    pub async fn try_query(&self, sql: &str, settings: &BTreeMap<String, String>) -> Result<String, String> {
        let answer = self
            .http
            .post(&self.url)
            .header("X-ClickHouse-User", &self.user)
            .header("X-ClickHouse-Key", &self.password)
            .query(&settings)
            .body(sql.to_owned())
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let fine = answer.status().is_success();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if fine { Ok(text) } else { Err(text) }
    }

    /// A snapshot of a pair of tables, taken as a host takes it.
    pub async fn snapshot(&self, source: &str, target: &str) -> Snapshot {
        let name = |text| TableName::parse(text).unwrap_or_else(|error| panic!("{error}"));
        self.snapshot_of(name(source), name(target), None).await
    }

    /// The same, of names that need no reading, with a time column.
    pub async fn snapshot_of(&self, source: TableName, target: TableName, time_column: Option<Identifier>) -> Snapshot {
        let spec = SurveySpec { policy: Policy::default(), source: Some(source), target, time_column };
        let mut answers = Answers::new();
        loop {
            match survey(&spec, &answers) {
                Survey::Ready(snapshot) => return *snapshot,
                Survey::Refused(refusal) => panic!("{refusal:?}"),
                Survey::Ask(probes) => {
                    for probe in probes {
                        if self.index_hidden && matches!(probe, Probe::KeyMarks { .. }) {
                            answers.insert(probe, probe::refused("Not enough privileges (ACCESS_DENIED)"));
                            continue;
                        }
                        let text = match self.try_query(&probe.sql(), &BTreeMap::new()).await {
                            Err(words) if probe.is_optional() => probe::refused(&words),
                            answer => answer.unwrap_or_else(|error| panic!("{error}\n{}", probe.sql())),
                        };
                        let text = if self.backwards { text.lines().rev().collect::<Vec<_>>().join("\n") } else { text };
                        answers.insert(probe, text);
                    }
                }
            }
        }
    }
}

/// The checkout.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the checkout").to_owned()
}

/// A program of the workspace, built beside this test.
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test.ancestors().find(|folder| folder.join(name).is_file());
    folder.map_or_else(
        || panic!("{name} is not built beside {}: run `cargo xtask test`, or `cargo build` first", test.display()),
        |folder| folder.join(name),
    )
}

/// A connection that rests in a pool dies with the process at its other end: each statement takes its own.
fn unpooled() -> reqwest::Client {
    reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client without TLS")
}
