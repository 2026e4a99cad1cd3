//! One task from the side: attempts, settings, query ids, the server's own words.

use executor_api::job::RetryRequest;
use executor_api::task::{Attempt, Task, TaskDetail, TaskState};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::model::Model;
use crate::browser;
use crate::components::badge::badge;
use crate::components::copy::copy_button;
use crate::components::figure::live_fact;
use crate::components::states;
use crate::console::console;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::router;
use crate::views::job_query::JobQuery;
use crate::views::{format, job_state};

/// The sheet; closed while the address names no task.
pub(super) fn sheet(model: Model, query: Memo<JobQuery>) -> Group {
    let n = memo(move || query.get().task);
    let router = router();
    let close = move || router.turn(&JobQuery { task: None, ..query.get_untracked() }.address(&model.id()));
    browser::listen("keydown", move |event| {
        let escape = event.unchecked_ref::<KeyboardEvent>().key() == "Escape";
        if escape && n.get_untracked().is_some() && browser::all("dialog[open]").is_empty() {
            close();
        }
    });
    group().live(move || n.get().map(|n| of(model, n, close)))
}

fn of(model: Model, n: u64, close: impl Fn() + 'static) -> El {
    let path = format!("/v1/jobs/{}/tasks/{n}", model.id());
    let detail = Remote::<TaskDetail>::new(move || path.clone());
    // The stream tells when the task changes; the sheet then asks for its attempts again.
    let standing = memo(move || model.live.with(|live| live.book.get(n).map(|task| (task.state, task.attempts, task.verified))));
    let mut known = false;
    effect(move || {
        standing.get();
        if std::mem::replace(&mut known, true) {
            detail.refresh();
        }
    });
    let title = el("h2").text("Chunk ").child(el("span").class("num").text(format::exact(n + 1)));
    let button = el("button").class("button quiet").label("Close").test_id("sheet-close").on_click(close).text("✕");
    el("aside")
        .class("sheet")
        .label("Task")
        .test_id("sheet")
        .child(el("header").child(title).child(button))
        .child(states::show(detail, move || content(model, Sheet(detail))))
}

/// The task as the service last told it. Each part follows its own: folds stay open and the focus stays while it changes.
#[derive(Clone, Copy)]
struct Sheet(Remote<TaskDetail>);

impl Sheet {
    fn part<T: Default + PartialEq + Send + Sync + 'static>(self, of: fn(&TaskDetail) -> T) -> Memo<T> {
        memo(move || self.0.value.with(|detail| detail.as_ref().map(of)).unwrap_or_default())
    }

    fn text(self, of: fn(&TaskDetail) -> String) -> impl Fn() -> String + Copy {
        move || self.0.value.with(|detail| detail.as_ref().map(of)).unwrap_or_default()
    }
}

fn content(model: Model, sheet: Sheet) -> Group {
    let message = sheet.part(|detail| detail.task.message.clone().map(|message| (message, detail.task.state == TaskState::Done)));
    let said = |(message, fine): (String, bool)| {
        el("pre").class(if fine { "said" } else { "said bad" }).attr("tabindex", "0").test_id("task-message").text(message)
    };
    let facts = el("dl")
        .class("figures")
        .child(live_fact("Rows", sheet.text(|detail| rows(&detail.task))))
        .child(live_fact("Size", sheet.text(|detail| size(&detail.task))))
        .child(live_fact("Took", sheet.text(|detail| format::duration(detail.task.duration_ms))))
        .child(live_fact("Content", sheet.text(|detail| proven(&detail.task).to_owned())));
    group()
        .child(state_line(model, sheet))
        .live(move || message.get().map(said))
        .child(facts)
        .child(attempts(sheet))
        .child(sql(sheet))
        .child(settings(sheet))
        .child(el("p").class("faint").text("Token ").child(el("code").class("digest").words(sheet.text(|detail| detail.token.clone()))))
}

