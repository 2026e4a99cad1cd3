//! Starts drivers, hands them commands, and takes jobs in.

mod accepting;

use std::collections::BTreeMap;
use std::sync::Arc;

use executor_api::job::{Job, JobState};
use planner_core::request::Acknowledgement;
use planner_core::snapshot::Snapshot;
use planner_core::sql::checks::{self};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub use self::accepting::SubmitError;
use super::board::Board;
use super::book::Book;
use super::command::{Asked, Command, CommandError};
use super::driver::{Awaited, Driver};
use super::others;
use super::pressure::{self, Bounds, Pressure};
use super::step::Site;
use super::traffic::Traffic;
use crate::clickhouse::health::Health;
use crate::retry;
use crate::state::StateDir;
use crate::store::{JobRecord, Store, StoreError, StoredPlan, TaskRecord};

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
}

/// The stored plan with the halves of chunks that this job has split.
fn with_halves(stored: StoredPlan, tasks: &[TaskRecord]) -> StoredPlan {
    StoredPlan { plan: stored.plan.with_halves(tasks.iter().filter_map(|record| record.half.as_deref().cloned())), ..stored }
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
