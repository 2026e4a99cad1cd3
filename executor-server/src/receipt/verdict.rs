//! What is found at the end of a job. Pure.

use executor_api::job::Job;
use executor_api::receipt::{Comparison, Verdict};
use executor_api::task::TaskState;
use planner_core::sql::checks::Proof;

use crate::store::TaskRecord;
use crate::verify::{minus, thousands};

/// What a verdict rests on.
pub struct Facts<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its tasks.
    pub tasks: &'a [TaskRecord],
    /// How its comparisons came out.
    pub tally: Tally,
    /// What could be compared at all.
    pub proof: &'a Proof,
    /// Whether the target held rows when the job began.
    pub target_held_rows: bool,
    /// What could not be read.
    pub uncompared: &'a [String],
}

/// How comparisons came out, counted one by one in plan order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    compared: usize,
    different: usize,
    first_different: Option<Comparison>,
    /// Rows that the job added.
    pub rows: u64,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, comparison: Comparison) {
        self.compared += 1;
        self.rows += match &comparison.before {
            None => comparison.target.rows,
            Some(before) => minus(&comparison.target, before).map_or(0, |added| added.rows),
        };
        if !comparison.equal {
            self.different += 1;
            self.first_different.get_or_insert(comparison);
        }
    }
}

/// The verdict, and in words what it rests on.
pub fn judge(facts: &Facts<'_>) -> (Verdict, String) {
    let Tally { compared, different, first_different, rows } = &facts.tally;
    let (compared, different, rows) = (*compared, *different, *rows);
    // What was split is proven by its halves.
    let total = facts.tasks.iter().filter(|record| record.task.split_into.is_empty()).count();
    let done = facts.tasks.iter().filter(|record| record.task.state == TaskState::Done).count();
    if different > 0 {
        let first = first_different.as_ref().map_or_else(String::new, |comparison| {
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
    use executor_api::receipt::Fingerprint;

    use super::*;
    use crate::store::samples::job;

    fn task(n: u64, state: TaskState) -> TaskRecord {
        let mut record = crate::store::samples::task(n);
        record.task.state = state;
        record
    }

    fn pair(n: u64, source: u64, target: u64) -> Comparison {
        let print = |rows: u64| Fingerprint { rows, sum: rows.to_string(), xor: "0".into() };
        crate::verify::compare(&format!("chunk {n}"), Some(n), print(source), print(target), None)
    }

    fn check(states: &[TaskState], pairs: Vec<Comparison>, proof: &Proof, verdict: Verdict, statement: &str) {
        let tasks: Vec<TaskRecord> = states.iter().zip(0..).map(|(state, n)| task(n, *state)).collect();
        let mut tally = Tally::default();
        for pair in pairs {
            tally.add(pair);
        }
        let job = job();
        let facts = Facts { job: &job, tasks: &tasks, tally, proof, target_held_rows: false, uncompared: &[] };
        let found = judge(&facts);
        assert_eq!((found.0, found.1.as_str()), (verdict, statement));
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
