//! One randomised trial: a job over unmerged parts, struck by faults that follow from a seed, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use clickhouse_embedded::EngineSignal;
use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{Task, TaskDetail, TaskPage, TaskState};
use planner_core::request::Acknowledgement;

use crate::chance::Chance;
use crate::clickhouse::ClickHouse;
use crate::proxy::{Fault, Proxy};
use crate::service::{PATIENCE, Service, request};

/// Days that the source's rows are spread over.
const DAYS: u64 = 10;
/// Ids from here on belong to rows that were in the target before the job.
const HELD_FROM: u64 = 1_000_000_000;
/// A failed task whose message begins with one of these says that its span may hold anything.
const TOLD: [&str; 4] = ["outcome-unprovable: ", "cannot-clean-span: ", "no-evidence: ", "target-holds-other-rows: "];

/// What a trial does; all of it follows from the seed.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Replays it.
    pub seed: u64,
    /// Rows of the source.
    pub rows: u64,
    /// Unmerged parts of the source.
    pub parts: u64,
    /// Where rows go.
    pub target: Target,
    /// Hours in a chunk.
    pub hours: u64,
    /// Chunks at the same time.
    pub lanes: u16,
    /// Faults by the INSERT that each waits for.
    pub strikes: Vec<(u64, Strike)>,
}

/// Where rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Without a deduplication window, partitioned by month.
    Plain,
    /// With a window, partitioned by day: a wide chunk is several parts.
    Windowed,
    /// Without a window, with rows of others in every span.
    Held,
    /// Fed by a view: rows cannot be told by a span.
    View,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// On the wire, of just that INSERT.
    Wire(Fault),
    /// SIGKILL of the service, this long after the INSERT came by, and its start some time later.
    KillService(Duration, Duration),
    /// SIGSTOP and SIGCONT of the service.
    PauseService(Duration, Duration),
    /// SIGKILL of ClickHouse, and its start some time later.
    KillServer(Duration, Duration),
    /// SIGSTOP and SIGCONT of ClickHouse.
    PauseServer(Duration, Duration),
    /// OPTIMIZE … FINAL of the source.
    MergeSource,
    /// KILL QUERY by somebody else.
    KillQuery(Duration),
}

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Report {
    /// The state that the job ended in; none when it did not end.
    pub state: Option<JobState>,
    /// Rows that a job that calls itself completed left out.
    pub lost: u64,
    /// Rows that are there more often than they should.
    pub duplicated: u64,
    /// Whether the target holds just the source's rows.
    pub exact: bool,
    /// What a correct service would not have done; empty when all is well.
    pub wrong: Vec<String>,
    /// Strikes that were reached before the job ended.
    pub struck: usize,
}

