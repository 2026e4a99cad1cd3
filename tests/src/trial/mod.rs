//! Randomised trials: a copy over unmerged parts, struck by faults that all follow from a seed, and what came of it.
//!
//! ```text
//!   seed ──► Trial ──► tables ──► penstock   (a job through the service)  ──┐
//!                         │                                                 ├──► Report
//!                         └─────► token_only (a bare loop of INSERTs)     ──┘
//!                                   struck alike by strikes
//! ```

mod penstock;
mod strikes;
mod tables;
mod token_only;

use std::fmt;
use std::time::Duration;

use executor_api::job::JobState;

use crate::chance::Chance;
use crate::proxy::Fault;

/// Days that the source's rows are spread over, from 2025-01-01.
const DAYS: u64 = 10;

/// What a trial does; all of it follows from the seed.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Replays it.
    pub seed: u64,
    /// Rows of the source.
    pub rows: u64,
    /// Unmerged parts of the source.
    pub parts: u64,
    /// Where rows go.
    pub target: Target,
    /// Hours in a chunk.
    pub hours: u64,
    /// Chunks at the same time.
    pub lanes: u16,
    /// Faults by the INSERT that each waits for.
    pub strikes: Vec<(u64, Strike)>,
}

/// Where rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Without a deduplication window, partitioned by month.
    Plain,
    /// With a window, partitioned by day: a wide chunk is several parts.
    Windowed,
    /// Without a window, with rows of others in every span.
    Held,
    /// Fed by a view: rows cannot be told by a span.
    View,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// On the wire, of just that INSERT.
    Wire(Fault),
    /// SIGKILL of the service, this long after the INSERT came by, and its start some time later.
    KillService(Duration, Duration),
    /// SIGSTOP and SIGCONT of the service.
    PauseService(Duration, Duration),
    /// SIGKILL of ClickHouse, and its start some time later.
    KillServer(Duration, Duration),
    /// SIGSTOP and SIGCONT of ClickHouse.
    PauseServer(Duration, Duration),
    /// OPTIMIZE … FINAL of the source.
    MergeSource,
    /// KILL QUERY by somebody else.
    KillQuery(Duration),
    /// Answers to questions, INSERTs apart, vanish for so long.
    SilenceQuestions(Duration),
}

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Report {
    /// The state that the job ended in; none when it did not end.
    pub state: Option<JobState>,
    /// Rows that a job that calls itself completed left out.
    pub lost: u64,
    /// Rows that are there more often than they should.
    pub duplicated: u64,
    /// Whether the target holds just the source's rows.
    pub exact: bool,
    /// Whether the work ended at all, all of it done.
    pub finished: bool,
    /// What failed tasks say of themselves.
    pub failed: Vec<String>,
    /// What a correct service would not have done; empty when all is well.
    pub wrong: Vec<String>,
    /// Strikes that were reached before the job ended.
    pub struck: usize,
}

impl Trial {
    /// The trial of a seed.
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let target = [Target::Plain, Target::Windowed, Target::Plain, Target::Windowed, Target::Held, Target::View];
        let target = target[usize::try_from(chance.below(target.len() as u64)).unwrap_or(0)];
        let hours = [6, 12, 18, 36, 120, 240][usize::try_from(chance.below(6)).unwrap_or(0)];
        let chunks = (DAYS * 24).div_ceil(hours);
        let mut strikes: Vec<(u64, Strike)> =
            (0..chance.between(1, 5)).map(|_| (chance.between(1, chunks), strike(&mut chance, hours))).collect();
        strikes.sort_by_key(|(at, _)| *at);
        Self {
            seed,
            rows: chance.between(10, 31).min(chance.between(10, 31)) * 100_000,
            parts: chance.between(8, 13),
            target,
            hours,
            lanes: u16::try_from(chance.between(1, 5)).unwrap_or(1),
            strikes,
        }
    }

    /// Bounds of the chunks, in hours from the first day.
    fn chunks(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        (0..(DAYS * 24).div_ceil(self.hours)).map(|i| (i * self.hours, ((i + 1) * self.hours).min(DAYS * 24)))
    }

    fn database(&self) -> String {
        format!("trial_{}", self.seed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.map_or("did not end", JobState::name);
        write!(f, "{state}, {} strikes, lost {}, duplicated {}", self.struck, self.lost, self.duplicated)?;
        self.failed.iter().chain(&self.wrong).try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

fn strike(chance: &mut Chance, hours: u64) -> Strike {
    // Within the time that the INSERT takes, more or less.
    let after = Duration::from_millis(chance.below(40 + hours * 5));
    let down = Duration::from_millis(chance.between(50, 1500));
    match chance.below(33) {
        0 => Strike::Wire(Fault::Delay(down)),
        1 | 2 => Strike::Wire(Fault::CutBefore),
        3 => Strike::Wire(Fault::CutInRequest),
        4..=6 => Strike::Wire(Fault::CutBeforeAnswer(after)),
        7..=9 => Strike::Wire(Fault::CutInAnswer),
        10 => Strike::Wire(Fault::Swallow),
        11 => Strike::Wire(Fault::Mute),
        12 | 13 => Strike::Wire(Fault::Memory(1 << 20)),
        14 => Strike::Wire(Fault::Hurry(Duration::from_millis(1))),
        15..=18 => Strike::KillService(after, down),
        19 => Strike::PauseService(after, down),
        20..=23 => Strike::KillServer(after, down),
        24 => Strike::PauseServer(after, down),
        25..=27 => Strike::MergeSource,
        31 | 32 => Strike::Wire(Fault::Late(Duration::from_millis(chance.between(50, 8000)))),
        28 => Strike::SilenceQuestions(down),
        _ => Strike::KillQuery(after),
    }
}
