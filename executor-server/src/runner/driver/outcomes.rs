//! What workers report, and what follows from it for a task.

use std::time::Duration;

use executor_api::job::JobState;
use executor_api::task::Outcome;
use executor_api::task::TaskState;

use super::Driver;
use super::asserting::Arrived;
use super::record::Note;
use crate::clickhouse::classify::Class;
use crate::clickhouse::classify::never_a_query;
use crate::clickhouse::client::Answer;
use crate::clickhouse::client::Failure;
use crate::clock;
use crate::lifecycle::job::JobEvent;
use crate::lifecycle::job::next;
use crate::lifecycle::task::TaskEvent;
use crate::reconcile::Finding;
use crate::reconcile::Removal;
use crate::retry;
use crate::retry::Decision;
use crate::runner::step::Begun;
use crate::runner::step::Checked;
use crate::runner::step::Step;
use crate::store::Bulk;
use crate::store::TaskRecord;
use crate::verify;

impl Driver {
    pub(super) async fn step(&mut self, step: Step) {
        match step {
            Step::WindowShort(sql) => self.window_short(sql).await,
            Step::Begun(begun) => self.begun(begun).await,
            Step::Checked(n, checked) => self.checked(n, checked).await,
            Step::Answered(n, attempt, answer) => {
                if self.awaited.take(n, attempt) {
                    self.answered(n, answer).await;
                }
            }
            Step::Adopted(n, attempt) => {
                if let Some(mut record) = self.open(n, attempt).cloned() {
                    record.task.message = Some("found running on the server; waiting for its end".into());
                    self.record(Note::new("task-adopted", "the query was found running; its end is awaited").task(record)).await;
                }
            }
            Step::Asserted(n, found) => self.asserted(n, found).await,
            Step::Resolved(n, attempt, finding) => {
                if self.open(n, attempt).is_some() {
                    self.resolved(n, finding).await;
                }
            }
            Step::Clearing(n, removal, server_time) => self.clearing(n, removal, server_time).await,
            Step::Cleared(n, removal, removed) => self.cleared(n, removal, removed).await,
            Step::Pressure(found) => self.pressed(found).await,
            Step::Compared(compared) => self.compared(compared).await,
        }
    }

    /// The task, where the outcome of just this attempt is open.
    fn open(&self, n: u64, attempt: u32) -> Option<&TaskRecord> {
        self.book.task(n).filter(|record| record.task.state == TaskState::Unknown && record.attempt == attempt)
    }

    pub(super) async fn begun(&mut self, begun: Begun) {
        self.beginning = false;
        let Some(state) = next(self.job.state, JobEvent::Begin) else { return };
        match begun {
            Begun::Go { empty } => {
                self.target_was_empty = Some(empty);
                self.job.state = state;
                let target = &self.site.plan.core.target.name;
                let message = if empty {
                    format!("started; {target} is empty")
                } else {
                    format!("started; {target} holds rows: each chunk is looked at before it is sent")
                };
                self.record(Note::new("job-started", message)).await;
            }
            Begun::AlreadyThere => {
                self.target_was_empty = Some(false);
                self.job.state = state;
                let done = self.bulk(TaskEvent::AlreadyThere, |record| {
                    record.evidence = Some("already-there".into());
                    record.task.message = Some("the target already holds just what the plan writes".into());
                });
                self.record(
                    Note::new("job-started", "the target already holds just what the plan writes: nothing is sent").bulk(Bulk::Tasks(done)),
                )
                .await;
            }
            Begun::Refused { code, message } => {
                // Not begun: whoever takes the job up again looks at the target first.
                self.target_was_empty = None;
                self.job.state = state;
                let failed = self.bulk(TaskEvent::Refused, |record| record.task.message = Some(format!("{code}: {message}")));
                self.job.message = Some(message.clone());
                self.record(Note::new("job-refused", format!("{code}: {message}")).bulk(Bulk::Tasks(failed))).await;
            }
        }
    }

    /// Every task that `event` can happen to, after it.
    pub(super) fn bulk(&self, event: TaskEvent, edit: impl Fn(&mut TaskRecord)) -> Vec<TaskRecord> {
        let changed = self.book.tasks().iter().filter_map(|record| self.book.after(record.task.n, event));
        changed
            .map(|mut record| {
                edit(&mut record);
                record
            })
            .collect()
    }

