//! States in words, icons and tones, and what can be done in each.

use executor_api::job::{Counts, Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{Outcome, TaskState};

/// The colour family of a state. Never the only sign: an icon and a word stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Nothing happens.
    Idle,
    /// Something runs.
    Active,
    /// It is well.
    Good,
    /// It needs a look.
    Warn,
    /// It failed.
    Bad,
    /// Nobody knows yet.
    Odd,
}

impl Tone {
    /// Every tone.
    pub const ALL: [Self; 6] = [Self::Idle, Self::Active, Self::Good, Self::Warn, Self::Bad, Self::Odd];

    /// The class in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Active => "active",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Odd => "odd",
        }
    }
}

/// A state as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Name on the wire; for tests and filters.
    pub name: &'static str,
    /// One character.
    pub icon: &'static str,
    /// Colour family.
    pub tone: Tone,
}

/// Sign of a job's state.
pub fn job(state: JobState) -> Sign {
    let (icon, tone) = match state {
        JobState::Queued => ("◌", Tone::Idle),
        JobState::Running => ("●", Tone::Active),
        JobState::Pausing | JobState::Paused => ("‖", Tone::Warn),
        JobState::Draining | JobState::Cancelling => ("◑", Tone::Warn),
        JobState::Cancelled => ("⊘", Tone::Idle),
        JobState::Verifying => ("◎", Tone::Active),
        JobState::Completed => ("✓", Tone::Good),
        JobState::Partial => ("!", Tone::Bad),
        JobState::Failed => ("✕", Tone::Bad),
    };
    Sign { name: state.name(), icon, tone }
}

/// Sign of a task's state.
pub fn task(state: TaskState) -> Sign {
    let (icon, tone) = match state {
        TaskState::Waiting => ("◌", Tone::Idle),
        TaskState::Running => ("●", Tone::Active),
        TaskState::Retrying => ("↻", Tone::Warn),
        TaskState::Unknown => ("?", Tone::Odd),
        TaskState::Done => ("✓", Tone::Good),
        TaskState::Failed => ("✕", Tone::Bad),
        TaskState::Skipped => ("→", Tone::Idle),
        TaskState::Cancelled => ("⊘", Tone::Idle),
    };
    Sign { name: state.name(), icon, tone }
}

/// Sign of an attempt's outcome.
pub fn outcome(outcome: Outcome) -> Sign {
    let (name, icon, tone) = match outcome {
        Outcome::Running => ("running", "●", Tone::Active),
        Outcome::Written => ("written", "✓", Tone::Good),
        Outcome::Failed => ("failed", "✕", Tone::Bad),
        Outcome::Unknown => ("unknown", "?", Tone::Odd),
        Outcome::Killed => ("killed", "⊘", Tone::Idle),
    };
    Sign { name, icon, tone }
}

/// Sign of a verdict.
pub fn verdict(verdict: Verdict) -> Sign {
    let (name, icon, tone) = match verdict {
        Verdict::Exact => ("exact", "✓", Tone::Good),
        Verdict::Different => ("different", "✕", Tone::Bad),
        Verdict::Unproven => ("unproven", "?", Tone::Odd),
    };
    Sign { name, icon, tone }
}

/// A task state by its name on the wire.
pub fn task_state(name: &str) -> Option<TaskState> {
    TaskState::ALL.into_iter().find(|state| state.name() == name)
}

/// Task states in the order in which people ask for them.
pub const ORDER: [TaskState; 8] = [
    TaskState::Done,
    TaskState::Running,
    TaskState::Retrying,
    TaskState::Unknown,
    TaskState::Failed,
    TaskState::Waiting,
    TaskState::Skipped,
    TaskState::Cancelled,
];

/// Number of tasks in a state.
pub fn count(counts: &Counts, state: TaskState) -> u64 {
    match state {
        TaskState::Done => counts.done,
        TaskState::Running => counts.running,
        TaskState::Retrying => counts.retrying,
        TaskState::Unknown => counts.unknown,
        TaskState::Failed => counts.failed,
        TaskState::Waiting => counts.waiting,
        TaskState::Skipped => counts.skipped,
        TaskState::Cancelled => counts.cancelled,
    }
}

/// Counts by state that are not zero, in [`ORDER`].
pub fn counts(counts: &Counts) -> Vec<(TaskState, u64)> {
    ORDER.into_iter().map(|state| (state, count(counts, state))).filter(|(_, count)| *count > 0).collect()
}

/// The tone of neighbouring tasks that are drawn as one: the most urgent.
pub fn tone_of(counts: &Counts) -> Tone {
    let by_urgency = [
        (counts.failed, Tone::Bad),
        (counts.unknown, Tone::Odd),
        (counts.retrying, Tone::Warn),
        (counts.running, Tone::Active),
        (counts.waiting + counts.skipped + counts.cancelled, Tone::Idle),
    ];
    by_urgency.into_iter().find(|(count, _)| *count > 0).map_or(Tone::Good, |(_, tone)| tone)
}

/// What can be done with a job. A text is why it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actions {
    /// Pause.
    pub pause: Result<(), &'static str>,
    /// Resume; shown instead of pause when possible.
    pub resume: bool,
    /// Cancel.
    pub cancel: Result<(), &'static str>,
    /// Retry of all failed tasks.
    pub retry: bool,
    /// Change of lanes.
    pub lanes: Result<(), &'static str>,
}

/// What can be done with a job as it stands.
pub fn actions(job: &Job) -> Actions {
    let ended = "The job has ended";
    let (pause, cancel, lanes) = match job.state {
        JobState::Queued | JobState::Running => (Ok(()), Ok(()), Ok(())),
        JobState::Pausing => (Err("Pausing: running chunks are ending"), Ok(()), Ok(())),
        JobState::Paused => (Err("The job is paused"), Ok(()), Ok(())),
        // Draining can be hastened: cancel now.
        JobState::Draining => (Err("The job is being cancelled"), Ok(()), Err("The job is being cancelled")),
        JobState::Cancelling => (Err("The job is being cancelled"), Err("Already cancelling"), Err("The job is being cancelled")),
        JobState::Verifying => (Err("All chunks have ended; contents are being compared"), Ok(()), Err("No more chunks will be sent")),
        JobState::Cancelled | JobState::Completed | JobState::Partial | JobState::Failed => (Err(ended), Err(ended), Err(ended)),
    };
    Actions { pause, resume: matches!(job.state, JobState::Paused | JobState::Pausing), cancel, retry: job.counts.failed > 0, lanes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_leave_zeroes_out() {
        let all = Counts { waiting: 3, done: 2, failed: 1, total: 6, ..Counts::default() };
        assert_eq!(counts(&all), [(TaskState::Done, 2), (TaskState::Failed, 1), (TaskState::Waiting, 3)]);
    }

    #[test]
    fn the_most_urgent_state_gives_the_tone() {
        let mixed = Counts { done: 9, running: 1, total: 10, ..Counts::default() };
        assert_eq!(tone_of(&mixed), Tone::Active);
        assert_eq!(tone_of(&Counts { failed: 1, ..mixed }), Tone::Bad);
        assert_eq!(tone_of(&Counts { done: 3, total: 3, ..Counts::default() }), Tone::Good);
    }

    #[test]
    fn names_are_read_back() {
        for state in TaskState::ALL {
            assert_eq!(task_state(task(state).name), Some(state));
        }
        assert_eq!(task_state("nonsense"), None);
    }

    #[test]
    fn every_state_has_icon_and_word() {
        assert!(JobState::ALL.into_iter().map(job).all(|sign| !sign.icon.is_empty() && !sign.name.is_empty()));
    }
}
