//! Chunks by size as bars: a twentieth of the budget, or of the average, each.

use planner_wasm::message::Sizes;

use super::format;
use super::strip::rect;

/// Width and height of the chart in its own units.
pub const UNITS: (u64, u64) = (8_200, 100);
/// Bars of one unit.
const STEPS: u64 = 20;

/// The bars as two paths: what is fine, and what is larger than was asked for.
pub fn paths(sizes: &Sizes) -> (String, String) {
    let (mut fine, mut over) = (String::new(), String::new());
    let most = sizes.counts.iter().max().copied().unwrap_or(0).max(1);
    let width = UNITS.0 / (sizes.counts.len() as u64).max(1);
    for (count, at) in sizes.counts.iter().zip(0_u64..).filter(|(count, _)| **count > 0) {
        let height = u64::try_from(u128::from(*count) * u128::from(UNITS.1) / u128::from(most)).unwrap_or(0).max(3);
        // A twentieth more than the budget is taken where it saves a cut.
        rect(if sizes.by_budget && at > STEPS { &mut over } else { &mut fine }, at * width, UNITS.1 - height, width * 5 / 6, height);
    }
    (fine, over)
}

/// Place of the unit itself.
pub fn unit_at(sizes: &Sizes) -> u64 {
    UNITS.0 / (sizes.counts.len() as u64).max(1) * STEPS
}

/// The bar at a place between 0 and the chart's width.
pub fn locate(sizes: &Sizes, x: u64) -> Option<usize> {
    usize::try_from(x * sizes.counts.len() as u64 / UNITS.0).ok().filter(|at| sizes.counts.get(*at).is_some_and(|count| *count > 0))
}

/// `12 chunks of 486 MiB to 512 MiB`.
pub fn bar_words(sizes: &Sizes, at: usize) -> String {
    let bound = |step: usize| format::bytes(u64::try_from(u128::from(sizes.unit) * step as u128 / u128::from(STEPS)).unwrap_or(u64::MAX));
    let count = format::plural(sizes.counts.get(at).copied().unwrap_or(0), "chunk");
    if at + 1 == sizes.counts.len() {
        format!("{count} of more than {}", bound(at))
    } else {
        format!("{count} of {} to {}", bound(at), bound(at + 1))
    }
}

/// Every bar in words: what the picture shows, for those who do not see it.
pub fn words(sizes: &Sizes) -> String {
    let bars: Vec<String> = sizes.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(at, _)| bar_words(sizes, at)).collect();
    format!("Chunks by size: {}", bars.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(filled: &[(usize, u64)]) -> Sizes {
        let mut counts = vec![0; 41];
        for (at, count) in filled {
            counts[*at] = *count;
        }
        Sizes { by_budget: true, counts, unit: 512 << 20 }
    }

    #[test]
    fn words_say_every_bar() {
        let some = sizes(&[(0, 1), (19, 12), (20, 3), (40, 2)]);
        assert_eq!(
            words(&some),
            "Chunks by size: 1 chunk of 0 B to 25.5 MiB, 12 chunks of 486 MiB to 512 MiB, 3 chunks of 512 MiB to 537 MiB, 2 chunks of more than 1 GiB"
        );
    }

    #[test]
    fn what_is_over_the_budget_stands_apart() {
        let some = sizes(&[(19, 4), (20, 4), (21, 1)]);
        let (fine, over) = paths(&some);
        assert_eq!(fine, "M3800 0h166v100h-166zM4000 0h166v100h-166z");
        assert_eq!(over, "M4200 75h166v25h-166z");
        assert_eq!(paths(&Sizes { by_budget: false, ..some.clone() }).1, "");
        assert_eq!(unit_at(&some), 4000);
    }

    #[test]
    fn places_find_their_bar() {
        let some = sizes(&[(0, 1), (40, 2)]);
        assert_eq!([0, 199, 200, 8199].map(|x| locate(&some, x)), [Some(0), Some(0), None, Some(40)]);
    }
}
