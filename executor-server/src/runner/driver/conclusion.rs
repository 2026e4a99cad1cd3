//! The comparison of contents, and the end of a job.

use executor_api::job::JobState;
use executor_api::receipt::Verdict;
use executor_api::task::TaskState;

use super::Driver;
use super::record::Note;
use crate::clock;
use crate::lifecycle::job::JobEvent;
use crate::lifecycle::job::next;
use crate::receipt::{self, Facts, Head};
use crate::runner::compare::Compared;
use crate::runner::compare::Comparing;
use crate::store::Bulk;
use crate::verify;

impl Driver {
    pub(super) async fn compare(&mut self) {
        if let Some(state) = next(self.job.state, JobEvent::AllEnded) {
            self.job.state = state;
            self.recompare("every chunk has ended; comparing contents").await;
        }
        let written = match self.store.written(&self.job.id).await {
            Ok(written) => written,
            Err(error) => {
                tracing::error!(%error, job = self.job.id, "the store cannot be read; parts are not counted");
                Vec::new()
            }
        };
        let done = || self.book.tasks().iter().filter(|record| record.task.state == TaskState::Done);
        let all_done = self.book.tasks().iter().all(|record| record.task.state == TaskState::Done || !record.task.split_into.is_empty());
        let comparing = Comparing {
            site: self.site.clone(),
            chunks: done()
                .filter(|record| record.task.verified.is_none())
                .map(|record| (record.task.n, record.task.label.clone()))
                .collect(),
            before: self.baselines.clone(),
            whole: all_done
                && (self.target_was_empty == Some(true) || done().all(|record| record.evidence.as_deref() == Some("already-there"))),
            since: self.first_sent().await,
            written,
            lanes: usize::from(self.job.lanes),
        };
        let reports = self.reports.clone();
        self.uncompared.clear();
        self.blocks.clear();
        self.comparing = Some(self.workers.spawn(comparing.run(reports)));
    }

    /// When the job's first attempt was sent, by the server's clock where that is known.
    async fn first_sent(&self) -> i64 {
        match self.store.first_sent(&self.job.id).await {
            Ok(sent) => sent.unwrap_or_else(|| clock::now().0),
            Err(error) => {
                tracing::error!(%error, job = self.job.id, "the store cannot be read; the whole part log is looked through");
                0
            }
        }
    }

    /// Forgets what was compared.
    pub(super) async fn recompare(&mut self, message: &str) {
        self.job.verdict = None;
        let compared = self.book.tasks().iter().filter(|record| record.task.verified.is_some()).cloned();
        let fresh = compared
            .map(|mut record| {
                record.task.verified = None;
                record
            })
            .collect();
        self.record(Note::new("verifying", message).bulk(Bulk::Recompare(fresh))).await;
    }

    pub(super) async fn compared(&mut self, compared: Compared) {
        if self.job.state != JobState::Verifying {
            return;
        }
        match compared {
            Compared::OneBlock(tasks) => self.blocks.extend(tasks.into_iter().map(|n| (n, true))),
            Compared::NotOneBlock { n, message } => {
                self.blocks.insert(n, false);
                let Some(mut record) = self.book.task(n).cloned() else { return };
                record.task.message = Some(message.clone());
                self.record(Note::new("task-not-one-block", message).task(record)).await;
            }
            Compared::Failed { message } => {
                self.uncompared.push(message.clone());
                self.record(Note::new("not-compared", message)).await;
            }
            Compared::Pair(comparison) => {
                let rows = verify::thousands(comparison.source.rows);
                let message = if comparison.equal {
                    format!("{}: {rows} rows, equal", comparison.scope)
                } else {
                    format!(
                        "{}: the contents differ: {rows} rows in the source, {} in the target",
                        comparison.scope,
                        verify::thousands(comparison.target.rows)
                    )
                };
                let kind = if comparison.equal { "compared" } else { "differs" };
                let mut note = Note::new(kind, message.clone());
                if let Some(mut record) = comparison.task.and_then(|n| self.book.task(n)).cloned() {
                    record.task.verified = Some(comparison.equal);
                    if !comparison.equal {
                        record.task.message = Some(message);
                    }
                    note = note.task(record);
                }
                self.record(note.bulk(Bulk::Comparison(comparison))).await;
            }
            Compared::Finished => {
                self.comparing = None;
                self.conclude().await;
            }
        }
    }

    pub(super) async fn conclude(&mut self) {
        let tally = self.stored(|| self.store.tally(&self.job.id)).await;
        let rows = tally.rows;
        let (verdict, statement) = receipt::judge(&Facts {
            job: &self.job,
            tasks: self.book.tasks(),
            tally,
            proof: &self.site.proof,
            target_held_rows: self.target_was_empty == Some(false),
            uncompared: &self.uncompared,
        });
        let now = clock::now();
        let counts = self.book.counts();
        let (event, kind) = if verdict == Verdict::Different {
            (JobEvent::Differs, "job-failed")
        } else if counts.failed == 0 {
            (JobEvent::Proven, "job-completed")
        } else if counts.done > 0 {
            (JobEvent::SomeFailed, "job-partial")
        } else {
            (JobEvent::NoneDone, "job-failed")
        };
        let Some(state) = next(self.job.state, event) else { return };
        self.job.state = state;
        self.job.finished_at = Some(now);
        self.job.verdict = Some(verdict);
        let failure =
            self.book.tasks().iter().find(|record| record.task.state == TaskState::Failed).and_then(|record| record.task.message.clone());
        self.job.message = match (state, failure) {
            (JobState::Completed, _) | (_, None) => Some(statement.clone()),
            (_, Some(failure)) => Some(format!("{statement}. {failure}")),
        };
        let head = Head::new(&self.job, verdict, statement.clone(), rows, self.blocks.clone(), now);
        self.record(Note::new(kind, statement).bulk(Bulk::Receipt(Box::new(head)))).await;
    }
}
