//! How far it is: share by bytes, counts, speed, end, and the strip of chunks.

use executor_api::job::{Job, JobState};
use executor_api::task::{Bucket, BucketList, Task, TaskState};
use web_sys::{Element, MouseEvent};

use super::model::Model;
use crate::browser;
use crate::components::badge::icon;
use crate::components::chart::{sparkline, tone_chart};
use crate::components::job_row::share_bar;
use crate::console::console;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::router::router;
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
pub(super) fn progress(model: Model) -> El {
    let share = memo(move || {
        model.job.with(|job| {
            job.as_ref().map_or((0, 1), |job| (job.progress.bytes_done.min(job.progress.bytes_total), job.progress.bytes_total.max(1)))
        })
    });
    let complete = model.memo(|job| job.state == JobState::Completed);
    let percent = move || format::percent(share.get().0, share.get().1);
    let line = el("div")
        .class("line")
        .live_flag("hidden", move || complete.get())
        .child(share_bar(share).class("big"))
        .child(el("strong").class("num").test_id("percent").words(percent))
        .child(el("span").class("faint").text("by bytes"));
    el("section").class("progress-block").child(line).child(counts(model)).child(speed(model)).child(chunk_strip(model))
}

/// Numbers that are links to the filtered list; a link stays the same element while its number changes.
fn counts(model: Model) -> El {
    let all = model.memo(|job| job.counts);
    let of = move |state: TaskState| all.with(|counts| job_state::count(counts, state));
    let total = el("span").class("faint num").words(move || format!("of {}", format::exact(all.get().total)));
    job_state::ORDER
        .into_iter()
        .fold(el("p").class("counts").test_id("counts"), |list, state| {
            let some = memo(move || of(state) > 0);
            list.live(move || some.get().then(|| count(model, state, move || of(state))))
        })
        .text(" ")
        .child(total)
}

fn count(model: Model, state: TaskState, number: impl Fn() -> u64 + Copy + 'static) -> El {
    let sign = job_state::task(state);
    el("a")
        .class(format!("count {}", sign.tone.class()))
        .href(JobQuery { state: Some(state), ..JobQuery::default() }.address(&model.id()))
        .test_id(format!("count-{}", sign.name))
        .live_attr("data-count", move || number().to_string())
        .child(icon(sign.icon))
        .child(el("b").class("num").words(move || format::exact(number())))
        .text(" ")
        .text(sign.name)
}

fn speed(model: Model) -> El {
    let now = console().now;
    let rows =
        model.text(|job| format!("{} read / {} written", format::count(job.progress.rows_read), format::count(job.progress.rows_written)));
    let took = move || model.job.with(|job| job.as_ref().map(|job| elapsed(job, now.get())).unwrap_or_default());
    let rate = memo(move || model.samples.with(eta::Samples::rate).unwrap_or(0));
    let moves = memo(move || rate.get() > 0);
    let rate = move || {
        let bars = sparkline(move || model.samples.with(|samples| samples.bars(BARS)), "Speed over the last two minutes");
        el("span").class("num").words(move || format::rate(rate.get())).text(" ").child(bars)
    };
    let end = memo(move || end(model, now.get()));
    let ends = memo(move || end.with(Option::is_some));
    let finish = move || el("span").test_id("eta").words(move || end.get().unwrap_or_default());
    el("p")
        .class("speed num")
        .child(el("span").test_id("rows").words(rows))
        .live(move || moves.get().then(rate))
        .live(move || ends.get().then(finish))
        .child(el("span").test_id("elapsed").words(took))
}

fn elapsed(job: &Job, now: i64) -> String {
    let end = job.finished_at.map_or(now, |at| at.0);
    let Some(start) = job.started_at else { return "not started".to_owned() };
    let took = format::duration((end - start.0).max(0).unsigned_abs());
    format!("{} {took}", if job.finished_at.is_some() { "took" } else { "elapsed" })
}

/// When the job will be done, as a range.
fn end(model: Model, now: i64) -> Option<String> {
    let (done, total, started) = model.job.with(|job| {
        // What a running job says of itself is what it waits for.
        let job = job.as_ref().filter(|job| job.state == JobState::Running && job.message.is_none())?;
        Some((job.progress.bytes_done, job.progress.bytes_total, job.started_at))
    })?;
    let overall = started.map(|at| eta::per_second(done, now - at.0));
    let eta = model.samples.with(|samples| samples.eta(now, done, total, overall))?;
    let spread = format::duration(eta.plus_minus_ms.max(1000));
    Some(format!("finishes {} ± {spread}", format::clock(eta.at, browser::offset_minutes())))
}

