//! The comparison of contents at a job's end, and what the part log says about each block.

use std::collections::BTreeMap;

use executor_api::receipt::{Comparison, Fingerprint};
use futures_util::StreamExt as _;
use futures_util::stream;
use planner_core::sql::checks::Proof;
use tokio::sync::mpsc::UnboundedSender;

use super::passes;
use super::step::{Site, Step};
use crate::clickhouse::queries::NewParts;
use crate::verify;

/// Most query ids in one question to the part log.
const IDS_A_QUESTION: usize = 500;

/// A report of the comparison.
#[derive(Debug)]
pub(super) enum Compared {
    /// Tasks whose inserts were one part a partition.
    OneBlock(Vec<u64>),
    /// The task's insert was not one part a partition.
    NotOneBlock { n: u64, message: String },
    /// A chunk, or the whole target.
    Pair(Box<Comparison>),
    /// Something could not be read.
    Failed { message: String },
    /// All there is.
    Finished,
}

/// What is to be compared.
pub(super) struct Comparing {
    pub(super) site: Site,
    /// Done tasks that were not compared yet, with their labels.
    pub(super) chunks: Vec<(u64, String)>,
    /// What spans held before the job.
    pub(super) before: BTreeMap<u64, Fingerprint>,
    /// Whether the whole target is to be compared with the whole source.
    pub(super) whole: bool,
    /// Query ids of the attempts that wrote, with their tasks.
    pub(super) written: Vec<(u64, String)>,
    /// When the first of them was sent, in milliseconds.
    pub(super) since: i64,
    pub(super) lanes: usize,
}

impl Comparing {
    /// Compares, and reports. Another table under the target's name proves nothing, whenever it got there.
    pub(super) async fn run(self, to: UnboundedSender<Step>) {
        let report = |compared: Compared| {
            // Nobody listens when the job was stopped meanwhile.
            let _ = to.send(Step::Compared(compared));
        };
        self.blocks(&report).await;
        let site = self.site.clone();
        let mut stands = site.still_stands().await;
        if stands.is_ok() {
            self.contents(&report).await;
            stands = site.still_stands().await;
        }
        if let Err(message) = stands {
            report(Compared::Failed { message });
        }
        report(Compared::Finished);
    }

    /// Chunk by chunk with the job's lanes, or the whole.
    async fn contents(self, report: &impl Fn(Compared)) {
        match &self.site.proof {
            Proof::PerChunk => {
                let passes = passes::of(&self.site, self.chunks).await.into_iter().map(|chunks| {
                    let site = self.site.clone();
                    async move {
                        let numbers: Vec<u64> = chunks.iter().map(|(n, _)| *n).collect();
                        (site.chunks(&numbers).await, chunks)
                    }
                });
                let mut passes = stream::iter(passes).buffer_unordered(self.lanes.max(1));
                while let Some((pairs, chunks)) = passes.next().await {
                    let pairs = match pairs {
                        Ok(pairs) => pairs,
                        Err(failure) => {
                            let labels = chunks.into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(", ");
                            report(Compared::Failed { message: format!("chunk {labels} cannot be compared: {failure}") });
                            continue;
                        }
                    };
                    for ((n, label), (source, target)) in chunks.into_iter().zip(pairs) {
                        let before = self.before.get(&n).cloned();
                        report(Compared::Pair(Box::new(verify::compare(&label, Some(n), source, target, before))));
                    }
                }
            }
            Proof::WholeTarget if self.whole => match self.site.whole().await {
                Ok((source, target)) => {
                    let scope = self.site.plan.core.target.name.to_string();
                    report(Compared::Pair(Box::new(verify::compare(&scope, None, source, target, None))));
                }
                Err(failure) => report(Compared::Failed { message: format!("the target cannot be compared: {failure}") }),
            },
            Proof::WholeTarget | Proof::Unprovable { .. } => {}
        }
    }

    /// Exactly one new part per query and partition, or the chunk was not one block (clickhouse.md section 1).
    async fn blocks(&self, report: &impl Fn(Compared)) {
        if self.written.is_empty() {
            return;
        }
        let health = &self.site.health;
        let client = health.client();
        if let Err(failure) = health.ask(|| client.flush_logs()).await {
            tracing::debug!(%failure, "logs cannot be flushed; the last chunks' parts may not be listed");
        }
        let tasks: BTreeMap<&str, u64> = self.written.iter().map(|(n, id)| (id.as_str(), *n)).collect();
        for batch in self.written.chunks(IDS_A_QUESTION) {
            let ask = || client.new_parts(batch.iter().map(|(_, id)| id.as_str()), self.since, self.since, &self.site.plan.core.target);
            let rows = match health.ask(ask).await {
                Ok(rows) => rows,
                Err(failure) => {
                    tracing::debug!(%failure, "part_log cannot be read; blocks are not counted");
                    return;
                }
            };
            let whole = whole_blocks(&rows, &tasks);
            report(Compared::OneBlock(whole));
            for row in rows {
                let Some(n) = tasks.get(row.query_id.as_str()).copied() else { continue };
                if row.parts > 1 {
                    let message = format!(
                        "not retry-safe: {} parts in partition {} instead of one block; its token is not trusted, a repeat looks at contents",
                        row.parts, row.partition_id
                    );
                    report(Compared::NotOneBlock { n, message });
                } else if row.parts == 0 && row.dropped > 0 {
                    let message = format!("the server dropped the block in partition {} as one that it had seen", row.partition_id);
                    report(Compared::NotOneBlock { n, message });
                }
            }
        }
    }
}

/// Tasks of which each partition has just one new part.
fn whole_blocks(rows: &[NewParts], tasks: &BTreeMap<&str, u64>) -> Vec<u64> {
    let mut whole: BTreeMap<u64, bool> = BTreeMap::new();
    for row in rows {
        if let Some(n) = tasks.get(row.query_id.as_str()) {
            *whole.entry(*n).or_insert(true) &= row.parts == 1;
        }
    }
    whole.into_iter().filter(|(_, whole)| *whole).map(|(n, _)| n).collect()
}
