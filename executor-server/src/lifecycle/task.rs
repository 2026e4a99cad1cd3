//! The life of a task.
//!
//! ```text
//!  waiting ──Sent──► running ──Written──► done
//!     ▲                │ │ └─NotSent──► waiting          unknown ──ProvenWritten──► done
//!     │                │ └─AnswerLost──► unknown ────────────┤ └───ProvenAbsent──► retrying ──Sent──► running
//!  Retry (failed)      └─Rejected──► failed                  ├─Unprovable──► failed
//!                                                            └─Split──► skipped, and its halves ──► waiting
//! ```

use executor_api::task::TaskState;

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// An attempt was stored and is being sent.
    Sent,
    /// The server answered that the INSERT is finished.
    Written,
    /// The request provably never left this process.
    NotSent,
    /// The server refused the statement before it ran; repeating it would not help.
    Rejected,
    /// The answer was lost, or does not tell whether anything was written.
    AnswerLost,
    /// Evidence: the rows are in the target.
    ProvenWritten,
    /// Evidence: nothing of this attempt is in the target; it may be sent again.
    ProvenAbsent,
    /// Evidence: nothing of this attempt is in the target, and it will not be sent again.
    GivenUp,
    /// Evidence: nothing of this attempt is in the target, and its halves are sent instead.
    Split,
    /// No evidence can be had.
    Unprovable,
    /// The target already holds just these rows.
    AlreadyThere,
    /// Found impossible before anything was sent.
    Refused,
    /// The user asks for another try.
    RetryAsked,
    /// Not needed.
    Skip,
    /// The job was cancelled.
    Cancel,
}

impl TaskEvent {
    /// Every event.
    pub const ALL: [Self; 15] = [
        Self::Sent,
        Self::Written,
        Self::NotSent,
        Self::Rejected,
        Self::AnswerLost,
        Self::ProvenWritten,
        Self::ProvenAbsent,
        Self::GivenUp,
        Self::Split,
        Self::Unprovable,
        Self::AlreadyThere,
        Self::Refused,
        Self::RetryAsked,
        Self::Skip,
        Self::Cancel,
    ];
}

/// The state after `event`; `None` where it cannot happen.
pub fn next(state: TaskState, event: TaskEvent) -> Option<TaskState> {
    use TaskEvent as E;
    use TaskState as S;
    match (state, event) {
        (S::Waiting | S::Retrying, E::Sent) => Some(S::Running),
        (S::Waiting | S::Retrying, E::AlreadyThere) | (S::Running, E::Written) | (S::Unknown, E::ProvenWritten) => Some(S::Done),
        (S::Waiting | S::Retrying, E::Refused) | (S::Running, E::Rejected) | (S::Unknown, E::Unprovable | E::GivenUp) => Some(S::Failed),
        (S::Waiting | S::Retrying, E::Cancel) => Some(S::Cancelled),
        (S::Waiting, E::Skip) | (S::Unknown, E::Split) => Some(S::Skipped),
        (S::Running, E::NotSent) | (S::Failed, E::RetryAsked) => Some(S::Waiting),
        (S::Running, E::AnswerLost) => Some(S::Unknown),
        (S::Unknown, E::ProvenAbsent) => Some(S::Retrying),

        (
            S::Waiting,
            E::Written
            | E::NotSent
            | E::Rejected
            | E::AnswerLost
            | E::ProvenWritten
            | E::ProvenAbsent
            | E::GivenUp
            | E::Split
            | E::Unprovable
            | E::RetryAsked,
        )
        | (
            S::Retrying,
            E::Written
            | E::NotSent
            | E::Rejected
            | E::AnswerLost
            | E::ProvenWritten
            | E::ProvenAbsent
            | E::GivenUp
            | E::Split
            | E::Unprovable
            | E::RetryAsked
            | E::Skip,
        )
        | (
            S::Running,
            E::Sent
            | E::ProvenWritten
            | E::ProvenAbsent
            | E::GivenUp
            | E::Split
            | E::Unprovable
            | E::AlreadyThere
            | E::Refused
            | E::RetryAsked
            | E::Skip
            | E::Cancel,
        )
        | (
            S::Unknown,
            E::Sent
            | E::Written
            | E::NotSent
            | E::Rejected
            | E::AnswerLost
            | E::AlreadyThere
            | E::Refused
            | E::RetryAsked
            | E::Skip
            | E::Cancel,
        )
        | (
            S::Failed,
            E::Sent
            | E::Written
            | E::NotSent
            | E::Rejected
            | E::AnswerLost
            | E::ProvenWritten
            | E::ProvenAbsent
            | E::GivenUp
            | E::Split
            | E::Unprovable
            | E::AlreadyThere
            | E::Refused
            | E::Skip
            | E::Cancel,
        )
        | (
            S::Done | S::Skipped | S::Cancelled,
            E::Sent
            | E::Written
            | E::NotSent
            | E::Rejected
            | E::AnswerLost
            | E::ProvenWritten
            | E::ProvenAbsent
            | E::GivenUp
            | E::Split
            | E::Unprovable
            | E::AlreadyThere
            | E::Refused
            | E::RetryAsked
            | E::Skip
            | E::Cancel,
        ) => None,
    }
}

/// Whether nothing more happens to a task by itself.
pub fn ended(state: TaskState) -> bool {
    match state {
        TaskState::Done | TaskState::Failed | TaskState::Skipped | TaskState::Cancelled => true,
        TaskState::Waiting | TaskState::Running | TaskState::Retrying | TaskState::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid() {
        insta::assert_snapshot!(super::super::job::tests::grid(&TaskState::ALL, &TaskEvent::ALL, TaskState::name, next));
    }

    #[test]
    fn done_is_final() {
        for event in TaskEvent::ALL {
            assert_eq!(next(TaskState::Done, event), None, "{event:?}");
        }
    }
}
