//! Plans by digest: kept whole, so that a job goes on with the plan it began with, whatever a later planner would make of it.

use executor_api::plan::PlanAnswer;
use planner_core::digest::Digest;
use planner_core::plan::{Estimate, Plan, PlanCore};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, from_json, json};

/// A plan with what was asked for it.
#[derive(Clone, Debug)]
pub struct StoredPlan {
    /// The plan's summary, as handed out.
    pub answer: PlanAnswer,
    /// The plan.
    pub plan: Plan,
}

impl Store {
    /// Keeps a plan; one that is known stays as it is.
    pub async fn put_plan(&self, stored: &StoredPlan) -> Result<PlanAnswer, StoreError> {
        let digest = stored.answer.digest.clone();
        let plan_id = stored.answer.plan_id.clone();
        let answer = json(&stored.answer)?;
        let core = json(&stored.plan.core)?;
        let estimates = json(&stored.plan.estimates)?;
        self.write(move |tx| {
            tx.execute(
                "INSERT OR IGNORE INTO plans (digest, plan_id, answer, core, estimates) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![digest.as_str(), plan_id.as_str(), answer, core, estimates],
            )?;
            let answer: String = tx.query_row("SELECT answer FROM plans WHERE digest = ?1", [digest.as_str()], |row| row.get(0))?;
            from_json(&answer)
        })
        .await
    }

    /// A plan's summary.
    pub async fn plan_answer(&self, digest: &Digest) -> Result<Option<PlanAnswer>, StoreError> {
        let digest = digest.clone();
        self.read(move |db| {
            let answer: Option<String> =
                db.query_row("SELECT answer FROM plans WHERE digest = ?1", [digest.as_str()], |row| row.get(0)).optional()?;
            answer.as_deref().map(from_json).transpose()
        })
        .await
    }

    /// A plan by its digest. The core that was read is hashed again: a plan that the disk changed is not run.
    pub async fn plan(&self, digest: &Digest) -> Result<Option<StoredPlan>, StoreError> {
        let digest = digest.clone();
        self.read(move |db| {
            let found: Option<(String, String, String)> = db
                .query_row("SELECT answer, core, estimates FROM plans WHERE digest = ?1", [digest.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((answer, core, estimates)) = found else { return Ok(None) };
            let answer: PlanAnswer = from_json(&answer)?;
            let core: PlanCore = from_json(&core)?;
            let estimates: Vec<Estimate> = from_json(&estimates)?;
            if core.digest() != digest || estimates.len() != core.chunks.len() {
                let changed = serde::de::Error::custom(format!("plan {digest} does not have its digest any more"));
                return Err(StoreError::Document(changed));
            }
            let plan = Plan { core, estimates, rationale: answer.rationale.clone(), snapshot: answer.snapshot.clone() };
            Ok(Some(StoredPlan { answer, plan }))
        })
        .await
    }
}
