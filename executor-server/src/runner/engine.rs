//! Starts drivers, hands them commands, and takes jobs in.

use std::collections::BTreeMap;
use std::sync::Arc;

use executor_api::event::Event;
use executor_api::job::{Counts, Dedup, Job, JobCreate, JobState, Progress};
use planner_core::assertion::{self, Assertion};
use planner_core::digest;
use planner_core::plan::Plan;
use planner_core::request::Acknowledgement;
use planner_core::snapshot::{Snapshot, Table};
use planner_core::sql::assertions;
use planner_core::sql::checks::{self, Proof};
use planner_core::sql::window;
use planner_core::survey::{self, SurveySpec};
use planner_core::{Outcome, audit, plan};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::board::Board;
use super::book::Book;
use super::command::{Asked, Command, CommandError};
use super::crash::{self, Moment};
use super::driver::{Awaited, Driver};
use super::others;
use super::pressure::{self, Bounds, Pressure};
use super::step::{Begun, Site};
use super::traffic::Traffic;
use crate::asserting;
use crate::clickhouse::client::Failure;
use crate::clickhouse::health::Health;
use crate::clickhouse::roll_call::Refusal;
use crate::snapshot::{self, NoSnapshot};
use crate::state::{Held, StateDir, StateError};
use crate::store::{JobRecord, Store, StoreError, StoredPlan, Submitted, TaskRecord};
use crate::{clock, retry};

/// Runs every job of the service.
pub struct Engine {
    store: Store,
    health: Health,
    board: Board,
    traffic: Traffic,
    policy: retry::Policy,
    bounds: Bounds,
    shutdown: watch::Sender<bool>,
    drivers: Mutex<Drivers>,
    /// Held while a job is accepted: looking whether the key is known and the target free, and storing the job, are one step.
    accepting: Mutex<()>,
    /// Where the command keeps its runs, if it may have any beside this engine's jobs.
    runs: Option<StateDir>,
}

