//! Whether and when a failed attempt is repeated. Pure: chance comes in as a number.

use std::time::Duration;

use crate::clickhouse::classify::Class;

/// How often and how patiently attempts are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Repeats per task after the first failure; default 3.
    pub max_retries: u32,
    /// Pause before the first repeat; doubles with each.
    pub first_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_retries: 3, first_pause: Duration::from_secs(1), longest_pause: Duration::from_mins(1) }
    }
}

/// Most lost answers of one task in a row.
const MOST_LOST: u32 = 30;

/// How often a chunk that is too big is repeated before it is split.
const BEFORE_SPLITTING: u32 = 2;

/// Whether a chunk can be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splitting {
    /// It is as narrow as may be, or its rows cannot be divided.
    Impossible,
    /// It can.
    Possible,
    /// It can, and it is a half already: the server was given its time.
    AtOnce,
}

/// What to do about a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it again after this pause.
    Again(Duration),
    /// Its chunk is too big: send its halves.
    Split,
    /// The task has failed.
    GiveUp,
}

/// Decides after `failures` failed attempts (at least 1), the last of `class`. `jitter` in 0..=1000 spreads the
/// pause between half and one and a half times its length.
///
/// A lost answer says nothing about the statement, so it is repeated far more often; but a chunk that takes the server
/// down each time must end some day.
///
/// A chunk that is too big may find the server less busy a little later; after that it is split, and a half of it at once.
pub fn decide(failures: u32, class: Class, policy: Policy, splitting: Splitting, jitter: u16) -> Decision {
    match class {
        Class::Fatal | Class::NotAllowed => Decision::GiveUp,
        Class::Lost | Class::StillRunning => within(policy.max_retries.max(MOST_LOST), failures, policy, jitter),
        Class::TooBig => match splitting {
            Splitting::Impossible => within(policy.max_retries, failures, policy, jitter),
            Splitting::Possible if failures <= policy.max_retries.min(BEFORE_SPLITTING) => Decision::Again(pause(failures, policy, jitter)),
            Splitting::Possible | Splitting::AtOnce => Decision::Split,
        },
        Class::Busy | Class::Unclear => within(policy.max_retries, failures, policy, jitter),
    }
}

fn within(most: u32, failures: u32, policy: Policy, jitter: u16) -> Decision {
    if failures > most { Decision::GiveUp } else { Decision::Again(pause(failures, policy, jitter)) }
}

fn pause(failures: u32, policy: Policy, jitter: u16) -> Duration {
    let doubled = policy.first_pause.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(policy.longest_pause) * (500 + u32::from(jitter.min(1000))) / 1000
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn the_grid() {
        let mut text = format!("{:<13}", "failures");
        for failures in [1, 2, 3, 4, 10, 31] {
            write!(text, " {failures:<10}").unwrap();
        }
        for class in Class::ALL {
            write!(text, "\n{:<13}", format!("{class:?}")).unwrap();
            for failures in [1, 2, 3, 4, 10, 31] {
                let cell = match decide(failures, class, Policy::default(), Splitting::Possible, 500) {
                    Decision::Again(pause) => format!("{pause:?}"),
                    Decision::Split => "split".into(),
                    Decision::GiveUp => "give up".into(),
                };
                write!(text, " {cell:<10}").unwrap();
            }
        }
        insta::assert_snapshot!(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn a_half_is_split_at_once_and_what_cannot_be_split_is_repeated() {
        let with = |failures, splitting| decide(failures, Class::TooBig, Policy::default(), splitting, 500);
        assert_eq!(with(1, Splitting::AtOnce), Decision::Split);
        assert_eq!(with(3, Splitting::Impossible), Decision::Again(Duration::from_secs(4)));
        assert_eq!(with(4, Splitting::Impossible), Decision::GiveUp);
    }

    #[test]
    fn jitter_spreads_around_the_pause() {
        let with = |jitter| decide(2, Class::Busy, Policy::default(), Splitting::Impossible, jitter);
        assert_eq!(with(0), Decision::Again(Duration::from_secs(1)));
        assert_eq!(with(1000), Decision::Again(Duration::from_secs(3)));
        assert_eq!(with(u16::MAX), with(1000));
    }
}
