//! Jobs as they stand, and the keys that make their creation repeatable.

use executor_api::event::Event;
use executor_api::job::{Job, JobList, JobState};
use planner_core::sql::identifier::TableName;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Store, StoreError, TaskRecord, events, from_json, json, tasks};

/// A job with what the runner needs beyond the wire form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// As handed out.
    pub job: Job,
    /// Whether the target held no rows at all when the job began; none until it began.
    pub target_was_empty: Option<bool>,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// A job was made.
    Created,
    /// The key is known, with the same body: this is its job.
    Known(String),
    /// The key is known, with another body.
    Conflict,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only in these states; empty: in any.
    pub states: Vec<JobState>,
    /// Only with this source or target, as `database.table`.
    pub table: Option<String>,
    /// Only older than this sequence number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Makes a job with its tasks and first event, unless its key is known.
    pub async fn create_job(
        &self,
        key: String,
        body_digest: String,
        job: Job,
        tasks: Vec<TaskRecord>,
        event: Event,
    ) -> Result<Submitted, StoreError> {
        self.write(move |tx| {
            if let Some(found) = known_key(tx, &key, &body_digest)? {
                return Ok(found);
            }
            tx.execute(
                "INSERT INTO jobs (id, state, plan_digest, source, target, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![job.id, job.state.name(), job.plan_digest.as_str(), name(&job.source), name(&job.target), json(&job)?],
            )?;
            tasks::put_all(tx, &job.id, &tasks)?;
            events::append(tx, &event, &job, None)?;
            tx.execute("INSERT INTO idempotency_keys (key, body, job_id) VALUES (?1, ?2, ?3)", params![key, body_digest, job.id])?;
            Ok(Submitted::Created)
        })
        .await
    }

    /// What a key is known for.
    pub async fn submitted(&self, key: &str, body_digest: &str) -> Result<Option<Submitted>, StoreError> {
        let (key, body_digest) = (key.to_owned(), body_digest.to_owned());
        self.read(move |db| known_key(db, &key, &body_digest)).await
    }

    /// A job.
    pub async fn job(&self, id: &str) -> Result<Option<JobRecord>, StoreError> {
        let id = id.to_owned();
        self.read(move |db| {
            let found: Option<(String, Option<bool>)> = db
                .query_row("SELECT body, target_was_empty FROM jobs WHERE id = ?1", [id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((body, target_was_empty)) = found else { return Ok(None) };
            Ok(Some(JobRecord { job: from_json(&body)?, target_was_empty }))
        })
        .await
    }

    /// Jobs, newest first.
    pub async fn jobs(&self, filter: JobFilter) -> Result<JobList, StoreError> {
        self.read(move |db| {
            let states: Vec<&str> = if filter.states.is_empty() { &JobState::ALL[..] } else { &filter.states }.iter().map(|state| state.name()).collect();
            let mut statement = db.prepare_cached(
                "SELECT seq, body FROM jobs WHERE state IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR source = ?2 OR target = ?2) AND seq < ?3 ORDER BY seq DESC LIMIT ?4",
            )?;
            let rows = statement.query_map(params![json(&states)?, filter.table, filter.before.unwrap_or(i64::MAX), filter.limit.saturating_add(1)], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            let mut found: Vec<(i64, Job)> = rows
                .map(|row| {
                    let (seq, body) = row?;
                    Ok((seq, from_json(&body)?))
                })
                .collect::<Result<_, StoreError>>()?;
            let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
            let more = found.len() > limit;
            found.truncate(limit);
            let next = if more { found.last().map(|(seq, _)| seq.to_string()) } else { None };
            Ok(JobList { jobs: found.into_iter().map(|(_, job)| job).collect(), next })
        })
        .await
    }

    /// Jobs that have not ended, oldest first.
    pub async fn active_jobs(&self) -> Result<Vec<JobRecord>, StoreError> {
        self.read(move |db| {
            let terminal: Vec<&str> = JobState::ALL.iter().filter(|state| state.is_terminal()).map(|state| state.name()).collect();
            let mut statement = db.prepare_cached(
                "SELECT body, target_was_empty FROM jobs WHERE state NOT IN (SELECT value FROM json_each(?1)) ORDER BY seq",
            )?;
            let rows = statement.query_map([json(&terminal)?], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
            rows.map(|row| {
                let (body, target_was_empty) = row?;
                Ok(JobRecord { job: from_json(&body)?, target_was_empty })
            })
            .collect()
        })
        .await
    }

    /// Number of jobs by state.
    pub async fn job_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
            rows.map(|row| row.map(|(state, count)| (state, u64::try_from(count).unwrap_or_default())).map_err(StoreError::from)).collect()
        })
        .await
    }
}

fn known_key(db: &Connection, key: &str, body_digest: &str) -> Result<Option<Submitted>, StoreError> {
    let found: Option<(String, String)> =
        db.query_row("SELECT body, job_id FROM idempotency_keys WHERE key = ?1", [key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.map(|(body, job)| if body == body_digest { Submitted::Known(job) } else { Submitted::Conflict }))
}

/// Writes a job's standing.
pub(super) fn put(db: &Connection, job: &Job, target_was_empty: Option<bool>) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached("UPDATE jobs SET state = ?2, body = ?3, target_was_empty = ?4 WHERE id = ?1")?;
    let changed = statement.execute(params![job.id, job.state.name(), json(job)?, target_was_empty])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Sqlite(rusqlite::Error::StatementChangedRows(changed))) }
}

fn name(table: &TableName) -> String {
    table.to_string()
}
