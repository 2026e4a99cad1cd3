//! What runs, what needs a look, what has ended.

use executor_api::job::{Job, JobList};
use executor_api::meta::Service;

use crate::browser;
use crate::components::job_row::job_table;
use crate::components::states;
use crate::console::console;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::views::overview::{Groups, groups};

/// The page.
pub(crate) fn overview() -> El {
    browser::set_title("Overview");
    let jobs = Remote::<JobList>::new(|| "/v1/jobs".to_owned()).every(3);
    let plan = el("a").class("button primary").href("/plan").test_id("plan-new").text("Plan a backfill");
    el("main")
        .class("page")
        .attr("id", "main")
        .child(el("div").class("head").child(el("h1").text("Overview")).child(plan))
        .child(unreachable())
        .child(states::show(jobs, move || body(jobs)))
}

fn body(jobs: Remote<JobList>) -> View {
    let now = console().now;
    // The groups change by the hour, not by the second.
    let hour = memo(move || now.get() / 3_600_000 * 3_600_000);
    let all = memo(move || groups(&jobs.value.get().map(|list| list.jobs).unwrap_or_default(), hour.get()));
    let none = memo(move || jobs.value.with(|list| list.as_ref().is_none_or(|list| list.jobs.is_empty())));
    let lists = el("div")
        .class("groups")
        .live_flag("hidden", move || none.get())
        .child(list("Needs attention", "attention", "Nothing needs a look.", all, |groups| &groups.attention))
        .child(list("Running now", "running", "No job is running.", all, |groups| &groups.running))
        .child(list("Finished in the last 7 days", "finished", "Nothing has finished in the last 7 days.", all, |groups| &groups.finished));
    group().live(move || none.get().then(welcome)).child(lists).into()
}

fn list(title: &'static str, test_id: &str, none: &'static str, all: Memo<Groups>, of: fn(&Groups) -> &Vec<Job>) -> El {
    let jobs = memo(move || all.with(|all| of(all).clone()));
    let some = memo(move || jobs.with(|jobs| !jobs.is_empty()));
    let count = move || if some.get() { jobs.with(Vec::len).to_string() } else { String::new() };
    el("section")
        .test_id(format!("group-{test_id}"))
        .child(el("h2").text(title).text(" ").child(el("span").class("faint num").words(count)))
        .live(move || if some.get() { job_table(jobs, title) } else { el("p").class("faint").text(none) })
}

fn welcome() -> El {
    let service = expect_context::<Remote<Service>>();
    let has_sample = memo(move || service.value.with(|service| service.as_ref().is_some_and(|service| service.sample)));
    let sample = || {
        el("p")
            .text("The sample tables in ")
            .child(el("code").text("demo"))
            .text(" are ready: try ")
            .child(el("a").href("/tables").text("one of them"))
            .text(".")
    };
    let actions = el("p")
        .class("actions")
        .child(el("a").class("button primary").href("/plan").text("Plan a backfill"))
        .text(" ")
        .child(el("a").class("button").href("/tables").text("Look at tables"));
    el("div")
        .class("welcome")
        .test_id("welcome")
        .child(el("h2").text("No backfill has run here yet"))
        .child(el("p").text(
            "Choose a table and a window. You see every chunk and its SQL before anything is written, \
             and at the end a proof that each row arrived exactly once.",
        ))
        .live(move || has_sample.get().then(sample))
        .child(actions)
}

/// ClickHouse does not answer: said once, where everybody looks first.
fn unreachable() -> Group {
    let service = expect_context::<Remote<Service>>();
    let line = move || {
        service.value.with(|service| {
            let clickhouse = &service.as_ref()?.clickhouse;
            let line = || {
                el("p")
                    .class("stale bad")
                    .text("ClickHouse at ")
                    .child(el("code").text(&clickhouse.url))
                    .text(" does not answer. ")
                    .text(clickhouse.error.as_deref().unwrap_or_default())
            };
            clickhouse.version.is_none().then(line)
        })
    };
    group().live(line)
}
