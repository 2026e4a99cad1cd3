//! The proof at the end of a job. Its rows are written as they are read, so that one of
//! 100,000 chunks is never in memory as a whole:
//!
//! ```text
//! comparisons ──► Tally ──► verdict ──► Head ──┐
//!      └──────────────────────────────────────┴──► Head::write ──► pieces, in the store
//! tasks · attempts ───────────────────────────┘
//! ```

mod verdict;

use std::collections::BTreeMap;
use std::io;

use executor_api::job::Job;
use executor_api::receipt::{TaskProof, Verdict};
use planner_core::canonical;
use planner_core::digest::{self, Digest, PlanId};
use planner_core::quantity::UnixMillis;
use planner_core::sql::identifier::TableName;
use serde::Serialize;

pub use self::verdict::{Facts, Tally, judge};
use crate::store::TaskRecord;

/// Format of the receipt.
pub const FORMAT: u32 = 1;
/// Keeps its digests apart from those of other documents.
const DOMAIN: &str = "penstock-receipt";

/// All of a receipt but its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// By task, whether its insert was one block, as far as that is known.
    pub blocks: BTreeMap<u64, bool>,
    /// When the job ended.
    pub finished_at: UnixMillis,
    /// The job.
    pub job: String,
    /// Digest of the plan.
    pub plan_digest: Digest,
    /// Id of the plan.
    pub plan_id: PlanId,
    /// Rows that arrived, as compared.
    pub rows: u64,
    /// Where rows were read.
    pub source: TableName,
    /// The verdict as a sentence.
    pub statement: String,
    /// Where rows were written.
    pub target: TableName,
    /// What was found.
    pub verdict: Verdict,
}

/// The whole document: the fields of [`executor_api::receipt::Receipt`], in the same order.
#[derive(Serialize)]
struct Document<'a, C, T> {
    comparisons: &'a C,
    digest: Option<&'a Digest>,
    finished_at: UnixMillis,
    format: u32,
    job: &'a str,
    plan_digest: &'a Digest,
    plan_id: &'a PlanId,
    rows: u64,
    source: &'a TableName,
    statement: &'a str,
    target: &'a TableName,
    tasks: &'a T,
    verdict: Verdict,
}

impl Head {
    /// What was found of a job.
    pub fn new(job: &Job, verdict: Verdict, statement: String, rows: u64, blocks: BTreeMap<u64, bool>, finished_at: UnixMillis) -> Self {
        Self {
            blocks,
            finished_at,
            job: job.id.clone(),
            plan_digest: job.plan_digest.clone(),
            plan_id: job.plan_id.clone(),
            rows,
            source: job.source.clone(),
            statement,
            target: job.target.clone(),
            verdict,
        }
    }

    /// Writes the receipt with its rows, which are gone through twice: its digest is over the document without the digest,
    /// and stands in the middle. `to` makes the writer for the document of a digest.
    pub fn write<C: Serialize, T: Serialize, W: io::Write>(
        &self,
        comparisons: &C,
        tasks: &T,
        to: impl FnOnce(&Digest) -> W,
    ) -> serde_json::Result<()> {
        let digest = digest::try_of_document(DOMAIN, &self.document(comparisons, None, tasks))?;
        canonical::try_write(&self.document(comparisons, Some(&digest), tasks), to(&digest))
    }

    /// One of its tasks.
    pub fn proof(&self, record: TaskRecord, query_ids: Vec<String>) -> TaskProof {
        TaskProof {
            asserted: record.asserted,
            chunk_id: record.task.chunk_id,
            evidence: record.evidence.unwrap_or_default().into_owned(),
            n: record.task.n,
            one_block: self.blocks.get(&record.task.n).copied(),
            query_ids,
            split_into: record.task.split_into,
            state: record.task.state,
        }
    }

    fn document<'a, C, T>(&'a self, comparisons: &'a C, digest: Option<&'a Digest>, tasks: &'a T) -> Document<'a, C, T> {
        Document {
            comparisons,
            digest,
            finished_at: self.finished_at,
            format: FORMAT,
            job: &self.job,
            plan_digest: &self.plan_digest,
            plan_id: &self.plan_id,
            rows: self.rows,
            source: &self.source,
            statement: &self.statement,
            target: &self.target,
            tasks,
            verdict: self.verdict,
        }
    }
}
