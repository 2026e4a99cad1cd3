//! How long a plan takes, from how quickly chunks of its kind ran before. A range: machines are not alone.

use serde::{Deserialize, Serialize};

/// How quickly one lane carried bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Bytes a second of a lane that three of four chunks did not exceed.
    pub fast: u64,
    /// Lanes that ran together when it was measured.
    pub lanes: u16,
    /// Bytes a second of a lane that three of four chunks reached.
    pub slow: u64,
}

/// Seconds that so many bytes take: at the quickest, and at the slowest.
pub fn seconds(bytes: u64, pace: Pace, lanes: u16) -> (u64, u64) {
    let at = |bytes_per_second: u64, lanes: u16| {
        let together = u128::from(bytes_per_second.max(1)) * u128::from(lanes.max(1));
        u64::try_from(u128::from(bytes).div_ceil(together)).unwrap_or(u64::MAX)
    };
    // More lanes than were measured share what the server can do: at the slowest they gain nothing.
    (at(pace.fast, lanes), at(pace.slow, lanes.min(pace.lanes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_lanes_help_at_most() {
        let pace = Pace { fast: 200, lanes: 2, slow: 100 };
        assert_eq!(seconds(10_000, pace, 1), (50, 100));
        assert_eq!(seconds(10_000, pace, 2), (25, 50));
        assert_eq!(seconds(10_000, pace, 8), (7, 50));
        assert_eq!(seconds(1, Pace { fast: 0, lanes: 0, slow: 0 }, 0), (1, 1));
    }
}
