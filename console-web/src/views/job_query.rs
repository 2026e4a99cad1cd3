//! The job page's address: tab, task, filter, order.

use executor_api::task::TaskState;

use super::address::with_query;
use super::job_state::task_state;
use super::task_book::Sort;

/// A tab of the job page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Every task.
    #[default]
    Tasks,
    /// Attempts over time.
    Timeline,
    /// Every event.
    Log,
    /// The frozen plan.
    Plan,
    /// Source against target.
    Verify,
    /// What people did.
    Activity,
}

impl Tab {
    /// Every tab, in order.
    pub const ALL: [Self; 6] = [Self::Tasks, Self::Timeline, Self::Log, Self::Plan, Self::Verify, Self::Activity];

    /// The name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Timeline => "timeline",
            Self::Log => "log",
            Self::Plan => "plan",
            Self::Verify => "verify",
            Self::Activity => "activity",
        }
    }

    /// The name on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tasks => "Tasks",
            Self::Timeline => "Timeline",
            Self::Log => "Log",
            Self::Plan => "Plan",
            Self::Verify => "Verify",
            Self::Activity => "Activity",
        }
    }
}

/// What the address says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// Tab.
    pub tab: Tab,
    /// Filter of the tasks.
    pub state: Option<TaskState>,
    /// Order of the tasks.
    pub sort: Sort,
    /// The task whose sheet is open.
    pub task: Option<u64>,
}

impl JobQuery {
    /// Reads an address; what it does not know takes its default.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let named = |name: &str| get(name).unwrap_or_default();
        Self {
            tab: Tab::ALL.into_iter().find(|tab| tab.name() == named("tab")).unwrap_or_default(),
            state: task_state(&named("state")),
            sort: Sort::ALL.into_iter().find(|sort| sort.name() == named("sort")).unwrap_or_default(),
            task: named("task").parse().ok(),
        }
    }

    /// The address of a job's page that says this.
    pub fn address(self, id: &str) -> String {
        let task = self.task.map(|n| n.to_string()).unwrap_or_default();
        let tab = if self.tab == Tab::Tasks { "" } else { self.tab.name() };
        let sort = if self.sort == Sort::Number { "" } else { self.sort.name() };
        with_query(
            &format!("/jobs/{id}"),
            &[("tab", tab), ("state", self.state.map_or("", TaskState::name)), ("sort", sort), ("task", &task)],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> JobQuery {
        let query = address.split_once('?').map_or("", |(_, query)| query).to_owned();
        JobQuery::read(|name| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned))
    }

    #[test]
    fn addresses_go_round() {
        let all = JobQuery { tab: Tab::Log, state: Some(TaskState::Failed), sort: Sort::Bytes, task: Some(17) };
        for query in [JobQuery::default(), all] {
            assert_eq!(read(&query.address("ab")), query);
        }
        assert_eq!(JobQuery::default().address("ab"), "/jobs/ab");
        assert_eq!(all.address("ab"), "/jobs/ab?tab=log&state=failed&sort=bytes&task=17");
        assert_eq!(read("/jobs/ab?tab=nonsense&task=x"), JobQuery::default());
    }
}
