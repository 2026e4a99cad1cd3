//! The proof at the end of a job. Pure.

use std::collections::BTreeMap;

use executor_api::job::Job;
use executor_api::receipt::{Comparison, Receipt, TaskProof, Verdict};
use executor_api::task::{Attempt, TaskState};
use planner_core::digest;
use planner_core::quantity::UnixMillis;
use planner_core::sql::checks::Proof;

use crate::store::TaskRecord;
use crate::verify::{minus, thousands};

/// Format of the receipt.
pub const FORMAT: u32 = 1;

/// What a receipt rests on.
pub struct Facts<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its tasks.
    pub tasks: &'a [TaskRecord],
    /// What was compared.
    pub comparisons: Vec<Comparison>,
    /// Every attempt by task, oldest first.
    pub attempts: Vec<(u64, Attempt)>,
    /// What could be compared at all.
    pub proof: &'a Proof,
    /// Whether the target held rows when the job began.
    pub target_held_rows: bool,
    /// By task, whether its insert was one block, as far as that is known.
    pub blocks: &'a BTreeMap<u64, bool>,
    /// What could not be read.
    pub uncompared: &'a [String],
}

/// Makes the receipt; its digest is over the document without the digest.
pub fn make(facts: Facts<'_>, finished_at: UnixMillis) -> Receipt {
    let mut query_ids: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (n, attempt) in &facts.attempts {
        query_ids.entry(*n).or_default().push(attempt.query_id.clone());
    }
    let tasks = facts.tasks.iter().map(|record| TaskProof {
        asserted: record.asserted.clone(),
        chunk_id: record.task.chunk_id.clone(),
        evidence: record.evidence.clone().unwrap_or_default(),
        n: record.task.n,
        one_block: facts.blocks.get(&record.task.n).copied(),
        query_ids: query_ids.remove(&record.task.n).unwrap_or_default(),
        split_into: record.task.split_into.clone(),
        state: record.task.state,
    });
    let tasks: Vec<TaskProof> = tasks.collect();
    let added = |comparison: &Comparison| match &comparison.before {
        None => comparison.target.rows,
        Some(before) => minus(&comparison.target, before).map_or(0, |added| added.rows),
    };
    let rows = facts.comparisons.iter().map(added).sum();
    let (verdict, statement) = judge(&facts, rows);
    let mut receipt = Receipt {
        comparisons: facts.comparisons,
        digest: None,
        finished_at,
        format: FORMAT,
        job: facts.job.id.clone(),
        plan_digest: facts.job.plan_digest.clone(),
        plan_id: facts.job.plan_id.clone(),
        rows,
        source: facts.job.source.clone(),
        statement,
        target: facts.job.target.clone(),
        tasks,
        verdict,
    };
    receipt.digest = Some(digest::of_document("penstock-receipt", &receipt));
    receipt
}

fn judge(facts: &Facts<'_>, rows: u64) -> (Verdict, String) {
    // What was split is proven by its halves.
    let total = facts.tasks.iter().filter(|record| record.task.split_into.is_empty()).count();
    let done = facts.tasks.iter().filter(|record| record.task.state == TaskState::Done).count();
    let different = facts.comparisons.iter().filter(|comparison| !comparison.equal).count();
    let compared = facts.comparisons.len();
    if different > 0 {
        let first = facts.comparisons.iter().find(|comparison| !comparison.equal);
        let first = first.map_or_else(String::new, |comparison| {
            format!(
                "; first {}: {} rows in the source, {} in the target",
                comparison.scope,
                thousands(comparison.source.rows),
                thousands(comparison.target.rows)
            )
        });
        return (Verdict::Different, format!("{different} of {compared} comparisons differ{first}"));
    }
    if done < total {
        let equal = if compared > 0 { format!("; the {compared} compared are equal, {} rows", thousands(rows)) } else { String::new() };
        return (Verdict::Unproven, format!("{done} of {total} chunks done{equal}"));
    }
    if let Some(reason) = facts.uncompared.first() {
        return (Verdict::Unproven, format!("{total} chunks done; contents were not all compared: {reason}"));
    }
    match facts.proof {
        Proof::PerChunk if compared == total => (Verdict::Exact, format!("{} rows, each exactly once", thousands(rows))),
        Proof::WholeTarget if compared == 1 => (Verdict::Exact, whole(facts, rows)),
        Proof::PerChunk => (Verdict::Unproven, format!("{total} chunks done; {compared} compared")),
        Proof::WholeTarget if facts.target_held_rows => {
            (Verdict::Unproven, format!("{total} chunks done; the target held rows before, and they cannot be told from those written"))
        }
        Proof::WholeTarget => (Verdict::Unproven, format!("{total} chunks done; the target was not compared")),
        Proof::Unprovable { reason } => (Verdict::Unproven, format!("{total} chunks done; contents cannot be compared: {reason}")),
    }
}

