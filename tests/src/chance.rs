//! Chance that can be replayed: everything that a test leaves to it follows from one printed seed.

use std::time::{SystemTime, UNIX_EPOCH};

/// A small generator. Equal seeds give equal numbers.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From `PENSTOCK_TEST_SEED`, else from the clock; the seed is printed under the test's name.
    pub fn of_test(test: &str) -> Self {
        let seed = seed();
        eprintln!("{test}: PENSTOCK_TEST_SEED={seed}");
        Self::new(seed)
    }

    /// From a seed.
    pub fn new(seed: u64) -> Self {
        // Seeds that differ by one give numbers that have nothing in common.
        let mixed = (seed ^ (seed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
        Self(mixed | 1)
    }

    /// A number in `0..bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16).checked_rem(bound).unwrap_or(0)
    }

    /// A number in `from..to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from))
    }
}

/// `PENSTOCK_TEST_SEED`, or a seed of the moment.
pub fn seed() -> u64 {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| u64::from(since.subsec_nanos()));
    std::env::var("PENSTOCK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock)
}
