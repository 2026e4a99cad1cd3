//! A chunk's rows are there. Before it is called done, what the job asserts of them must hold.

use executor_api::receipt::Asserted;
use executor_api::receipt::Fingerprint;
use executor_api::task::Outcome;

use super::Driver;
use super::record::Note;
use crate::clickhouse::client::Failure;
use crate::lifecycle::task::TaskEvent;
use crate::runner::step::Step;
use crate::store::Bulk;
use crate::store::TaskRecord;

/// A task that would be done.
pub(in crate::runner) struct Arrived {
    /// The task as it stands when it is done.
    pub(super) record: TaskRecord,
    /// The event's name and words.
    pub(super) kind: &'static str,
    pub(super) message: String,
    /// What happens to it where an assertion does not hold.
    pub(super) failing: TaskEvent,
    /// Whether an attempt of this job wrote it.
    pub(super) written: bool,
    /// What lies beneath its rows, where that was found out just then.
    pub(super) beneath: Option<Fingerprint>,
}

impl Driver {
    /// The rows of a task are there.
    pub(super) async fn arrived(&mut self, n: u64, arrived: Arrived) {
        if self.job.assertions.is_empty() {
            return self.done(n, arrived).await;
        }
        self.arrived.insert(n, arrived);
        self.book.set_busy(n, true);
        let (site, assertions) = (self.site.clone(), self.job.assertions.clone());
        self.spawn(async move { Step::Asserted(n, site.assert(n, &assertions).await) });
    }

    /// Its assertions were looked at. Who dies before that finds the rows there, and looks again.
    pub(super) async fn asserted(&mut self, n: u64, found: Result<Vec<Asserted>, Failure>) {
        self.book.set_busy(n, false);
        let Some(mut arrived) = self.arrived.remove(&n) else { return };
        let broken = match &found {
            Ok(found) => found.iter().find(|one| !one.holds).map(|one| format!("assertion-failed: {}", one.found)),
            Err(failure) => Some(format!("assertion-unread: {failure}")),
        };
        arrived.record.asserted = found.unwrap_or_default();
        let Some(broken) = broken else { return self.done(n, arrived).await };
        let Some(failed) = self.book.after(n, arrived.failing) else { return };
        arrived.record.task.state = failed.task.state;
        // What stands there now is for a person to put right: it is not removed any more.
        arrived.record.may_have_left = false;
        arrived.kind = "task-failed";
        arrived.message = format!("{broken}. Its rows are in the target; put them or the assertion right, then retry the task");
        arrived.record.task.message = Some(arrived.message.clone());
        self.done(n, arrived).await;
    }

    async fn done(&mut self, n: u64, arrived: Arrived) {
        let Arrived { record, kind, message, written, beneath, .. } = arrived;
        if written {
            return self.finish(n, record, kind, message, Outcome::Written, None).await;
        }
        let mut note = Note::new(kind, message).task(record);
        if let Some(beneath) = beneath {
            // What lies beneath the rows may be something else than what was there when they were sent.
            self.baselines.insert(n, beneath.clone());
            note = note.bulk(Bulk::Baseline(beneath));
        }
        self.record(note).await;
    }
}