fn whole(facts: &Facts<'_>, rows: u64) -> String {
    format!("{} rows in {}, equal to what the plan writes, each exactly once", thousands(rows), facts.job.target)
}

#[cfg(test)]
mod tests {
    use executor_api::job::{Counts, JobState, Order, Progress};
    use executor_api::receipt::Fingerprint;
    use executor_api::task::Task;
    use planner_core::digest::{ChunkId, Digest, PlanId};
    use planner_core::sql::identifier::TableName;

    use super::*;

    fn job() -> Job {
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

    fn task(n: u64, state: TaskState) -> TaskRecord {
        TaskRecord {
            task: Task {
                n,
                chunk_id: ChunkId::parse(&format!("{n:016x}")).unwrap(),
                label: format!("chunk {n}"),
                parent: None,
                split_into: Vec::new(),
                state,
                attempts: 1,
                rows_estimated: 10,
                bytes_estimated: 100,
                rows: 10,
                bytes: 100,
                started_at: None,
                duration_ms: 0,
                retry_at: None,
                message: None,
                verified: None,
            },
            asserted: Vec::new(),
            attempt: 1,
            clear_until: None,
            evidence: Some("answer".into()),
            failures: 0,
            generation: 0,
            half: None,
            may_have_left: false,
            retried: false,
            rows_read: 10,
            unresolved: false,
        }
    }

    fn pair(n: u64, source: u64, target: u64) -> Comparison {
        let print = |rows: u64| Fingerprint { rows, sum: rows.to_string(), xor: "0".into() };
        crate::verify::compare(&format!("chunk {n}"), Some(n), print(source), print(target), None)
    }

    fn check(states: &[TaskState], pairs: Vec<Comparison>, proof: &Proof, verdict: Verdict, statement: &str) {
        let tasks: Vec<TaskRecord> = states.iter().zip(0..).map(|(state, n)| task(n, *state)).collect();
        let facts = Facts {
            blocks: &BTreeMap::new(),
            job: &job(),
            tasks: &tasks,
            comparisons: pairs,
            attempts: Vec::new(),
            proof,
            target_held_rows: false,
            uncompared: &[],
        };
        let receipt = make(facts, UnixMillis(5));
        assert_eq!((receipt.verdict, receipt.statement.as_str()), (verdict, statement));
        let bare = Receipt { digest: None, ..receipt.clone() };
        assert_eq!(receipt.digest, Some(digest::of_document("penstock-receipt", &bare)));
        assert!(planner_core::canonical::is_canonical(&planner_core::canonical::to_string(&receipt)));
    }

    #[test]
    fn verdicts() {
        use TaskState::{Done, Failed};
        let all = &Proof::PerChunk;
        check(
            &[Done, Done],
            vec![pair(0, 10_000_000, 10_000_000), pair(1, 10_000_000, 10_000_000)],
            all,
            Verdict::Exact,
            "20,000,000 rows, each exactly once",
        );
        check(
            &[Done, Done],
            vec![pair(0, 1, 1), pair(1, 2, 1)],
            all,
            Verdict::Different,
            "1 of 2 comparisons differ; first chunk 1: 2 rows in the source, 1 in the target",
        );
        check(&[Done, Failed], vec![pair(0, 1, 1)], all, Verdict::Unproven, "1 of 2 chunks done; the 1 compared are equal, 1 rows");
        check(&[Done, Done], vec![pair(0, 1, 1)], all, Verdict::Unproven, "2 chunks done; 1 compared");
        check(&[Done], vec![], &Proof::WholeTarget, Verdict::Unproven, "1 chunks done; the target was not compared");
        let folded = Proof::Unprovable { reason: "it folds".into() };
        check(&[Done], vec![], &folded, Verdict::Unproven, "1 chunks done; contents cannot be compared: it folds");
    }
}
