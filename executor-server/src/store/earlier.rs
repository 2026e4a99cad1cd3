//! What other jobs have done about a chunk: those that sent the same statement, of whatever plan.

use executor_api::receipt::Fingerprint;
use planner_core::digest::{ChunkId, Token};
use rusqlite::params;

use super::{Store, StoreError, from_json};

/// Whose past is asked for.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The job that asks; what it has sent itself is not counted.
    pub job: String,
    /// The chunk's id.
    pub chunk: ChunkId,
    /// The token of its statement at generation 0.
    pub token: Token,
}

/// What other jobs knew and left of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// What its span held before them, where they looked.
    pub bases: Vec<Fingerprint>,
    /// Whether any of them may have left something of it, or of a half of it.
    pub may_have_left: bool,
}

impl Store {
    /// The highest generation that another job has sent with; the server may remember the token of each, whatever became
    /// of the rows: a DELETE removes them and leaves the tokens.
    pub async fn last_generation(&self, sent: Sent) -> Result<Option<u32>, StoreError> {
        self.read(move |db| {
            let mut statement =
                db.prepare_cached("SELECT max(json_extract(body, '$.generation')) FROM attempts WHERE token IN (?1, ?2) AND job_id != ?3")?;
            Ok(statement.query_row(params![sent.token.as_str(), sent.chunk.as_str(), sent.job], |row| row.get(0))?)
        })
        .await
    }

    /// What other jobs knew and left. A plan of a higher generation is a deliberate repeat: what jobs of lower ones left
    /// counts as what was there.
    pub async fn earlier(&self, sent: Sent, generation: u32) -> Result<Earlier, StoreError> {
        self.read(move |db| {
            let key = params![sent.token.as_str(), sent.chunk.as_str(), sent.job];
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT baselines.body FROM attempts JOIN baselines USING (job_id, n) WHERE token IN (?1, ?2) AND job_id != ?3",
            )?;
            let bases = statement.query_map(key, |row| row.get::<_, String>(0))?;
            let bases = bases.map(|body| from_json(&body?)).collect::<Result<_, StoreError>>()?;
            let mut statement = db.prepare_cached(
                "WITH RECURSIVE carried (job_id, n) AS ( \
                 SELECT attempts.job_id, attempts.n FROM attempts JOIN jobs ON jobs.id = attempts.job_id \
                 JOIN plans ON plans.digest = jobs.plan_digest WHERE token IN (?1, ?2) AND attempts.job_id != ?3 \
                 AND json_extract(plans.answer, '$.request.generation') >= ?4 \
                 UNION SELECT tasks.job_id, half.value FROM carried JOIN tasks USING (job_id, n), json_each(tasks.body, '$.task.split_into') AS half) \
                 SELECT EXISTS (SELECT 1 FROM carried JOIN attempts USING (job_id, n) WHERE outcome IN ('written', 'unknown', 'running'))",
            )?;
            let key = params![sent.token.as_str(), sent.chunk.as_str(), sent.job, generation];
            let may_have_left = statement.query_row(key, |row| row.get(0))?;
            Ok(Earlier { bases, may_have_left })
        })
        .await
    }
}
