//! Jobs as the overview groups them.

use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;

/// Seven days in milliseconds.
const WEEK_MS: i64 = 7 * 86_400_000;

/// Three groups; each job is in at most one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// Somebody has to look.
    pub attention: Vec<Job>,
    /// On its way.
    pub running: Vec<Job>,
    /// Ended well, or on purpose, within a week.
    pub finished: Vec<Job>,
}

/// Groups jobs at an instant.
pub fn groups(jobs: &[Job], now: i64) -> Groups {
    let mut groups = Groups::default();
    for job in jobs {
        if why(job).is_some() {
            groups.attention.push(job.clone());
        } else if !job.state.is_terminal() {
            groups.running.push(job.clone());
        } else if job.finished_at.is_none_or(|at| now - at.0 < WEEK_MS) {
            groups.finished.push(job.clone());
        }
    }
    groups
}

/// Why a job needs a look, in words.
pub fn why(job: &Job) -> Option<String> {
    if job.verdict == Some(Verdict::Different) {
        return Some("Source and target differ".to_owned());
    }
    if job.counts.failed > 0 && job.state != JobState::Cancelled {
        return Some(format!("{} failed", super::format::plural(job.counts.failed, "chunk")));
    }
    match job.state {
        JobState::Failed | JobState::Partial => Some(job.message.clone().unwrap_or_else(|| "It did not complete".to_owned())),
        JobState::Paused => Some("Paused".to_owned()),
        _ if job.counts.unknown > 0 => Some(format!("{} with an unknown outcome", super::format::plural(job.counts.unknown, "chunk"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::job_live::tests::job;
    use planner_core::quantity::UnixMillis;

    #[test]
    fn each_job_is_in_one_group() {
        let running = job(1, 1);
        let mut failed = job(1, 1);
        failed.counts.failed = 2;
        let done = Job { state: JobState::Completed, finished_at: Some(UnixMillis(0)), ..job(1, 10) };
        let all = [running, failed, done];
        let now = groups(&all, 1000);
        assert_eq!((now.running.len(), now.attention.len(), now.finished.len()), (1, 1, 1));
        assert_eq!(groups(&all, WEEK_MS + 1).finished.len(), 0);
        assert_eq!(why(&all[1]).unwrap(), "2 chunks failed");
    }
}
