//! The life of a job.

use executor_api::job::JobState;

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// The runner takes it up.
    Begin,
    /// Pause was asked.
    PauseAsked,
    /// Resume was asked.
    ResumeAsked,
    /// Cancel was asked; chunks that run go to their end.
    CancelAsked,
    /// Cancel was asked; chunks that run are killed.
    KillAsked,
    /// No chunk is on the server and no outcome is open any more.
    Settled,
    /// Every task has ended.
    AllEnded,
    /// Everything is done; contents are equal, or cannot be compared.
    Proven,
    /// Everything is done; contents differ.
    Differs,
    /// Some tasks are done, some failed; those done are equal.
    SomeFailed,
    /// No task is done.
    NoneDone,
    /// The user asks for another try of failed tasks.
    RetryAsked,
    /// The user asks for another comparison.
    VerifyAsked,
}

impl JobEvent {
    /// Every event.
    pub const ALL: [Self; 13] = [
        Self::Begin,
        Self::PauseAsked,
        Self::ResumeAsked,
        Self::CancelAsked,
        Self::KillAsked,
        Self::Settled,
        Self::AllEnded,
        Self::Proven,
        Self::Differs,
        Self::SomeFailed,
        Self::NoneDone,
        Self::RetryAsked,
        Self::VerifyAsked,
    ];
}

/// The state after `event`; `None` where it cannot happen. Cancel wins over pause, and killing over draining.
pub fn next(state: JobState, event: JobEvent) -> Option<JobState> {
    use JobEvent as E;
    use JobState as S;
    match (state, event) {
        (S::Queued, E::Begin) | (S::Pausing | S::Paused, E::ResumeAsked) | (S::Partial | S::Failed, E::RetryAsked) => Some(S::Running),
        (S::Queued | S::Running | S::Pausing, E::PauseAsked) => Some(S::Pausing),
        (S::Pausing, E::Settled) | (S::Paused, E::PauseAsked) => Some(S::Paused),
        (S::Queued | S::Running | S::Pausing | S::Paused | S::Verifying | S::Draining, E::CancelAsked) => Some(S::Draining),
        (S::Queued | S::Running | S::Pausing | S::Paused | S::Verifying | S::Draining | S::Cancelling, E::KillAsked)
        | (S::Cancelling, E::CancelAsked) => Some(S::Cancelling),
        (S::Draining | S::Cancelling, E::Settled) => Some(S::Cancelled),
        (S::Running, E::AllEnded) | (S::Completed | S::Partial | S::Failed, E::VerifyAsked) => Some(S::Verifying),
        (S::Verifying, E::Proven) => Some(S::Completed),
        (S::Verifying, E::SomeFailed) => Some(S::Partial),
        (S::Verifying, E::Differs | E::NoneDone) => Some(S::Failed),

        (
            S::Queued,
            E::ResumeAsked
            | E::Settled
            | E::AllEnded
            | E::Proven
            | E::Differs
            | E::SomeFailed
            | E::NoneDone
            | E::RetryAsked
            | E::VerifyAsked,
        )
        | (
            S::Running,
            E::Begin | E::ResumeAsked | E::Settled | E::Proven | E::Differs | E::SomeFailed | E::NoneDone | E::RetryAsked | E::VerifyAsked,
        )
        | (S::Pausing, E::Begin | E::AllEnded | E::Proven | E::Differs | E::SomeFailed | E::NoneDone | E::RetryAsked | E::VerifyAsked)
        | (
            S::Paused,
            E::Begin | E::Settled | E::AllEnded | E::Proven | E::Differs | E::SomeFailed | E::NoneDone | E::RetryAsked | E::VerifyAsked,
        )
        | (
            S::Draining | S::Cancelling,
            E::Begin
            | E::PauseAsked
            | E::ResumeAsked
            | E::AllEnded
            | E::Proven
            | E::Differs
            | E::SomeFailed
            | E::NoneDone
            | E::RetryAsked
            | E::VerifyAsked,
        )
        | (S::Verifying, E::Begin | E::PauseAsked | E::ResumeAsked | E::Settled | E::AllEnded | E::RetryAsked | E::VerifyAsked)
        | (
            S::Partial | S::Failed,
            E::Begin
            | E::PauseAsked
            | E::ResumeAsked
            | E::CancelAsked
            | E::KillAsked
            | E::Settled
            | E::AllEnded
            | E::Proven
            | E::Differs
            | E::SomeFailed
            | E::NoneDone,
        )
        | (
            S::Completed,
            E::Begin
            | E::PauseAsked
            | E::ResumeAsked
            | E::CancelAsked
            | E::KillAsked
            | E::Settled
            | E::AllEnded
            | E::Proven
            | E::Differs
            | E::SomeFailed
            | E::NoneDone
            | E::RetryAsked,
        )
        | (
            S::Cancelled,
            E::Begin
            | E::PauseAsked
            | E::ResumeAsked
            | E::CancelAsked
            | E::KillAsked
            | E::Settled
            | E::AllEnded
            | E::Proven
            | E::Differs
            | E::SomeFailed
            | E::NoneDone
            | E::RetryAsked
            | E::VerifyAsked,
        ) => None,
    }
}

/// Whether chunks may be sent in this state.
pub fn sends(state: JobState) -> bool {
    match state {
        JobState::Running => true,
        JobState::Queued
        | JobState::Pausing
        | JobState::Paused
        | JobState::Draining
        | JobState::Cancelling
        | JobState::Cancelled
        | JobState::Verifying
        | JobState::Completed
        | JobState::Partial
        | JobState::Failed => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fmt::{Debug, Write as _};

    use super::*;

    /// Rows are states, columns are events; `·` where an event cannot happen.
    pub(in crate::lifecycle) fn grid<S: Copy, E: Copy + Debug>(
        states: &[S],
        events: &[E],
        name: fn(S) -> &'static str,
        next: fn(S, E) -> Option<S>,
    ) -> String {
        let mut text = format!("{:<12}", "");
        for event in events {
            write!(text, " {:<13}", format!("{event:?}")).unwrap();
        }
        for state in states {
            write!(text, "\n{:<12}", name(*state)).unwrap();
            for event in events {
                write!(text, " {:<13}", next(*state, *event).map_or("·", name)).unwrap();
            }
        }
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_grid() {
        insta::assert_snapshot!(grid(&JobState::ALL, &JobEvent::ALL, JobState::name, next));
    }

    #[test]
    fn cancel_wins_over_pause() {
        for state in [JobState::Draining, JobState::Cancelling] {
            assert_eq!(next(state, JobEvent::PauseAsked), None);
            assert_eq!(next(state, JobEvent::ResumeAsked), None);
        }
        assert_eq!(next(JobState::Pausing, JobEvent::CancelAsked), Some(JobState::Draining));
        assert_eq!(next(JobState::Paused, JobEvent::KillAsked), Some(JobState::Cancelling));
    }
}