impl Trial {
    /// The trial of a seed.
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let target = [Target::Plain, Target::Windowed, Target::Plain, Target::Windowed, Target::Held, Target::View];
        let target = target[usize::try_from(chance.below(target.len() as u64)).unwrap_or(0)];
        let hours = [6, 12, 18, 36][usize::try_from(chance.below(4)).unwrap_or(0)];
        let chunks = (DAYS * 24).div_ceil(hours);
        let mut strikes: Vec<(u64, Strike)> = (0..chance.between(1, 5)).map(|_| (chance.between(1, chunks), strike(&mut chance))).collect();
        strikes.sort_by_key(|(at, _)| *at);
        Self {
            seed,
            rows: chance.between(10, 31) * 100_000,
            parts: chance.between(8, 13),
            target,
            hours,
            lanes: u16::try_from(chance.between(1, 5)).unwrap_or(1),
            strikes,
        }
    }

    fn database(&self) -> String {
        format!("trial_{}", self.seed)
    }

    /// Makes the tables, and fills the source with parts that overlap.
    pub async fn install(&self, server: &ClickHouse) {
        let db = self.database();
        let columns = "id UInt64, tenant LowCardinality(String), ts DateTime64(3, 'UTC'), amount UInt32, note Nullable(String)";
        let target = match self.target {
            Target::Plain | Target::Held => "PARTITION BY toYYYYMM(ts) ORDER BY (ts, id)".to_owned(),
            Target::Windowed => {
                "PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, ts) SETTINGS non_replicated_deduplication_window = 10000".into()
            }
            Target::View => "ORDER BY (ts, id)".into(),
        };
        server
            .run(&[
                &format!("CREATE DATABASE {db}"),
                &format!("CREATE TABLE {db}.events ({columns}) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (tenant, ts)"),
                &format!("SYSTEM STOP MERGES {db}.events"),
                &format!("CREATE TABLE {db}.target ({columns}) ENGINE = MergeTree {target}"),
            ])
            .await;
        for part in 0..self.parts {
            server
                .query(&format!(
                    "INSERT INTO {db}.events SELECT number AS id, if(cityHash64(number) % 10 < 6, 'mega', toString(cityHash64(number) % 50)), \
                     fromUnixTimestamp64Milli(1735689600000 + toInt64(cityHash64(number, 1) % {span}), 'UTC'), number % 1000, \
                     if(number % 3 = 0, NULL, toString(number)) FROM numbers({rows}) WHERE number % {parts} = {part} SETTINGS max_insert_threads = 1",
                    span = DAYS * 86_400_000,
                    rows = self.rows,
                    parts = self.parts,
                ))
                .await;
        }
        if self.target == Target::Held {
            server
                .query(&format!(
                    "INSERT INTO {db}.target SELECT id + {HELD_FROM}, tenant, ts, amount, note FROM {db}.events WHERE id % 1000 = 7"
                ))
                .await;
        }
        if self.target == Target::View {
            let view = format!("CREATE MATERIALIZED VIEW {db}.view TO {db}.target AS SELECT id, tenant, ts, amount, note FROM {db}.events");
            server.query(&view).await;
        }
    }

    /// Runs it on a server, with a service and a proxy of its own, and says what came of it.
    pub async fn run(&self, server: &mut ClickHouse) -> Report {
        self.install(server).await;
        let proxy = Proxy::start(&server.url()).await;
        let mut service = Service::start_configured(&proxy.url(), "[defaults]\nfirst_retry_pause_ms = 200\n").await;
        for (at, strike) in &self.strikes {
            if let Strike::Wire(fault) = strike {
                proxy.arm(*at, *fault);
            }
        }
        let source = format!("{}.events", self.database());
        let mut asked =
            request(&source, &format!("{}.target", self.database()), &self.hours.to_string(), Some(("2025-01-01", "2025-01-11")));
        if self.target == Target::Held {
            asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
        }
        let job = service.start_job(&asked, self.lanes).await;
        let struck = self.strike(server, &mut service, &proxy, &job.id).await;
        let ended = end(&service, &job.id).await;
        let mut report = self.judge(server, &service, &job.id, ended).await;
        report.struck = struck;
        if !report.wrong.is_empty() {
            let log = service.log_text();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            report.wrong.extend(tail.into_iter().rev().map(|line| format!("    {line}")));
        }
        drop(service);
        server.query(&format!("DROP DATABASE {} SYNC", self.database())).await;
        report
    }

    /// Does what is to be done, each when its INSERT comes by; gives up when the job has ended before.
    async fn strike(&self, server: &mut ClickHouse, service: &mut Service, proxy: &Proxy, job: &str) -> usize {
        let mut inserts = proxy.inserts();
        let mut struck = 0;
        for (at, strike) in &self.strikes {
            let started = Instant::now();
            while tokio::time::timeout(Duration::from_millis(100), inserts.wait_for(|seen| seen >= at)).await.is_err() {
                if service.job(job).await.state.is_terminal() || started.elapsed() > PATIENCE {
                    return struck;
                }
            }
            struck += 1;
            match *strike {
                Strike::Wire(_) => {}
                Strike::KillService(after, down) => {
                    tokio::time::sleep(after).await;
                    service.kill();
                    tokio::time::sleep(down).await;
                    service.revive().await;
                }
                Strike::PauseService(after, down) => {
                    tokio::time::sleep(after).await;
                    service.signal("STOP");
                    tokio::time::sleep(down).await;
                    service.signal("CONT");
                }
                Strike::KillServer(after, down) => {
                    tokio::time::sleep(after).await;
                    server.kill();
                    tokio::time::sleep(down).await;
                    server.restart();
                }
                Strike::PauseServer(after, down) => {
                    tokio::time::sleep(after).await;
                    server.engine().signal(EngineSignal::Pause);
                    tokio::time::sleep(down).await;
                    server.engine().signal(EngineSignal::Continue);
                }
                Strike::MergeSource => {
                    let db = self.database();
                    server.query(&format!("SYSTEM START MERGES {db}.events")).await;
                    server.query(&format!("OPTIMIZE TABLE {db}.events FINAL")).await;
                }
                Strike::KillQuery(after) => {
                    tokio::time::sleep(after).await;
                    server.query("KILL QUERY WHERE query_id LIKE 'penstock-%' ASYNC").await;
                }
            }
        }
        struck
    }

    async fn judge(&self, server: &ClickHouse, service: &Service, job: &str, ended: Option<Job>) -> Report {
        let content = self.content(server).await;
        let mut wrong = Vec::new();
        let state = ended.as_ref().map(|job| job.state);
        match &ended {
            None => wrong.push(format!("the job did not end: {:?}", service.job(job).await)),
            Some(job) => {
                if job.state == JobState::Completed && (!content.exact() || job.verdict != Some(Verdict::Exact)) {
                    wrong.push(format!("completed, {:?}, with {content:?}", job.verdict));
                }
                if job.counts.done + job.counts.failed + job.counts.skipped != job.counts.total {
                    wrong.push(format!("neither done nor failed: {:?}", job.counts));
                }
                self.judge_tasks(server, service, &job.id, &mut wrong).await;
            }
        }
        let left = server.query("SELECT query_id FROM system.processes WHERE query_id LIKE 'penstock-%'").await;
        if !left.is_empty() {
            wrong.push(format!("still running: {left}"));
        }
        if content.held != content.held_expected {
            wrong.push(format!("rows that were there before: {} of {}", content.held, content.held_expected));
        }
        if !wrong.is_empty() {
            wrong.extend(timeline(service, job).await);
        }
        Report { state, lost: content.lost, duplicated: content.duplicated, exact: content.exact(), wrong, struck: 0 }
    }

    /// A task that is done is there once; one that failed has left nothing, or its message says that it may have.
    async fn judge_tasks(&self, server: &ClickHouse, service: &Service, job: &str, wrong: &mut Vec<String>) {
        let page: Result<TaskPage, _> = service.get(&format!("/jobs/{job}/tasks?limit=1000")).await;
        for task in page.map(|page| page.tasks).unwrap_or_default() {
            if !matches!(task.state, TaskState::Done | TaskState::Failed) {
                continue;
            }
            let Some(problem) = self.judge_task(server, service, job, &task).await else { continue };
            wrong.push(format!("task {} ({}) is {:?}, {problem}; it says {:?}", task.n, task.label, task.state, task.message));
        }
    }

    async fn judge_task(&self, server: &ClickHouse, service: &Service, job: &str, task: &Task) -> Option<String> {
        let detail: TaskDetail = service.get(&format!("/jobs/{job}/tasks/{}", task.n)).await.ok()?;
        let condition = condition(&detail.sql);
        let rows = |table: &str| format!("SELECT * FROM {}.{table} WHERE {condition} AND id < {HELD_FROM}", self.database());
        let (source, target) = (server.fingerprint(&rows("events")).await, server.fingerprint(&rows("target")).await);
        let nothing = target.starts_with("0\t");
        let told = task.message.as_deref().is_some_and(|message| TOLD.iter().any(|code| message.starts_with(code)));
        let fine = if task.state == TaskState::Done { source == target } else { nothing || told };
        (!fine).then(|| format!("its span holds {} where the source has {}", target.trim(), source.trim()))
    }

    /// The target's rows against the source's, by id and by content.
    async fn content(&self, server: &ClickHouse) -> Content {
        let db = self.database();
        let rows = |table: &str| format!("SELECT * FROM {db}.{table} WHERE id < {HELD_FROM}");
        let same = server.fingerprint(&rows("events")).await == server.fingerprint(&rows("target")).await;
        let counted = server
            .query(&format!(
                "SELECT sum(greatest(s - t, 0)), sum(greatest(t - s, 0)) FROM (SELECT id, toInt64(countIf(side = 0)) AS s, toInt64(countIf(side = 1)) AS t \
                 FROM (SELECT id, 0 AS side FROM {db}.events UNION ALL SELECT id, 1 FROM {db}.target WHERE id < {HELD_FROM}) GROUP BY id)"
            ))
            .await;
        let numbers: Vec<u64> = counted.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let held = server.query(&format!("SELECT count(), sum(id) FROM {db}.target WHERE id >= {HELD_FROM}")).await;
        let held_expected = match self.target {
            Target::Held => server.query(&format!("SELECT count(), sum(id + {HELD_FROM}) FROM {db}.events WHERE id % 1000 = 7")).await,
            Target::Plain | Target::Windowed | Target::View => "0\t0\n".into(),
        };
        Content { same, lost: *numbers.first().unwrap_or(&0), duplicated: *numbers.get(1).unwrap_or(&0), held, held_expected }
    }
}

