//! A chunk that is too big becomes two: one event, after which the halves are tasks like all others.

use executor_api::task::Outcome;
use planner_core::limits::MAX_CHUNKS;
use planner_core::split;
use planner_core::split::Half;

use super::Driver;
use super::record::Note;
use crate::clock;
use crate::lifecycle::task::TaskEvent;
use crate::retry::Splitting;
use crate::store::Bulk;
use crate::store::TaskRecord;
use crate::verify;

impl Driver {
    /// The halves of a task's chunk, or why there are none.
    pub(super) fn halves(&self, n: u64) -> Result<[Half; 2], String> {
        if self.book.tasks().len() as u64 + 2 > MAX_CHUNKS {
            return Err(format!("the job would have more than {MAX_CHUNKS} tasks"));
        }
        let i = usize::try_from(n).map_err(|error| error.to_string())?;
        split::halves(&self.site.plan, &self.site.snapshot, i).map_err(|refusal| refusal.message)
    }

    pub(super) fn splitting(&self, n: u64, possible: bool) -> Splitting {
        match (possible, self.book.task(n).is_some_and(|record| record.half.is_some())) {
            (false, _) => Splitting::Impossible,
            (true, false) => Splitting::Possible,
            (true, true) => Splitting::AtOnce,
        }
    }

    /// Nothing of the task is in the target: its halves take its place. Parent, halves and event are stored together, so a
    /// restart finds either the one or the other.
    pub(super) async fn split(&mut self, n: u64, halves: [Half; 2], code: Option<i32>, words: String) {
        let Some(mut parent) = self.book.after(n, TaskEvent::Split) else { return };
        let first = self.book.tasks().len();
        let plan = (*self.site.plan).clone().with_halves(halves.clone());
        let children: Vec<TaskRecord> =
            halves.iter().enumerate().filter_map(|(k, half)| child(&plan, n, first + k, half.clone(), &parent)).collect();
        parent.task.split_into = children.iter().map(|child| child.task.n).collect();
        let labels: Vec<&str> = children.iter().map(|child| child.task.label.as_str()).collect();
        let message = format!("too big ({words}): split into {}", labels.join(" and "));
        parent.task.message = Some(message.clone());
        parent.evidence = Some("split".into());
        let now = clock::now();
        parent.task.duration_ms = verify::elapsed_ms(parent.task.started_at, now);
        let mut attempt = self.last_attempt(n).await;
        if let Some(attempt) = &mut attempt {
            let attempt = &mut attempt.attempt;
            attempt.finished_at = Some(now);
            attempt.outcome = Outcome::Failed;
            attempt.error_code = code.or(attempt.error_code);
            attempt.message = Some(words);
            self.traffic.forget(&attempt.query_id);
        }
        self.site.plan = plan.into();
        self.record(Note::new("task-split", message).task(parent).attempt(attempt).bulk(Bulk::Tasks(children))).await;
    }
}

/// Half `i` of the plan as a task; always there, as the plan was just given it.
fn child(plan: &planner_core::plan::Plan, parent: u64, i: usize, half: Half, of: &TaskRecord) -> Option<TaskRecord> {
    let mut record = TaskRecord::waiting(i as u64, plan.chunk(i)?, of.generation.max(plan.core.generation));
    record.task.parent = Some(parent);
    record.half = Some(Box::new(half));
    Some(record)
}
