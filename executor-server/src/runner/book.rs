//! A job's tasks in memory: their standing, and which of them can be worked on. Pure; the driver stores before it writes here.

use std::collections::BTreeSet;

use executor_api::job::{Counts, Order, Progress};
use executor_api::task::TaskState;
use planner_core::quantity::UnixMillis;

use crate::clickhouse::queries::Running;
use crate::lifecycle::task::{TaskEvent, next};
use crate::store::TaskRecord;

/// The tasks of one job.
pub(super) struct Book {
    tasks: Vec<TaskRecord>,
    order: Order,
    counts: Counts,
    waiting: BTreeSet<(Rank, u64)>,
    retrying: BTreeSet<(UnixMillis, u64)>,
    running: BTreeSet<u64>,
    unknown: BTreeSet<u64>,
    busy: BTreeSet<u64>,
    totals: Totals,
}

/// Smaller comes first.
type Rank = (u64, u64);

#[derive(Clone, Copy, Default)]
struct Totals {
    bytes: u64,
    rows: u64,
    bytes_done: u64,
    rows_read: u64,
    rows_written: u64,
    verified: u64,
}

impl Book {
    /// The tasks as they stand, by number from 0.
    pub(super) fn new(tasks: Vec<TaskRecord>, order: Order) -> Self {
        let mut book = Self {
            tasks: Vec::new(),
            order,
            counts: Counts { total: tasks.len() as u64, ..Counts::default() },
            waiting: BTreeSet::new(),
            retrying: BTreeSet::new(),
            running: BTreeSet::new(),
            unknown: BTreeSet::new(),
            busy: BTreeSet::new(),
            totals: Totals::default(),
        };
        for record in &tasks {
            book.enter(record);
        }
        book.tasks = tasks;
        book
    }

    /// Every task by number.
    pub(super) fn tasks(&self) -> &[TaskRecord] {
        &self.tasks
    }

    /// One task.
    pub(super) fn task(&self, n: u64) -> Option<&TaskRecord> {
        self.tasks.get(usize::try_from(n).ok()?)
    }

    /// The task as it would stand after `event`; `None` where the event cannot happen.
    pub(super) fn after(&self, n: u64, event: TaskEvent) -> Option<TaskRecord> {
        let record = self.task(n)?;
        let state = next(record.task.state, event)?;
        let mut record = record.clone();
        record.task.state = state;
        if state != TaskState::Retrying {
            record.task.retry_at = None;
        }
        Some(record)
    }

    /// Takes over a task's new standing. A task numbered just behind the last is a new one: a half of another.
    pub(super) fn put(&mut self, record: TaskRecord) {
        let Some(slot) = usize::try_from(record.task.n).ok().filter(|slot| *slot <= self.tasks.len()) else { return };
        if slot == self.tasks.len() {
            self.counts.total += 1;
            self.enter(&record);
            self.tasks.push(record);
            return;
        }
        if let Some(old) = self.tasks.get(slot).cloned() {
            self.leave(&old);
        }
        self.enter(&record);
        if let Some(place) = self.tasks.get_mut(slot) {
            *place = record;
        }
    }

    /// Tasks by state.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Notes that something is being done about a task, or that it is over.
    pub(super) fn set_busy(&mut self, n: u64, busy: bool) {
        if busy {
            self.busy.insert(n);
        } else {
            self.busy.remove(&n);
        }
    }

    /// Tasks that something is being done about.
    pub(super) fn busy(&self) -> usize {
        self.busy.len()
    }

    /// Tasks on the server or with an open outcome.
    pub(super) fn unsettled(&self) -> usize {
        self.running.len() + self.unknown.len()
    }

    /// Tasks that have not ended.
    pub(super) fn open(&self) -> usize {
        self.waiting.len() + self.retrying.len() + self.unsettled()
    }

