//! Who else writes the rows that a plan writes, and who has written them since.

use executor_api::job::{Job, JobState};
use planner_core::plan::Plan;
use planner_core::sql::identifier::Identifier;

use crate::store::{JobFilter, JobRecord, Store, StoreError};

/// Most jobs of one table that are looked at, the newest first.
const MOST: u32 = 1000;

/// In words: a job that has not ended and may write the same rows. `own` is not in its own way.
pub(super) async fn busy(store: &Store, plan: &Plan, own: Option<&str>) -> Result<Option<String>, StoreError> {
    let states = JobState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let mut others = of_same_rows(store, plan, states).await?.into_iter().filter(|job| Some(job.id.as_str()) != own);
    Ok(others
        .next()
        .map(|job| format!("job {} ({}) is {} and writes rows of the same time into {}", job.id, job.title, job.state.name(), job.target)))
}

/// A job that may have written the same rows after this one ended. Of two such jobs never both run; so whichever was made
/// later, or ended later, may have.
pub(super) async fn overtaken(store: &Store, own: &JobRecord, plan: &Plan) -> Result<Option<Job>, StoreError> {
    let others = of_same_rows(store, plan, Vec::new()).await?;
    let age = others.iter().position(|job| job.id == own.job.id).unwrap_or(others.len());
    let since = |(i, job): &(usize, Job)| *i < age || *i > age && own.job.finished_at.is_some_and(|end| job.finished_at > Some(end));
    Ok(others.into_iter().enumerate().filter(since).map(|(_, job)| job).find(|job| job.started_at.is_some()))
}

/// Jobs of these states that may write a plan's rows, newest first.
async fn of_same_rows(store: &Store, plan: &Plan, states: Vec<JobState>) -> Result<Vec<Job>, StoreError> {
    let target = &plan.core.target.name;
    let filter = JobFilter { states, table: Some(target.to_string()), before: None, limit: MOST };
    let mut found = Vec::new();
    for job in store.jobs(filter).await?.jobs {
        if &job.target == target
            && let Some(other) = store.plan(&job.plan_digest).await?
            && overlap(plan, &other.plan)
        {
            found.push(job);
        }
    }
    Ok(found)
}

/// Whether two plans of one target may write the same rows. Only windows of one time column can be apart, and only where
/// the target's rows can be told by it.
pub(crate) fn overlap(one: &Plan, other: &Plan) -> bool {
    match (one.core.window, other.core.window, told(one).zip(told(other))) {
        (Some(first), Some(second), Some((column, same))) if column == same => first.from < second.to && second.from < first.to,
        _ => true,
    }
}

/// The target's time column, where the window bounds what a plan writes.
fn told(plan: &Plan) -> Option<&Identifier> {
    plan.core.time.as_ref().filter(|time| time.target_type.is_some()).map(|time| &time.column)
}
