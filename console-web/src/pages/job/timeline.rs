//! Attempts over time: how well the lanes were used, what was slow.

use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use planner_core::quantity::UnixMillis;
use web_sys::MouseEvent;

use super::model::Model;
use crate::browser;
use crate::components::chart::tone_chart;
use crate::components::states;
use crate::erase::{act, effect, live};
use crate::views::format;
use crate::views::job_query::JobQuery;
use crate::views::strip::WIDTH;
use crate::views::timeline::{LINE, Timeline, of};

/// The tab.
pub(super) fn timeline(model: Model, query: Memo<JobQuery>) -> AnyView {
    effect(move |_| {
        model.reloads.track();
        model.load(0, crate::views::task_book::SMALL);
    });
    let all = Memo::new(move |_| model.live.with(|live| of(live.book.known())));
    let some = Memo::new(move |_| all.with(|all| !all.marks.is_empty()));
    let lines = Memo::new(move |_| all.with(|all| all.lines.max(1) as u64));
    let part = move || {
        (!model.live.with(|live| live.book.is_whole())).then(
            || view! { <p class="faint">"Only the tasks that are loaded are drawn; scroll through the list of tasks to load others."</p> },
        )
    };
    let body = move || {
        if !some.get() {
            return states::empty("Nothing was sent yet", "Chunks appear here as they are sent, one line a lane.", None);
        }
        picture(model, query, all, lines)
    };
    view! { {live(part)} {live(body)} }.into_any()
}

fn picture(model: Model, query: Memo<JobQuery>, all: Memo<Timeline>, lines: Memo<u64>) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let under = RwSignal::new(None::<u64>);
    let find = move |event: &MouseEvent| {
        let units = (WIDTH, lines.get_untracked() * LINE);
        let (x, y) = node.get_untracked().map(|node| browser::place_in(&node, event.client_x(), event.client_y(), units))?;
        all.with_untracked(|all| all.locate(x, y).map(|mark| mark.n))
    };
    let navigate = StoredValue::new_local(use_navigate());
    let open = move |event: MouseEvent| {
        if let Some(n) = find(&event) {
            let address = JobQuery { task: Some(n), ..query.get_untracked() }.address(&model.id());
            navigate.with_value(|navigate| navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() }));
        }
    };
    let words = move || {
        let task = under.get().and_then(|n| model.live.with(|live| live.book.get(n).cloned()));
        task.map_or_else(
            || "One line a lane; the table of tasks, longest first, says the same in numbers".to_owned(),
            |task| {
                format!(
                    "Chunk {} · {} · {} · {}",
                    format::exact(task.n + 1),
                    task.label,
                    task.state.name(),
                    format::duration(task.duration_ms)
                )
            },
        )
    };
    let edges = move || all.with(|all| (all.start, all.start + all.width)).into_words();
    let label = Signal::derive(move || all.with(|all| format!("{} attempts on {} lines", all.marks.len(), all.lines)));
    let chart = move || tone_chart("cells", (WIDTH, lines.get() * LINE), label, Signal::derive(move || all.with(Timeline::paths)));
    view! {
        <div
            class="timeline hits"
            node_ref=node
            style:height=live(move || format!("{}px", lines.get() * 18))
            on:mousemove=act(move |event| under.set(find(&event)))
            on:mouseleave=act(move |_| under.set(None))
            on:click=act(open)
            data-testid="timeline"
        >
            {live(chart)}
        </div>
        <p class="between faint num"><span>{live(move || edges().0)}</span> <span aria-hidden="true">{live(words)}</span> <span>{live(move || edges().1)}</span></p>
    }
    .into_any()
}

trait Edges {
    fn into_words(self) -> (String, String);
}

impl Edges for (i64, i64) {
    fn into_words(self) -> (String, String) {
        let words = |at: i64| format::seconds(UnixMillis(at), browser::offset_minutes());
        (words(self.0), words(self.1))
    }
}
