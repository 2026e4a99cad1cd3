//! The pure parts together: book, lifecycle and scheduler under any order of answers, failures and commands.

use executor_api::job::JobState;
use proptest::prelude::*;

use super::*;
use crate::lifecycle::job::{JobEvent, next as next_job};
use crate::lifecycle::task::ended;
use crate::scheduler::{Action, View, decide};
use crate::store::samples::task as record;

/// What may happen next; the number chooses among the tasks that it can happen to.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Answer(usize),
    AnswerIsLost(usize),
    NotSent(usize),
    Rejected(usize),
    FoundWritten(usize),
    FoundAbsent(usize),
    FoundNothing(usize),
    FoundTooBig(usize),
    AlreadyThere(usize),
    TimePasses,
    Command(usize),
    Lanes(usize),
    Compared(bool),
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    let n = 0..64_usize;
    prop_oneof![
        4 => n.clone().prop_map(Happens::Answer),
        2 => n.clone().prop_map(Happens::AnswerIsLost),
        1 => n.clone().prop_map(Happens::NotSent),
        1 => n.clone().prop_map(Happens::Rejected),
        2 => n.clone().prop_map(Happens::FoundWritten),
        2 => n.clone().prop_map(Happens::FoundAbsent),
        1 => n.clone().prop_map(Happens::FoundNothing),
        1 => n.clone().prop_map(Happens::FoundTooBig),
        1 => n.clone().prop_map(Happens::AlreadyThere),
        2 => Just(Happens::TimePasses),
        2 => n.clone().prop_map(Happens::Command),
        1 => n.prop_map(Happens::Lanes),
        1 => any::<bool>().prop_map(Happens::Compared),
        1 => Just(Happens::Restart),
    ]
}

const COMMANDS: [JobEvent; 6] =
    [JobEvent::PauseAsked, JobEvent::ResumeAsked, JobEvent::CancelAsked, JobEvent::KillAsked, JobEvent::RetryAsked, JobEvent::VerifyAsked];

struct World {
    job: JobState,
    book: Book,
    lanes: usize,
    now: UnixMillis,
    comparing: bool,
    was_done: BTreeSet<u64>,
    starts: u64,
    planned: (u64, u64),
}

impl World {
    fn tasks(&self, state: TaskState) -> Vec<u64> {
        self.book.tasks().iter().filter(|record| record.task.state == state).map(|record| record.task.n).collect()
    }

    fn apply(&mut self, n: u64, event: TaskEvent) {
        let mut record = self.book.after(n, event).expect("the world only does what is possible");
        if record.task.state == TaskState::Retrying {
            record.task.retry_at = Some(self.now.plus(i64::try_from(n % 3).unwrap()));
        }
        self.book.set_busy(n, record.task.state == TaskState::Running);
        self.book.put(record);
    }

    fn one(&mut self, state: TaskState, which: usize, event: TaskEvent) {
        let candidates = self.tasks(state);
        if let Some(n) = candidates.get(which % candidates.len().max(1)) {
            self.apply(*n, event);
        }
    }

    fn happen(&mut self, what: Happens) {
        match what {
            Happens::Answer(n) => self.one(TaskState::Running, n, TaskEvent::Written),
            Happens::AnswerIsLost(n) => self.one(TaskState::Running, n, TaskEvent::AnswerLost),
            Happens::NotSent(n) => self.one(TaskState::Running, n, TaskEvent::NotSent),
            Happens::Rejected(n) => self.one(TaskState::Running, n, TaskEvent::Rejected),
            Happens::FoundWritten(n) => self.one(TaskState::Unknown, n, TaskEvent::ProvenWritten),
            Happens::FoundAbsent(n) => self.one(TaskState::Unknown, n, TaskEvent::ProvenAbsent),
            Happens::FoundNothing(n) => self.one(TaskState::Unknown, n, TaskEvent::Unprovable),
            Happens::FoundTooBig(n) => self.split(n),
            Happens::AlreadyThere(n) if self.job == JobState::Running => self.one(TaskState::Waiting, n, TaskEvent::AlreadyThere),
            Happens::AlreadyThere(_) => {}
            Happens::TimePasses => self.now = self.now.plus(2),
            Happens::Command(n) => self.command(COMMANDS[n % COMMANDS.len()]),
            Happens::Lanes(n) => self.lanes = n % 4 + 1,
            Happens::Compared(equal) => self.compared(equal),
            Happens::Restart => {
                self.comparing = false;
                for n in self.tasks(TaskState::Running) {
                    self.apply(n, TaskEvent::AnswerLost);
                }
            }
        }
    }

    fn split(&mut self, which: usize) {
        let candidates = self.tasks(TaskState::Unknown);
        let Some(n) = candidates.get(which % candidates.len().max(1)).copied() else { return };
        let mut parent = self.book.after(n, TaskEvent::Split).expect("an open outcome can be split");
        let first = self.book.tasks().len() as u64;
        parent.task.split_into = vec![first, first + 1];
        let (bytes, rows) = (parent.task.bytes_estimated, parent.task.rows_estimated);
        self.book.put(parent);
        for (child, (bytes, rows)) in (first..).zip([(bytes / 2, rows / 2), (bytes - bytes / 2, rows - rows / 2)]) {
            let mut half = record(child);
            (half.task.parent, half.task.bytes_estimated, half.task.rows_estimated) = (Some(n), bytes, rows);
            self.book.put(half);
        }
    }

    fn command(&mut self, event: JobEvent) {
        let Some(state) = next_job(self.job, event) else { return };
        if event == JobEvent::RetryAsked {
            let failed = self.tasks(TaskState::Failed);
            if failed.is_empty() {
                return;
            }
            for n in failed {
                self.apply(n, TaskEvent::RetryAsked);
            }
        }
        if matches!(event, JobEvent::CancelAsked | JobEvent::KillAsked) {
            self.comparing = false;
        }
        self.job = state;
    }

