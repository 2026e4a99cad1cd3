//! Removing what an attempt left, in two steps: stored with its deadline, then sent.

use executor_api::task::Outcome;
use executor_api::task::TaskState;

use super::Driver;
use super::record::Note;
use crate::clickhouse::client::Failure;
use crate::lifecycle::task::TaskEvent;
use crate::reconcile;
use crate::reconcile::Removal;
use crate::reconcile::Removed;
use crate::runner::step::Step;
use crate::store::TaskRecord;

/// Most removals that come too late, one after the other: each waits for ClickHouse to answer first.
const MOST_LATE: u32 = 10;

impl Driver {
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
}
