//! Owns one job while it is active: asks the scheduler, stores what follows, and only then lets workers touch ClickHouse.

mod asserting;
mod awaited;
mod commands;
mod conclusion;
mod others;
mod outcomes;
mod record;
mod removing;
mod sending;
mod splitting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use executor_api::job::Dedup;
use executor_api::job::Job;
use executor_api::job::JobState;
use executor_api::receipt::Fingerprint;
use executor_api::task::TaskState;
use planner_core::quantity::UnixMillis;
use planner_core::sql::checks::Proof;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::task::JoinSet;

pub(in crate::runner) use self::asserting::Arrived;
pub(in crate::runner) use self::awaited::Awaited;
use self::record::Note;
use crate::clickhouse::classify::Class;
use crate::clickhouse::classify::class_of;
use crate::clickhouse::health::Reach;
use crate::clock;
use crate::reconcile;
use crate::reconcile::Case;
use crate::reconcile::Finding;
use crate::retry;
use crate::runner::board::Live;
use crate::runner::book::Book;
use crate::runner::command::Asked;
use crate::runner::pressure::Pressure;
use crate::runner::step::Begun;
use crate::runner::step::Checked;
use crate::runner::step::Site;
use crate::runner::step::Step;
use crate::runner::traffic::Traffic;
use crate::scheduler;
use crate::scheduler::Action;
use crate::scheduler::View;
use crate::store::AttemptRecord;
use crate::store::Store;
use crate::store::StoreError;
use crate::verify;

/// A query that the server has not known for so long while its answer is awaited has lost its answer.
const MISSING_TOO_LONG: Duration = Duration::from_secs(10);
/// Most tasks looked at in one round of the scheduler, beyond the lanes.
const ROUND: usize = 64;

/// What a driver works with.
pub(super) struct Driver {
    pub(super) store: Store,
    pub(super) site: Site,
    pub(super) traffic: Traffic,
    pub(super) policy: retry::Policy,
    pub(super) board: Arc<watch::Sender<Live>>,
    pub(super) shutdown: watch::Receiver<bool>,
    pub(super) job: Job,
    pub(super) target_was_empty: Option<bool>,
    pub(super) book: Book,
    pub(super) baselines: BTreeMap<u64, Fingerprint>,
    /// What spans held before other jobs of the plan.
    pub(super) earlier: BTreeMap<u64, Vec<Fingerprint>>,
    /// Whether another job may have written the same rows after this one had ended.
    pub(super) overtaken: bool,
    /// Numbers of the last attempts over all jobs of the plan, by chunk, until this driver sends it.
    pub(super) numbers: BTreeMap<String, u32>,
    pub(super) steps: mpsc::UnboundedReceiver<Step>,
    pub(super) reports: mpsc::UnboundedSender<Step>,
    pub(super) workers: JoinSet<()>,
    pub(super) awaited: Awaited,
    pub(super) comparing: Option<AbortHandle>,
    /// Whether chunks that run are to be killed.
    pub(super) killing: bool,
    /// Whether the target is being looked at before the first chunk.
    pub(super) beginning: bool,
    /// Tasks whose rows are there, while their assertions are looked at.
    pub(super) arrived: BTreeMap<u64, Arrived>,
    /// Who is away, as the job's log says.
    pub(super) away: Option<String>,
    /// Whether the target can take another chunk.
    pub(super) pressure: Pressure,
    /// Tells whoever looks whether there are chunks to send.
    pub(super) sending_wanted: watch::Sender<bool>,
    /// By task, whether its insert was one block, as far as the comparison has seen.
    pub(super) blocks: BTreeMap<u64, bool>,
    /// What the comparison could not read.
    pub(super) uncompared: Vec<String>,
}

