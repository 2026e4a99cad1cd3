//! Tasks as rows: 100,000 of them, of which only those in sight are elements.

use executor_api::task::{Task, TaskState};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::model::Model;
use crate::components::virtual_rows::virtual_rows;
use crate::erase::{act, effect, live};
use crate::views::format;
use crate::views::job_query::JobQuery;
use crate::views::job_state;
use crate::views::task_book::{Rows, Sort};

/// The tab.
pub(super) fn tasks(model: Model, query: Memo<JobQuery>) -> AnyView {
    let state = Memo::new(move |_| query.get().state);
    let sort = Memo::new(move |_| query.get().sort);
    let small = Memo::new(move |_| model.live.with(|live| live.book.is_small()));
    let rows = Memo::new(move |_| model.live.with(|live| live.book.rows(state.get(), sort.get())));
    let total = Signal::derive(move || rows.with(Rows::len));
    let window = RwSignal::new((0_u64, 0_u64));
    effect(move |_| {
        model.reloads.track();
        let (first, last) = window.get();
        match state.get() {
            _ if small.get() => model.load(0, u64::MAX),
            None => model.load(first, last),
            Some(_) => {}
        }
    });
    // The filtered list of a large job: page after page, as its end comes in sight.
    effect(move |before: Option<(Option<TaskState>, u32)>| {
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
    let none = Memo::new(move |_| total.get() == 0 && (!small.get() || model.live.with(|live| live.book.is_whole())));
    let nothing = move || {
        none.get().then(|| {
            let words = state.get().map_or_else(|| "The plan has no chunks.".to_owned(), |state| format!("No task is {}.", state.name()));
            view! { <p class="empty" data-testid="empty">{words}</p> }
        })
    };
    let id = StoredValue::new(model.id());
    let row = move |index: u64| task_row(model, Memo::new(move |_| rows.with(|rows| rows.at(index))), query, id);
    view! {
        {filters(model, query, small)}
        {live(nothing)}
        <div class="task-list" hidden=live(move || none.get())>{virtual_rows("Tasks", total, head(), move |first, last| window.set((first, last)), row)}</div>
    }
    .into_any()
}

fn filters(model: Model, query: Memo<JobQuery>, small: Memo<bool>) -> AnyView {
    let counts = Memo::new(move |_| model.job.with(|job| job.as_ref().map(|job| job.counts).unwrap_or_default()));
    let chip = move |state: Option<TaskState>, count: u64| {
        let name = state.map_or("all", TaskState::name);
        let address = move || JobQuery { state, task: None, ..query.get() }.address(&model.id());
        view! {
            <a class="chip" href=live(address) aria-current=live(move || (query.get().state == state).then_some("true")) data-testid=format!("filter-{name}")>
                {name}
                " "
                <span class="num">{format::exact(count)}</span>
            </a>
        }
    };
    let chips = move || {
        let counts = counts.get();
        let mut chips = vec![chip(None, counts.total)];
        chips.extend(job_state::counts(&counts).into_iter().map(|(state, count)| chip(Some(state), count)));
        chips
    };
    let navigate = StoredValue::new_local(use_navigate());
    let order = move |event| {
        let name = event_target_value(&event);
        let sort = Sort::ALL.into_iter().find(|sort| sort.name() == name).unwrap_or_default();
        let address = JobQuery { sort, ..query.get_untracked() }.address(&model.id());
        navigate.with_value(|navigate| navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() }));
    };
    let words = |sort: Sort| match sort {
        Sort::Number => "In order",
        Sort::Duration => "Longest first",
        Sort::Bytes => "Largest first",
        Sort::Attempts => "Most attempts first",
    };
    let options = Sort::ALL
        .iter()
        .map(|sort| view! { <option value=sort.name() selected=live(move || query.get().sort == *sort)>{words(*sort)}</option> })
        .collect::<Vec<_>>();
    view! {
        <div class="filters between">
            <p class="chips" role="group" aria-label="Filter by state">{live(chips)}</p>
            <select aria-label="Order" data-testid="task-sort" hidden=live(move || !small.get()) on:change=act(order)>{options}</select>
        </div>
    }
    .into_any()
}

fn head() -> AnyView {
    let cells = ["#", "Span", "State", "Rows", "Size", "Took"];
    let cells = cells.iter().map(|cell| view! { <span role="columnheader">{*cell}</span> }).collect::<Vec<_>>();
    view! { <div class="row row-head" role="row">{cells}</div> }.into_any()
}

fn task_row(model: Model, n: Memo<Option<u64>>, query: Memo<JobQuery>, id: StoredValue<String>) -> AnyView {
    let task = Memo::new(move |_| n.get().and_then(|n| model.live.with(|live| live.book.get(n).cloned())));
    let text = move |of: fn(&Task) -> String| move || task.with(|task| task.as_ref().map_or_else(|| "…".to_owned(), of));
    let number = move || n.get().map(|n| format::exact(n + 1)).unwrap_or_default();
    let address = move || JobQuery { task: n.get(), ..query.get() }.address(&id.get_value());
    let open = move || n.get().is_some() && query.get().task == n.get();
    let state = Memo::new(move |_| task.with(|task| task.as_ref().map(|task| task.state)));
    let sign = move || state.get().map(job_state::task);
    let attempts =
        move || task.with(|task| task.as_ref().filter(|task| task.attempts > 1).map(|task| format!("{} attempts", task.attempts)));
    let proven =
        move || task.with(|task| task.as_ref().and_then(|task| task.verified)).map(|equal| if equal { "✓ equal" } else { "✕ differs" });
    let why = move || {
        task.with(|task| {
            task.as_ref()
                .filter(|task| matches!(task.state, TaskState::Failed | TaskState::Unknown | TaskState::Retrying))
                .and_then(|task| task.message.clone())
        })
    };
    view! {
        <span role="cell" class="n">
            <a href=live(address) data-row="" class:open=live(open) data-testid="task-link" data-task=live(move || n.get().map(|n| n.to_string()))>{live(number)}</a>
        </span>
        <span role="cell" class="label">{text(|task| task.label.clone())}</span>
        <span role="cell" class="state">
            <span class=live(move || format!("badge {}", sign().map_or("idle", |sign| sign.tone.class()))) data-state=live(move || sign().map_or("", |sign| sign.name)) data-testid="task-state">
                <span class="icon" aria-hidden="true">{live(move || sign().map_or("", |sign| sign.icon))}</span>
                {live(move || sign().map_or("", |sign| sign.name))}
            </span>
            <span class="faint">{attempts}</span>
            <span class="faint">{proven}</span>
            <span class="faint why" title=live(move || why().unwrap_or_default())>{live(why)}</span>
        </span>
        <span role="cell" class="right num">{text(|task| format::count(if task.state == TaskState::Waiting { task.rows_estimated } else { task.rows }))}</span>
        <span role="cell" class="right num">{text(|task| format::bytes(if task.state == TaskState::Done { task.bytes } else { task.bytes_estimated }))}</span>
        <span role="cell" class="right num faint">{text(|task| if task.duration_ms == 0 { String::new() } else { format::duration(task.duration_ms) })}</span>
    }
    .into_any()
}
