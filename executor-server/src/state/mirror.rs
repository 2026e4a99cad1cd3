//! Keeps checkpoint and events abreast of a run's database.

use std::time::{Duration, Instant};

use executor_api::event::Event;
use executor_api::job::Job;
use serde::Serialize;

use super::journal::Journal;
use super::{Checkpoint, Environment, Loaded, Options, StateDir, StateError, TaskMark, checkpoint};
use crate::clock;
use crate::store::{JobFilter, Store, StoreError};

/// How often the checkpoint is written while only chunks move, at most.
const EVERY: Duration = Duration::from_millis(500);
/// Writing it takes at most one part in so many of the time: with a hundred thousand chunks it is a large file.
const SHARE: u32 = 20;
/// Events read at once.
const PAGE: u64 = 1000;

/// The files of one run.
pub struct Mirror {
    state: StateDir,
    store: Store,
    environment: Environment,
    options: Options,
    journal: Option<Journal>,
    /// The last event of the job that was mirrored.
    seen: u64,
    written: Option<Instant>,
    /// How long the last writing took.
    took: Duration,
    stale: bool,
    /// What was found and could not be written, for people.
    notices: Vec<String>,
}

/// One line of the events.
#[derive(Serialize)]
struct Line<'a> {
    job: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

impl Mirror {
    /// Takes up the files of a run, whatever they look like, and brings them up to the database.
    pub async fn open(state: &StateDir, store: &Store, job: &Job, environment: Environment, options: Options) -> Result<Self, StateError> {
        let mut notices = Vec::new();
        let path = state.run_path(&job.plan_id, "json");
        if let Loaded::Damaged(reason) = state.read_checkpoint(&job.plan_id)? {
            let aside = state.set_checkpoint_aside(&job.plan_id)?;
            notices.push(format!("{} was damaged ({reason}); it was moved to {aside} and written again from the database", path.display()));
        }
        let failed = |error: StoreError| StateError::store(&state.run_path(&job.plan_id, "db"), &error);
        let mut mirror = Self {
            state: state.clone(),
            store: store.clone(),
            environment,
            options,
            journal: None,
            seen: 0,
            written: None,
            took: Duration::ZERO,
            stale: true,
            notices,
        };
        // Earlier runs of the plan come first.
        let filter = JobFilter { limit: 1000, ..JobFilter::default() };
        let mut jobs = store.jobs(filter).await.map_err(failed)?.jobs;
        jobs.reverse();
        let mut lines = Vec::new();
        for known in &jobs {
            let events = mirror.events(&known.id, 0).await.map_err(failed)?;
            lines.extend(events.iter().map(|event| line(&known.id, event)));
            if known.id == job.id {
                mirror.seen = events.last().map_or(0, |event| event.id);
            }
        }
        match Journal::open(&state.events_path(&job.plan_id), &lines) {
            Ok((journal, notices)) => {
                mirror.journal = Some(journal);
                mirror.notices.extend(notices);
            }
            Err(error) => mirror.give_up_journal(&error),
        }
        mirror.checkpoint(job).await;
        Ok(mirror)
    }

    /// Events that were stored since the last call; the files have them when this returns.
    pub async fn follow(&mut self, job: &Job) -> Result<Vec<Event>, StoreError> {
        let events = self.events(&job.id, self.seen).await?;
        if let Some(last) = events.last() {
            self.seen = last.id;
            self.stale = true;
            let lines: Vec<String> = events.iter().map(|event| line(&job.id, event)).collect();
            if let Some(Err(error)) = self.journal.as_mut().map(|journal| journal.append(&lines)) {
                self.give_up_journal(&error);
            }
        }
        let moved = events.iter().any(|event| event.task.is_none());
        if self.stale && (moved || self.written.is_none_or(|at| at.elapsed() >= EVERY.max(self.took * SHARE))) {
            self.checkpoint(job).await;
        }
        Ok(events)
    }

    /// Writes the checkpoint now.
    pub async fn checkpoint(&mut self, job: &Job) {
        let started = Instant::now();
        let tasks = match self.store.tasks(&job.id).await {
            Ok(tasks) => tasks,
            Err(error) => return self.notices.push(format!("the checkpoint is not up to date: {error}")),
        };
        let checkpoint = Checkpoint {
            environment: self.environment.clone(),
            format: checkpoint::format(),
            job: job.clone(),
            options: Options { lanes: job.lanes, ..self.options.clone() },
            plan_digest: job.plan_digest.clone(),
            plan_id: job.plan_id.clone(),
            tasks: tasks.iter().map(TaskMark::from).collect(),
            written_at: clock::now(),
        };
        let first = self.written.is_none();
        let written = self.state.write_checkpoint(&checkpoint);
        self.written = Some(Instant::now());
        self.took = started.elapsed();
        match written {
            Ok(()) => self.stale = false,
            // Tried again with the next change; said once.
            Err(error) if first || !self.stale => {
                self.notices.push(format!("{error}; the database has everything, the checkpoint is behind it"));
            }
            Err(_) => {}
        }
    }

    /// What was found and could not be written since the last call.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    fn give_up_journal(&mut self, error: &StateError) {
        self.journal = None;
        self.notices.push(format!("{error}; the database has every event, and the file is completed at the next resume"));
    }

    async fn events(&self, job: &str, after: u64) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::new();
        let mut after = after;
        loop {
            let page = self.store.event_page(job, after, PAGE).await?;
            events.extend(page.events);
            match page.next {
                Some(next) => after = next,
                None => return Ok(events),
            }
        }
    }
}

fn line(job: &str, event: &Event) -> String {
    serde_json::to_string(&Line { job, event }).unwrap_or_default()
}
