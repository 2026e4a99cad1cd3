//! Every sending of a chunk, over all jobs of its plan.

use std::collections::BTreeMap;

use executor_api::task::{Attempt, Outcome, Task};
use planner_core::digest::PlanId;
use rusqlite::{Connection, params};

use super::{Store, StoreError, from_json, int, json};

/// An attempt with what evidence needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// As handed out.
    pub attempt: Attempt,
    /// The server's clock when it was sent, in milliseconds; none when the server was not asked.
    pub server_time: Option<i64>,
    /// The token of its statement at generation 0; none when the request provably never left.
    pub token: Option<String>,
}

impl Store {
    /// Attempts of a task within a job, oldest first.
    pub async fn attempts(&self, job: &str, n: u64) -> Result<Vec<AttemptRecord>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut statement =
                db.prepare_cached("SELECT server_time, token, body FROM attempts WHERE job_id = ?1 AND n = ?2 ORDER BY number")?;
            let rows = statement.query_map(params![job, int(n)], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
            rows.map(|row| {
                let (server_time, token, body) = row?;
                Ok(AttemptRecord { attempt: from_json(&body)?, server_time, token })
            })
            .collect()
        })
        .await
    }

    /// Attempts of a job, by task and oldest first.
    pub async fn job_attempts(&self, job: &str) -> Result<Vec<(u64, Attempt)>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT n, body FROM attempts WHERE job_id = ?1 ORDER BY n, number")?;
            let rows = statement.query_map([job], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                let (n, body) = row?;
                Ok((u64::try_from(n).unwrap_or_default(), from_json(&body)?))
            })
            .collect()
        })
        .await
    }

    /// Query ids of a job's attempts that wrote, by task.
    pub async fn written(&self, job: &str) -> Result<Vec<(u64, String)>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let sql = "SELECT n, query_id FROM attempts WHERE job_id = ?1 AND outcome = 'written' ORDER BY n, number";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map([job], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
            rows.map(|row| row.map(|(n, query_id)| (u64::try_from(n).unwrap_or_default(), query_id)).map_err(StoreError::from)).collect()
        })
        .await
    }

    /// When the first attempt of a job was sent, in milliseconds of the server's clock where that was asked.
    pub async fn first_sent(&self, job: &str) -> Result<Option<i64>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let sql = "SELECT min(coalesce(server_time, json_extract(body, '$.started_at'))) FROM attempts WHERE job_id = ?1";
            Ok(db.query_row(sql, [job], |row| row.get(0))?)
        })
        .await
    }

    /// Numbers of the last attempts over all jobs of a plan id, by chunk.
    pub async fn last_numbers(&self, plan: &PlanId) -> Result<BTreeMap<String, u32>, StoreError> {
        let plan = plan.clone();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT chunk_id, max(number) FROM attempts WHERE plan_id = ?1 GROUP BY chunk_id")?;
            let rows = statement.query_map([plan.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.map(|row| row.map_err(StoreError::from)).collect()
        })
        .await
    }
}

pub(super) fn put(db: &Connection, plan: &PlanId, job: &str, task: &Task, record: &AttemptRecord) -> Result<(), StoreError> {
    let outcome = match record.attempt.outcome {
        Outcome::Running => "running",
        Outcome::Written => "written",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
        Outcome::Killed => "killed",
    };
    let mut statement = db.prepare_cached(
        "INSERT INTO attempts (plan_id, chunk_id, number, job_id, n, query_id, outcome, server_time, token, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (plan_id, chunk_id, number) DO UPDATE SET outcome = excluded.outcome, token = excluded.token, body = excluded.body WHERE query_id = excluded.query_id",
    )?;
    let attempt = &record.attempt;
    let body = json(attempt)?;
    let chunk = task.chunk_id.as_str();
    statement.execute(params![
        plan.as_str(),
        chunk,
        attempt.number,
        job,
        int(task.n),
        attempt.query_id,
        outcome,
        record.server_time,
        record.token,
        body
    ])?;
    Ok(())
}
