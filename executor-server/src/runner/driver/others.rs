//! What other jobs have done about a chunk.

use super::Driver;
use crate::store::Earlier;
use crate::store::Sent;

impl Driver {
    /// What other jobs knew and left of the chunk, and what this one knew where that may be long past.
    pub(super) async fn earlier(&self, n: u64) -> Earlier {
        let own = self.baselines.get(&n).filter(|_| self.before(n).is_none()).cloned();
        let mut earlier = self.of_others(n).await;
        earlier.bases.extend(self.earlier.get(&n).cloned().unwrap_or_default().into_iter().chain(own));
        // What stands in a half's span was there when its whole was looked at.
        earlier.may_have_left &= self.overtaken || self.book.task(n).is_some_and(|record| record.half.is_none());
        earlier
    }

    /// The highest generation that another job has sent the chunk's statement with.
    pub(super) async fn last_generation(&self, n: u64) -> Option<u32> {
        let sent = self.sent(n)?;
        self.stored(|| self.store.last_generation(sent.clone())).await
    }

    /// What other jobs knew and left of the chunk.
    async fn of_others(&self, n: u64) -> Earlier {
        let Some(sent) = self.sent(n) else { return Earlier::default() };
        self.stored(|| self.store.earlier(sent.clone(), self.site.plan.core.generation)).await
    }

    fn sent(&self, n: u64) -> Option<Sent> {
        let i = usize::try_from(n).ok()?;
        let core = &self.site.plan.core;
        Some(Sent { job: self.job.id.clone(), chunk: core.chunk_id(i), token: core.token(i, 0) })
    }
}