/// The strip's signals.
#[derive(Clone, Copy)]
struct Strip {
    model: Model,
    by_chunk: Memo<bool>,
    cells: Memo<Vec<Cell>>,
    under: RwSignal<Option<u64>>,
}

/// Up to some thousand chunks one by one; beyond that the service counts neighbours together.
fn chunk_strip(model: Model) -> Group {
    // Whatever view stands below: the strip draws them all.
    let small = memo(move || model.live.with(|live| live.book.is_small()));
    effect(move || {
        model.reloads.track();
        if small.get() {
            model.load(0, u64::MAX);
        }
    });
    let by_chunk = memo(move || model.live.with(|live| live.book.is_small() && live.book.is_whole()));
    let buckets = buckets(model);
    let cells = memo(move || {
        if !by_chunk.get() {
            let cell = |bucket: &Bucket| Cell { weight: bucket.counts.total, tone: job_state::tone_of(&bucket.counts) };
            return buckets.value.with(|list| list.iter().flat_map(|list| &list.buckets).map(cell).collect());
        }
        let cell = |task: &Task| Cell { weight: task.bytes_estimated, tone: job_state::task(task.state).tone };
        model.live.with(|live| strip::merge(live.book.known().map(cell).collect(), CELLS))
    });
    let paths = memo(move || cells.with(|cells| strip::paths(cells)));
    let strip = Strip { model, by_chunk, cells, under: RwSignal::new(None) };
    let label = model.text(|job| {
        let word = |(state, count): (TaskState, u64)| format!("{} {}", format::exact(count), state.name());
        job_state::counts(&job.counts).into_iter().map(word).collect::<Vec<_>>().join(", ")
    });
    let chart = el("div").class("strip").live_class("hits", move || by_chunk.get()).test_id("job-strip");
    let (over, on) = (chart.element(), chart.element());
    let router = router();
    let open = move |event: &MouseEvent| {
        if let Some(n) = strip.find(&on, event).filter(|_| by_chunk.get_untracked()) {
            router.turn(&JobQuery { task: Some(n), ..JobQuery::default() }.address(&model.id()));
        }
    };
    let chart = chart
        .on_mouse("mousemove", move |event| strip.under.set(strip.find(&over, &event)))
        .on("mouseleave", move |_| strip.under.set(None))
        .on_mouse("click", move |event| open(&event))
        .child(tone_chart((strip::WIDTH, strip::HEIGHT), label, paths));
    group().child(chart).child(el("p").class("faint num not-small").hidden_from_speech().words(move || strip.words()))
}

impl Strip {
    /// The chunk under the pointer; the first of its neighbours where they stand together.
    fn find(self, chart: &Element, event: &MouseEvent) -> Option<u64> {
        let (at, _) = browser::place_in(chart, event.client_x(), event.client_y(), (strip::WIDTH, 1));
        let cell = self.cells.with_untracked(|cells| strip::locate(cells, at))? as u64;
        let total = self.model.job.with_untracked(|job| job.as_ref().map(|job| job.counts.total))?;
        let count = self.cells.with_untracked(Vec::len).max(1) as u64;
        Some(if total > count { cell * total.div_ceil(count) } else { cell }.min(total.saturating_sub(1)))
    }

    fn words(self) -> String {
        let by_chunk = self.by_chunk.get();
        let task = self.under.get().filter(|_| by_chunk).and_then(|n| self.model.live.with(|live| live.book.get(n).cloned()));
        match task {
            Some(task) => {
                let size = format::bytes(task.bytes_estimated);
                format!("Chunk {} · {} · {} · {size}", format::exact(task.n + 1), task.label, task.state.name())
            }
            None if by_chunk => "Chunks in order; width = bytes".to_owned(),
            None => "Chunks in order, neighbours together".to_owned(),
        }
    }
}

/// The strip of a large job, asked for again every other second in which something happened.
fn buckets(model: Model) -> Remote<BucketList> {
    let wide = memo(move || model.job.with(|job| job.as_ref().map(|job| job.counts.total)).filter(|total| *total > SMALL));
    let buckets = Remote::<BucketList>::new(move || {
        wide.get().map(|total| format!("/v1/jobs/{}/buckets?width={}", model.id(), total.div_ceil(CELLS as u64))).unwrap_or_default()
    });
    let console = console();
    let due = memo(move || console.now.get() / 2000);
    let mut before = None;
    effect(move || {
        due.get();
        if console.busy.get() {
            return;
        }
        let event = model.job.with_untracked(|job| job.as_ref().map_or(0, |job| job.last_event_id));
        if before.replace(event).is_some_and(|before| before != event) {
            buckets.refresh();
        }
    });
    buckets
}
