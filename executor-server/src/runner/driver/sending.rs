//! Sending an attempt, and noticing that its answer will not come.

use std::sync::Arc;

use executor_api::receipt::Fingerprint;
use executor_api::task::Attempt;
use executor_api::task::Outcome;
use planner_core::sql::fence;

use super::Driver;
use super::MISSING_TOO_LONG;
use super::record::Note;
use crate::clickhouse::client::Failure;
use crate::clickhouse::client::Query;
use crate::clock;
use crate::lifecycle::task::TaskEvent;
use crate::reconcile;
use crate::runner::step::Step;
use crate::store::AttemptRecord;
use crate::store::Bulk;

impl Driver {
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
        // From the first of this job on, the task itself knows.
        let known = self.numbers.remove(record.task.chunk_id.as_str()).unwrap_or_default();
        let attempt_number = known.max(record.attempt) + 1;
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