    pub(super) async fn checked(&mut self, n: u64, checked: Checked) {
        self.book.set_busy(n, false);
        match checked {
            Checked::Send { server_time, before, next_generation } => {
                // Stopped meanwhile: nothing was sent, and nothing is.
                if crate::lifecycle::job::sends(self.job.state) {
                    self.send(n, server_time, before, next_generation).await;
                }
            }
            Checked::AlreadyThere { rows, before } => {
                let Some(mut record) = self.book.after(n, TaskEvent::AlreadyThere) else { return };
                record.evidence = Some("already-there".into());
                record.unresolved = false;
                let rows = verify::thousands(rows);
                record.task.message = Some(format!("the target already holds its {rows} rows"));
                let message = format!("the target already holds its {rows} rows: nothing is sent");
                let arrived =
                    Arrived { record, kind: "task-already-there", message, failing: TaskEvent::Refused, written: false, beneath: before };
                self.arrived(n, arrived).await;
            }
            Checked::Leftover { message } => self.clear(n, Removal { class: Class::Lost, code: None, message, late: 0 }).await,
            Checked::Refused { code, message } => {
                let Some(mut record) = self.book.after(n, TaskEvent::Refused) else { return };
                record.task.message = Some(format!("{code}: {message}"));
                self.record(Note::new("task-refused", format!("{code}: {message}")).task(record)).await;
            }
        }
    }

    pub(super) async fn answered(&mut self, n: u64, answer: Result<Answer, Failure>) {
        self.book.set_busy(n, false);
        match answer {
            Ok(answer) => {
                let Some(mut record) = self.book.after(n, TaskEvent::Written) else { return };
                record.evidence = Some("answer".into());
                record.rows_read = answer.summary.read_rows;
                record.task.rows = answer.summary.written_rows;
                record.task.bytes = answer.summary.written_bytes;
                record.failures = 0;
                let message = format!("{} rows written", verify::thousands(record.task.rows));
                let arrived = Arrived { record, kind: "task-done", message, failing: TaskEvent::Rejected, written: true, beneath: None };
                self.arrived(n, arrived).await;
            }
            Err(Failure::NotSent(words)) => {
                self.site.health.note(&Failure::NotSent(words.clone()));
                let Some(mut record) = self.book.after(n, TaskEvent::NotSent) else { return };
                record.may_have_left = false;
                let message = format!("not sent: {words}");
                record.task.message = Some(message.clone());
                self.finish(n, record, "task-not-sent", message, Outcome::Failed, None).await;
            }
            Err(Failure::Lost(words)) => {
                self.site.health.note(&Failure::Lost(words.clone()));
                self.lost(n, &words).await;
            }
            Err(Failure::Exception { code, message }) => {
                if never_a_query(code) {
                    let Some(mut record) = self.book.after(n, TaskEvent::Rejected) else { return };
                    record.may_have_left = false;
                    record.failures += 1;
                    record.task.message = Some(message.clone());
                    self.finish(n, record, "task-failed", message, Outcome::Failed, Some(code)).await;
                } else {
                    // An exception may come after some partitions were committed, or after a view had failed.
                    self.open_outcome(n, &message, Some(code)).await;
                }
            }
        }
    }

    pub(super) async fn lost(&mut self, n: u64, words: &str) {
        self.open_outcome(n, words, None).await;
    }

    pub(super) async fn open_outcome(&mut self, n: u64, words: &str, code: Option<i32>) {
        let Some(mut record) = self.book.after(n, TaskEvent::AnswerLost) else { return };
        let message = if code.is_some() {
            format!("ended with an error; looking what was written: {words}")
        } else {
            format!("answer lost ({words}); looking for evidence")
        };
        record.task.message = Some(message.clone());
        let mut attempt = self.last_attempt(n).await;
        if let Some(attempt) = &mut attempt {
            attempt.attempt.outcome = Outcome::Unknown;
            attempt.attempt.message = Some(words.to_owned());
            attempt.attempt.error_code = code;
            self.traffic.forget(&attempt.attempt.query_id);
        }
        self.record(Note::new("task-unknown", message).task(record).attempt(attempt)).await;
    }

