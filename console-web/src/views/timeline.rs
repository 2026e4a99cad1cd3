//! Attempts over time, packed into as few lines as ran at the same time.

use executor_api::task::Task;

use super::job_state::{self, Tone};
use super::order::by_key;
use super::strip::{WIDTH, rect};

/// Height of a line in chart units.
pub const LINE: u64 = 14;

/// One attempt as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Task number.
    pub n: u64,
    /// Line, from 0.
    pub line: usize,
    /// Left edge in milliseconds from the start.
    pub from: i64,
    /// Right edge, likewise.
    pub to: i64,
    /// Colour family.
    pub tone: Tone,
}

/// All attempts of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// First instant.
    pub start: i64,
    /// Whole width in milliseconds.
    pub width: i64,
    /// Number of lines.
    pub lines: usize,
    /// Attempts by start.
    pub marks: Vec<Mark>,
}

/// Packs the tasks that were sent; they come by number.
pub fn of<'a>(tasks: impl Iterator<Item = &'a Task>) -> Timeline {
    let sent: Vec<(i64, i64, &Task)> = tasks
        .filter_map(|task| task.started_at.map(|at| (at.0, at.0 + i64::try_from(task.duration_ms.max(1)).unwrap_or(1), task)))
        .collect();
    let start = sent.iter().map(|(from, ..)| *from).min().unwrap_or(0);
    let by_start = by_key(sent.iter().map(|(from, ..)| (from - start).unsigned_abs()));
    let mut free_from: Vec<i64> = Vec::new();
    let mut marks = Vec::with_capacity(sent.len());
    for (from, to, task) in by_start.into_iter().filter_map(|place| sent.get(place).copied()) {
        let line = free_from.iter().position(|free| *free <= from).unwrap_or(free_from.len());
        match free_from.get_mut(line) {
            Some(free) => *free = to,
            None => free_from.push(to),
        }
        marks.push(Mark { n: task.n, line, from: from - start, to: to - start, tone: job_state::task(task.state).tone });
    }
    Timeline { start, width: marks.iter().map(|mark| mark.to).max().unwrap_or(0).max(1), lines: free_from.len(), marks }
}

impl Timeline {
    /// One path a tone, in the order of [`Tone::ALL`].
    pub fn paths(&self) -> [String; 6] {
        let mut paths: [String; 6] = Default::default();
        for mark in &self.marks {
            let (left, right) = (self.place(mark.from), self.place(mark.to));
            let place = Tone::ALL.iter().position(|tone| *tone == mark.tone).unwrap_or(0);
            if let Some(path) = paths.get_mut(place) {
                rect(path, left, mark.line as u64 * LINE + 2, (right - left).saturating_sub(6).max(4), LINE - 4);
            }
        }
        paths
    }

    /// The attempt at a place, both in chart units.
    pub fn locate(&self, x: u64, y: u64) -> Option<&Mark> {
        let line = usize::try_from(y / LINE).ok()?;
        self.marks.iter().find(|mark| mark.line == line && self.place(mark.from) <= x && x <= self.place(mark.to))
    }

    fn place(&self, ms: i64) -> u64 {
        u64::try_from(i128::from(ms) * i128::from(WIDTH) / i128::from(self.width.max(1))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::task_book::tests::task;
    use executor_api::task::TaskState;
    use planner_core::quantity::UnixMillis;

    fn sent(n: u64, at: i64, ms: u64) -> Task {
        Task { started_at: Some(UnixMillis(at)), duration_ms: ms, ..task(n, TaskState::Done) }
    }

    #[test]
    fn lines_are_reused() {
        let tasks = [sent(0, 1000, 100), sent(1, 1010, 50), sent(2, 1070, 30), sent(3, 1100, 10), task(4, TaskState::Waiting)];
        let timeline = of(tasks.iter());
        assert_eq!((timeline.lines, timeline.marks.len(), timeline.start, timeline.width), (2, 4, 1000, 110));
        assert_eq!(timeline.marks.iter().map(|mark| mark.line).collect::<Vec<_>>(), [0, 1, 1, 0]);
        assert_eq!(timeline.locate(100, 3).map(|mark| mark.n), Some(0));
        assert_eq!(of([].iter()).paths(), <[String; 6]>::default());
    }
}
