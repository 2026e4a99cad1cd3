//! How far it is: share by bytes, counts, speed, end, and the strip of chunks.

use executor_api::job::{Job, JobState};
use executor_api::task::{Bucket, BucketList, Task, TaskState};
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::MouseEvent;

use super::model::Model;
use crate::browser;
use crate::components::chart::{sparkline, tone_chart};
use crate::console::console;
use crate::erase::{act, effect, live};
use crate::remote::Remote;
use crate::views::job_query::JobQuery;
use crate::views::job_state;
use crate::views::strip::{self, Cell};
use crate::views::task_book::SMALL;
use crate::views::{eta, format};

/// Cells of the strip; neighbours are merged beyond it.
const CELLS: usize = 600;
/// Bars of the speed.
const BARS: usize = 24;

/// The block below the title.
pub(super) fn progress(model: Model) -> AnyView {
    let share = Memo::new(move |_| {
        model.job.with(|job| {
            job.as_ref().map_or((0, 1), |job| (job.progress.bytes_done.min(job.progress.bytes_total), job.progress.bytes_total.max(1)))
        })
    });
    let complete = move || model.job.with(|job| job.as_ref().is_some_and(|job| job.state == JobState::Completed));
    let percent = move || format::percent(share.get().0, share.get().1);
    view! {
        <section class="progress-block">
            <div class="line" hidden=live(complete)>
                <progress class="big" value=live(move || share.get().0.to_string()) max=live(move || share.get().1.to_string()) aria-label="Progress by bytes"></progress>
                <strong class="num" data-testid="percent">{live(percent)}</strong>
                <span class="faint">"by bytes"</span>
            </div>
            {counts(model)}
            {speed(model)}
            {chunk_strip(model)}
        </section>
    }
    .into_any()
}

fn counts(model: Model) -> AnyView {
    let counts = Memo::new(move |_| model.job.with(|job| job.as_ref().map(|job| job.counts).unwrap_or_default()));
    let list = move || {
        let link = |(state, count): (TaskState, u64)| {
            let sign = job_state::task(state);
            let address = JobQuery { state: Some(state), ..JobQuery::default() }.address(&model.id());
            view! {
                <a class=format!("count {}", sign.tone.class()) href=address data-testid=format!("count-{}", sign.name) data-count=count.to_string()>
                    <span class="icon" aria-hidden="true">{sign.icon}</span>
                    <b class="num">{format::exact(count)}</b>
                    " "
                    {sign.name}
                </a>
            }
        };
        counts.with(job_state::counts).into_iter().map(link).collect::<Vec<_>>()
    };
    view! { <p class="counts" data-testid="counts">{live(list)} <span class="faint num">{live(move || format!("of {}", format::exact(counts.get().total)))}</span></p> }.into_any()
}

fn speed(model: Model) -> AnyView {
    let now = console().now;
    let text =
        move |of: fn(&Job, i64) -> String| move || model.job.with(|job| job.as_ref().map(|job| of(job, now.get())).unwrap_or_default());
    let rows =
        text(|job, _| format!("{} read / {} written", format::count(job.progress.rows_read), format::count(job.progress.rows_written)));
    let elapsed = text(|job, now| {
        let end = job.finished_at.map_or(now, |at| at.0);
        let took = job.started_at.map(|at| (end - at.0).max(0).unsigned_abs());
        took.map_or_else(
            || "not started".to_owned(),
            |took| format!("{} {}", if job.finished_at.is_some() { "took" } else { "elapsed" }, format::duration(took)),
        )
    });
    let rate = Memo::new(move |_| model.samples.with(eta::Samples::rate));
    let end = move || {
        let now = now.get();
        model.job.with(|job| {
            let job = job.as_ref().filter(|job| job.state == JobState::Running)?;
            let overall = job.started_at.map(|at| eta::per_second(job.progress.bytes_done, now - at.0));
            let eta = model.samples.with(|samples| samples.eta(now, job.progress.bytes_done, job.progress.bytes_total, overall))?;
            Some(format!(
                "finishes {} ± {}",
                format::clock(eta.at, browser::offset_minutes()),
                format::duration(eta.plus_minus_ms.max(1000))
            ))
        })
    };
    let speed = move || {
        rate.get().filter(|rate| *rate > 0).map(|rate| {
            let bars = Signal::derive(move || model.samples.with(|samples| samples.bars(BARS)));
            view! { <span class="num">{format::rate(rate)} " " {sparkline(bars, "Speed over the last two minutes")}</span> }
        })
    };
    view! {
        <p class="speed num">
            <span data-testid="rows">{rows}</span>
            {live(speed)}
            {live(move || end().map(|end| view! { <span data-testid="eta">{end}</span> }))}
            <span data-testid="elapsed">{elapsed}</span>
        </p>
    }
    .into_any()
}

