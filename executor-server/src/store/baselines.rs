//! What spans held before a job.

use std::collections::BTreeMap;

use executor_api::job::Job;
use executor_api::receipt::Fingerprint;
use rusqlite::params;

use super::{Store, StoreError, from_json};

impl Store {
    /// What the target held before the job, by task; -1 for all of it.
    pub async fn baselines(&self, job: &str) -> Result<Vec<(i64, Fingerprint)>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT n, body FROM baselines WHERE job_id = ?1 ORDER BY n")?;
            let rows = statement.query_map([job], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                let (n, body) = row?;
                Ok((n, from_json(&body)?))
            })
            .collect()
        })
        .await
    }

    /// What spans held before other jobs of the same plan wrote them, by task.
    pub async fn earlier_baselines(&self, job: &Job) -> Result<BTreeMap<u64, Vec<Fingerprint>>, StoreError> {
        let (id, plan) = (job.id.clone(), job.plan_digest.clone());
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT n, baselines.body FROM baselines JOIN jobs ON jobs.id = job_id WHERE plan_digest = ?1 AND job_id != ?2 AND n >= 0",
            )?;
            let rows = statement.query_map(params![plan.as_str(), id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
            let mut found: BTreeMap<u64, Vec<Fingerprint>> = BTreeMap::new();
            for row in rows {
                let (n, body) = row?;
                found.entry(u64::try_from(n).unwrap_or_default()).or_default().push(from_json(&body)?);
            }
            Ok(found)
        })
        .await
    }
}
