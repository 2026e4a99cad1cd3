//! What users ask of a running job, and what ClickHouse's coming and going does to it.

use executor_api::job::JobState;
use executor_api::job::RunningChunks;
use executor_api::task::TaskState;
use tokio::sync::watch;

use super::Driver;
use super::record::Note;
use crate::clickhouse::health::Reach;
use crate::clock;
use crate::lifecycle::job::JobEvent;
use crate::lifecycle::job::next;
use crate::lifecycle::task::TaskEvent;
use crate::runner::command::Asked;
use crate::runner::command::Command;
use crate::runner::command::CommandError;
use crate::runner::pressure::Pressure;
use crate::store::Bulk;
use crate::store::TaskRecord;

impl Driver {
    pub(super) async fn command(&mut self, asked: Asked) {
        let done = match asked.command {
            Command::Pause(running) => self.stop(JobEvent::PauseAsked, running, "pause").await,
            Command::Cancel(RunningChunks::Finish) => self.stop(JobEvent::CancelAsked, RunningChunks::Finish, "cancel").await,
            Command::Cancel(RunningChunks::Kill) => self.stop(JobEvent::KillAsked, RunningChunks::Kill, "cancel").await,
            Command::Resume => self.resume().await,
            Command::Retry(tasks) => self.retry(tasks).await,
            Command::Lanes(lanes) => self.lanes(lanes).await,
            Command::Verify => self.verify().await,
        };
        let answer = done.map(|()| self.job.clone());
        // Whoever asked may have gone; what was asked is done all the same.
        let _ = asked.answer.send(answer);
    }

    pub(super) fn transition(&mut self, event: JobEvent, what: &str) -> Result<(), CommandError> {
        match next(self.job.state, event) {
            Some(state) => {
                self.job.state = state;
                Ok(())
            }
            None => Err(CommandError::NotPossible(format!("a job that is {} cannot {what}", self.job.state.name()))),
        }
    }

    pub(super) async fn stop(&mut self, event: JobEvent, running: RunningChunks, what: &str) -> Result<(), CommandError> {
        self.transition(event, what)?;
        if let Some(comparing) = self.comparing.take() {
            comparing.abort();
        }
        let kill = running == RunningChunks::Kill;
        self.killing = self.killing || kill;
        self.job.message = None;
        let how = if kill { "; chunks that run are killed" } else { "; chunks that run go to their end" };
        self.record(Note::new("job-stopping", format!("{what} was asked{how}"))).await;
        if kill {
            let ids: Vec<String> = self.book.running().chain(self.book.unknown(usize::MAX)).filter_map(|n| self.query_id(n)).collect();
            for id in ids {
                let health = self.site.health.clone();
                self.workers.spawn(async move {
                    if let Err(failure) = health.ask(|| health.client().kill(&id)).await {
                        tracing::warn!(%failure, query_id = id, "the query could not be killed; it goes to its end");
                    }
                });
            }
        }
        Ok(())
    }

    pub(super) async fn resume(&mut self) -> Result<(), CommandError> {
        self.transition(JobEvent::ResumeAsked, "resume")?;
        self.killing = false;
        // What was found before the pause says nothing after it.
        self.pressure = Pressure::Unknown;
        if self.target_was_empty.is_none() {
            // Paused before it began: it begins now.
            self.job.state = JobState::Queued;
        }
        self.record(Note::new("job-resumed", "resumed")).await;
        Ok(())
    }

    pub(super) async fn retry(&mut self, tasks: Vec<u64>) -> Result<(), CommandError> {
        let running = matches!(self.job.state, JobState::Running | JobState::Pausing | JobState::Paused);
        if !running && next(self.job.state, JobEvent::RetryAsked).is_none() {
            return Err(CommandError::NotPossible(format!("a job that is {} cannot retry chunks", self.job.state.name())));
        }
        let failed = |n: u64| self.book.task(n).is_some_and(|record| record.task.state == TaskState::Failed);
        if let Some(n) = tasks.iter().find(|n| !failed(**n)) {
            return Err(CommandError::NotPossible(format!("chunk {n} has not failed")));
        }
        let chosen = |n: u64| tasks.is_empty() || tasks.contains(&n);
        let again: Vec<TaskRecord> = self
            .book
            .tasks()
            .iter()
            .filter(|record| chosen(record.task.n))
            .filter_map(|record| self.book.after(record.task.n, TaskEvent::RetryAsked))
            .map(|mut record| {
                record.failures = 0;
                record.retried = true;
                record.task.message = None;
                record
            })
            .collect();
        if again.is_empty() {
            return Err(CommandError::NotPossible("no chunk has failed".into()));
        }
        if !running {
            self.transition(JobEvent::RetryAsked, "retry chunks")?;
            if self.job.started_at.is_none() {
                // It has sent nothing; what its target held then says nothing now.
                self.target_was_empty = None;
            }
        }
        if self.target_was_empty.is_none() && self.job.state == JobState::Running {
            // Refused before it began: it begins now.
            self.job.state = JobState::Queued;
        }
        self.killing = false;
        self.job.message = None;
        self.job.finished_at = None;
        self.job.verdict = None;
        let message = format!("{} failed chunks are taken up again", again.len());
        self.record(Note::new("job-retried", message).bulk(Bulk::Tasks(again))).await;
        Ok(())
    }

