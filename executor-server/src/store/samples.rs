//! A job and a task, for tests.

use executor_api::job::{Counts, Job, JobState, Order, Progress};
use planner_core::digest::{ChunkId, Digest, PlanId, Token};
use planner_core::plan::{Chunk, Span};
use planner_core::quantity::UnixMillis;
use planner_core::sql::identifier::TableName;

use super::TaskRecord;

/// A job that compares.
pub(crate) fn job() -> Job {
    Job {
        id: "00000000000000aa".into(),
        state: JobState::Verifying,
        message: None,
        title: "t".into(),
        reason: String::new(),
        plan_digest: Digest::parse(&"0".repeat(64)).unwrap(),
        plan_id: PlanId::parse(&"0".repeat(16)).unwrap(),
        source: TableName::new("a", "s").unwrap(),
        target: TableName::new("a", "t").unwrap(),
        lanes: 2,
        order: Order::OldestFirst,
        assertions: Vec::new(),
        dedup: None,
        counts: Counts::default(),
        progress: Progress::default(),
        created_at: UnixMillis(0),
        started_at: None,
        finished_at: None,
        last_event_id: 1,
        verdict: None,
    }
}

/// A task that waits; sizes differ from task to task.
pub(crate) fn task(n: u64) -> TaskRecord {
    let chunk = Chunk {
        bytes: 100 * ((n * 7) % 5 + 1),
        id: ChunkId::parse(&format!("{n:016x}")).unwrap(),
        label: n.to_string(),
        rows: 10 + n,
        span: Span::Time(None, None),
        statement: 0,
        token: Token::parse(&"0".repeat(64)).unwrap(),
    };
    TaskRecord::waiting(n, chunk, 0)
}
