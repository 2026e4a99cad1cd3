//! How a run is shown while it goes on: a bar on a terminal, plain lines in a log.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use executor_api::event::Event;
use executor_api::job::Job;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{self, Output, bytes, thousands};

/// How often a log gets a line.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Rates are of the last seconds.
const WINDOW: Duration = Duration::from_secs(5);

/// What is on the screen.
pub(super) struct Progress {
    output: Output,
    bar: Option<ProgressBar>,
    line_at: Instant,
    line: String,
    samples: VecDeque<(Instant, u64, u64)>,
}

impl Progress {
    pub(super) fn start(output: Output, job: &Job) -> Self {
        let bar = output::on_a_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(job.progress.bytes_total.max(1)), ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("█▉▊▋▌▍▎▏ "));
            bar.enable_steady_tick(Duration::from_millis(500));
            output::set_bar(Some(bar.clone()));
            bar
        });
        Self { output, bar, line_at: Instant::now(), line: String::new(), samples: VecDeque::new() }
    }

    /// An event: what people should know of is said.
    pub(super) fn event(&self, event: &Event) {
        if notable(event) {
            let what = event.task.map_or_else(String::new, |n| format!("chunk {n}: "));
            self.output.notice(&format!("{}  {what}{}", event.at.label(), event.message));
        }
    }

    /// Where the job stands.
    pub(super) fn show(&mut self, job: &Job) {
        let now = Instant::now();
        let progress = job.progress;
        self.samples.push_back((now, progress.rows_written, progress.bytes_done));
        while self.samples.front().is_some_and(|(at, ..)| now.duration_since(*at) > WINDOW) && self.samples.len() > 2 {
            self.samples.pop_front();
        }
        let line = self.describe(job);
        if let Some(bar) = &self.bar {
            bar.set_position(progress.bytes_done.min(progress.bytes_total));
            bar.set_message(line);
        } else if now.duration_since(self.line_at) >= LINE_EVERY && line != self.line {
            self.line_at = now;
            self.output.notice(&line);
            self.line = line;
        }
    }

    fn describe(&self, job: &Job) -> String {
        let (counts, progress) = (job.counts, job.progress);
        let mut parts = vec![
            format!("{} of {} chunks", counts.done + counts.skipped, counts.total),
            format!("{} of {}", bytes(progress.bytes_done), bytes(progress.bytes_total)),
        ];
        let (rows_a_second, left) = self.rates(job);
        parts.push(format!("{} rows/s", thousands(rows_a_second)));
        parts.push(output::count(job.lanes.into(), "lane"));
        for (number, word) in [(counts.retrying, "retrying"), (counts.unknown, "unknown"), (counts.failed, "failed")] {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        }
        match (&job.message, left) {
            (Some(message), _) => parts.push(message.clone()),
            (None, Some(seconds)) => parts.push(format!("ETA {}", duration(seconds))),
            (None, None) if job.state == executor_api::job::JobState::Verifying => {
                parts.push(format!("comparing contents, {} compared", progress.verified));
            }
            (None, None) => {}
        }
        parts.join(" · ")
    }

    /// Rows a second, and seconds left where bytes move.
    fn rates(&self, job: &Job) -> (u64, Option<u64>) {
        let (Some((from, rows_before, bytes_before)), Some((to, rows, bytes))) = (self.samples.front(), self.samples.back()) else {
            return (0, None);
        };
        let ms = u64::try_from(to.duration_since(*from).as_millis()).unwrap_or(u64::MAX).max(1);
        let a_second = |before: u64, now: u64| now.saturating_sub(before).saturating_mul(1000) / ms;
        let speed = a_second(*bytes_before, *bytes);
        let left = job.progress.bytes_total.saturating_sub(*bytes);
        (a_second(*rows_before, *rows), (speed > 0 && left > 0).then(|| left.div_ceil(speed)))
    }

    /// Takes the bar off the screen.
    pub(super) fn end(&mut self) {
        output::set_bar(None);
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Single chunks that went well are counted, not told.
fn notable(event: &Event) -> bool {
    match event.kind.as_str() {
        "task-started" | "task-done" | "task-already-there" | "compared" => false,
        "task-retrying" | "task-failed" | "task-refused" | "task-unknown" | "task-adopted" | "task-split" | "task-clearing"
        | "task-cleared" | "task-not-one-block" | "differs" => true,
        _ => event.task.is_none(),
    }
}

/// `1 h 02 min`, `3 min 20 s`, `12 s`
pub(super) fn duration(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, minutes) => format!("{minutes} min {rest:02} s"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_for_people() {
        assert_eq!([5, 65, 3725].map(duration), ["5 s", "1 min 05 s", "1 h 02 min"]);
    }
}