    pub(super) async fn lanes(&mut self, lanes: u16) -> Result<(), CommandError> {
        if self.job.state.is_terminal() {
            return Err(CommandError::NotPossible(format!("a job that is {} runs no chunks", self.job.state.name())));
        }
        self.job.lanes = lanes;
        self.record(Note::new("lanes-changed", format!("{lanes} chunks at the same time"))).await;
        Ok(())
    }

    pub(super) async fn verify(&mut self) -> Result<(), CommandError> {
        self.transition(JobEvent::VerifyAsked, "be compared")?;
        self.job.finished_at = None;
        self.job.message = None;
        self.recompare("another comparison of contents was asked").await;
        Ok(())
    }

    /// Nothing is on the server: a pause is a pause, a cancelled job has ended.
    pub(super) async fn settle(&mut self) {
        let Some(state) = next(self.job.state, JobEvent::Settled) else { return };
        self.job.state = state;
        self.killing = false;
        if state == JobState::Cancelled {
            self.job.finished_at = Some(clock::now());
            let cancelled = self.bulk(TaskEvent::Cancel, |record| record.task.message = None);
            let message = format!("cancelled; {} chunks were not sent", cancelled.len());
            self.record(Note::new("job-cancelled", message).bulk(Bulk::Tasks(cancelled))).await;
        } else {
            self.record(Note::new("job-paused", "paused; nothing runs")).await;
        }
    }

    /// What the target keeps the job waiting for, in words.
    fn held(&self) -> Option<String> {
        match &self.pressure {
            Pressure::Full(what) => Some(format!("waiting for {what}")),
            Pressure::Unknown | Pressure::Fine => None,
        }
    }

    /// The target was looked at. Each change is an event, each look is not.
    pub(super) async fn pressed(&mut self, found: Pressure) {
        let was = self.held().is_some();
        self.pressure = found;
        if self.job.state != JobState::Running || was == self.held().is_some() {
            return;
        }
        self.job.message = self.held();
        if let Some(message) = self.held() {
            self.record(Note::new("job-held", message)).await;
        } else {
            self.record(Note::new("job-released", "the target can take chunks again; going on")).await;
        }
    }

    /// ClickHouse, or one of its servers, went or came back, or was asked in vain once more. Going and coming are events,
    /// asking is not.
    pub(super) async fn reach_changed(&mut self, reach: &watch::Receiver<Reach>) {
        if matches!(self.job.state, JobState::Paused) || self.job.state.is_terminal() {
            return;
        }
        let reach = reach.borrow().clone();
        let url = self.site.health.client().url().to_owned();
        let waiting = reach.waiting(&url);
        let gone = match reach {
            Reach::Up => None,
            Reach::Partly { away, .. } => {
                let message = format!("{} does not answer: {}; chunks go to the other servers", away.name, away.error);
                Some((away.name, message))
            }
            Reach::Down { error, .. } => {
                let message = format!("ClickHouse at {url} does not answer: {error}");
                Some((url, message))
            }
        };
        let was = std::mem::replace(&mut self.away, gone.as_ref().map(|(name, _)| name.clone()));
        match (gone, was) {
            (None, Some(_)) => {
                self.job.message = self.held();
                self.record(Note::new("clickhouse-back", "ClickHouse answers again; going on")).await;
            }
            (None, None) => {}
            (Some((name, _)), Some(was)) if name == was => {
                self.job.message = waiting;
                self.publish();
            }
            (Some((_, message)), _) => {
                self.job.message = waiting;
                self.record(Note::new("clickhouse-away", message)).await;
            }
        }
    }
}