    fn compared(&mut self, equal: bool) {
        if !self.comparing {
            return;
        }
        self.comparing = false;
        let counts = self.book.counts();
        let event = match (equal, counts.failed, counts.done) {
            (false, _, _) => JobEvent::Differs,
            (true, 0, _) => JobEvent::Proven,
            (true, _, 1..) => JobEvent::SomeFailed,
            (true, _, 0) => JobEvent::NoneDone,
        };
        self.job = next_job(self.job, event).unwrap_or(self.job);
    }

    fn round(&mut self) {
        let (waiting, retrying, unknown) = (self.book.waiting(10), self.book.retrying(10), self.book.unknown(10));
        let view = View {
            state: self.job,
            lanes: self.lanes,
            busy: self.book.busy(),
            unsettled: self.book.unsettled(),
            waiting: &waiting,
            retrying: &retrying,
            unknown: &unknown,
            open: self.book.open(),
            longest_pause_ms: 90_000,
            reachable: true,
            held: false,
            comparing: self.comparing,
        };
        let before = self.book.unsettled();
        let mut started = 0;
        for action in decide(&view, self.now) {
            match action {
                Action::Begin => self.job = next_job(self.job, JobEvent::Begin).unwrap(),
                Action::Start(n) => {
                    assert_eq!(self.job, JobState::Running, "only a running job sends");
                    started += 1;
                    self.apply(n, TaskEvent::Sent);
                }
                Action::Resolve(n) => assert_eq!(self.book.task(n).unwrap().task.state, TaskState::Unknown),
                Action::Settle => {
                    self.job = next_job(self.job, JobEvent::Settled).unwrap();
                    if self.job == JobState::Cancelled {
                        for n in [self.tasks(TaskState::Waiting), self.tasks(TaskState::Retrying)].concat() {
                            self.apply(n, TaskEvent::Cancel);
                        }
                    }
                }
                Action::Compare => {
                    self.job = next_job(self.job, JobEvent::AllEnded).unwrap_or(self.job);
                    self.comparing = true;
                }
                Action::WakeAt(at) => assert!(at > self.now),
            }
        }
        assert!(started == 0 || before + started <= self.lanes.max(before), "{started} started beside {before} with {} lanes", self.lanes);
        self.starts += started as u64;
    }

    fn check(&mut self) {
        let counts = self.book.counts();
        let sum = counts.waiting
            + counts.running
            + counts.retrying
            + counts.unknown
            + counts.done
            + counts.failed
            + counts.skipped
            + counts.cancelled;
        assert_eq!(sum, counts.total, "counts add up");
        assert_eq!(counts.total, self.book.tasks().len() as u64);
        for state in TaskState::ALL {
            let counted = self.tasks(state).len() as u64;
            assert_eq!(*self.book.count(state), counted, "{state:?}");
        }
        if self.job.is_terminal() {
            assert_eq!(self.book.unsettled(), 0, "a job that has ended has nothing on the server");
            assert!(self.book.tasks().iter().all(|record| ended(record.task.state)), "{:?}", self.job);
        }
        let done: BTreeSet<u64> = self.tasks(TaskState::Done).into_iter().collect();
        assert!(self.was_done.is_subset(&done), "done never leaves done");
        self.was_done = done;
        let progress = self.book.progress(std::iter::empty());
        let expected: u64 = self.was_done.iter().map(|n| self.book.task(*n).unwrap().task.bytes_estimated).sum();
        assert_eq!(progress.bytes_done, expected);
        assert_eq!((progress.bytes_total, progress.rows_total), self.planned, "a split moves rows, it adds none");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_the_books_are_right(tasks in 1..12_u64, order in 0..3_usize, script in prop::collection::vec(happens(), 0..200)) {
        let order = [Order::OldestFirst, Order::NewestFirst, Order::LongestFirst][order];
        let planned = (0..tasks).map(|n| record(n).task).fold((0, 0), |sum, task| (sum.0 + task.bytes_estimated, sum.1 + task.rows_estimated));
        let mut world = World {
            planned,
            job: JobState::Queued,
            book: Book::new((0..tasks).map(record).collect(), order),
            lanes: 2,
            now: UnixMillis(0),
            comparing: false,
            was_done: BTreeSet::new(),
            starts: 0,
        };
        for what in script {
            world.round();
            world.check();
            world.happen(what);
            world.check();
        }
        // Left alone with a server that answers, every job that is not paused ends.
        for _ in 0..10 * world.book.tasks().len() + 20 {
            world.round();
            world.check();
            world.happen(Happens::TimePasses);
            world.happen(Happens::FoundWritten(0));
            world.happen(Happens::Answer(0));
            world.happen(Happens::Compared(true));
        }
        prop_assert!(world.job.is_terminal() || world.job == JobState::Paused, "{:?}", world.job);
        prop_assert!(world.job != JobState::Completed || world.book.counts().done + world.book.counts().skipped == world.book.counts().total);
    }
}

#[test]
fn the_order_decides_what_comes_first() {
    let check = |order, expected: [u64; 5]| assert_eq!(Book::new((0..5).map(record).collect(), order).waiting(5), expected, "{order:?}");
    check(Order::OldestFirst, [0, 1, 2, 3, 4]);
    check(Order::NewestFirst, [4, 3, 2, 1, 0]);
    // Bytes are 100, 300, 500, 200, 400.
    check(Order::LongestFirst, [2, 4, 1, 3, 0]);
}
