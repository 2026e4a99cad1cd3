//! Storing and showing: an event and all that follows from it are on disk before anything else happens.

use std::sync::Arc;
use std::time::Duration;

use executor_api::event::Event;
use executor_api::task::Task;

use super::Driver;
use crate::clock;
use crate::runner::board::Live;
use crate::runner::crash;
use crate::runner::crash::Moment;
use crate::store::AttemptRecord;
use crate::store::Bulk;
use crate::store::Change;
use crate::store::StoreError;
use crate::store::TaskRecord;
use crate::verify;

/// One event in the making.
pub(super) struct Note {
    kind: &'static str,
    message: String,
    task: Option<TaskRecord>,
    attempt: Option<AttemptRecord>,
    bulk: Bulk,
}

impl Note {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), task: None, attempt: None, bulk: Bulk::None }
    }

    pub(super) fn task(self, task: TaskRecord) -> Self {
        Self { task: Some(task), ..self }
    }

    pub(super) fn attempt(self, attempt: Option<AttemptRecord>) -> Self {
        Self { attempt, ..self }
    }

    pub(super) fn bulk(self, bulk: Bulk) -> Self {
        Self { bulk, ..self }
    }
}

impl Driver {
    /// Stores an event with everything that follows from it. Returns when it is on disk: a store that cannot write stops
    /// the job where it stands, and nothing outside is touched meanwhile. Never returns when another executor has taken
    /// the store over: the job is theirs.
    pub(super) async fn record(&mut self, note: Note) {
        if let Some(record) = note.task.clone() {
            self.book.put(record);
        }
        if let Bulk::Tasks(records) | Bulk::Recompare(records) = &note.bulk {
            for record in records {
                self.book.put(record.clone());
            }
        }
        self.job.counts = self.book.counts();
        self.job.progress = self.book.progress(std::iter::empty());
        self.job.last_event_id += 1;
        let event = Event {
            id: self.job.last_event_id,
            at: clock::now(),
            kind: note.kind.into(),
            message: note.message,
            job_state: self.job.state,
            task: note.task.as_ref().map(|record| record.task.n),
            task_state: note.task.as_ref().map(|record| record.task.state),
            query_id: note.attempt.as_ref().map(|attempt| attempt.attempt.query_id.clone()),
        };
        tracing::debug!(job = self.job.id, event = event.id, kind = event.kind, task = event.task, message = event.message, "event");
        let change = Arc::new(Change {
            event,
            job: self.job.clone(),
            task: note.task,
            attempt: note.attempt,
            target_was_empty: self.target_was_empty,
            bulk: note.bulk,
        });
        let kind = note.kind;
        crash::point(Moment::Before, kind);
        let mut failing = false;
        while let Err(error) = self.store.record(Arc::clone(&change)).await {
            if matches!(error, StoreError::Fenced { .. }) {
                // The service ends for the same reason, and this driver with it.
                std::future::pending::<()>().await;
            }
            if !failing {
                failing = true;
                tracing::error!(%error, job = self.job.id, "the store cannot write; the job waits for it");
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        crash::point(Moment::After, kind);
        self.publish();
    }

    /// Returns when the store is known to be still ours, right before the outside world is touched: between storing and
    /// sending, this process may have been stopped for as long as it takes somebody else to go on.
    pub(super) async fn still_ours(&self) {
        if let Err(StoreError::Fenced { .. }) = self.store.is_ours().await {
            std::future::pending::<()>().await;
        }
    }

    /// Shows the job with what the server says of running chunks.
    pub(super) fn publish(&self) {
        let now = clock::now();
        let mut on_server = Vec::new();
        let mut running: Vec<Task> = Vec::new();
        for record in self.book.running().filter_map(|n| self.book.task(n)) {
            let mut task = record.task.clone();
            task.duration_ms = verify::elapsed_ms(task.started_at, now);
            if let Some(seen) = self.query_id(task.n).and_then(|id| self.traffic.running(&id)) {
                task.rows = seen.written_rows;
                task.bytes = seen.written_bytes;
                on_server.push((task.n, seen));
            }
            running.push(task);
        }
        let mut job = self.job.clone();
        job.progress = self.book.progress(on_server.iter().map(|(n, seen)| (*n, seen)));
        let last_event_id = job.last_event_id;
        self.board.send_replace(Live { job: Some(Arc::new(job)), running: Arc::new(running), last_event_id });
    }
}
