//! How repeats are kept from doubling rows, as it is said on the command line and in the configuration.

use clap::ValueEnum;
use executor_api::job::Dedup;

/// The choice that a target without a memory of blocks needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DedupFlag {
    /// Set the target's deduplication window first, with an ALTER TABLE that the run's log shows.
    SetWindow,
    /// Leave the target as it is; whenever an answer is lost, contents are compared.
    ContentOnly,
}

impl From<DedupFlag> for Dedup {
    fn from(flag: DedupFlag) -> Self {
        match flag {
            DedupFlag::SetWindow => Self::SetWindow,
            DedupFlag::ContentOnly => Self::ContentOnly,
        }
    }
}
