//! Tasks of a job as far as they are known, and the rows that a filter and an order make of them.

use std::collections::{BTreeMap, BTreeSet};

use executor_api::task::{Task, TaskPage, TaskState};

use super::order::by_key;

/// Jobs up to this many tasks are loaded whole: filtered and sorted here.
pub const SMALL: u64 = 2000;
/// Tasks asked for at once.
pub const PAGE: u64 = 500;

/// Order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By number.
    #[default]
    Number,
    /// Longest first.
    Duration,
    /// Largest first.
    Bytes,
    /// Most attempts first.
    Attempts,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Number, Self::Duration, Self::Bytes, Self::Attempts];

    /// The name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Duration => "duration",
            Self::Bytes => "bytes",
            Self::Attempts => "attempts",
        }
    }
}

/// Rows of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every task in the plan's order; loaded as they are scrolled to.
    All(u64),
    /// These tasks.
    These(Vec<u64>),
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> u64 {
        match self {
            Self::All(total) => *total,
            Self::These(numbers) => numbers.len() as u64,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The task at a row.
    pub fn at(&self, row: u64) -> Option<u64> {
        match self {
            Self::All(total) => (row < *total).then_some(row),
            Self::These(numbers) => numbers.get(usize::try_from(row).ok()?).copied(),
        }
    }
}

/// What is known of a job's tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskBook {
    known: BTreeMap<u64, Task>,
    /// Tasks that the server listed for the filter, where the job is too large to filter here.
    listed: Vec<u64>,
    next: Option<u64>,
    total: u64,
    /// Starts of the pages that are loaded and up to date.
    fresh: BTreeSet<u64>,
    /// Tasks that changed since the page on its way was asked for: what it says of them is old.
    touched: BTreeSet<u64>,
}

impl TaskBook {
    /// Starts anew for a job of `total` tasks.
    pub fn restart(&mut self, total: u64) {
        *self = Self { total, ..Self::default() };
    }

    /// Whether filter and order are made here.
    pub fn is_small(&self) -> bool {
        self.total <= SMALL
    }

    /// A page is asked for: from here on, tasks that events bring are newer than what it will say.
    pub fn begin_load(&mut self) {
        self.touched.clear();
    }

    /// Takes the page of the unfiltered list that was asked for from `start` on.
    pub fn put_page(&mut self, start: u64, page: TaskPage) {
        self.fresh.insert(start);
        self.total = self.total.max(page.total);
        let tasks = page.tasks.into_iter().filter(|task| !self.touched.contains(&task.n));
        self.known.extend(tasks.map(|task| (task.n, task)));
    }

    /// Every task may have changed: pages are to be loaded again; until then the old ones stay in sight.
    pub fn outdate(&mut self) {
        self.fresh.clear();
    }

    /// Takes a page of a filtered list of a large job.
    pub fn put_listed(&mut self, page: TaskPage, first: bool) {
        if first {
            self.listed.clear();
        }
        self.listed.extend(page.tasks.iter().map(|task| task.n));
        self.next = page.next;
        page.tasks.into_iter().for_each(|task| self.put(task));
    }

    /// Takes a task as it stands.
    pub fn put(&mut self, task: Task) {
        self.touched.insert(task.n);
        self.known.insert(task.n, task);
    }

    /// A task, if it is known.
    pub fn get(&self, n: u64) -> Option<&Task> {
        self.known.get(&n)
    }

    /// Known tasks by number.
    pub fn known(&self) -> impl Iterator<Item = &Task> {
        self.known.values()
    }

    /// Where the filtered list of a large job goes on.
    pub fn next_listed(&self) -> Option<u64> {
        self.next
    }

    /// Whether every task is known.
    pub fn is_whole(&self) -> bool {
        self.known.len() as u64 == self.total
    }

    /// Start of the first page of `from..to` that is not loaded or out of date.
    pub fn missing(&self, from: u64, to: u64) -> Option<u64> {
        super::row_window::pages(from, to.min(self.total), PAGE).into_iter().find(|page| !self.fresh.contains(page))
    }

    /// The rows that a filter and an order give.
    pub fn rows(&self, state: Option<TaskState>, sort: Sort) -> Rows {
        if !self.is_small() {
            return state.map_or(Rows::All(self.total), |_| Rows::These(self.listed.clone()));
        }
        if state.is_none() && sort == Sort::Number {
            return Rows::All(self.total);
        }
        let tasks: Vec<&Task> = self.known.values().filter(|task| state.is_none_or(|state| task.state == state)).collect();
        let key = |task: &Task| match sort {
            Sort::Number => 0,
            Sort::Duration => task.duration_ms,
            Sort::Bytes => task.bytes_estimated.max(task.bytes),
            Sort::Attempts => u64::from(task.attempts),
        };
        let largest_first = by_key(tasks.iter().map(|task| !key(task)));
        Rows::These(largest_first.into_iter().filter_map(|place| Some(tasks.get(place)?.n)).collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use planner_core::digest::ChunkId;

    pub(crate) fn task(n: u64, state: TaskState) -> Task {
        Task {
            n,
            chunk_id: ChunkId::parse("0123456789abcdef").unwrap(),
            label: format!("chunk {n}"),
            parent: None,
            split_into: Vec::new(),
            state,
            attempts: 1,
            rows_estimated: 10,
            bytes_estimated: 100 + n,
            rows: 0,
            bytes: 0,
            started_at: None,
            duration_ms: 0,
            retry_at: None,
            message: None,
            verified: None,
        }
    }

    fn page(from: u64, to: u64, total: u64) -> TaskPage {
        let state = |n: u64| if n.is_multiple_of(3) { TaskState::Failed } else { TaskState::Done };
        TaskPage { tasks: (from..to).map(|n| task(n, state(n))).collect(), next: (to < total).then_some(to), total }
    }

    #[test]
    fn small_jobs_are_filtered_and_sorted_here() {
        let mut book = TaskBook::default();
        book.restart(7);
        assert_eq!(book.missing(0, 7), Some(0));
        book.begin_load();
        book.put(task(5, TaskState::Running));
        book.put_page(0, page(0, 7, 7));
        assert_eq!(book.get(5).map(|task| task.state), Some(TaskState::Running));
        assert!(book.is_whole() && book.missing(0, 7).is_none());
        assert_eq!(book.rows(None, Sort::Number), Rows::All(7));
        assert_eq!(book.rows(Some(TaskState::Failed), Sort::Number), Rows::These(vec![0, 3, 6]));
        assert_eq!(book.rows(Some(TaskState::Failed), Sort::Bytes), Rows::These(vec![6, 3, 0]));
        book.put(task(3, TaskState::Done));
        assert_eq!(book.rows(Some(TaskState::Failed), Sort::Number).len(), 2);
    }

    #[test]
    fn large_jobs_are_loaded_where_they_are_looked_at() {
        let mut book = TaskBook::default();
        book.restart(100_000);
        assert_eq!(book.missing(70_010, 70_040), Some(70_000));
        book.put_page(70_000, page(70_000, 70_500, 100_000));
        assert_eq!(book.missing(70_010, 70_040), None);
        assert_eq!(book.missing(70_480, 70_520), Some(70_500));
        book.outdate();
        assert_eq!((book.missing(70_010, 70_040), book.get(70_010).is_some()), (Some(70_000), true));
        book.put_listed(page(0, 3, 3), true);
        assert_eq!(book.rows(Some(TaskState::Failed), Sort::Number), Rows::These(vec![0, 1, 2]));
        assert_eq!(book.rows(None, Sort::Number).at(99_999), Some(99_999));
    }
}
