//! Taking jobs in, and up again.

use std::sync::Arc;

use executor_api::event::Event;
use executor_api::job::{Counts, Dedup, Job, JobCreate, JobState, Progress};
use planner_core::assertion::{self, Assertion};
use planner_core::digest;
use planner_core::plan::Plan;
use planner_core::snapshot::{Snapshot, Table};
use planner_core::sql::assertions;
use planner_core::sql::checks::{self, Proof};
use planner_core::sql::window;
use planner_core::survey::{self, SurveySpec};
use planner_core::{Outcome, audit, plan};

use super::{Engine, site};
use crate::asserting;
use crate::clickhouse::client::Failure;
use crate::clickhouse::roll_call::Refusal;
use crate::clock;
use crate::runner::command::CommandError;
use crate::runner::crash::{self, Moment};
use crate::runner::others;
use crate::runner::step::{Begun, Site};
use crate::snapshot::{self, NoSnapshot};
use crate::state::{Held, StateError};
use crate::store::{StoreError, StoredPlan, Submitted, TaskRecord};

/// Why a job is not taken in.
#[derive(Debug)]
pub enum SubmitError {
    /// No such plan.
    PlanMissing,
    /// Its snapshot is not stored.
    SnapshotMissing,
    /// Planning again gives another plan: planner versions differ, or there is a defect.
    DigestMismatch(Vec<String>),
    /// The plan does not hold what plans promise.
    Faulty(Vec<String>),
    /// The tables changed since.
    Stale(Vec<String>),
    /// The planner refuses it by now.
    NoSnapshot(NoSnapshot),
    /// Another job writes the same rows.
    Busy(String),
    /// Whether a run of the command writes the same rows cannot be seen.
    Runs(StateError),
    /// The target remembers no tokens, and nobody has chosen what is done about that.
    DedupChoice(String),
    /// The servers cannot be worked on as one.
    Servers(String),
    /// What is asserted cannot be looked at.
    Assertions(String),
    /// The target holds rows that cannot be told from those that the plan writes.
    TargetHoldsRows(String),
    /// The key came with another body.
    KeyReused,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Engine {
    /// Takes a job in. The same key with the same body gives the same job, however often it is sent; true when it is new.
    pub async fn submit(self: &Arc<Self>, key: String, create: JobCreate) -> Result<(Job, bool), SubmitError> {
        let body_digest = digest::of_document("penstock-job-create", &create).to_string();
        let _one_at_a_time = self.accepting.lock().await;
        if let Some(found) = self.store.submitted(&key, &body_digest).await? {
            return self.known(found).await;
        }
        let job = match self.take_in(key, body_digest, create).await? {
            Ok(job) => job,
            Err(found) => return self.known(found).await,
        };
        let mut drivers = self.drivers.lock().await;
        if let Err(error) = self.drive(&mut drivers, &job.id, None).await {
            // Stored: the next start of the service takes it up.
            tracing::error!(?error, job = job.id, "the job was accepted, but cannot be started");
        }
        Ok((job, true))
    }

    /// Checks all that a job stands on, and stores it; `Err` is what the store knows of the key already. Nothing of the plan is
    /// held any more when it returns: the driver reads its own, and a plan may be large.
    async fn take_in(&self, key: String, body_digest: String, create: JobCreate) -> Result<Result<Job, Submitted>, SubmitError> {
        let stored = self.store.plan(&create.plan_digest).await?.ok_or(SubmitError::PlanMissing)?;
        let snapshot = self.store.snapshot(&stored.answer.snapshot).await?.ok_or(SubmitError::SnapshotMissing)?.snapshot;
        Self::check_plan(&stored, &snapshot)?;
        let fresh = self.check_fresh(&stored, &snapshot).await?;
        let dedup = dedup(create.dedup, &fresh.target)?;
        let _starting = others::free(&self.store, self.runs.as_ref(), &stored.plan, None).await?;
        let (bytes_total, rows_total) = (stored.answer.bytes, stored.answer.rows);
        let site = site(&self.health, stored, snapshot);
        // A server that is away is waited for when the job begins.
        if let Err(Refusal::Wrong(words)) = site.called().await {
            return Err(SubmitError::Servers(words));
        }
        if site.proof != Proof::PerChunk
            && let Begun::Refused { message, .. } = site.begin().await
        {
            return Err(SubmitError::TargetHoldsRows(message));
        }
        self.check_assertions(&create.assertions, &site).await?;

        let tasks = tasks(&site.plan);
        let now = clock::now();
        let job = Job {
            id: clock::random_id(),
            state: JobState::Queued,
            message: None,
            title: create.title,
            reason: create.reason,
            plan_digest: create.plan_digest,
            plan_id: site.plan.core.plan_id.clone(),
            source: site.plan.core.source.name.clone(),
            target: site.plan.core.target.name.clone(),
            lanes: create.lanes,
            order: create.order,
            assertions: create.assertions,
            dedup,
            counts: Counts { waiting: tasks.len() as u64, total: tasks.len() as u64, ..Counts::default() },
            progress: Progress { bytes_total, rows_total, ..Progress::default() },
            created_at: now,
            started_at: None,
            finished_at: None,
            last_event_id: 1,
            verdict: None,
        };
        let event = Event {
            id: 1,
            at: now,
            kind: "job-accepted".into(),
            message: format!("accepted: {} chunks from {} to {}{}", tasks.len(), job.source, job.target, chosen(dedup)),
            job_state: JobState::Queued,
            task: None,
            task_state: None,
            query_id: None,
        };
        crash::point(Moment::Before, "job-accepted");
        Ok(match self.store.create_job(key, body_digest, job.clone(), tasks, event).await? {
            Submitted::Created => {
                crash::point(Moment::After, "job-accepted");
                Ok(job)
            }
            found @ (Submitted::Known(_) | Submitted::Conflict) => Err(found),
        })
    }

    async fn known(&self, found: Submitted) -> Result<(Job, bool), SubmitError> {
        match found {
            Submitted::Known(id) => {
                let record = self.job(&id).await?.ok_or(SubmitError::KeyReused)?;
                Ok((record.job, false))
            }
            Submitted::Conflict | Submitted::Created => Err(SubmitError::KeyReused),
        }
    }

    /// Nothing runs that was not previewed: the stored request and snapshot must still give just this plan.
    fn check_plan(stored: &StoredPlan, snapshot: &Snapshot) -> Result<(), SubmitError> {
        match plan(&stored.answer.request, snapshot) {
            Outcome::Planned(again) if again.core.digest() == stored.answer.digest => {}
            Outcome::Planned(again) => {
                let differences = vec![
                    format!("stored plan {} was made by another planner than {}", stored.answer.digest, planner_core::VERSION),
                    format!("planning again gives {}", again.core.digest()),
                ];
                return Err(SubmitError::DigestMismatch(differences));
            }
            Outcome::NeedsDetail(_) => return Err(SubmitError::DigestMismatch(vec!["planning again asks for more detail".into()])),
            Outcome::Refused(refusal) => return Err(SubmitError::NoSnapshot(NoSnapshot::Refused(refusal))),
        }
        let faults: Vec<String> = audit::audit(&stored.plan, snapshot).iter().map(ToString::to_string).collect();
        if faults.is_empty() { Ok(()) } else { Err(SubmitError::Faulty(faults)) }
    }

    async fn check_fresh(&self, stored: &StoredPlan, before: &Snapshot) -> Result<Snapshot, SubmitError> {
        let spec = SurveySpec {
            source: Some(before.source.name.clone()),
            target: before.target.name.clone(),
            time_column: stored.answer.request.time_column.clone(),
            policy: before.policy.clone(),
        };
        let fresh = snapshot::take(self.health.client(), &spec).await.map_err(SubmitError::NoSnapshot)?;
        let changes = survey::changes(before, &fresh);
        if changes.is_empty() { Ok(fresh) } else { Err(SubmitError::Stale(changes)) }
    }

    /// Assertions are about rows that a span tells in the target, and the server must understand them.
    async fn check_assertions(&self, assertions: &[Assertion], site: &Site) -> Result<(), SubmitError> {
        if assertions.is_empty() {
            return Ok(());
        }
        let refuse = |why: String| Err(SubmitError::Assertions(why));
        if assertions.len() > assertion::MOST {
            return refuse(format!("{} assertions; at most {} are possible", assertions.len(), assertion::MOST));
        }
        if site.proof != Proof::PerChunk {
            return refuse(format!("a chunk's rows cannot be told in {}, so nothing can be asserted of them", site.plan.core.target.name));
        }
        if let Some(fault) = assertions.iter().find_map(|assertion| assertion.fault(&site.snapshot.target)) {
            return refuse(fault);
        }
        let sql = assertions::rehearsal(&site.plan.core, assertions);
        match asserting::figures(self.health.client(), &sql, assertions).await {
            Ok(_) => Ok(()),
            Err(Failure::Exception { message, .. }) => refuse(message),
            Err(failure @ (Failure::NotSent(_) | Failure::Lost(_))) => Err(SubmitError::NoSnapshot(NoSnapshot::Failed(failure))),
        }
    }

    /// Chunks are taken up again only where their job would be taken in.
    pub(super) async fn check_again(&self, id: &str) -> Result<Option<Held>, CommandError> {
        let broken = |error: StoreError| CommandError::Broken(error.to_string());
        let record = self.store.job(id).await.map_err(broken)?.ok_or(CommandError::Missing)?;
        let stored = self.store.plan(&record.job.plan_digest).await.map_err(broken)?;
        let stored = stored.ok_or_else(|| CommandError::Broken("the job's plan is not in the store".into()))?;
        let starting = others::free(&self.store, self.runs.as_ref(), &stored.plan, Some(id)).await?;
        if record.job.state.is_terminal()
            && record.job.started_at.is_some()
            && let Some(other) = others::overtaken(&self.store, &record, &stored.plan).await.map_err(broken)?
        {
            let snapshot = self.store.snapshot(&stored.answer.snapshot).await.map_err(broken)?;
            let proof = snapshot.map(|known| checks::proof(&stored.plan.core, &known.snapshot));
            if proof != Some(Proof::PerChunk) {
                return Err(CommandError::Overtaken(format!(
                    "job {} ({}) has written into {} since, and whose rows are there cannot be told",
                    other.id, other.title, other.target
                )));
            }
        }
        Ok(starting)
    }
}

/// What is done about a target without a memory: as chosen, else contents alone count. The job and its log say which.
fn dedup(choice: Option<Dedup>, target: &Table) -> Result<Option<Dedup>, SubmitError> {
    match choice {
        Some(Dedup::SetWindow) if window::setting(&target.engine).is_none() => {
            Err(SubmitError::DedupChoice(format!("{} is a {}, which cannot remember tokens", target.name, target.engine)))
        }
        None if target.dedup.blocks == 0 => Ok(Some(Dedup::ContentOnly)),
        Some(Dedup::SetWindow | Dedup::ContentOnly) | None => Ok(choice),
    }
}

/// The choice, for the log.
fn chosen(dedup: Option<Dedup>) -> &'static str {
    match dedup {
        None => "",
        Some(Dedup::SetWindow) => "; the target is made to remember the plan's blocks",
        Some(Dedup::ContentOnly) => "; no deduplication window is relied on: what became of a lost answer is told by content alone",
    }
}

fn tasks(plan: &Plan) -> Vec<TaskRecord> {
    plan.chunks().zip(0..).map(|(chunk, n)| TaskRecord::waiting(n, chunk, plan.core.generation)).collect()
}
