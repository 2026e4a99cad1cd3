//! A job kept up to date by its stream: every event in order, none twice, none left out.

use std::collections::BTreeMap;

use executor_api::event::{Event, StreamMessage};
use executor_api::job::Job;

use super::task_book::TaskBook;

/// Most events kept for the log.
const LOG_KEPT: usize = 5000;

/// A job as the page knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobLive {
    /// The job; none before the first answer.
    pub job: Option<Job>,
    /// Its tasks.
    pub book: TaskBook,
    /// Its events by id, as far as they are loaded.
    pub log: BTreeMap<u64, Event>,
}

/// What the page has to do after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing more.
    Applied,
    /// Load the tasks that are looked at again: what was known is out of date.
    Reload,
    /// An event is missing: ask again from the last one that is known.
    Gap,
    /// The cursor was refused: forget it; a snapshot follows.
    Forget,
    /// The job has ended: no further stream.
    Ended,
}

impl JobLive {
    /// Id of the last event that is known.
    pub fn cursor(&self) -> Option<u64> {
        self.job.as_ref().map(|job| job.last_event_id)
    }

    /// Takes a message of the stream.
    pub fn apply(&mut self, message: StreamMessage) -> Effect {
        match message {
            StreamMessage::Snapshot { job } => self.replace(*job),
            StreamMessage::Event { event, job, task } => {
                let known = self.cursor().unwrap_or(0);
                if event.id <= known {
                    return Effect::Applied;
                }
                if event.id > known + 1 {
                    return Effect::Gap;
                }
                // A retry or a cancel changes many tasks with one event.
                let many = task.is_none() && self.job.as_ref().is_some_and(|before| before.counts != job.counts);
                self.job = Some(*job);
                if let Some(task) = task {
                    self.book.put(*task);
                }
                self.put_log([event]);
                if many {
                    self.book.outdate();
                    return Effect::Reload;
                }
                Effect::Applied
            }
            StreamMessage::Progress { progress, tasks } => {
                if let Some(job) = &mut self.job {
                    job.progress = progress;
                }
                for task in tasks {
                    self.book.put(task);
                }
                Effect::Applied
            }
            StreamMessage::Reset => Effect::Forget,
            StreamMessage::Heartbeat { .. } => Effect::Applied,
            StreamMessage::End { state } => {
                if let Some(job) = &mut self.job {
                    job.state = state;
                }
                Effect::Ended
            }
        }
    }

    /// Takes the whole job, from a snapshot or from polling.
    pub fn replace(&mut self, job: Job) -> Effect {
        let same = self.cursor() == Some(job.last_event_id);
        let total = job.counts.total;
        if self.job.as_ref().is_none_or(|before| before.counts.total != total) {
            self.book.restart(total);
        }
        self.job = Some(job);
        if same {
            return Effect::Applied;
        }
        self.book.outdate();
        Effect::Reload
    }

    /// Takes loaded events.
    pub fn put_log(&mut self, events: impl IntoIterator<Item = Event>) {
        self.log.extend(events.into_iter().map(|event| (event.id, event)));
        while self.log.len() > LOG_KEPT {
            self.log.pop_first();
        }
    }
}

/// How fresh the page is, in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// First answer not there yet.
    #[default]
    Connecting,
    /// The stream is open.
    Live,
    /// The stream broke and is being opened again.
    Reconnecting,
    /// The stream stays closed; the job is asked every few seconds.
    Polling,
    /// The job has ended, nothing will change.
    Ended,
}

impl Connection {
    /// The words, given how long ago the last message came.
    pub fn words(self, since_ms: u64) -> String {
        match self {
            Self::Connecting => "Connecting".to_owned(),
            Self::Live => "Live".to_owned(),
            Self::Reconnecting => format!("Reconnecting, last update {}", super::format::ago(since_ms)),
            Self::Polling => "Polling".to_owned(),
            Self::Ended => "Ended".to_owned(),
        }
    }

    /// The name for styles and tests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Reconnecting => "reconnecting",
            Self::Polling => "polling",
            Self::Ended => "ended",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::views::task_book::tests::task;
    use executor_api::job::{Counts, JobState, Order, Progress};
    use executor_api::task::TaskState;
    use planner_core::digest::{Digest, PlanId};
    use planner_core::quantity::UnixMillis;
    use planner_core::sql::identifier::TableName;

    pub(crate) fn job(last_event_id: u64, done: u64) -> Job {
        Job {
            id: "0123456789abcdef".into(),
            state: JobState::Running,
            message: None,
            title: "t".into(),
            reason: String::new(),
            plan_digest: Digest::parse(&"a".repeat(64)).unwrap(),
            plan_id: PlanId::parse("0123456789abcdef").unwrap(),
            source: TableName::new("demo", "events").unwrap(),
            target: TableName::new("demo", "copy").unwrap(),
            lanes: 2,
            order: Order::OldestFirst,
            assertions: Vec::new(),
            dedup: None,
            counts: Counts { done, waiting: 10 - done, total: 10, ..Counts::default() },
            progress: Progress::default(),
            created_at: UnixMillis(0),
            started_at: None,
            finished_at: None,
            last_event_id,
            verdict: None,
        }
    }

    fn event(id: u64, done: u64, n: Option<u64>) -> StreamMessage {
        let event = Event {
            id,
            at: UnixMillis(0),
            kind: "task-done".into(),
            message: String::new(),
            job_state: JobState::Running,
            task: n,
            task_state: n.map(|_| TaskState::Done),
            query_id: None,
        };
        StreamMessage::Event { event, job: Box::new(job(id, done)), task: n.map(|n| Box::new(task(n, TaskState::Done))) }
    }

    fn live() -> JobLive {
        let mut live = JobLive::default();
        assert_eq!(live.apply(StreamMessage::Snapshot { job: Box::new(job(5, 0)) }), Effect::Reload);
        live
    }

    #[test]
    fn events_apply_in_order_and_once() {
        let mut live = live();
        assert_eq!(live.apply(event(6, 1, Some(3))), Effect::Applied);
        assert_eq!(live.apply(event(6, 1, Some(3))), Effect::Applied);
        assert_eq!((live.cursor(), live.log.len()), (Some(6), 1));
        assert_eq!(live.book.get(3).map(|task| task.state), Some(TaskState::Done));
    }

    #[test]
    fn a_gap_is_noticed_and_changes_nothing() {
        let mut live = live();
        let before = live.clone();
        assert_eq!(live.apply(event(8, 3, Some(3))), Effect::Gap);
        assert_eq!(live, before);
    }

    #[test]
    fn a_change_of_many_tasks_reloads_them() {
        assert_eq!(live().apply(event(6, 4, None)), Effect::Reload);
        assert_eq!(live().apply(event(6, 0, None)), Effect::Applied);
    }

    #[test]
    fn a_snapshot_of_the_same_moment_keeps_tasks() {
        let mut live = live();
        live.book.put(task(1, TaskState::Running));
        assert_eq!(live.apply(StreamMessage::Snapshot { job: Box::new(job(5, 0)) }), Effect::Applied);
        assert!(live.book.get(1).is_some());
        assert_eq!(live.apply(StreamMessage::Reset), Effect::Forget);
        assert_eq!(live.apply(StreamMessage::End { state: JobState::Completed }), Effect::Ended);
        assert_eq!(live.job.map(|job| job.state), Some(JobState::Completed));
    }

    #[test]
    fn words_tell_how_fresh_it_is() {
        assert_eq!(Connection::Reconnecting.words(12_000), "Reconnecting, last update 12 s ago");
        assert_eq!(Connection::Live.words(12_000), "Live");
    }
}
