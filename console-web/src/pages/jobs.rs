//! Every job, newest first; filters stand in the address.

use executor_api::job::{JobList, JobState};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::browser;
use crate::components::job_row::job_table;
use crate::components::states;
use crate::erase::{act, live};
use crate::remote::Remote;
use crate::views::address::with_query;

/// The page.
pub(crate) fn jobs() -> AnyView {
    browser::set_title("Jobs");
    let query = use_query_map();
    let part = move |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
    let list = Remote::<JobList>::new(move || {
        with_query("/v1/jobs", &[("state", &part("state")), ("table", &part("table")), ("cursor", &part("cursor"))])
    })
    .every(3);
    let text = RwSignal::new(query.with_untracked(|query| query.get("q")).unwrap_or_default());
    let address = move |state: &str, cursor: &str| {
        with_query("/jobs", &[("state", state), ("table", &part("table")), ("q", &text.get_untracked()), ("cursor", cursor)])
    };
    let navigate = StoredValue::new_local(use_navigate());
    let choose = move |state: String| {
        navigate.with_value(|navigate| navigate(&address(&state, ""), NavigateOptions { scroll: false, ..NavigateOptions::default() }));
    };
    let options = JobState::ALL.iter().map(|state| view! { <option value=state.name()>{state.name()}</option> }).collect::<Vec<_>>();
    let table = move || {
        let table = part("table");
        (!table.is_empty()).then(|| view! { <p class="chips"><code class="chip">{table}</code> <a href="/jobs">"All tables"</a></p> })
    };
    let shown = Memo::new(move |_| {
        let wanted = text.get().to_lowercase();
        let matches = |job: &&executor_api::job::Job| {
            format!("{} {} {} {}", job.title, job.source, job.target, job.id).to_lowercase().contains(&wanted)
        };
        list.value.with(|list| list.iter().flat_map(|list| &list.jobs).filter(matches).cloned().collect::<Vec<_>>())
    });
    let none = Memo::new(move |_| shown.with(Vec::is_empty));
    let older = move || {
        let next = list.value.with(|list| list.as_ref().and_then(|list| list.next.clone()));
        next.map(|next| view! { <a class="button" href=address(&part("state"), &next)>"Older jobs"</a> })
    };
    let nothing = move || {
        none.get().then(|| {
            if part("state").is_empty() && part("table").is_empty() && text.with(String::is_empty) {
                states::empty("No job has run here yet", "A job is made by starting a plan.", Some(("/plan", "Plan a backfill")))
            } else {
                states::empty("No job matches", "Choose another state or clear the search.", Some(("/jobs", "Show all jobs")))
            }
        })
    };
    let body = move || {
        view! {
            {live(nothing)}
            <div hidden=live(move || none.get())>{job_table(shown.into(), "Jobs")}</div>
            <p class="actions">{live(older)}</p>
        }
        .into_any()
    };
    view! {
        <main class="page" id="main">
            <div class="head">
                <h1>"Jobs"</h1>
                <div class="filters">
                    <select aria-label="State" data-testid="job-state-filter" prop:value=live(move || part("state")) on:change=act(move |event| choose(event_target_value(&event)))>
                        <option value="">"All states"</option>
                        {options}
                    </select>
                    <input
                        type="search"
                        placeholder="Filter by title or table"
                        aria-label="Filter jobs by title or table"
                        data-search=""
                        data-testid="job-search"
                        prop:value=live(move || text.get())
                        on:input=act(move |event| {
                            text.set(event_target_value(&event));
                            browser::replace_address(&address(&part("state"), &part("cursor")));
                        })
                    />
                </div>
            </div>
            {live(table)}
            {states::show(list, body)}
        </main>
    }
    .into_any()
}
