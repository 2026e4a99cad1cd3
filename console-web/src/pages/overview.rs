//! What runs, what needs a look, what has ended.

use executor_api::job::{Job, JobList};
use executor_api::meta::Service;
use leptos::prelude::*;

use crate::browser;
use crate::components::job_row::job_table;
use crate::components::states;
use crate::console::console;
use crate::erase::live;
use crate::remote::Remote;
use crate::views::overview::{Groups, groups};

/// The page.
pub(crate) fn overview() -> AnyView {
    browser::set_title("Overview");
    let jobs = Remote::<JobList>::new(|| "/v1/jobs".to_owned()).every(3);
    view! {
        <main class="page" id="main">
            <div class="head">
                <h1>"Overview"</h1>
                <a class="button primary" href="/plan" data-testid="plan-new">"Plan a backfill"</a>
            </div>
            {unreachable()}
            {states::show(jobs, move || body(jobs))}
        </main>
    }
    .into_any()
}

fn body(jobs: Remote<JobList>) -> AnyView {
    let now = console().now;
    // The groups change by the day, not by the second.
    let day = Memo::new(move |_| now.get() / 3_600_000 * 3_600_000);
    let all = Memo::new(move |_| groups(&jobs.value.get().map(|list| list.jobs).unwrap_or_default(), day.get()));
    let none = Memo::new(move |_| jobs.value.with(|list| list.as_ref().is_none_or(|list| list.jobs.is_empty())));
    view! {
        {live(move || none.get().then(welcome))}
        <div class="groups" hidden=live(move || none.get())>
            {group("Needs attention", "attention", "Nothing needs a look.", all, |groups| groups.attention.clone())}
            {group("Running now", "running", "No job is running.", all, |groups| groups.running.clone())}
            {group("Finished in the last 7 days", "finished", "Nothing has finished in the last 7 days.", all, |groups| groups.finished.clone())}
        </div>
    }
    .into_any()
}

fn group(title: &'static str, testid: &'static str, none: &'static str, all: Memo<Groups>, of: fn(&Groups) -> Vec<Job>) -> AnyView {
    let jobs = Memo::new(move |_| all.with(of));
    let some = Memo::new(move |_| !jobs.with(Vec::is_empty));
    let count = move || jobs.with(Vec::len).to_string();
    view! {
        <section data-testid=format!("group-{testid}")>
            <h2>{title} <span class="faint num">{live(move || some.get().then(count))}</span></h2>
            {live(move || if some.get() { job_table(jobs.into(), title) } else { view! { <p class="faint">{none}</p> }.into_any() })}
        </section>
    }
    .into_any()
}

fn welcome() -> AnyView {
    let service = expect_context::<Remote<Service>>();
    let sample = move || {
        service.value.with(|service| service.as_ref().is_some_and(|service| service.sample)).then(|| {
            view! { <p>"The sample tables in "<code>"demo"</code>" are ready: try " <a href="/tables">"one of them"</a> "."</p> }
        })
    };
    view! {
        <div class="welcome" data-testid="welcome">
            <h2>"No backfill has run here yet"</h2>
            <p>
                "Choose a table and a window. You see every chunk and its SQL before anything is written, "
                "and at the end a proof that each row arrived exactly once."
            </p>
            {live(sample)}
            <p class="actions">
                <a class="button primary" href="/plan">"Plan a backfill"</a>
                <a class="button" href="/tables">"Look at tables"</a>
            </p>
        </div>
    }
    .into_any()
}

/// ClickHouse does not answer: said once, where everybody looks first.
fn unreachable() -> AnyView {
    let service = expect_context::<Remote<Service>>();
    let line = move || {
        service.value.with(|service| {
            let clickhouse = &service.as_ref()?.clickhouse;
            clickhouse.version.is_none().then(|| {
                let why = clickhouse.error.clone().unwrap_or_default();
                view! { <p class="stale bad">"ClickHouse at " <code>{clickhouse.url.clone()}</code> " does not answer. " {why}</p> }
            })
        })
    };
    line.into_any()
}
