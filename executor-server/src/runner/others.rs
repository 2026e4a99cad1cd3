//! Who else writes the rows that a plan writes, and who has written them since.

use std::time::{Duration, Instant};

use executor_api::job::{Job, JobState};
use planner_core::plan::Plan;
use planner_core::sql::identifier::Identifier;

use super::engine::SubmitError;
use crate::state::{Held, StateDir};
use crate::store::{JobFilter, JobRecord, Store, StoreError};

/// Most jobs of one table that are looked at, the newest first.
const MOST: u32 = 1000;

/// How long a run of the command may take to be started before a job is refused meanwhile.
const MOST_STARTING: Duration = Duration::from_secs(20);

/// Two jobs that write the same rows at the same time could not tell their rows apart. What is returned is kept until the
/// job can be seen by others: nobody starts a run of the command (`runs`) meanwhile.
pub(super) async fn free(store: &Store, runs: Option<&StateDir>, plan: &Plan, own: Option<&str>) -> Result<Option<Held>, SubmitError> {
    if let Some(words) = busy(store, plan, own).await? {
        return Err(SubmitError::Busy(words));
    }
    let Some(runs) = runs else { return Ok(None) };
    let asked = Instant::now();
    let starting = loop {
        if let Some(starting) = runs.try_lock_starting().map_err(SubmitError::Runs)? {
            break starting;
        }
        if asked.elapsed() > MOST_STARTING {
            return Err(SubmitError::Busy("a run of the command is being started, and has not said for long what it writes".into()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let found = runs.overlapping_runs(plan, None).await.map_err(SubmitError::Runs)?;
    if found.is_empty() { Ok(Some(starting)) } else { Err(SubmitError::Busy(found.join("; "))) }
}

/// In words: a job that has not ended and may write the same rows. `own` is not in its own way.
async fn busy(store: &Store, plan: &Plan, own: Option<&str>) -> Result<Option<String>, StoreError> {
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

#[cfg(test)]
mod tests {
    use planner_core::quantity::UnixMillis;
    use planner_core::request::Window;
    use planner_core::sql::identifier::Identifier;
    use planner_core::{Outcome, plan};

    use super::*;

    fn copy() -> Plan {
        let request = serde_json::from_str(include_str!("../../../tests/golden/copy_hours/request.json")).unwrap();
        let snapshot = serde_json::from_str(include_str!("../../../tests/golden/copy_hours/snapshot.json")).unwrap();
        match plan(&request, &snapshot) {
            Outcome::Planned(plan) => *plan,
            other => panic!("{other:?}"),
        }
    }

    fn by(column: &str, from: i64, to: i64) -> Plan {
        let mut plan = copy();
        plan.core.window = Some(Window { from: UnixMillis(from), to: UnixMillis(to) });
        plan.core.time.as_mut().unwrap().column = Identifier::new(column).unwrap();
        plan
    }

    #[test]
    fn only_windows_of_one_time_column_can_be_apart() {
        let january = by("ts", 0, 100);
        assert!(overlap(&january, &by("ts", 99, 200)));
        assert!(!overlap(&january, &by("ts", 100, 200)));
        assert!(overlap(&january, &by("created_at", 100, 200)), "a row has its place in both");
    }

    #[test]
    fn what_cannot_be_told_by_its_time_is_never_apart() {
        let mut untold = by("ts", 100, 200);
        untold.core.time.as_mut().unwrap().target_type = None;
        assert!(overlap(&by("ts", 0, 100), &untold) && overlap(&untold, &by("ts", 0, 100)));
        let mut whole = by("ts", 100, 200);
        whole.core.window = None;
        assert!(overlap(&by("ts", 0, 100), &whole));
    }
}
