//! One change of a job: its event and everything that follows from it, in one transaction.

use std::sync::Arc;

use executor_api::event::Event;
use executor_api::job::Job;
use executor_api::receipt::{Comparison, Fingerprint};
use rusqlite::params;

use super::{AttemptRecord, Store, StoreError, TaskRecord, attempts, events, int, jobs, json, receipts, tasks};
use crate::receipt::Head;

/// What one event changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The event.
    pub event: Event,
    /// The job after it.
    pub job: Job,
    /// The task after it.
    pub task: Option<TaskRecord>,
    /// The attempt after it.
    pub attempt: Option<AttemptRecord>,
    /// Whether the target held no rows at all, once that is known.
    pub target_was_empty: Option<bool>,
    /// What else is stored with it.
    pub bulk: Bulk,
}

/// What else a change stores.
#[derive(Clone, Debug, Default)]
pub enum Bulk {
    /// Nothing.
    #[default]
    None,
    /// Many tasks that changed at once.
    Tasks(Vec<TaskRecord>),
    /// What the target held in the task's span, or in all when the change is about no task.
    Baseline(Fingerprint),
    /// Forget the job's comparisons and receipt: they are made anew.
    Recompare(Vec<TaskRecord>),
    /// A comparison of the task's chunk, or of all.
    Comparison(Box<Comparison>),
    /// The receipt, with the rows that are stored.
    Receipt(Box<Head>),
}

impl Store {
    /// Stores a change. When this returns, it is on disk: only then may the outside world be touched.
    pub async fn record(&self, change: Arc<Change>) -> Result<(), StoreError> {
        self.write(move |tx| {
            let Change { event, job, task, attempt, target_was_empty, bulk } = &*change;
            let n = task.as_ref().map_or(-1, |record| int(record.task.n));
            jobs::put(tx, job, *target_was_empty)?;
            if let Some(record) = task {
                tasks::put(tx, &job.id, record)?;
            }
            if let (Some(attempt), Some(record)) = (attempt, task) {
                attempts::put(tx, &job.plan_id, &job.id, &record.task, attempt)?;
            }
            match bulk {
                Bulk::None => {}
                Bulk::Tasks(records) => tasks::put_all(tx, &job.id, records)?,
                Bulk::Baseline(fingerprint) => {
                    let sql = "INSERT OR REPLACE INTO baselines (job_id, n, body) VALUES (?1, ?2, ?3)";
                    tx.execute(sql, params![job.id, n, json(fingerprint)?])?;
                }
                Bulk::Recompare(records) => {
                    tasks::put_all(tx, &job.id, records)?;
                    tx.execute("DELETE FROM comparisons WHERE job_id = ?1", [&job.id])?;
                    receipts::forget(tx, &job.id)?;
                }
                Bulk::Comparison(comparison) => {
                    let sql = "INSERT OR REPLACE INTO comparisons (job_id, n, body) VALUES (?1, ?2, ?3)";
                    tx.execute(sql, params![job.id, n, json(comparison)?])?;
                }
                Bulk::Receipt(head) => receipts::put(tx, head)?,
            }
            events::append(tx, event, job, task.as_ref().map(|record| &record.task))
        })
        .await
    }
}
