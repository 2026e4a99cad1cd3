//! What a plan's pace can be measured with, before it runs: a few small pieces of its own chunks.

use crate::pace::Pace;
use crate::plan::{Estimate, Plan};
use crate::snapshot::Snapshot;
use crate::split;
use crate::sql::calibration::{self, Statements};

/// Bytes that one trial carries at most, where its chunk can be cut that small.
const TRIAL_BYTES: u64 = 32 << 20;
/// Halvings of one chunk.
const MOST_HALVINGS: usize = 16;
/// Trials.
const TRIALS: usize = 3;

/// One piece to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What is sent.
    pub statements: Statements,
    /// Its estimated size.
    pub estimate: Estimate,
}

/// Pieces from the first, the middle and the last third of a plan.
pub fn trials(plan: &Plan, snapshot: &Snapshot) -> Vec<Trial> {
    let chunks = plan.len();
    let places: Vec<usize> = (0..TRIALS).map(|n| chunks * (2 * n + 1) / (2 * TRIALS)).collect();
    let mut places: Vec<usize> = places.into_iter().filter(|i| *i < chunks).collect();
    places.dedup();
    places.into_iter().filter_map(|i| trial(plan.clone(), snapshot, i)).collect()
}

fn trial(mut plan: Plan, snapshot: &Snapshot, mut i: usize) -> Option<Trial> {
    for _ in 0..MOST_HALVINGS {
        if plan.estimates.get(i)?.bytes <= TRIAL_BYTES {
            break;
        }
        let Ok([half, _]) = split::halves(&plan, snapshot, i) else { break };
        i = plan.len();
        plan = plan.with_halves([half]);
    }
    Some(Trial { estimate: *plan.estimates.get(i)?, statements: calibration::of(&plan.core, i, &snapshot.target)? })
}

/// The pace of trials that ran one by one: each its bytes, and the milliseconds it took. `None` without a trial of any size.
pub fn pace(trials: &[(u64, u64)]) -> Option<Pace> {
    let rate = |(bytes, ms): &(u64, u64)| bytes.saturating_mul(1000) / (*ms).max(1);
    let rates: Vec<u64> = trials.iter().filter(|trial| trial.0 > 0).map(rate).collect();
    let (slow, fast) = (rates.iter().min()?, rates.iter().max()?);
    // Small pieces say little: a third is left on both sides.
    Some(Pace { fast: fast + fast / 3, lanes: 1, slow: (slow - slow / 3).max(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_that_carried_nothing_tell_nothing() {
        assert_eq!(pace(&[(0, 10)]), None);
        assert_eq!(pace(&[(300, 1000), (0, 1), (900, 1000)]), Some(Pace { fast: 1200, lanes: 1, slow: 200 }));
    }
}
