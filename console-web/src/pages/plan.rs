//! A frozen plan: what was previewed, and what a job runs.

use executor_api::plan::PlanAnswer;
use planner_core::plan::{Mode, WritePath};
use planner_core::rationale::Severity;
use planner_core::request::Method;
use planner_wasm::message::Marks;

use crate::components::chunk_table::{Page, chunk_table};
use crate::components::copy::copy_button;
use crate::components::figure::fact;
use crate::components::notes::{notes, reasons};
use crate::components::states;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::router;
use crate::views::answer::{Line, Lines};
use crate::views::line_book::PAGE;
use crate::views::{format, studio};
use crate::{api_client, browser};

/// The page.
pub(crate) fn plan() -> El {
    let router = router();
    let digest = memo(move || router.param(0));
    effect(move || browser::set_title(&format!("Plan {}", format::short_digest(&digest.get()))));
    let title = el("div")
        .child(el("p").class("crumb").text("Plan"))
        .child(el("h1").class("num").words(move || format::short_digest(&digest.get())));
    el("main").class("page").attr("id", "main").child(el("div").class("head").child(title)).live(move || frozen(&digest.get()))
}

/// The plan's facts, notes and chunks; also the Plan tab of a job.
pub(crate) fn frozen(digest: &str) -> View {
    let path = format!("/v1/plans/{digest}");
    let plan = Remote::<PlanAnswer>::new(move || path.clone());
    states::show(plan, move || plan.value.with_untracked(|plan| plan.as_ref().map_or_else(View::none, body)))
}

fn body(plan: &PlanAnswer) -> View {
    let first_sql = RwSignal::new(String::new());
    group()
        .child(facts(plan))
        .child(actions(plan))
        .child(notes(&plan.rationale, Severity::Warning))
        .child(fold("Why these cuts?", reasons(&plan.rationale)))
        .child(fold("SQL of the first chunk", el("pre").class("sql").attr("tabindex", "0").words(move || first_sql.get())))
        .child(el("section").child(el("h2").text("Chunks")).child(chunks(plan, first_sql)))
        .into()
}

fn facts(plan: &PlanAnswer) -> El {
    let request = &plan.request;
    el("dl")
        .class("figures")
        .child(fact("Copy", format!("{} → {}", request.source, request.target)))
        .child(fact("Window", studio::window_text(request.window)))
        .child(fact("Chunks", format!("{} · {}", format::exact(plan.chunks), studio::cut_words(&request.method))))
        .child(fact("Rows, estimated", format::count(plan.rows)))
        .child(fact("Size, estimated", format::bytes(plan.bytes)))
        .child(fact("How", mode_words(plan.mode)))
        .child(fact("Each chunk", write_words(plan.write)))
}

fn actions(plan: &PlanAnswer) -> El {
    let digest = plan.digest.to_string();
    let shown = el("code").class("digest").test_id("plan-digest").title("SHA-256 of everything that decides what is written").text(&digest);
    el("p")
        .class("actions")
        .child(shown)
        .child(copy_button("Copy digest", "copy-digest", move || digest.clone()))
        .child(el("a").class("button quiet").href(studio::Studio::from(&plan.request).address()).text("Open in the studio"))
}

fn fold(words: &str, content: El) -> El {
    el("details").class("box").child(el("summary").text(words)).child(content)
}

/// The chunks page by page; the first also gives its SQL.
fn chunks(plan: &PlanAnswer, first_sql: RwSignal<String>) -> El {
    let (digest, total, method) = (plan.digest.to_string(), plan.chunks, plan.request.method);
    let ask = move |from: u64, then: Page| {
        let path = format!("/v1/plans/{digest}/chunks?cursor={from}&limit={PAGE}");
        api_client::get::<Lines>(path, move |page| {
            let lines = page.ok().map(|page| page.chunks);
            if let Some(first) = lines.iter().flatten().next().filter(|_| from == 0) {
                let _gone = first_sql.try_set(first.sql.clone());
            }
            then(lines.map(|lines| lines.into_iter().map(|line| marked(method, line)).collect()));
        });
    };
    chunk_table(memo(move || total), || (), ask)
}

/// What a row alone tells: the key's types, which tell spans within one value, stand only in the whole plan.
fn marked(method: Method, line: Line) -> Line {
    let over = method.most_bytes().is_some_and(|most| line.chunk.bytes > most);
    Line { marks: Marks { hot: line.chunk.is_share(), over }, ..line }
}

/// A mode in words.
pub(crate) fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Copy => "table to table",
        Mode::ViewReplay => "through the materialized views' own SELECT",
    }
}

/// A write path in words.
pub(crate) fn write_words(write: WritePath) -> &'static str {
    match write {
        WritePath::DirectStrict => "one INSERT, one block, one token",
        WritePath::DirectOrdered => "one sorted INSERT, one block, one token",
    }
}