    /// An attempt's outcome is known.
    pub(super) async fn finish(
        &mut self,
        n: u64,
        mut record: TaskRecord,
        kind: &'static str,
        message: String,
        outcome: Outcome,
        code: Option<i32>,
    ) {
        let now = clock::now();
        record.task.duration_ms = verify::elapsed_ms(record.task.started_at, now);
        let mut attempt = self.last_attempt(n).await;
        if let Some(attempt) = &mut attempt {
            if record.task.state == TaskState::Waiting {
                // Not sent: the server has never seen its token.
                attempt.token = None;
            }
            let attempt = &mut attempt.attempt;
            attempt.finished_at = Some(now);
            attempt.outcome = outcome;
            attempt.error_code = code.or(attempt.error_code);
            attempt.message = Some(message.clone());
            if outcome == Outcome::Written {
                attempt.rows = record.task.rows;
                attempt.bytes = record.task.bytes;
            }
            self.traffic.forget(&attempt.query_id);
        }
        self.record(Note::new(kind, message).task(record).attempt(attempt)).await;
    }

    pub(super) async fn resolved(&mut self, n: u64, finding: Finding) {
        self.book.set_busy(n, false);
        match finding {
            Finding::Written { evidence, rows, bytes, rows_read, message } => {
                let Some(mut record) = self.book.after(n, TaskEvent::ProvenWritten) else { return };
                record.evidence = Some(evidence.into());
                record.rows_read = rows_read;
                record.task.rows = rows;
                record.task.bytes = bytes;
                record.task.message = Some(message.clone());
                record.failures = 0;
                let arrived = Arrived { record, kind: "task-done", message, failing: TaskEvent::GivenUp, written: true, beneath: None };
                self.arrived(n, arrived).await;
            }
            Finding::Absent { next_generation, class, code, message } => self.absent(n, next_generation, class, code, message).await,
            Finding::Clear(removal) => self.clear(n, removal).await,
            Finding::Unprovable { code, message } => {
                let Some(mut record) = self.book.after(n, TaskEvent::Unprovable) else { return };
                let message = format!("{code}: {message}");
                record.task.message = Some(message.clone());
                record.unresolved = true;
                self.finish(n, record, "task-failed", message, Outcome::Unknown, None).await;
            }
        }
    }

    /// Nothing of the attempt is in the target: it is sent again, or has failed.
    pub(super) async fn absent(&mut self, n: u64, next_generation: bool, class: Class, code: Option<i32>, message: String) {
        let killed = self.killing || code == Some(394) && self.job.state != JobState::Running;
        let failures = self.book.task(n).map_or(0, |record| record.failures) + u32::from(!killed);
        let halves = if class == Class::TooBig { self.halves(n) } else { Err(String::new()) };
        let decision = if killed {
            Decision::Again(Duration::ZERO)
        } else {
            retry::decide(failures, class, self.policy, self.splitting(n, halves.is_ok()), clock::jitter())
        };
        let outcome = if killed { Outcome::Killed } else { Outcome::Failed };
        match decision {
            Decision::Again(pause) => {
                let Some(mut record) = self.book.after(n, TaskEvent::ProvenAbsent) else { return };
                record.may_have_left = false;
                let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
                record.task.retry_at = Some(clock::now().plus(pause_ms));
                record.failures = failures;
                record.generation += u32::from(next_generation);
                record.task.message = Some(message.clone());
                self.finish(n, record, "task-retrying", message, outcome, code).await;
            }
            Decision::Split => {
                if let Ok(halves) = halves {
                    self.split(n, halves, code, message).await;
                }
            }
            Decision::GiveUp => {
                let Some(mut record) = self.book.after(n, TaskEvent::GivenUp) else { return };
                record.may_have_left = false;
                record.failures = failures;
                record.generation += u32::from(next_generation);
                let narrow =
                    halves.err().filter(|_| class == Class::TooBig).map(|why| format!("; it is not split: {why}")).unwrap_or_default();
                record.task.message =
                    Some(format!("failed {}: {message}{narrow}", if failures == 1 { "once".into() } else { format!("{failures} times") }));
                self.finish(n, record, "task-failed", message, outcome, code).await;
            }
        }
    }
}