#[derive(Debug)]
struct Content {
    same: bool,
    lost: u64,
    duplicated: u64,
    held: String,
    held_expected: String,
}

impl Content {
    fn exact(&self) -> bool {
        self.same && self.lost == 0 && self.duplicated == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.map_or("did not end", JobState::name);
        write!(f, "{state}, {} strikes, lost {}, duplicated {}", self.struck, self.lost, self.duplicated)?;
        self.wrong.iter().try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

fn strike(chance: &mut Chance) -> Strike {
    let after = Duration::from_millis(chance.below(80));
    let down = Duration::from_millis(chance.between(50, 1500));
    match chance.below(30) {
        0 => Strike::Wire(Fault::Delay(down)),
        1 | 2 => Strike::Wire(Fault::CutBefore),
        3 => Strike::Wire(Fault::CutInRequest),
        4..=6 => Strike::Wire(Fault::CutBeforeAnswer(after)),
        7..=9 => Strike::Wire(Fault::CutInAnswer),
        10 => Strike::Wire(Fault::Swallow),
        11 => Strike::Wire(Fault::Mute),
        12 | 13 => Strike::Wire(Fault::Memory(1 << 20)),
        14 => Strike::Wire(Fault::Hurry),
        15..=18 => Strike::KillService(after, down),
        19 => Strike::PauseService(after, down),
        20..=23 => Strike::KillServer(after, down),
        24 => Strike::PauseServer(after, down),
        25..=27 => Strike::MergeSource,
        _ => Strike::KillQuery(after),
    }
}

/// The job when it has ended; none when it does not.
async fn end(service: &Service, job: &str) -> Option<Job> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let job = service.job(job).await;
        if job.state.is_terminal() {
            return Some(job);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

/// What the job's log says, task by task in order.
async fn timeline(service: &Service, job: &str) -> Vec<String> {
    let page: Result<executor_api::event::EventPage, _> = service.get(&format!("/jobs/{job}/log?limit=1000")).await;
    let events = page.map(|page| page.events).unwrap_or_default();
    let mut of_task: BTreeMap<Option<u64>, Vec<String>> = BTreeMap::new();
    for event in events {
        of_task.entry(event.task).or_default().push(format!("{} {} {}", event.id, event.kind, event.message));
    }
    let dull =
        |lines: &Vec<String>| !lines.iter().any(|line| ["unknown", "failed", "differs", "refused"].iter().any(|word| line.contains(word)));
    of_task
        .into_iter()
        .filter(|(task, lines)| task.is_none() || !dull(lines))
        .map(|(task, lines)| format!("  {task:?}: {}", lines.join(" | ")))
        .collect()
}

/// A chunk's predicate, out of the INSERT that is sent for it.
fn condition(sql: &str) -> String {
    let quoted = sql.split_once("additional_table_filters = {").and_then(|(_, filters)| filters.split_once(": '"));
    if let Some((_, condition)) = quoted {
        return condition.trim_end_matches("'}").replace("\\'", "'");
    }
    let condition = sql.rsplit_once("\nWHERE ").map_or("1", |(_, condition)| condition);
    condition.split("\nORDER BY").next().unwrap_or(condition).to_owned()
}
