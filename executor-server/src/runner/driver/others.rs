//! What other jobs have done about a chunk.

use planner_core::sql::checks::Proof;

use super::Driver;
use crate::runner::step::Known;
use crate::store::Earlier;
use crate::store::Sent;
use crate::store::TaskRecord;

impl Driver {
    /// What is known of a chunk. Of one that is taken up again, what its span held before the job counts only where an
    /// attempt may have left something, and nobody else has written since.
    pub(super) async fn known(&self, n: u64, look: bool) -> Known {
        let past = |record: &TaskRecord| record.retried && (record.task.attempts == 0 || self.overtaken);
        let past = self.book.task(n).is_some_and(past);
        let told = look && self.site.proof == Proof::PerChunk;
        let mut earlier = if told { self.earlier(n).await } else { Earlier::default() };
        earlier.bases.extend(self.baselines.get(&n).filter(|_| past).cloned());
        let left = self.book.task(n).is_some_and(|record| record.may_have_left);
        Known { look, left, before: self.before(n).filter(|_| !past), earlier }
    }

    /// What other jobs knew and left of the chunk.
    async fn earlier(&self, n: u64) -> Earlier {
        let Some(sent) = self.sent(n) else { return Earlier::default() };
        let mut earlier = self.stored(|| self.store.earlier(sent.clone(), self.site.plan.core.generation)).await;
        earlier.bases.extend(self.earlier.get(&n).cloned().unwrap_or_default());
        // What stands in a half's span was there when its whole was looked at.
        earlier.may_have_left &= self.overtaken || self.book.task(n).is_some_and(|record| record.half.is_none());
        earlier
    }

    /// The highest generation that another job has sent the chunk's statement with.
    pub(super) async fn last_generation(&self, n: u64) -> Option<u32> {
        let sent = self.sent(n)?;
        self.stored(|| self.store.last_generation(sent.clone())).await
    }

    fn sent(&self, n: u64) -> Option<Sent> {
        let i = usize::try_from(n).ok()?;
        let core = &self.site.plan.core;
        Some(Sent { job: self.job.id.clone(), chunk: core.chunk_id(i), token: core.token(i, 0) })
    }
}
