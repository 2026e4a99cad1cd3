//! What workers report, and what follows from it for a task.

use std::sync::Arc;
use std::time::Duration;

use executor_api::job::JobState;
use executor_api::receipt::Fingerprint;
use executor_api::task::Attempt;
use executor_api::task::Outcome;
use executor_api::task::TaskState;
use planner_core::sql::fence;

use super::Driver;
use super::MISSING_TOO_LONG;
use super::asserting::Arrived;
use super::record::Note;
use crate::clickhouse::classify::Class;
use crate::clickhouse::classify::never_a_query;
use crate::clickhouse::client::Answer;
use crate::clickhouse::client::Failure;
use crate::clickhouse::client::Query;
use crate::clock;
use crate::lifecycle::job::JobEvent;
use crate::lifecycle::job::next;
use crate::lifecycle::task::TaskEvent;
use crate::reconcile;
use crate::reconcile::Finding;
use crate::reconcile::Removal;
use crate::reconcile::Removed;
use crate::retry;
use crate::retry::Decision;
use crate::runner::step::Begun;
use crate::runner::step::Checked;
use crate::runner::step::Step;
use crate::store::AttemptRecord;
use crate::store::Bulk;
use crate::store::TaskRecord;
use crate::verify;

/// Most removals that come too late, one after the other: each waits for ClickHouse to answer first.
const MOST_LATE: u32 = 10;

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

    pub(super) async fn send(&mut self, n: u64, server_time: i64, before: Option<Fingerprint>, next_generation: bool) {
        let Some(mut record) = self.book.after(n, TaskEvent::Sent) else { return };
        record.generation += u32::from(next_generation);
        let Ok(i) = usize::try_from(n) else { return };
        let plan = Arc::clone(&self.site.plan);
        let core = &plan.core;
        let token = core.token(i, 0).to_string();
        if let Some(last) = self.last_generation(n).await {
            // Another job has sent this statement, and its rows are not there: the server may remember its token all the same.
            record.generation = record.generation.max(last.saturating_add(1));
        }
        let now = clock::now();
        let number = self.numbers.entry(record.task.chunk_id.to_string()).or_default();
        *number += 1;
        let attempt_number = *number;
        record.attempt = attempt_number;
        // What its span held was looked at just now.
        let looked_anew = std::mem::take(&mut record.retried);
        record.may_have_left = true;
        record.unresolved = false;
        record.task.attempts += 1;
        record.task.started_at = Some(now);
        record.task.duration_ms = 0;
        record.task.message = None;
        let query_id = core.query_id(i, record.attempt);
        let client = self.site.health.client();
        let server = client.next_server();
        let attempt = Attempt {
            number: record.attempt,
            query_id: query_id.clone(),
            server: server.and_then(|server| client.url_of(server)),
            generation: record.generation,
            started_at: now,
            finished_at: None,
            outcome: Outcome::Running,
            error_code: None,
            message: None,
            rows: 0,
            bytes: 0,
        };
        let deadline = server_time.saturating_add(reconcile::ARRIVAL_MS);
        let sql = fence::chunk_sql(core, i, deadline);
        let mut settings = core.insert_settings(i, record.generation, record.attempt, &self.job.id);
        settings.extend(fence::setting(core, deadline));
        if client.is_several() {
            // Where the server leads to the one that holds the table, the answer must mean that the rows are there.
            settings.insert("distributed_foreground_insert".into(), "1".into());
        }
        if self.job.started_at.is_none() {
            self.job.started_at = Some(now);
        }
        let message = format!("attempt {} sent", record.attempt);
        let mut note = Note::new("task-started", message).task(record).attempt(Some(AttemptRecord {
            attempt,
            server_time: Some(server_time),
            token: Some(token),
        }));
        if let Some(before) = before.filter(|_| looked_anew || !self.baselines.contains_key(&n)) {
            self.baselines.insert(n, before.clone());
            note = note.bulk(Bulk::Baseline(before));
        }
        self.record(note).await;

        // Stored: from here on the outside world may be touched.
        self.still_ours().await;
        self.book.set_busy(n, true);
        self.traffic.watch(&query_id);
        let client = self.site.health.client().at(server);
        let handle = self.spawn(async move {
            let query = Query::new(&sql).settings(&settings).setting("query_id", &query_id);
            Step::Answered(n, attempt_number, client.query(query).await)
        });
        self.awaited.sent(n, attempt_number, handle);
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

    /// Removes what a span holds, as soon as it is known until when the removal may arrive.
    pub(super) async fn clear(&mut self, n: u64, removal: Removal) {
        let Some(case) = self.case(n, None).await else { return };
        self.book.set_busy(n, true);
        let site = self.site.clone();
        self.spawn(async move { Step::Clearing(n, removal, reconcile::server_time(&site.health, &case).await) });
    }

    /// The removal is stored with its deadline, then sent.
    pub(super) async fn clearing(&mut self, n: u64, removal: Removal, server_time: Result<i64, Failure>) {
        let server_time = match server_time {
            Ok(server_time) => server_time,
            Err(failure) => return self.cleared(n, removal, Removed::Failed(failure.to_string())).await,
        };
        // Removed is only what was found so: an open outcome, or a task that is to be sent and had left something.
        let as_found = |record: &&TaskRecord| matches!(record.task.state, TaskState::Unknown | TaskState::Waiting);
        let Some(mut record) = self.book.task(n).filter(as_found).cloned() else { return self.book.set_busy(n, false) };
        record.clear_until = Some(server_time.saturating_add(reconcile::ARRIVAL_MS));
        let message = format!("{}; removing it before it is sent again", removal.message);
        record.task.message = Some(message.clone());
        // The server remembers the token of rows that a DELETE removes; and who dies after the DELETE must know that.
        record.generation += 1;
        self.record(Note::new("task-clearing", message).task(record)).await;
        self.still_ours().await;
        let Some(case) = self.case(n, None).await else { return };
        let site = self.site.clone();
        self.spawn(async move { Step::Cleared(n, removal, reconcile::clear(&site.health, &case).await) });
    }

    pub(super) async fn cleared(&mut self, n: u64, removal: Removal, removed: Removed) {
        self.book.set_busy(n, false);
        let unknown = self.book.task(n).is_some_and(|record| record.task.state == TaskState::Unknown);
        match removed {
            Removed::Gone if unknown => {
                let Removal { class, code, .. } = removal;
                self.absent(n, false, class, code, "what was there is removed; sent again with a new token".into()).await;
            }
            Removed::Late if removal.late < MOST_LATE => self.clear(n, Removal { late: removal.late + 1, ..removal }).await,
            Removed::Gone => {
                let Some(mut record) = self.book.task(n).cloned() else { return };
                record.may_have_left = false;
                record.task.message = Some("what was there is removed".into());
                self.record(Note::new("task-cleared", "what was there is removed").task(record)).await;
            }
            Removed::Late | Removed::Failed(_) => {
                let reason = match removed {
                    Removed::Failed(reason) => reason,
                    Removed::Gone | Removed::Late => format!("{} removals reached the server too late", removal.late + 1),
                };
                let event = if unknown { TaskEvent::Unprovable } else { TaskEvent::Refused };
                let Some(mut record) = self.book.after(n, event) else { return };
                let message = format!("cannot-clean-span: {reason}. Remove the span's rows by hand, then retry the task");
                record.task.message = Some(message.clone());
                self.finish(n, record, "task-failed", message, Outcome::Unknown, None).await;
            }
        }
    }

    /// Answers that will not come: the server has not known the query for long.
    pub(super) fn find_missing(&mut self) {
        let missing: Vec<(u64, u32)> = self
            .book
            .running()
            .filter(|n| self.query_id(*n).is_some_and(|id| self.traffic.missing(&id) > MISSING_TOO_LONG))
            .filter_map(|n| Some((n, self.awaited.attempt(n)?)))
            .collect();
        for (n, attempt) in missing {
            self.awaited.give_up(n);
            let words = format!("the server has not known the query for {} s", MISSING_TOO_LONG.as_secs());
            let _ = self.reports.send(Step::Answered(n, attempt, Err(Failure::Lost(words))));
        }
    }

    pub(super) fn query_id(&self, n: u64) -> Option<String> {
        let record = self.book.task(n).filter(|record| record.attempt > 0)?;
        Some(self.site.plan.core.query_id(usize::try_from(n).ok()?, record.attempt))
    }
}
