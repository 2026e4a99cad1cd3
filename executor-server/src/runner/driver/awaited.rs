//! Answers that are awaited. Of the reports about one attempt the first counts: an answer may come just when it is given up.

use std::collections::BTreeMap;

use tokio::task::AbortHandle;

/// Attempts on their way, by task.
#[derive(Default)]
pub(in crate::runner) struct Awaited(BTreeMap<u64, (u32, AbortHandle)>);

impl Awaited {
    /// An attempt was sent by this worker.
    pub(super) fn sent(&mut self, n: u64, attempt: u32, worker: AbortHandle) {
        self.0.insert(n, (attempt, worker));
    }

    /// The attempt of a task whose answer is awaited.
    pub(super) fn attempt(&self, n: u64) -> Option<u32> {
        self.0.get(&n).map(|(attempt, _)| *attempt)
    }

    /// Ends the worker. Whoever does so reports in its place; what it has reported already comes first.
    pub(super) fn give_up(&self, n: u64) {
        if let Some((_, worker)) = self.0.get(&n) {
            worker.abort();
        }
    }

    /// Takes a report about an attempt; false when it is not awaited, or not any more.
    pub(super) fn take(&mut self, n: u64, attempt: u32) -> bool {
        self.attempt(n) == Some(attempt) && self.0.remove(&n).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_report_of_an_attempt_counts_and_no_other() {
        let worker = || tokio::spawn(std::future::pending::<()>()).abort_handle();
        let mut awaited = Awaited::default();
        awaited.sent(7, 1, worker());
        awaited.give_up(7);
        assert!(awaited.take(7, 1), "giving up is no report");
        assert!(!awaited.take(7, 1), "the second report of one attempt");
        awaited.sent(7, 2, worker());
        assert!(!awaited.take(7, 1), "a report of the attempt before");
        assert_eq!((awaited.attempt(7), awaited.attempt(8)), (Some(2), None));
        assert!(awaited.take(7, 2) && !awaited.take(8, 2));
    }
}