fn state_line(model: Model, sheet: Sheet) -> El {
    let console = console();
    let task = sheet.part(|detail| Some((detail.task.n, detail.task.state)));
    let retry = move || {
        let (n, _) = task.get().filter(|(_, state)| *state == TaskState::Failed)?;
        let again = move || model.act(console, "retry", &RetryRequest { tasks: vec![n] }, "The chunk will be sent again");
        Some(el("button").class("button primary").test_id("retry-task").on_click(again).text("Retry this chunk"))
    };
    el("p")
        .class("line")
        .live(move || task.get().map(|(_, state)| badge(job_state::task(state), "sheet-state")))
        .child(el("span").class("num").words(sheet.text(|detail| detail.task.label.clone())))
        .live(retry)
}

fn rows(task: &Task) -> String {
    format!("{}, estimated {}", format::exact(task.rows), format::exact(task.rows_estimated))
}

fn size(task: &Task) -> String {
    format!("{}, estimated {}", format::bytes(task.bytes), format::bytes(task.bytes_estimated))
}

fn proven(task: &Task) -> &'static str {
    match task.verified {
        None => "not compared yet",
        Some(true) => "source and target are equal",
        Some(false) => "source and target differ",
    }
}

fn sql(sheet: Sheet) -> El {
    let text = sheet.text(|detail| detail.sql.clone());
    el("details")
        .class("box")
        .flag("open", true)
        .child(el("summary").text("SQL"))
        .child(el("pre").class("sql").attr("tabindex", "0").test_id("task-sql").words(text))
        .child(copy_button("Copy SQL", "copy-task-sql", move || untrack(text)))
}

fn settings(sheet: Sheet) -> El {
    let all = sheet.part(|detail| detail.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>());
    let row = |(name, value): (String, String)| {
        el("tr").child(el("td").child(el("code").text(name))).child(el("td").class("right").child(el("code").text(value)))
    };
    let body = el("tbody").live(move || group().children(all.get().into_iter().map(row)));
    el("details")
        .class("box")
        .child(el("summary").words(move || format!("Settings · {}", all.with(Vec::len))))
        .child(el("table").label("Settings").child(body))
}

fn attempts(sheet: Sheet) -> Group {
    let all = sheet.part(|detail| detail.attempts.clone());
    let none = memo(move || all.with(Vec::is_empty));
    let count = el("span").class("faint num").words(move || all.with(Vec::len).to_string());
    let list = move || group().children(all.with(|all| all.iter().rev().map(attempt).collect::<Vec<_>>()));
    group()
        .child(el("h3").text("Attempts ").child(count))
        .live(move || none.get().then(|| el("p").class("faint").text("It was not sent yet.")))
        .child(el("ol").class("attempts").live(list))
}

fn attempt(attempt: &Attempt) -> El {
    let offset = browser::offset_minutes();
    let took = attempt.finished_at.map(|at| format::duration((at.0 - attempt.started_at.0).max(0).unsigned_abs()));
    let code = attempt.error_code.map(|code| el("span").class("num").text(format!("code {code}")));
    let words =
        attempt.message.as_ref().map(|message| el("pre").class("said").attr("tabindex", "0").test_id("attempt-message").text(message));
    let generation = (attempt.generation > 0).then(|| format!("generation {}", attempt.generation));
    let line = el("p")
        .class("line")
        .child(el("b").class("num").text(attempt.number.to_string()))
        .child(badge(job_state::outcome(attempt.outcome), "attempt-outcome"))
        .child(el("span").class("faint num").text(format::seconds(attempt.started_at, offset)).text(" ").child(took))
        .child(code)
        .child(el("span").class("faint").child(generation))
        .child(el("span").class("faint num").text(format!("{} rows", format::exact(attempt.rows))));
    let query = el("code").class("digest").test_id("query-id").text(&attempt.query_id);
    el("li").test_id("attempt").child(line).child(el("p").class("faint").child(query)).child(words)
}
