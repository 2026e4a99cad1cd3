//! `runs/<plan_id>.db`: one database a plan, so that different plans run at the same time and one plan never twice.

use std::path::Path;

use executor_api::job::Job;
use planner_core::digest::PlanId;
use planner_core::plan::Plan;

use super::file::{self, Held};
use super::{Loaded, Planned, StateDir, StateError};
use crate::runner;
use crate::store::{JobFilter, Store, StoreError, StoredPlan};

/// A run as another process would see it.
pub struct Standing {
    /// The last job of the plan.
    pub job: Job,
    /// Whether a process is running it.
    pub live: bool,
    /// Its database; changes fail.
    pub store: Store,
}

/// A run that this process has to itself.
pub struct Run {
    /// The last job of the plan; none before the first.
    pub job: Option<Job>,
    /// Its database.
    pub store: Store,
}

impl StateDir {
    /// Takes a plan's run for this process.
    pub fn lock_run(&self, id: &PlanId) -> Result<Held, StateError> {
        file::try_lock(&self.run_path(id, "lock"))?.ok_or_else(|| StateError::Busy(id.clone()))
    }

    /// Whether a process is running the plan.
    pub fn is_live(&self, id: &PlanId) -> bool {
        file::is_locked(&self.run_path(id, "lock"))
    }

    /// Held while a run is being started: looking for others and becoming one of them are one step.
    pub fn lock_starting(&self) -> Result<Held, StateError> {
        file::lock(&self.root.join("runs").join(".starting"))
    }

    /// The same; none while another process holds it.
    pub fn try_lock_starting(&self) -> Result<Option<Held>, StateError> {
        file::try_lock(&self.root.join("runs").join(".starting"))
    }

    /// Opens a run's database, or makes it. The lock is held as long as the store is.
    pub async fn open_run(&self, id: &PlanId, held: Held) -> Result<Run, StateError> {
        self.check_database(id)?;
        let path = self.run_path(id, "db");
        let store = Store::open_file(&path, held.into_file()).map_err(|error| StateError::store(&path, &error))?;
        let job = last_job(&store).await.map_err(|error| StateError::store(&path, &error))?;
        Ok(Run { job, store })
    }

    /// Looks at a run from outside; none where there is none.
    pub async fn look(&self, id: &PlanId) -> Result<Option<Standing>, StateError> {
        self.check_database(id)?;
        let path = self.run_path(id, "db");
        if !path.exists() {
            return Ok(None);
        }
        let failed = |error: StoreError| StateError::store(&path, &error);
        let live = self.is_live(id);
        let Some(store) = Store::look(&path).map_err(failed)? else { return Ok(None) };
        let Some(job) = last_job(&store).await.map_err(failed)? else { return Ok(None) };
        Ok(Some(Standing { job, live, store }))
    }

    /// A run whose database is gone must not begin anew unnoticed.
    fn check_database(&self, id: &PlanId) -> Result<(), StateError> {
        let database = self.run_path(id, "db");
        if database.exists() {
            return Ok(());
        }
        let standing = match self.read_checkpoint(id)? {
            Loaded::Missing => return Ok(()),
            Loaded::Damaged(reason) => format!("it is damaged, too: {reason}"),
            Loaded::Fine(checkpoint) => {
                let job = checkpoint.job;
                format!("{}, {} of {} chunks done", job.state.name(), job.counts.done, job.counts.total)
            }
        };
        let shown = |path: &Path| path.display().to_string();
        Err(StateError::DatabaseMissing { database: shown(&database), checkpoint: shown(&self.run_path(id, "json")), standing })
    }

    /// Asks whoever runs the plan to cancel it.
    pub fn ask_cancel(&self, id: &PlanId, kill: bool) -> Result<(), StateError> {
        file::replace(&self.run_path(id, "cancel"), if kill { b"kill" } else { b"finish" })
    }

    /// Whether somebody asked to cancel the run, and whether queries are to be killed. Asked once, answered once.
    pub fn cancel_asked(&self, id: &PlanId) -> Option<bool> {
        let path = self.run_path(id, "cancel");
        let asked = std::fs::read(&path).ok()?;
        std::fs::remove_file(&path).ok()?;
        Some(asked == b"kill")
    }

    /// Other runs, of this directory's plans and of its service, that have not ended and may write the same rows.
    pub async fn overlapping(&self, planned: &Planned) -> Result<Vec<String>, StateError> {
        let mut found = self.overlapping_runs(&planned.plan, Some(&planned.answer.plan_id)).await?;
        let service = self.root.join("penstock.db");
        if service.exists() {
            let failed = |error: StoreError| StateError::store(&service, &error);
            let jobs = match Store::look(&service).map_err(failed)? {
                Some(store) => open_jobs(&store).await.map_err(failed)?,
                None => Vec::new(),
            };
            for (job, plan) in jobs {
                if overlap(&planned.plan, &job, &plan) {
                    found.push(format!(
                        "job {} of the service ({}) writes rows of the same time into {}",
                        job.id,
                        job.state.name(),
                        job.target
                    ));
                }
            }
        }
        Ok(found)
    }

    /// Runs of this directory's plans that have not ended and may write the same rows, except those of the plan `own`.
    pub async fn overlapping_runs(&self, plan: &Plan, own: Option<&PlanId>) -> Result<Vec<String>, StateError> {
        let mut found = Vec::new();
        for id in self.run_ids()?.into_iter().filter(|id| Some(id) != own) {
            let Some(standing) = self.look(&id).await? else { continue };
            for (job, other) in open_jobs(&standing.store).await.map_err(|error| StateError::store(&self.run_path(&id, "db"), &error))? {
                if overlap(plan, &job, &other) {
                    let how = if standing.live { "runs now" } else { job.state.name() };
                    found.push(format!("plan {id} ({how}) writes rows of the same time into {}", job.target));
                }
            }
        }
        Ok(found)
    }
}

fn overlap(plan: &Plan, job: &Job, other: &StoredPlan) -> bool {
    job.target == plan.core.target.name && runner::overlap(plan, &other.plan)
}

/// The newest job of a database.
async fn last_job(store: &Store) -> Result<Option<Job>, StoreError> {
    let filter = JobFilter { limit: 1, ..JobFilter::default() };
    Ok(store.jobs(filter).await?.jobs.into_iter().next())
}

async fn open_jobs(store: &Store) -> Result<Vec<(Job, StoredPlan)>, StoreError> {
    let mut open = Vec::new();
    for record in store.active_jobs().await? {
        if let Some(plan) = store.plan(&record.job.plan_digest).await? {
            open.push((record.job, plan));
        }
    }
    Ok(open)
}
