//! From a window to spans. One strategy a file: snapshot in, cuts out.

pub(crate) mod calendar_days;
pub(crate) mod partitions;
pub(crate) mod size_budget;
pub(crate) mod time_window;

use crate::limits::MAX_CHUNKS;
use crate::plan::Span;
use crate::quantity::UnixMillis;
use crate::refusal::Refusal;

/// Turns ascending bounds into spans. Without a given window the outer bounds are opened, so that no row is outside.
pub(crate) fn spans(bounds: &[UnixMillis], window_given: bool) -> Vec<Span> {
    let last = bounds.len().saturating_sub(2);
    bounds
        .windows(2)
        .enumerate()
        .filter_map(|(i, pair)| match pair {
            [from, to] => {
                let from = (window_given || i > 0).then_some(*from);
                let to = (window_given || i < last).then_some(*to);
                Some(Span::Time(from, to))
            }
            _ => None,
        })
        .collect()
}

/// Refuses a plan that nobody could read.
pub(crate) fn bounded(chunks: u64, wider: &str) -> Result<(), Refusal> {
    if chunks <= MAX_CHUNKS {
        return Ok(());
    }
    Err(Refusal::new(
        "too-many-chunks",
        format!("the plan would have {chunks} chunks; at most {MAX_CHUNKS} are planned"),
        format!("choose {wider} or a shorter window"),
    ))
}
