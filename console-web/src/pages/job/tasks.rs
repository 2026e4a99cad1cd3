//! Tasks as rows: 100,000 of them, of which only those in sight are elements.

use executor_api::task::{Task, TaskState};

use super::model::Model;
use crate::components::virtual_rows::{LongList, virtual_rows};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::router::router;
use crate::views::format;
use crate::views::job_query::JobQuery;
use crate::views::job_state;
use crate::views::task_book::{Rows, Sort};

const COLUMNS: [(&str, &str); 6] = [("", "#"), ("", "Span"), ("", "State"), ("right", "Rows"), ("right", "Size"), ("right", "Took")];

/// The tab.
pub(super) fn tasks(model: Model, query: Memo<JobQuery>) -> View {
    let state = memo(move || query.get().state);
    let small = memo(move || model.live.with(|live| live.book.is_small()));
    let rows = memo(move || {
        let query = query.get();
        model.live.with(|live| live.book.rows(query.state, query.sort))
    });
    let total = memo(move || rows.with(Rows::len));
    let window = RwSignal::new((0_u64, 0_u64));
    load(model, state, small, total, window);
    let none = memo(move || total.get() == 0 && (!small.get() || model.live.with(|live| live.book.is_whole())));
    let nothing = move || {
        let words = state.get().map_or_else(|| "The plan has no chunks.".to_owned(), |state| format!("No task is {}.", state.name()));
        el("p").class("empty").test_id("empty").text(words)
    };
    let row = move |index: u64| task_row(model, memo(move || rows.with(|rows| rows.at(index))), query);
    let list = virtual_rows(
        LongList { label: "Tasks", row_id: "task-row", columns: COLUMNS, total },
        move |first, last| window.set((first, last)),
        row,
    );
    group()
        .child(filters(model, query, small))
        .live(move || none.get().then(nothing))
        .child(el("div").class("task-list").live_flag("hidden", move || none.get()).child(list))
        .into()
}

/// Asks for what comes in sight.
fn load(model: Model, state: Memo<Option<TaskState>>, small: Memo<bool>, total: Memo<u64>, window: RwSignal<(u64, u64)>) {
    effect(move || {
        model.reloads.track();
        let (first, last) = window.get();
        // All of a small job are loaded for its strip.
        if state.get().is_none() && !small.get() {
            model.load(first, last);
        }
    });
    // The filtered list of a large job: page after page, as its end comes in sight.
    effect_with(move |before: Option<(Option<TaskState>, u32)>| {
        let now = (state.get(), model.reloads.get());
        let (_, last) = window.get();
        if let Some(state) = now.0.filter(|_| !small.get()) {
            if before != Some(now) {
                model.load_listed(state, None);
            } else if last >= total.get_untracked()
                && let Some(cursor) = model.live.with_untracked(|live| live.book.next_listed())
            {
                model.load_listed(state, Some(cursor));
            }
        }
        now
    });
}

fn filters(model: Model, query: Memo<JobQuery>, small: Memo<bool>) -> El {
    let counts = model.memo(|job| job.counts);
    let states = job_state::ORDER.into_iter().fold(
        el("p").class("chips").attr("role", "group").label("Filter by state").child(chip(model, query, None, move || counts.get().total)),
        |chips, state| {
            let of = move || counts.with(|counts| job_state::count(counts, state));
            let some = memo(move || of() > 0);
            chips.live(move || some.get().then(|| chip(model, query, Some(state), of)))
        },
    );
    el("div").class("filters between").child(states).child(order(model, query, small))
}

fn chip(model: Model, query: Memo<JobQuery>, state: Option<TaskState>, count: impl Fn() -> u64 + 'static) -> El {
    let name = state.map_or("all", TaskState::name);
    el("a")
        .class("chip")
        .live_attr("href", move || JobQuery { state, task: None, ..query.get() }.address(&model.id()))
        .live_attr_if("aria-current", move || (query.get().state == state).then_some("true"))
        .test_id(format!("filter-{name}"))
        .text(name)
        .text(" ")
        .child(el("span").class("num").words(move || format::exact(count())))
}