/// Up to some thousand chunks one by one; beyond that the service counts neighbours together.
fn chunk_strip(model: Model) -> AnyView {
    let by_chunk = Memo::new(move |_| model.live.with(|live| live.book.is_small() && live.book.is_whole()));
    let buckets = buckets(model);
    let cells = Memo::new(move |_| {
        if !by_chunk.get() {
            let cell = |bucket: &Bucket| Cell { weight: bucket.counts.total, tone: job_state::tone_of(&bucket.counts) };
            return buckets.value.with(|list| list.iter().flat_map(|list| &list.buckets).map(cell).collect());
        }
        let cell = |task: &Task| Cell { weight: task.bytes_estimated, tone: job_state::task(task.state).tone };
        model.live.with(|live| strip::merge(live.book.known().map(cell).collect(), CELLS))
    });
    let paths = Memo::new(move |_| cells.with(|cells| strip::paths(cells)));
    let node = NodeRef::<html::Div>::new();
    let under = RwSignal::new(None::<u64>);
    let find = move |event: &MouseEvent| {
        let (at, _) = node.get_untracked().map(|node| browser::place_in(&node, event.client_x(), event.client_y(), (strip::WIDTH, 1)))?;
        let cell = cells.with_untracked(|cells| strip::locate(cells, at))? as u64;
        let total = model.job.with_untracked(|job| job.as_ref().map(|job| job.counts.total))?;
        let count = cells.with_untracked(Vec::len).max(1) as u64;
        Some(if total > count { cell * total.div_ceil(count) } else { cell }.min(total.saturating_sub(1)))
    };
    let navigate = StoredValue::new_local(use_navigate());
    let open = move |event: MouseEvent| {
        if let Some(n) = find(&event).filter(|_| by_chunk.get_untracked()) {
            let address = JobQuery { task: Some(n), ..JobQuery::default() }.address(&model.id());
            navigate.with_value(|navigate| navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() }));
        }
    };
    let words = move || {
        let task = under.get().filter(|_| by_chunk.get()).and_then(|n| model.live.with(|live| live.book.get(n).cloned()));
        match task {
            Some(task) => format!(
                "Chunk {} · {} · {} · {}",
                format::exact(task.n + 1),
                task.label,
                task.state.name(),
                format::bytes(task.bytes_estimated)
            ),
            None if by_chunk.get() => "Chunks in order; width = bytes".to_owned(),
            None => "Chunks in order, neighbours together".to_owned(),
        }
    };
    let label = Signal::derive(move || {
        let counts = model.job.with(|job| job.as_ref().map(|job| job_state::counts(&job.counts)).unwrap_or_default());
        counts.into_iter().map(|(state, count)| format!("{} {}", format::exact(count), state.name())).collect::<Vec<_>>().join(", ")
    });
    view! {
        <div
            class="strip"
            node_ref=node
            class:hits=live(move || by_chunk.get())
            on:mousemove=act(move |event| under.set(find(&event)))
            on:mouseleave=act(move |_| under.set(None))
            on:click=act(open)
            data-testid="job-strip"
        >
            {tone_chart("cells", (strip::WIDTH, strip::HEIGHT), label, paths.into())}
        </div>
        <p class="faint num not-small" aria-hidden="true">{live(words)}</p>
    }
    .into_any()
}

/// The strip of a large job, asked for again every other second in which something happened.
fn buckets(model: Model) -> Remote<BucketList> {
    let wide = Memo::new(move |_| model.job.with(|job| job.as_ref().map(|job| job.counts.total)).filter(|total| *total > SMALL));
    let buckets = Remote::<BucketList>::new(move || {
        wide.get().map(|total| format!("/v1/jobs/{}/buckets?width={}", model.id(), total.div_ceil(CELLS as u64))).unwrap_or_default()
    });
    let now = console().now;
    let due = Memo::new(move |_| now.get() / 2000);
    effect(move |before: Option<u64>| {
        due.get();
        let event = model.job.with_untracked(|job| job.as_ref().map_or(0, |job| job.last_event_id));
        if before.is_some_and(|before| before != event) {
            buckets.refresh();
        }
        event
    });
    buckets
}