#[derive(Default)]
struct Drivers {
    commands: BTreeMap<String, mpsc::Sender<Asked>>,
    tasks: JoinSet<()>,
}

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
    /// An engine that runs nothing yet. `runs` is where the command keeps its runs, unless those are looked at by whoever
    /// hands this engine its jobs.
    pub fn new(store: Store, health: Health, policy: retry::Policy, bounds: Bounds, runs: Option<StateDir>) -> Arc<Self> {
        Arc::new(Self {
            runs,
            store,
            health,
            board: Board::default(),
            traffic: Traffic::default(),
            policy,
            bounds,
            shutdown: watch::Sender::new(false),
            drivers: Mutex::default(),
            accepting: Mutex::default(),
        })
    }

    /// Takes up every job that had not ended when the last process did.
    pub async fn start(self: &Arc<Self>) -> Result<(), StoreError> {
        let traffic = self.traffic.clone();
        let health = self.health.clone();
        tokio::spawn(async move { traffic.poll(health).await });
        for record in self.store.active_jobs().await? {
            tracing::info!(job = record.job.id, state = record.job.state.name(), "the job is taken up again");
            let mut drivers = self.drivers.lock().await;
            if let Err(error) = self.drive(&mut drivers, &record.job.id, None).await {
                tracing::error!(?error, job = record.job.id, "the job cannot be taken up");
            }
        }
        Ok(())
    }

    /// Where every job stands.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// ClickHouse.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Follows the end of the service.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.shutdown.subscribe()
    }

    /// Ends streams and drivers. Queries that run are left alone.
    pub async fn stop(&self) {
        self.shutdown.send_replace(true);
        let mut drivers = self.drivers.lock().await;
        drivers.commands.clear();
        if self.store.lost().borrow().is_some() {
            // They wait for a store that will never be theirs again; what they have under way is dropped with them.
            drivers.tasks.abort_all();
        }
        while drivers.tasks.join_next().await.is_some() {}
    }

    /// A job as it stands, with live counters where a driver runs it.
    pub async fn job(&self, id: &str) -> Result<Option<JobRecord>, StoreError> {
        let Some(mut record) = self.store.job(id).await? else { return Ok(None) };
        if let Some(live) = self.board.live(id).and_then(|live| live.job).filter(|job| job.last_event_id >= record.job.last_event_id) {
            record.job = (*live).clone();
        }
        Ok(Some(record))
    }

    /// Hands a command to the job's driver, and starts one where there is none.
    pub async fn command(self: &Arc<Self>, id: &str, command: Command) -> Result<Job, CommandError> {
        if !matches!(command, Command::Retry(_)) {
            return self.hand(id, command).await;
        }
        let _one_at_a_time = self.accepting.lock().await;
        let _starting = self.check_again(id).await?;
        self.hand(id, command).await
    }

    async fn hand(self: &Arc<Self>, id: &str, command: Command) -> Result<Job, CommandError> {
        // A driver that ends just then drops the command unanswered; the next one takes it.
        for _ in 0..5 {
            let (answer, answered) = oneshot::channel();
            let asked = Asked { command: command.clone(), answer };
            let sender = {
                let mut drivers = self.drivers.lock().await;
                let known = drivers.commands.get(id).filter(|sender| !sender.is_closed()).cloned();
                let Some(sender) = known else {
                    // The driver of a job that has ended would be gone before it could be asked: it starts with the command.
                    self.drive(&mut drivers, id, Some(asked)).await?;
                    drop(drivers);
                    match answered.await {
                        Ok(done) => return done,
                        Err(_) => continue,
                    }
                };
                sender
            };
            if sender.send(asked).await.is_ok()
                && let Ok(done) = answered.await
            {
                return done;
            }
        }
        Err(CommandError::Broken("the service is stopping".into()))
    }

    async fn drive(self: &Arc<Self>, drivers: &mut Drivers, id: &str, first: Option<Asked>) -> Result<(), CommandError> {
        if *self.shutdown.borrow() {
            return Err(CommandError::Broken("the service is stopping".into()));
        }
        let broken = |error: StoreError| CommandError::Broken(error.to_string());
        let record = self.store.job(id).await.map_err(broken)?.ok_or(CommandError::Missing)?;
        let stored = self.store.plan(&record.job.plan_digest).await.map_err(broken)?;
        let stored = stored.ok_or_else(|| CommandError::Broken("the job's plan is not in the store".into()))?;
        let snapshot = self.store.snapshot(&stored.answer.snapshot).await.map_err(broken)?;
        let snapshot = snapshot.ok_or_else(|| CommandError::Broken("the plan's snapshot is not in the store".into()))?.snapshot;
        let tasks = self.store.tasks(id).await.map_err(broken)?;
        let baselines = self.store.baselines(id).await.map_err(broken)?;
        let earlier = self.store.earlier_baselines(&record.job).await.map_err(broken)?;
        let numbers = self.store.last_numbers(&record.job.plan_id).await.map_err(broken)?;
        let overtaken = others::overtaken(&self.store, &record, &stored.plan).await.map_err(broken)?.is_some();
        let (reports, steps) = mpsc::unbounded_channel();
        let driver = Driver {
            store: self.store.clone(),
            site: site(&self.health, with_halves(stored, &tasks), snapshot),
            traffic: self.traffic.clone(),
            policy: self.policy,
            board: self.board.of(id),
            shutdown: self.shutdown.subscribe(),
            book: Book::new(tasks, record.job.order),
            killing: record.job.state == JobState::Cancelling,
            job: record.job,
            target_was_empty: record.target_was_empty,
            baselines: baselines.into_iter().filter_map(|(n, print)| Some((u64::try_from(n).ok()?, print))).collect(),
            earlier,
            overtaken,
            numbers,
            steps,
            reports,
            workers: JoinSet::new(),
            awaited: Awaited::default(),
            arrived: BTreeMap::new(),
            away: None,
            pressure: Pressure::default(),
            sending_wanted: watch::Sender::new(false),
            comparing: None,
            beginning: false,
            blocks: BTreeMap::new(),
            uncompared: Vec::new(),
        };
        let looking = pressure::watch(driver.site.clone(), self.bounds, driver.sending_wanted.subscribe(), driver.reports.clone());
        let (sender, commands) = mpsc::channel(16);
        if let Some(first) = first {
            // The channel is new and empty.
            let _ = sender.try_send(first);
        }
        drivers.commands.retain(|_, sender| !sender.is_closed());
        drivers.commands.insert(id.to_owned(), sender);
        while drivers.tasks.try_join_next().is_some() {}
        drivers.tasks.spawn(async move {
            let looking = tokio::spawn(looking);
            driver.run(commands).await;
            looking.abort();
        });
        Ok(())
    }

    /// Takes a job in. The same key with the same body gives the same job, however often it is sent; true when it is new.
    pub async fn submit(self: &Arc<Self>, key: String, create: JobCreate) -> Result<(Job, bool), SubmitError> {
        let body_digest = digest::of_document("penstock-job-create", &create).to_string();
        let _one_at_a_time = self.accepting.lock().await;
        if let Some(found) = self.store.submitted(&key, &body_digest).await? {
            return self.known(found).await;
        }
        let stored = self.store.plan(&create.plan_digest).await?.ok_or(SubmitError::PlanMissing)?;
        let snapshot = self.store.snapshot(&stored.answer.snapshot).await?.ok_or(SubmitError::SnapshotMissing)?.snapshot;
        Self::check_plan(&stored, &snapshot)?;
        let fresh = self.check_fresh(&stored, &snapshot).await?;
        let dedup = dedup(create.dedup, &fresh.target)?;
        let _starting = others::free(&self.store, self.runs.as_ref(), &stored.plan, None).await?;
        let site = site(&self.health, stored.clone(), snapshot);
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

        let tasks = tasks(&stored.plan);
        let now = clock::now();
        let job = Job {
            id: clock::random_id(),
            state: JobState::Queued,
            message: None,
            title: create.title,
            reason: create.reason,
            plan_digest: create.plan_digest,
            plan_id: stored.plan.core.plan_id.clone(),
            source: stored.plan.core.source.name.clone(),
            target: stored.plan.core.target.name.clone(),
            lanes: create.lanes,
            order: create.order,
            assertions: create.assertions,
            dedup,
            counts: Counts { waiting: tasks.len() as u64, total: tasks.len() as u64, ..Counts::default() },
            progress: Progress { bytes_total: stored.answer.bytes, rows_total: stored.answer.rows, ..Progress::default() },
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
        match self.store.create_job(key, body_digest, job.clone(), tasks, event).await? {
            Submitted::Created => crash::point(Moment::After, "job-accepted"),
            found @ (Submitted::Known(_) | Submitted::Conflict) => return self.known(found).await,
        }
        let mut drivers = self.drivers.lock().await;
        if let Err(error) = self.drive(&mut drivers, &job.id, None).await {
            // Stored: the next start of the service takes it up.
            tracing::error!(?error, job = job.id, "the job was accepted, but cannot be started");
        }
        Ok((job, true))
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
    async fn check_again(&self, id: &str) -> Result<Option<Held>, CommandError> {
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

/// The stored plan with the halves of chunks that this job has split.
fn with_halves(stored: StoredPlan, tasks: &[TaskRecord]) -> StoredPlan {
    StoredPlan { plan: stored.plan.with_halves(tasks.iter().filter_map(|record| record.half.clone())), ..stored }
}

fn site(health: &Health, stored: StoredPlan, snapshot: Snapshot) -> Site {
    Site {
        health: health.clone(),
        proof: checks::proof(&stored.plan.core, &snapshot),
        holds_rows_accepted: stored.answer.request.acknowledged.contains(&Acknowledgement::TargetHoldsRows),
        plan: Arc::new(stored.plan),
        snapshot: Arc::new(snapshot),
    }
}

fn tasks(plan: &Plan) -> Vec<TaskRecord> {
    plan.chunks().zip(0..).map(|(chunk, n)| TaskRecord::waiting(n, chunk, plan.core.generation)).collect()
}
