//! Tasks as they stand: the fold of a job's events.

use std::borrow::Cow;

use executor_api::receipt::Asserted;
use executor_api::task::{Task, TaskPage, TaskState};
use planner_core::plan::Chunk;
use planner_core::split::Half;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, from_json, int, json};

/// A task with what the runner needs beyond the wire form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// As handed out.
    pub task: Task,
    /// What was found of the job's assertions about its rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asserted: Vec<Asserted>,
    /// Number of the attempt that runs or ran last; 0 before the first.
    #[serde(default)]
    pub attempt: u32,
    /// Until when, by the server's clock in milliseconds, a removal of its span may still arrive; it is not sent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_until: Option<i64>,
    /// By what it counts as done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Cow<'static, str>>,
    /// Failures that count against its retries.
    #[serde(default)]
    pub failures: u32,
    /// Mixed into the token of its next attempt.
    pub generation: u32,
    /// What it carries, where it is a half of a chunk of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<Box<Half>>,
    /// Whether an attempt of this job may have left rows of the chunk in the target: only those are ever removed.
    #[serde(default)]
    pub may_have_left: bool,
    /// Whether another try was asked for and nothing was sent since: what was known of its span counts for nothing.
    #[serde(default)]
    pub retried: bool,
    /// Rows read by the attempt that wrote it.
    #[serde(default)]
    pub rows_read: u64,
    /// Whether it failed without its last attempt's outcome being known.
    #[serde(default)]
    pub unresolved: bool,
}

impl TaskRecord {
    /// A task that has yet to carry its chunk.
    pub fn waiting(n: u64, chunk: Chunk, generation: u32) -> Self {
        let task = Task {
            n,
            chunk_id: chunk.id,
            label: chunk.label,
            parent: None,
            split_into: Vec::new(),
            state: TaskState::Waiting,
            attempts: 0,
            rows_estimated: chunk.rows,
            bytes_estimated: chunk.bytes,
            rows: 0,
            bytes: 0,
            started_at: None,
            duration_ms: 0,
            retry_at: None,
            message: None,
            verified: None,
        };
        Self {
            task,
            asserted: Vec::new(),
            attempt: 0,
            clear_until: None,
            evidence: None,
            failures: 0,
            generation,
            half: None,
            may_have_left: false,
            retried: false,
            rows_read: 0,
            unresolved: false,
        }
    }
}

impl Store {
    /// Every task of a job, by number.
    pub async fn tasks(&self, job: &str) -> Result<Vec<TaskRecord>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT body FROM tasks WHERE job_id = ?1 ORDER BY n")?;
            let bodies = statement.query_map([job], |row| row.get::<_, String>(0))?;
            bodies.map(|body| from_json(&body?)).collect()
        })
        .await
    }

    /// The halves of chunks among a job's tasks, by number: those behind the `chunks` of its plan.
    pub async fn halves(&self, job: &str, chunks: usize) -> Result<Vec<Half>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT body FROM tasks WHERE job_id = ?1 AND n >= ?2 ORDER BY n")?;
            let bodies = statement.query_map(params![job, int(chunks as u64)], |row| row.get::<_, String>(0))?;
            let records = bodies.map(|body| from_json::<TaskRecord>(&body?));
            Ok(records.collect::<Result<Vec<_>, StoreError>>()?.into_iter().filter_map(|record| record.half.map(|half| *half)).collect())
        })
        .await
    }

    /// One task.
    pub async fn task(&self, job: &str, n: u64) -> Result<Option<TaskRecord>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let body: Option<String> =
                db.query_row("SELECT body FROM tasks WHERE job_id = ?1 AND n = ?2", params![job, int(n)], |row| row.get(0)).optional()?;
            body.as_deref().map(from_json).transpose()
        })
        .await
    }

    /// The state of every task of a job, by number.
    pub async fn task_states(&self, job: &str) -> Result<Vec<TaskState>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT state FROM tasks WHERE job_id = ?1 ORDER BY n")?;
            let names = statement.query_map([job], |row| row.get::<_, String>(0))?;
            let known = |name: &str| TaskState::ALL.into_iter().find(|state| state.name() == name);
            names.map(|name| Ok(known(&name?).unwrap_or(TaskState::Unknown))).collect()
        })
        .await
    }

    /// A page of tasks from number `from`, in one of `states` (empty: in any).
    pub async fn task_page(&self, job: &str, states: Vec<TaskState>, from: u64, limit: u64) -> Result<TaskPage, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let names: Vec<&str> = if states.is_empty() { &TaskState::ALL[..] } else { &states }.iter().map(|state| state.name()).collect();
            let names = json(&names)?;
            let total: i64 = db.query_row(
                "SELECT count(*) FROM tasks WHERE job_id = ?1 AND state IN (SELECT value FROM json_each(?2))",
                params![job, names],
                |row| row.get(0),
            )?;
            let mut statement = db.prepare_cached(
                "SELECT body FROM tasks WHERE job_id = ?1 AND n >= ?3 AND state IN (SELECT value FROM json_each(?2)) ORDER BY n LIMIT ?4",
            )?;
            let bodies =
                statement.query_map(params![job, names, int(from), int(limit.saturating_add(1))], |row| row.get::<_, String>(0))?;
            let mut tasks: Vec<Task> =
                bodies.map(|body| from_json::<TaskRecord>(&body?).map(|record| record.task)).collect::<Result<_, StoreError>>()?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let next = tasks.get(limit).map(|task| task.n);
            tasks.truncate(limit);
            Ok(TaskPage { tasks, next, total: u64::try_from(total).unwrap_or_default() })
        })
        .await
    }
}

/// Writes a task's standing.
pub(super) fn put(db: &Connection, job: &str, record: &TaskRecord) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO tasks (job_id, n, state, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (job_id, n) DO UPDATE SET state = excluded.state, body = excluded.body",
    )?;
    statement.execute(params![job, int(record.task.n), record.task.state.name(), json(record)?])?;
    Ok(())
}

/// Writes the standing of many tasks.
pub(super) fn put_all<'a>(db: &Connection, job: &str, records: impl IntoIterator<Item = &'a TaskRecord>) -> Result<(), StoreError> {
    records.into_iter().try_for_each(|record| put(db, job, record))
}