fn order(model: Model, query: Memo<JobQuery>, small: Memo<bool>) -> El {
    let router = router();
    let words = |sort: Sort| match sort {
        Sort::Number => "In order",
        Sort::Duration => "Longest first",
        Sort::Bytes => "Largest first",
        Sort::Attempts => "Most attempts first",
    };
    let choose = move |name: String| {
        let sort = Sort::ALL.into_iter().find(|sort| sort.name() == name).unwrap_or_default();
        router.turn(&JobQuery { sort, ..query.get_untracked() }.address(&model.id()));
    };
    el("select")
        .label("Order")
        .test_id("task-sort")
        .live_flag("hidden", move || !small.get())
        .children(Sort::ALL.map(|sort| el("option").attr("value", sort.name()).text(words(sort))))
        .live_value(move || query.get().sort.name().to_owned())
        .on_value("change", choose)
}

fn task_row(model: Model, n: Memo<Option<u64>>, query: Memo<JobQuery>) -> View {
    let task = memo(move || n.get().and_then(|n| model.live.with(|live| live.book.get(n).cloned())));
    let text = move |of: fn(&Task) -> String| move || task.with(|task| task.as_ref().map_or_else(|| "…".to_owned(), of));
    let open = move || n.get().is_some() && query.get().task == n.get();
    let link = el("a")
        .live_attr("href", move || JobQuery { task: n.get(), ..query.get() }.address(&model.id()))
        .attr("data-row", "")
        .live_class("open", open)
        .test_id("task-link")
        .live_attr_if("data-task", move || n.get().map(|n| n.to_string()))
        .words(move || n.get().map(|n| format::exact(n + 1)).unwrap_or_default());
    group()
        .child(cell("n").child(link))
        .child(cell("label").words(text(|task| task.label.clone())))
        .child(state_cell(task))
        .child(cell("right num").words(text(|task| format::count(rows(task)))))
        .child(cell("right num").words(text(|task| format::bytes(bytes(task)))))
        .child(
            cell("right num faint")
                .words(text(|task| if task.duration_ms == 0 { String::new() } else { format::duration(task.duration_ms) })),
        )
        .into()
}

fn cell(class: &str) -> El {
    el("span").attr("role", "cell").class(class)
}

fn rows(task: &Task) -> u64 {
    if task.state == TaskState::Waiting { task.rows_estimated } else { task.rows }
}

fn bytes(task: &Task) -> u64 {
    if task.state == TaskState::Done { task.bytes } else { task.bytes_estimated }
}

fn state_cell(task: Memo<Option<Task>>) -> El {
    let sign = memo(move || task.with(|task| task.as_ref().map(|task| job_state::task(task.state))));
    let said = move |of: fn(&Task) -> Option<String>| move || task.with(|task| task.as_ref().and_then(of)).unwrap_or_default();
    let why = said(why);
    let badge = el("span")
        .live_attr("class", move || format!("badge {}", sign.get().map_or("idle", |sign| sign.tone.class())))
        .live_attr("data-state", move || sign.get().map_or("", |sign| sign.name))
        .test_id("task-state")
        .child(el("span").class("icon").hidden_from_speech().words(move || sign.get().map_or("", |sign| sign.icon)))
        .words(move || sign.get().map_or("", |sign| sign.name));
    cell("state")
        .child(badge)
        .child(el("span").class("faint").words(said(|task| (task.attempts > 1).then(|| format!("{} attempts", task.attempts)))))
        .child(el("span").class("faint").words(said(|task| Some(if task.verified? { "✓ equal" } else { "✕ differs" }.to_owned()))))
        .child(el("span").class("faint why").live_attr("title", why).words(why))
}

fn why(task: &Task) -> Option<String> {
    task.message.clone().filter(|_| matches!(task.state, TaskState::Failed | TaskState::Unknown | TaskState::Retrying))
}
