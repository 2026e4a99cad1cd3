//! How many chunks one pass over the target compares.
//!
//! Where the target's keys tell a chunk's rows, each chunk is looked up by itself. Where they do not, each look reads the
//! whole target, and a plan of a thousand chunks would read it a thousand times: then many chunks share a pass.

use planner_core::plan::PlanCore;
use planner_core::sql::checks;
use serde::Deserialize;

use super::step::Site;
use crate::clickhouse::client::{Failure, Query, lenient};

/// Most chunks of a pass: each costs every row that is read a comparison.
const MOST_CHUNKS: u64 = 64;
/// Most bytes of a pass's conditions, which stand in its statement twice; the server's default for a statement is 262,144.
const MOST_BYTES: usize = 100_000;
/// Chunks whose reads are estimated, for all.
const SAMPLES: usize = 3;

/// The chunks in passes, as few as pay.
pub(super) async fn of(site: &Site, chunks: Vec<(u64, String)>) -> Vec<Vec<(u64, String)>> {
    let numbers: Vec<usize> = chunks.iter().filter_map(|(n, _)| usize::try_from(*n).ok()).collect();
    let each = match estimate(site, &numbers).await {
        Ok((sampled, all)) => chunks_a_pass(sampled, all, numbers.len() as u64),
        Err(failure) => {
            tracing::debug!(%failure, "reads cannot be estimated; chunks are compared one by one");
            1
        }
    };
    divide(&site.plan.core, chunks, each)
}

/// Rows that some chunks read together, scaled to all chunks; and rows of one pass over everything.
async fn estimate(site: &Site, chunks: &[usize]) -> Result<(u64, u64), Failure> {
    let samples: Vec<usize> = (0..SAMPLES.min(chunks.len())).filter_map(|at| chunks.get(at * chunks.len() / SAMPLES)).copied().collect();
    let mut read = 0_u64;
    for i in &samples {
        read = read.saturating_add(reads(site, Some(*i)).await?);
    }
    let scaled = u128::from(read) * chunks.len() as u128 / (samples.len() as u128).max(1);
    Ok((u64::try_from(scaled).unwrap_or(u64::MAX), reads(site, None).await?))
}

async fn reads(site: &Site, i: Option<usize>) -> Result<u64, Failure> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(deserialize_with = "lenient")]
        rows: u64,
    }
    let sql = checks::target_reads(&site.plan.core, i);
    let rows: Vec<Row> = site.health.ask(|| site.health.client().rows(Query::new(&sql))).await?;
    Ok(rows.first().map_or(0, |row| row.rows))
}

/// Chunks of a pass, from what they read one by one and what one pass reads.
fn chunks_a_pass(one_by_one: u64, one_pass: u64, chunks: u64) -> u64 {
    let passes = one_by_one.div_ceil(one_pass.max(1));
    // Twice a pass is what neighbours read that share granules.
    if passes <= 2 { 1 } else { passes.min(chunks).clamp(1, MOST_CHUNKS) }
}

fn divide(core: &PlanCore, chunks: Vec<(u64, String)>, each: u64) -> Vec<Vec<(u64, String)>> {
    let mut passes: Vec<Vec<(u64, String)>> = Vec::new();
    let mut bytes = 0;
    for chunk in chunks {
        let condition = usize::try_from(chunk.0).ok().and_then(|i| core.target_predicate(i)).map_or(0, |condition| condition.len());
        match passes.last_mut() {
            Some(last) if (last.len() as u64) < each && bytes + condition <= MOST_BYTES => {
                last.push(chunk);
                bytes += condition;
            }
            _ => {
                passes.push(vec![chunk]);
                bytes = condition;
            }
        }
    }
    passes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_share_a_pass_where_each_would_read_all() {
        for (one_by_one, one_pass, chunks, expected) in [
            (1_000, 1_000, 10, 1),
            (2_000, 1_000, 10, 1),
            (10_000, 1_000, 10, 10),
            (5_000, 1_000, 10, 5),
            (1_000_000, 1_000, 1_000, MOST_CHUNKS),
            (0, 0, 10, 1),
            (u64::MAX, 1, 3, 3),
        ] {
            assert_eq!(chunks_a_pass(one_by_one, one_pass, chunks), expected, "{one_by_one} {one_pass} {chunks}");
        }
    }
}
