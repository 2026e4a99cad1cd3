//! A trial's job through the service, and whether each task is what it says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{Task, TaskDetail, TaskPage, TaskState};
use planner_core::request::Acknowledgement;

use super::strikes::Struck;
use super::tables::HELD_FROM;
use super::{Report, Target, Trial};
use crate::clickhouse::ClickHouse;
use crate::proxy::Proxy;
use crate::service::{PATIENCE, Service, request};

/// A failed task whose message begins with one of these says that its span may hold anything.
const TOLD: [&str; 4] = ["outcome-unprovable: ", "cannot-clean-span: ", "no-evidence: ", "target-holds-other-rows: "];

/// The service with the trial's job.
struct Work {
    service: Service,
    job: String,
}

impl Struck for Work {
    async fn die(&mut self, down: Duration) {
        self.service.kill();
        tokio::time::sleep(down).await;
        self.service.revive().await;
    }

    async fn pause(&mut self, down: Duration) {
        self.service.signal("STOP");
        tokio::time::sleep(down).await;
        self.service.signal("CONT");
    }

    async fn ended(&self) -> bool {
        self.service.job(&self.job).await.state.is_terminal()
    }
}

impl Trial {
    /// Runs it on a server, with a service and a proxy of its own, and says what came of it.
    pub async fn run(&self, server: &mut ClickHouse) -> Report {
        self.install(server).await;
        let proxy = Proxy::start(&server.url()).await;
        let service = Service::start_configured(&proxy.url(), "[defaults]\nfirst_retry_pause_ms = 200\n").await;
        self.arm(&proxy);
        let source = format!("{}.events", self.database());
        let mut asked =
            request(&source, &format!("{}.target", self.database()), &self.hours.to_string(), Some(("2025-01-01", "2025-01-11")));
        if self.target == Target::Held {
            asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
        }
        let job = service.start_job(&asked, self.lanes).await;
        let mut work = Work { service, job: job.id };
        let struck = self.strike(server, &proxy, &mut work).await;
        let Work { service, job } = work;
        let ended = end(server, &service, &job).await;
        let mut report = self.judge(server, &service, &job, ended).await;
        report.struck = struck;
        if !report.wrong.is_empty() {
            let log = service.log_text();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            report.wrong.extend(tail.into_iter().rev().map(|line| format!("    {line}")));
        }
        drop(service);
        self.remove(server).await;
        report
    }

    async fn judge(&self, server: &ClickHouse, service: &Service, job: &str, ended: Option<Job>) -> Report {
        let content = self.content(server).await;
        let (mut failed, mut wrong) = (Vec::new(), Vec::new());
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
                // Where the whole is exact and done, so is each part.
                if !content.exact() || job.counts.failed > 0 {
                    failed = self.judge_tasks(server, service, &job.id, &mut wrong).await;
                }
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
        let finished = state == Some(JobState::Completed);
        Report { state, lost: content.lost, duplicated: content.duplicated, exact: content.exact(), finished, failed, wrong, struck: 0 }
    }

    /// A task that is done is there once; one that failed has left nothing, or its message says that it may have. Gives back
    /// what failed ones say.
    async fn judge_tasks(&self, server: &ClickHouse, service: &Service, job: &str, wrong: &mut Vec<String>) -> Vec<String> {
        let mut failed = Vec::new();
        let page: Result<TaskPage, _> = service.get(&format!("/jobs/{job}/tasks?limit=1000")).await;
        for task in page.map(|page| page.tasks).unwrap_or_default() {
            if !matches!(task.state, TaskState::Done | TaskState::Failed) {
                continue;
            }
            if task.state == TaskState::Failed {
                failed.push(format!("task {} failed: {}", task.n, task.message.as_deref().unwrap_or_default()));
            }
            let Some(problem) = self.judge_task(server, service, job, &task).await else { continue };
            wrong.push(format!("task {} ({}) is {:?}, {problem}; it says {:?}", task.n, task.label, task.state, task.message));
        }
        failed
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
}

/// The job when it has ended; none when it does not.
async fn end(server: &mut ClickHouse, service: &Service, job: &str) -> Option<Job> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        server.watch_over();
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