impl Driver {
    /// Drives the job until it has ended, or the service stops.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Asked>) {
        let mut reach = self.site.health.subscribe();
        self.adopt_interrupted().await;
        self.reach_changed(&reach).await;
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            while let Ok(asked) = commands.try_recv() {
                self.command(asked).await;
            }
            let wake = if *self.shutdown.borrow() { break } else { self.schedule(&reach).await };
            if self.job.state.is_terminal() && commands.is_empty() {
                break;
            }
            self.publish();
            let watching = self.book.running().next().is_some();
            let pause = wake.map(|at| Duration::from_millis(verify::elapsed_ms(Some(clock::now()), at)));
            tokio::select! {
                Some(step) = self.steps.recv() => self.step(step).await,
                asked = commands.recv() => match asked {
                    Some(asked) => self.command(asked).await,
                    None => break,
                },
                Ok(()) = reach.changed() => self.reach_changed(&reach).await,
                _ = self.shutdown.changed() => {}
                () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
                _ = tick.tick(), if watching => self.find_missing(),
            }
            while self.workers.try_join_next().is_some() {}
        }
        // Queries that run are left alone: they are adopted at the next start.
        commands.close();
        self.board.send_modify(|live| {
            live.job = None;
            live.running = Arc::default();
        });
        while let Ok(asked) = commands.try_recv() {
            drop(asked);
        }
    }

    /// Tasks that were on the server when the last process ended: their answers are lost.
    async fn adopt_interrupted(&mut self) {
        // What the last process waited for is looked at anew.
        if !self.job.state.is_terminal() {
            self.job.message = None;
        }
        let interrupted: Vec<u64> = self.book.running().collect();
        for n in interrupted {
            self.lost(n, "the service was restarted while it ran").await;
        }
    }

    /// One round: what the scheduler says is stored, then done.
    async fn schedule(&mut self, reach: &watch::Receiver<Reach>) -> Option<UnixMillis> {
        loop {
            let lanes = usize::from(self.job.lanes);
            let at_most = lanes + ROUND;
            let (waiting, retrying, unknown) = (self.book.waiting(at_most), self.book.retrying(at_most), self.book.unknown(at_most));
            let view = View {
                state: self.job.state,
                lanes,
                busy: self.book.busy() + usize::from(self.beginning),
                unsettled: self.book.unsettled(),
                waiting: &waiting,
                retrying: &retrying,
                unknown: &unknown,
                open: self.book.open(),
                longest_pause_ms: i64::try_from(self.policy.longest_pause.as_millis()).unwrap_or(i64::MAX / 4) * 3 / 2,
                reachable: reach.borrow().answers(),
                held: self.pressure != Pressure::Fine,
                comparing: self.comparing.is_some(),
            };
            let wanted = view.state == JobState::Running && !(waiting.is_empty() && retrying.is_empty());
            self.sending_wanted.send_replace(wanted);
            let actions = scheduler::decide(&view, clock::now());
            let mut wake = None;
            let mut again = false;
            for action in actions {
                match action {
                    Action::Begin => self.begin(),
                    Action::Start(n) => self.check(n).await,
                    Action::Resolve(n) => self.resolve(n).await,
                    Action::Settle => {
                        self.settle().await;
                        again = true;
                    }
                    Action::Compare => self.compare().await,
                    Action::WakeAt(at) => wake = Some(at),
                }
            }
            if !again {
                return wake;
            }
        }
    }

    fn spawn(&mut self, work: impl Future<Output = Step> + Send + 'static) -> AbortHandle {
        let reports = self.reports.clone();
        self.workers.spawn(async move {
            let step = work.await;
            // The driver is gone when the service stops.
            let _ = reports.send(step);
        })
    }

    fn begin(&mut self) {
        self.beginning = true;
        let site = self.site.clone();
        let set_window = self.job.dedup == Some(Dedup::SetWindow);
        self.spawn(async move {
            if set_window {
                return match site.window().await {
                    Ok(Some(sql)) => Step::WindowShort(sql),
                    Ok(None) => Step::Begun(site.begin().await),
                    Err(failure) => Step::Begun(Begun::Refused { code: "not-readable", message: failure.to_string() }),
                };
            }
            Step::Begun(site.begin().await)
        });
    }

    /// The target is about to be told to remember more blocks: stored first, with the statement.
    pub(super) async fn window_short(&mut self, sql: String) {
        // Paused or cancelled meanwhile: it is looked at again when the job begins.
        if self.job.state != JobState::Queued {
            self.beginning = false;
            return;
        }
        self.record(Note::new("window-setting", format!("the target is told to remember the plan's blocks: {sql}"))).await;
        self.still_ours().await;
        let site = self.site.clone();
        self.spawn(async move {
            Step::Begun(match site.set_window(&sql).await {
                Ok(()) => site.begin().await,
                Err(failure) => Begun::Refused {
                    code: "window-not-set",
                    message: format!(
                        "{sql}: {failure}. Grant ALTER SETTINGS on {}, or start the job with dedup content_only",
                        site.plan.core.target.name
                    ),
                },
            })
        });
    }

    async fn check(&mut self, n: u64) {
        let Some(record) = self.book.task(n) else { return };
        if record.unresolved {
            return self.look_again(n).await;
        }
        // Evidence has just shown that nothing of a retrying task is there; and in an empty target nothing can be, unless
        // the task had ended since.
        let empty = self.target_was_empty == Some(true) && record.task.attempts == 0 && !record.retried;
        let nothing = record.task.state == TaskState::Retrying || empty;
        let clear_until = record.clear_until;
        let known = self.known(n, !nothing).await;
        self.book.set_busy(n, true);
        let site = self.site.clone();
        self.spawn(async move {
            // A removal that a dead process sent may arrive until then.
            let checked = match reconcile::past(&site.health, &site.plan.core.target.name, clear_until).await {
                Ok(()) => site.check(n, &known).await,
                Err(failure) => Checked::Refused { code: "not-readable", message: failure.to_string() },
            };
            Step::Checked(n, checked)
        });
    }

    /// A task that failed with an open outcome and was asked for again: never sent without evidence. Who asks has looked
    /// after the views that read the target.
    async fn look_again(&mut self, n: u64) {
        let Some(case) = self.case(n, None).await else { return };
        let case = Case { fires: false, ..case };
        let known = self.known(n, true).await;
        let overtaken = self.overtaken;
        self.book.set_busy(n, true);
        let site = self.site.clone();
        self.spawn(async move {
            let checked = match reconcile::resolve(&site.health, &case, || ()).await {
                Finding::Written { rows, .. } => Checked::AlreadyThere { rows, before: None },
                Finding::Absent { next_generation, .. } => match site.check(n, &known).await {
                    Checked::Send { server_time, before, .. } => Checked::Send { server_time, before, next_generation },
                    other @ (Checked::AlreadyThere { .. } | Checked::Leftover { .. } | Checked::Refused { .. }) => other,
                },
                // Not what others wrote since.
                Finding::Clear(removal) if overtaken => Checked::Refused {
                    code: "cannot-clean-span",
                    message: format!(
                        "{}, and another job has written since. Put the span right by hand, then retry the task",
                        removal.message
                    ),
                },
                Finding::Clear(removal) => Checked::Leftover { message: removal.message },
                Finding::Unprovable { code, message } => Checked::Refused { code, message },
            };
            Step::Checked(n, checked)
        });
    }

    /// What the span held before the job, where that is known.
    fn before(&self, n: u64) -> Option<Fingerprint> {
        self.baselines.get(&n).cloned().or_else(|| (self.target_was_empty == Some(true)).then(verify::nothing))
    }

    async fn resolve(&mut self, n: u64) {
        let Some(case) = self.case(n, None).await else { return };
        let attempt = self.book.task(n).map_or(0, |record| record.attempt);
        self.book.set_busy(n, true);
        let site = self.site.clone();
        let reports = self.reports.clone();
        self.spawn(async move {
            let adopted = || {
                let _ = reports.send(Step::Adopted(n, attempt));
            };
            Step::Resolved(n, attempt, reconcile::resolve(&site.health, &case, adopted).await)
        });
    }

    /// The last attempt of a task, as a case for evidence.
    async fn case(&mut self, n: u64, answered: Option<(i32, String)>) -> Option<Case> {
        let record = self.last_attempt(n).await?;
        let answered =
            answered.or_else(|| record.attempt.error_code.map(|code| (code, record.attempt.message.clone().unwrap_or_default())));
        // A refused double says nothing of the end of the request that it doubles.
        let answered = answered.filter(|(code, words)| class_of(*code, words) != Class::StillRunning);
        let sent_at = record.server_time.unwrap_or(record.attempt.started_at.0);
        let waited = record.attempt.started_at.0.saturating_sub(self.job.created_at.0);
        Some(Case {
            plan: Arc::clone(&self.site.plan),
            snapshot: Arc::clone(&self.site.snapshot),
            n,
            query_id: record.attempt.query_id,
            job: self.job.id.clone(),
            server: record.attempt.server,
            // The logs are dated by the server's clock; ours may be days off.
            sent_at,
            begun_at: sent_at.saturating_sub(waited.max(0)).saturating_sub(reconcile::ARRIVAL_MS),
            server_time: record.server_time,
            before: self.before(n).filter(|_| self.site.proof == Proof::PerChunk),
            content_only: self.job.dedup == Some(Dedup::ContentOnly),
            answered,
            kill: self.killing,
            clear_until: self.book.task(n).and_then(|record| record.clear_until),
            fires: self.site.snapshot.views.iter().any(|view| view.source == self.site.plan.core.target.name),
        })
    }

    async fn last_attempt(&self, n: u64) -> Option<AttemptRecord> {
        self.stored(|| self.store.attempts(&self.job.id, n)).await.into_iter().last()
    }

    /// Asks the store until it answers.
    async fn stored<T, F: Future<Output = Result<T, StoreError>>>(&self, ask: impl Fn() -> F) -> T {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => {
                    tracing::error!(%error, job = self.job.id, "the store cannot be read; trying again");
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
            }
        }
    }
}
