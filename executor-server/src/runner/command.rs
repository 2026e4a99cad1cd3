//! What users ask of a job.

use executor_api::job::{Job, RunningChunks};
use tokio::sync::oneshot;

use super::engine::SubmitError;

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
    /// Another job or run writes the same rows.
    Busy(String),
    /// Another job has written the same rows since.
    Overtaken(String),
    /// The service cannot run the job.
    Broken(String),
}

impl From<SubmitError> for CommandError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Busy(words) => Self::Busy(words),
            SubmitError::Runs(error) => Self::Broken(format!("{error}. {}", error.hint())),
            SubmitError::Store(error) => Self::Broken(error.to_string()),
            other => Self::Broken(format!("{other:?}")),
        }
    }
}

/// A command with the place for its answer.
pub(super) struct Asked {
    pub(super) command: Command,
    pub(super) answer: oneshot::Sender<Result<Job, CommandError>>,
}
