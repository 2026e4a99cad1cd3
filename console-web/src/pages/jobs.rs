//! Every job, newest first; filters stand in the address.

use executor_api::job::{Job, JobList, JobState};

use crate::browser;
use crate::components::job_row::job_table;
use crate::components::states;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::{Router, router};
use crate::views::address::with_query;

/// The page's signals.
#[derive(Clone, Copy)]
struct Jobs {
    router: Router,
    list: Remote<JobList>,
    /// What is searched for.
    text: RwSignal<String>,
    shown: Memo<Vec<Job>>,
    none: Memo<bool>,
}

/// The page.
pub(crate) fn jobs() -> El {
    browser::set_title("Jobs");
    let jobs = Jobs::new();
    let filters = el("div").class("filters").child(jobs.states()).child(jobs.search());
    el("main")
        .class("page")
        .attr("id", "main")
        .child(el("div").class("head").child(el("h1").text("Jobs")).child(filters))
        .live(move || jobs.table())
        .child(states::show(jobs.list, move || jobs.body()))
}

impl Jobs {
    fn new() -> Self {
        let router = router();
        let asked = move || {
            let part = |name: &str| router.query(|query| query.get(name)).unwrap_or_default();
            with_query("/v1/jobs", &[("state", &part("state")), ("table", &part("table")), ("cursor", &part("cursor"))])
        };
        let list = Remote::<JobList>::new(asked).every(3);
        let text = RwSignal::new(router.query_once("q"));
        let shown = memo(move || {
            let wanted = browser::lowercase(&text.get());
            let matches = |job: &&Job| {
                let words = format!("{} {} {} {}", job.title, job.source, job.target, job.id);
                wanted.is_empty() || browser::lowercase(&words).contains(&wanted)
            };
            list.value.with(|list| list.iter().flat_map(|list| &list.jobs).filter(matches).cloned().collect::<Vec<_>>())
        });
        Self { router, list, text, shown, none: memo(move || shown.with(Vec::is_empty)) }
    }

    fn part(self, name: &str) -> String {
        self.router.query(|query| query.get(name)).unwrap_or_default()
    }

    fn address(self, state: &str, cursor: &str) -> String {
        with_query("/jobs", &[("state", state), ("table", &self.part("table")), ("q", &self.text.get_untracked()), ("cursor", cursor)])
    }

    fn states(self) -> El {
        let option = |state: &JobState| el("option").attr("value", state.name()).text(state.name());
        el("select")
            .label("State")
            .test_id("job-state-filter")
            .child(el("option").attr("value", "").text("All states"))
            .children(JobState::ALL.iter().map(option))
            .live_value(move || self.part("state"))
            .on_value("change", move |state| self.router.turn(&self.address(&state, "")))
    }

    fn search(self) -> El {
        let typed = move |text| {
            self.text.set(text);
            browser::replace_address(&self.address(&self.part("state"), &self.part("cursor")));
        };
        el("input")
            .attr("type", "search")
            .attr("placeholder", "Filter by title or table")
            .label("Filter jobs by title or table")
            .attr("data-search", "")
            .test_id("job-search")
            .live_value(move || self.text.get())
            .on_value("input", typed)
    }

    /// The table that the list is narrowed to.
    fn table(self) -> Option<El> {
        let table = self.part("table");
        let all = el("a").href("/jobs").text("All tables");
        (!table.is_empty()).then(|| el("p").class("chips").child(el("code").class("chip").text(table)).text(" ").child(all))
    }

    fn body(self) -> View {
        let table = el("div").live_flag("hidden", move || self.none.get()).child(job_table(self.shown, "Jobs"));
        group()
            .live(move || self.none.get().then(|| self.nothing()))
            .child(table)
            .child(el("p").class("actions").live(move || self.older()))
            .into()
    }

    fn nothing(self) -> El {
        if self.part("state").is_empty() && self.part("table").is_empty() && self.text.with(String::is_empty) {
            states::empty("No job has run here yet", "A job is made by starting a plan.", Some(("/plan", "Plan a backfill")))
        } else {
            states::empty("No job matches", "Choose another state or clear the search.", Some(("/jobs", "Show all jobs")))
        }
    }

    fn older(self) -> Option<El> {
        let next = self.list.value.with(|list| list.as_ref().and_then(|list| list.next.clone()))?;
        Some(el("a").class("button").href(self.address(&self.part("state"), &next)).text("Older jobs"))
    }
}
