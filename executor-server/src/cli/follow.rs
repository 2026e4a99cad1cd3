//! Watches a run until it has ended or is interrupted, and keeps its files abreast.

use std::sync::Arc;
use std::time::Duration;

use executor_api::job::{Job, JobState, RunningChunks};
use planner_core::digest::PlanId;

use super::context::Context;
use super::fail::Fail;
use super::progress::Progress;
use super::signals::Interrupts;
use crate::runner::{Command, Engine};
use crate::state::Mirror;

/// How often a run is looked at when nothing reports.
const LOOK: Duration = Duration::from_millis(300);

/// How long the end of a run's driver is waited for.
const LEAVE: Duration = Duration::from_secs(3);

/// How the watching ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The run ended.
    Finished,
    /// It was interrupted, and nothing of it runs.
    Paused,
    /// It was left at once: chunks may still run on the server, and are adopted by resume.
    Left,
}

/// A run that is watched.
pub(super) struct Followed<'a> {
    pub(super) context: &'a Context,
    pub(super) engine: &'a Arc<Engine>,
    pub(super) plan_id: &'a PlanId,
    pub(super) mirror: Mirror,
    pub(super) interrupts: Interrupts,
    /// What becomes of chunks that run when it is interrupted.
    pub(super) on_interrupt: RunningChunks,
}

impl Followed<'_> {
    /// Watches until the end; the files are up to date when this returns.
    pub(super) async fn until_the_end(mut self, job: Job) -> Result<(Ended, Job), Fail> {
        let mut progress = Progress::start(self.context.output, &job);
        let mut live = self.engine.board().of(&job.id).subscribe();
        let mut stopping = false;
        let id = job.id;
        let (ended, job) = loop {
            let job = self.look(&id, &mut progress).await?;
            if job.state.is_terminal() {
                break (Ended::Finished, job);
            }
            if stopping && job.state == JobState::Paused {
                break (Ended::Paused, job);
            }
            if let Some(kill) = self.context.state.cancel_asked(self.plan_id) {
                let running = if kill { RunningChunks::Kill } else { RunningChunks::Finish };
                if let Err(reason) = self.engine.command(&id, Command::Cancel(running)).await {
                    self.context.output.notice(&Fail::from(reason).message);
                }
            }
            let interrupted = tokio::select! {
                () = self.interrupts.next() => true,
                changed = live.changed() => {
                    // Progress comes often; people do not read that fast.
                    if changed.is_ok() { tokio::time::sleep(Duration::from_millis(20)).await; }
                    false
                }
                () = tokio::time::sleep(LOOK) => false,
            };
            if interrupted {
                if stopping {
                    break (Ended::Left, job);
                }
                stopping = tokio::select! {
                    asked = pause(self.engine, &id, self.on_interrupt) => asked,
                    // A run that waits for room on the disk answers nobody.
                    () = self.interrupts.next() => false,
                };
                if !stopping {
                    break (Ended::Left, job);
                }
                if job.counts.running > 0 {
                    let how = match self.on_interrupt {
                        RunningChunks::Finish => "go to their end",
                        RunningChunks::Kill => "are killed",
                    };
                    self.context.output.notice(&format!("stopping: chunks that run {how}; once more to leave at once"));
                }
            }
        };
        progress.end();
        self.mirror.checkpoint(&job).await;
        // What cannot be written now is found out by the next process.
        let _ = tokio::time::timeout(LEAVE, self.engine.stop()).await;
        let job = self.look(&id, &mut progress).await.unwrap_or(job);
        Ok((ended, job))
    }

    async fn look(&mut self, id: &str, progress: &mut Progress) -> Result<Job, Fail> {
        let record = self.engine.job(id).await?.ok_or_else(|| Fail::failed("run-missing", "the run is not in its database any more"))?;
        for event in self.mirror.follow(&record.job).await? {
            progress.event(&event);
        }
        for notice in self.mirror.take_notices() {
            self.context.output.notice(&notice);
        }
        progress.show(&record.job);
        Ok(record.job)
    }
}

/// Asks for a pause; false where the run cannot pause and is left as it is.
async fn pause(engine: &Arc<Engine>, id: &str, running: RunningChunks) -> bool {
    engine.command(id, Command::Pause(running)).await.is_ok()
}