    /// Tasks on the server, by number.
    pub(super) fn running(&self) -> impl Iterator<Item = u64> + '_ {
        self.running.iter().copied()
    }

    /// The next waiting tasks that nothing is being done about.
    pub(super) fn waiting(&self, at_most: usize) -> Vec<u64> {
        self.waiting.iter().map(|(_, n)| *n).filter(|n| !self.busy.contains(n)).take(at_most).collect()
    }

    /// The next retrying tasks that nothing is being done about.
    pub(super) fn retrying(&self, at_most: usize) -> Vec<(UnixMillis, u64)> {
        self.retrying.iter().copied().filter(|(_, n)| !self.busy.contains(n)).take(at_most).collect()
    }

    /// Tasks with an open outcome that nobody is looking into.
    pub(super) fn unknown(&self, at_most: usize) -> Vec<u64> {
        self.unknown.iter().copied().filter(|n| !self.busy.contains(n)).take(at_most).collect()
    }

    /// Absolute counters; `on_server` is what the server says of running tasks.
    pub(super) fn progress<'a>(&self, on_server: impl Iterator<Item = (u64, &'a Running)>) -> Progress {
        let mut progress = Progress {
            bytes_total: self.totals.bytes,
            bytes_done: self.totals.bytes_done,
            rows_total: self.totals.rows,
            rows_read: self.totals.rows_read,
            rows_written: self.totals.rows_written,
            verified: self.totals.verified,
        };
        for (n, running) in on_server {
            progress.rows_read += running.read_rows;
            progress.rows_written += running.written_rows;
            if let Some(record) = self.task(n) {
                let (bytes, rows) = (record.task.bytes_estimated, record.task.rows_estimated.max(1));
                progress.bytes_done += share(bytes, running.read_rows.min(rows), rows);
            }
        }
        progress
    }

    fn rank(&self, record: &TaskRecord) -> Rank {
        let n = record.task.n;
        match self.order {
            Order::OldestFirst => (n, n),
            Order::NewestFirst => (u64::MAX - n, n),
            Order::LongestFirst => (u64::MAX - record.task.bytes_estimated, n),
        }
    }

    fn count(&mut self, state: TaskState) -> &mut u64 {
        match state {
            TaskState::Waiting => &mut self.counts.waiting,
            TaskState::Running => &mut self.counts.running,
            TaskState::Retrying => &mut self.counts.retrying,
            TaskState::Unknown => &mut self.counts.unknown,
            TaskState::Done => &mut self.counts.done,
            TaskState::Failed => &mut self.counts.failed,
            TaskState::Skipped => &mut self.counts.skipped,
            TaskState::Cancelled => &mut self.counts.cancelled,
        }
    }

    fn enter(&mut self, record: &TaskRecord) {
        let (n, state) = (record.task.n, record.task.state);
        *self.count(state) += 1;
        // What was split is carried by its halves.
        if record.task.split_into.is_empty() {
            self.totals.bytes += record.task.bytes_estimated;
            self.totals.rows += record.task.rows_estimated;
        }
        match state {
            TaskState::Waiting => {
                let rank = self.rank(record);
                self.waiting.insert((rank, n));
            }
            TaskState::Retrying => {
                self.retrying.insert((record.task.retry_at.unwrap_or_default(), n));
            }
            TaskState::Running => {
                self.running.insert(n);
            }
            TaskState::Unknown => {
                self.unknown.insert(n);
            }
            TaskState::Done => {
                self.totals.bytes_done += record.task.bytes_estimated;
                self.totals.rows_read += record.rows_read;
                self.totals.rows_written += record.task.rows;
                self.totals.verified += u64::from(record.task.verified.is_some());
            }
            TaskState::Failed | TaskState::Skipped | TaskState::Cancelled => {}
        }
    }

    fn leave(&mut self, record: &TaskRecord) {
        let (n, state) = (record.task.n, record.task.state);
        *self.count(state) -= 1;
        if record.task.split_into.is_empty() {
            self.totals.bytes -= record.task.bytes_estimated;
            self.totals.rows -= record.task.rows_estimated;
        }
        match state {
            TaskState::Waiting => {
                let rank = self.rank(record);
                self.waiting.remove(&(rank, n));
            }
            TaskState::Retrying => {
                self.retrying.remove(&(record.task.retry_at.unwrap_or_default(), n));
            }
            TaskState::Running => {
                self.running.remove(&n);
            }
            TaskState::Unknown => {
                self.unknown.remove(&n);
            }
            TaskState::Done => {
                self.totals.bytes_done -= record.task.bytes_estimated;
                self.totals.rows_read -= record.rows_read;
                self.totals.rows_written -= record.task.rows;
                self.totals.verified -= u64::from(record.task.verified.is_some());
            }
            TaskState::Failed | TaskState::Skipped | TaskState::Cancelled => {}
        }
    }
}

/// `whole × part / all`, without overflow.
fn share(whole: u64, part: u64, all: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(part) / u128::from(all.max(1))).unwrap_or(whole)
}

#[cfg(test)]
mod tests;
