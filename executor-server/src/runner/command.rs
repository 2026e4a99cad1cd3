//! What users ask of a job.

use executor_api::job::{Job, RunningChunks};
use tokio::sync::oneshot;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send nothing more for now.
    Pause(RunningChunks),
    /// Go on.
    Resume,
    /// End.
    Cancel(RunningChunks),
    /// Take failed tasks up again: these, or all when empty.
    Retry(Vec<u64>),
    /// Change the lanes.
    Lanes(u16),
    /// Compare contents again.
    Verify,
}

/// Why it was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// There is no such job.
    Missing,
    /// Not in this state.
    NotPossible(String),
    /// The service cannot run the job.
    Broken(String),
}

/// A command with the place for its answer.
pub(super) struct Asked {
    pub(super) command: Command,
    pub(super) answer: oneshot::Sender<Result<Job, CommandError>>,
}
