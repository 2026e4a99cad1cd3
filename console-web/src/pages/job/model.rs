//! The job page's signals: what the stream says, and the pages of tasks that are looked at.

use executor_api::event::StreamMessage;
use executor_api::job::{Job, JobState};
use executor_api::task::{TaskPage, TaskState};

use crate::api_client::{self, Failure};
use crate::browser;
use crate::console::Console;
use crate::event_stream::{EventStream, Listener};
use crate::reactive::prelude::*;
use crate::views::eta::Samples;
use crate::views::job_live::{Effect as Outcome, JobLive};
use crate::views::task_book::PAGE;

/// The signals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    /// The job alone.
    pub(super) job: Memo<Option<Job>>,
    pub(super) stream: EventStream,
    hearing: Hearing,
}

/// What the stream writes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hearing {
    id: StoredValue<String>,
    /// Everything the stream brought; told to views once a frame.
    pub(super) live: RwSignal<JobLive>,
    pub(super) samples: RwSignal<Samples>,
    pub(super) failure: RwSignal<Option<Failure>>,
    /// Counts reloads of tasks.
    pub(super) reloads: RwSignal<u32>,
    told: StoredValue<bool>,
    loading: StoredValue<bool>,
}

impl std::ops::Deref for Model {
    type Target = Hearing;

    fn deref(&self) -> &Hearing {
        &self.hearing
    }
}

impl Model {
    /// Opens the stream of a job.
    pub(super) fn open(id: String) -> Self {
        let hearing = Hearing {
            id: StoredValue::new(id.clone()),
            live: RwSignal::new(JobLive::default()),
            samples: RwSignal::new(Samples::default()),
            failure: RwSignal::new(None),
            reloads: RwSignal::new(0),
            told: StoredValue::new(true),
            loading: StoredValue::new(false),
        };
        let job = memo(move || hearing.live.with(|live| live.job.clone()));
        let stream = EventStream::of(id, hearing);
        Self { job, stream, hearing }
    }

    pub(super) fn id(self) -> String {
        self.hearing.id.get_value()
    }

    /// A text of the job, empty while there is none.
    pub(super) fn text(self, of: fn(&Job) -> String) -> impl Fn() -> String + Copy {
        move || self.job.with(|job| job.as_ref().map(of)).unwrap_or_default()
    }

    /// A part of the job, which tells its readers only of its own changes.
    pub(super) fn memo<T: Default + PartialEq + Send + Sync + 'static>(self, of: fn(&Job) -> T) -> Memo<T> {
        memo(move || self.job.with(|job| job.as_ref().map(of)).unwrap_or_default())
    }

    /// Loads the unfiltered page that `from..to` misses, one at a time.
    pub(super) fn load(self, from: u64, to: u64) {
        let Some(start) = self.live.with_untracked(|live| live.book.missing(from, to)) else { return };
        if self.hearing.loading.get_value() {
            return;
        }
        self.hearing.loading.set_value(true);
        self.live.update_untracked(|live| live.book.begin_load());
        let path = format!("/v1/jobs/{}/tasks?cursor={start}&limit={PAGE}", self.id());
        api_client::get::<TaskPage>(path, move |answer| {
            if self.hearing.loading.try_set_value(false).is_some() {
                return;
            }
            // A failed page is asked for again when the stream is back or the list is scrolled.
            if let Ok(page) = answer {
                self.hearing.change(|live| live.book.put_page(start, page));
                self.load(from, to);
            }
        });
    }

    /// Loads a page of a filtered list of a large job.
    pub(super) fn load_listed(self, state: TaskState, cursor: Option<u64>) {
        if self.hearing.loading.get_value() {
            return;
        }
        self.hearing.loading.set_value(true);
        let from = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let path = format!("/v1/jobs/{}/tasks?state={}{from}&limit={PAGE}", self.id(), state.name());
        api_client::get::<TaskPage>(path, move |answer| {
            if self.hearing.loading.try_set_value(false).is_none()
                && let Ok(page) = answer
            {
                self.hearing.change(|live| live.book.put_listed(page, cursor.is_none()));
            }
        });
    }

    /// Sends an act; the stream brings its effect.
    pub(super) fn act(self, console: Console, verb: &'static str, body: &impl serde::Serialize, said: &'static str) {
        let path = format!("/v1/jobs/{}/{verb}", self.id());
        api_client::send(path, body, "", move |answer| match answer {
            Ok(_) => {
                console.say(said);
                self.stream.reopen(self.id(), self.hearing);
            }
            Err(failure) => {
                let [title, detail, ..] = failure.words();
                console.say(format!("{title}. {detail}"));
            }
        });
    }
}

impl Hearing {
    /// Changes what is known and tells the views before the next paint.
    pub(super) fn change<R>(self, change: impl FnOnce(&mut JobLive) -> R) -> Option<R> {
        let result = self.live.try_update_untracked(change)?;
        if self.told.get_value() {
            self.told.set_value(false);
            let tell = move || {
                if self.told.try_set_value(true).is_none() {
                    self.live.notify();
                }
            };
            browser::on_frame(tell);
        }
        Some(result)
    }

    fn sample(self) {
        let point = self.live.try_with_untracked(|live| live.job.as_ref().map(|job| (job.state, job.progress.bytes_done)));
        if let Some(Some((state, done))) = point {
            self.samples.update(|samples| match state {
                JobState::Running | JobState::Pausing | JobState::Draining => samples.add(browser::now(), done),
                _ => samples.clear(),
            });
        }
    }
}

impl Listener for Hearing {
    fn message(self, message: StreamMessage) -> Outcome {
        let outcome = self.change(|live| live.apply(message)).unwrap_or(Outcome::Ended);
        self.sample();
        if outcome == Outcome::Reload {
            self.reloads.update(|count| *count += 1);
        }
        outcome
    }

    fn polled(self, job: Job) {
        let outcome = self.change(|live| live.replace(job));
        self.sample();
        if outcome == Some(Outcome::Reload) {
            self.reloads.update(|count| *count += 1);
        }
    }

    fn cursor(self) -> Option<u64> {
        self.live.try_with_untracked(JobLive::cursor).flatten()
    }

    fn failed(self, failure: Failure) {
        let _gone = self.failure.try_set(Some(failure));
    }
}
