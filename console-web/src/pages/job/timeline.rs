//! Attempts over time: how well the lanes were used, what was slow.

use planner_core::quantity::UnixMillis;
use web_sys::{Element, MouseEvent};

use super::model::Model;
use crate::browser;
use crate::components::chart::tone_chart;
use crate::components::states;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::router::router;
use crate::views::format;
use crate::views::job_query::JobQuery;
use crate::views::strip::WIDTH;
use crate::views::task_book::SMALL;
use crate::views::timeline::{LINE, Timeline, of};

/// The tab.
pub(super) fn timeline(model: Model, query: Memo<JobQuery>) -> View {
    effect(move || {
        model.reloads.track();
        model.load(0, SMALL);
    });
    let all = memo(move || model.live.with(|live| of(live.book.known())));
    let some = memo(move || all.with(|all| !all.marks.is_empty()));
    let whole = memo(move || model.live.with(|live| live.book.is_whole()));
    let part = || el("p").class("faint").text("Only the tasks that are loaded are drawn; scroll through the list of tasks to load others.");
    let body = move || {
        if some.get() {
            picture(model, query, all).into()
        } else {
            View::from(states::empty("Nothing was sent yet", "Chunks appear here as they are sent, one line a lane.", None))
        }
    };
    group().live(move || (!whole.get()).then(part)).live(body).into()
}

fn picture(model: Model, query: Memo<JobQuery>, all: Memo<Timeline>) -> Group {
    let lines = memo(move || all.with(|all| all.lines.max(1) as u64));
    let under = RwSignal::new(None::<u64>);
    let chart = el("div").class("timeline hits").test_id("timeline").live_style("height", move || format!("{}px", lines.get() * 18));
    let (over, on) = (chart.element(), chart.element());
    let router = router();
    let open = move |event: &MouseEvent| {
        if let Some(n) = find(all, &on, event) {
            router.turn(&JobQuery { task: Some(n), ..query.get_untracked() }.address(&model.id()));
        }
    };
    let label = move || all.with(|all| format!("{} attempts on {} lines", all.marks.len(), all.lines));
    let paths = memo(move || all.with(Timeline::paths));
    let chart = chart
        .on_mouse("mousemove", move |event| under.set(find(all, &over, &event)))
        .on("mouseleave", move |_| under.set(None))
        .on_mouse("click", move |event| open(&event))
        .live(move || tone_chart((WIDTH, lines.get() * LINE), label, paths));
    let edge = move |of: fn(&Timeline) -> i64| move || format::seconds(UnixMillis(all.with(of)), browser::offset_minutes());
    let words = el("p")
        .class("between faint num")
        .child(el("span").words(edge(|all| all.start)))
        .text(" ")
        .child(el("span").hidden_from_speech().words(move || words(model, under.get())))
        .text(" ")
        .child(el("span").words(edge(|all| all.start + all.width)));
    group().child(chart).child(words)
}

fn find(all: Memo<Timeline>, chart: &Element, event: &MouseEvent) -> Option<u64> {
    all.with_untracked(|all| {
        let units = (WIDTH, all.lines.max(1) as u64 * LINE);
        let (x, y) = browser::place_in(chart, event.client_x(), event.client_y(), units);
        all.locate(x, y).map(|mark| mark.n)
    })
}

fn words(model: Model, under: Option<u64>) -> String {
    let Some(task) = under.and_then(|n| model.live.with(|live| live.book.get(n).cloned())) else {
        return "One line a lane; the table of tasks, longest first, says the same in numbers".to_owned();
    };
    let took = format::duration(task.duration_ms);
    format!("Chunk {} · {} · {} · {took}", format::exact(task.n + 1), task.label, task.state.name())
}
