//! (view of one job, now) → actions. Pure; the runner performs them, stores what came of it, and asks again.

use executor_api::job::JobState;
use planner_core::quantity::UnixMillis;

/// What the scheduler sees of a job.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The job's state.
    pub state: JobState,
    /// Chunks at the same time.
    pub lanes: usize,
    /// Tasks that something is being done about: checked, on the server, or having their outcome found out.
    pub busy: usize,
    /// Tasks on the server or with an open outcome, busy or not.
    pub unsettled: usize,
    /// The next waiting tasks in the job's order that nothing is being done about, at least `lanes` of them if there are as many.
    pub waiting: &'a [u64],
    /// Retrying tasks with the time at which each is due, earliest first, likewise.
    pub retrying: &'a [(UnixMillis, u64)],
    /// Tasks with an open outcome that nobody is looking into.
    pub unknown: &'a [u64],
    /// Tasks that have not ended.
    pub open: usize,
    /// The longest pause that a retry is given, in milliseconds.
    pub longest_pause_ms: i64,
    /// Whether ClickHouse answers.
    pub reachable: bool,
    /// Whether the target is to be left alone for now, or that is not known yet.
    pub held: bool,
    /// Whether the comparison of contents runs.
    pub comparing: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Take the job up.
    Begin,
    /// Check and send a chunk.
    Start(u64),
    /// Find out what became of a chunk.
    Resolve(u64),
    /// Nothing runs any more: pausing becomes paused, a cancelled job ends.
    Settle,
    /// Everything has ended: compare contents.
    Compare,
    /// Ask again at this time.
    WakeAt(UnixMillis),
}

/// Decides. Never starts more than the lanes allow, never sends in a state that does not send, never ends a job that
/// has a chunk on the server.
pub fn decide(view: &View<'_>, now: UnixMillis) -> Vec<Action> {
    match view.state {
        JobState::Queued => {
            if view.reachable && view.busy == 0 {
                vec![Action::Begin]
            } else {
                Vec::new()
            }
        }
        JobState::Running => running(view, now),
        JobState::Pausing | JobState::Draining | JobState::Cancelling => {
            if view.unsettled == 0 && view.busy == 0 && !view.comparing {
                vec![Action::Settle]
            } else {
                resolve(view)
            }
        }
        JobState::Verifying => {
            if view.comparing {
                Vec::new()
            } else {
                vec![Action::Compare]
            }
        }
        JobState::Paused | JobState::Cancelled | JobState::Completed | JobState::Partial | JobState::Failed => Vec::new(),
    }
}

fn running(view: &View<'_>, now: UnixMillis) -> Vec<Action> {
    if view.open == 0 {
        return vec![Action::Compare];
    }
    let mut actions = resolve(view);
    if !view.reachable || view.held {
        return actions;
    }
    let free = view.lanes.saturating_sub(view.busy + actions.len());
    let due = view.retrying.iter().filter(|(at, _)| is_due(view, *at, now)).map(|(_, n)| *n);
    actions.extend(due.chain(view.waiting.iter().copied()).take(free).map(Action::Start));
    if let Some((at, _)) = view.retrying.iter().find(|(at, _)| !is_due(view, *at, now)) {
        actions.push(Action::WakeAt(*at));
    }
    actions
}

/// Its time has come, or lies further ahead than any pause: then the clock was set back, and nobody waits for it.
fn is_due(view: &View<'_>, at: UnixMillis, now: UnixMillis) -> bool {
    at <= now || at > now.plus(view.longest_pause_ms)
}

/// Open outcomes come first: what they hold may be on the server right now, and occupies a lane.
fn resolve(view: &View<'_>) -> Vec<Action> {
    let free = view.lanes.max(1).saturating_sub(view.busy);
    view.unknown.iter().take(free).map(|n| Action::Resolve(*n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: View<'_> = View {
        state: JobState::Running,
        lanes: 2,
        busy: 0,
        unsettled: 0,
        waiting: &[3, 4, 5],
        retrying: &[],
        unknown: &[],
        open: 3,
        longest_pause_ms: 90_000,
        reachable: true,
        held: false,
        comparing: false,
    };

    fn check(view: &View<'_>, expected: &[Action]) {
        assert_eq!(decide(view, UnixMillis(1000)), expected, "{view:?}");
    }

    #[test]
    fn lanes_bound_what_is_started() {
        check(&VIEW, &[Action::Start(3), Action::Start(4)]);
        check(&View { busy: 1, ..VIEW }, &[Action::Start(3)]);
        check(&View { busy: 2, ..VIEW }, &[]);
        check(&View { busy: 5, ..VIEW }, &[]);
    }

    #[test]
    fn retries_that_are_due_come_first_and_others_wake_later() {
        let retrying = [(UnixMillis(900), 1), (UnixMillis(1500), 2)];
        check(&View { retrying: &retrying, ..VIEW }, &[Action::Start(1), Action::Start(3), Action::WakeAt(UnixMillis(1500))]);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_no_retry_waiting() {
        let retrying = [(UnixMillis(1000 + 90_000), 1), (UnixMillis(1001 + 90_000), 2), (UnixMillis(1000 + 3_600_000), 6)];
        let woken = Action::WakeAt(UnixMillis(91_000));
        check(&View { retrying: &retrying, waiting: &[], ..VIEW }, &[Action::Start(2), Action::Start(6), woken]);
    }

    #[test]
    fn open_outcomes_occupy_lanes() {
        check(&View { unknown: &[1], unsettled: 1, ..VIEW }, &[Action::Resolve(1), Action::Start(3)]);
        check(&View { unknown: &[1, 2, 6], unsettled: 3, ..VIEW }, &[Action::Resolve(1), Action::Resolve(2)]);
    }

    #[test]
    fn nothing_is_sent_while_clickhouse_is_away() {
        check(&View { reachable: false, ..VIEW }, &[]);
        check(&View { reachable: false, unknown: &[1], unsettled: 1, ..VIEW }, &[Action::Resolve(1)]);
    }

    #[test]
    fn nothing_is_sent_while_the_target_is_full() {
        check(&View { held: true, ..VIEW }, &[]);
        check(&View { held: true, unknown: &[1], unsettled: 1, ..VIEW }, &[Action::Resolve(1)]);
        check(&View { held: true, open: 0, waiting: &[], ..VIEW }, &[Action::Compare]);
    }

    #[test]
    fn a_stopping_job_settles_only_when_nothing_is_on_the_server() {
        for state in [JobState::Pausing, JobState::Draining, JobState::Cancelling] {
            check(&View { state, unsettled: 1, busy: 1, ..VIEW }, &[]);
            check(&View { state, unsettled: 1, unknown: &[7], ..VIEW }, &[Action::Resolve(7)]);
            check(&View { state, comparing: true, ..VIEW }, &[]);
            check(&View { state, ..VIEW }, &[Action::Settle]);
        }
    }

    #[test]
    fn the_end_is_compared_once() {
        check(&View { open: 0, waiting: &[], ..VIEW }, &[Action::Compare]);
        check(&View { state: JobState::Verifying, open: 0, waiting: &[], ..VIEW }, &[Action::Compare]);
        check(&View { state: JobState::Verifying, open: 0, waiting: &[], comparing: true, ..VIEW }, &[]);
    }

    #[test]
    fn states_that_rest_do_nothing() {
        for state in [JobState::Paused, JobState::Cancelled, JobState::Completed, JobState::Partial, JobState::Failed] {
            check(&View { state, ..VIEW }, &[]);
        }
        check(&View { state: JobState::Queued, ..VIEW }, &[Action::Begin]);
    }
}
