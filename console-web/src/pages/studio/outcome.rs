//! What the worker made: figures, strip, digest, or why there is no plan.

use leptos::html;
use leptos::prelude::*;
use planner_core::rationale::Severity;
use planner_core::refusal::Refusal;
use planner_wasm::message::{Preview, Reply};
use web_sys::MouseEvent;

use super::model::{Check, Model, Planned};
use super::{safety, sql};
use crate::browser;
use crate::components::chart::tone_chart;
use crate::components::copy::copy_button;
use crate::components::figure::figure;
use crate::components::notes::{notes, warnings};
use crate::components::states::failure_words;
use crate::erase::{act, live};
use crate::views::format;
use crate::views::job_state::Tone;
use crate::views::question::Wish;
use crate::views::strip::{self, Cell};

/// The lower half of the studio. A refusal or missing facts leave the last plan in sight, greyed.
pub(super) fn outcome(model: Model) -> AnyView {
    let last = Memo::new(move |before: Option<&Option<Box<Preview>>>| match &*model.plan.read() {
        Planned::Plan { preview, .. } => Some(preview.clone()),
        Planned::Nothing => None,
        Planned::Refused(_) | Planned::Needs(_) | Planned::Failed(_) => before.cloned().flatten(),
    });
    let there = Memo::new(move |_| last.with(Option::is_some));
    let old = move || !model.plan.with(|plan| matches!(plan, Planned::Plan { .. }));
    let obstacle = move || {
        match &*model.plan.read() {
        Planned::Refused(refusal) => Some(refused(model, refusal)),
        Planned::Needs(_) => Some(view! { <p class="stale" data-testid="needs-detail">"The server is asked for finer facts; what is shown is the plan before."</p> }.into_any()),
        Planned::Failed(message) => Some(view! { <div class="empty bad"><strong>"The planner failed"</strong><p>{message.clone()}</p></div> }.into_any()),
        Planned::Nothing | Planned::Plan { .. } => None,
    }
    };
    let of =
        move |get: fn(&Preview) -> String| move || last.with(|preview| preview.as_ref().map(|preview| get(preview)).unwrap_or_default());
    let body = move || {
        there.get().then(|| {
            view! {
                <section class="result" class:old=live(old)>
                    <dl class="figures">
                        {figure("Chunks", "chunk-count", of(|p| format::exact(p.chunks)))}
                        {figure("Rows", "plan-rows", of(|p| format::count(p.rows)))}
                        {figure("Size", "plan-bytes", of(|p| format::bytes(p.bytes)))}
                        {figure("Largest chunk", "plan-largest", of(|p| format::bytes(p.largest_bytes)))}
                        {figure("Average", "plan-average", of(|p| format::bytes(p.bytes / p.chunks.max(1))))}
                        {figure("Time column", "time-column", of(|p| p.time_column.clone()))}
                    </dl>
                    {chunk_strip(last)}
                    {details(model, last)}
                    {foot(model, last)}
                </section>
            }
        })
    };
    view! { {live(obstacle)} {live(body)} }.into_any()
}

fn refused(model: Model, refusal: &Refusal) -> AnyView {
    let button = refusal.acknowledge.map(|what| {
        view! {
            <button class="button warn" data-testid="acknowledge" data-acknowledge=what.name() on:click=act(move |_| model.acknowledge(what))>
                "I have seen this: plan anyway"
            </button>
        }
    });
    view! {
        <div class="obstacle" role="group" aria-label="Refused" data-testid="refusal" data-code=refusal.code.clone()>
            <strong>{refusal.message.clone()}</strong>
            <p class="hint">{refusal.hint.clone()}</p>
            {button}
        </div>
    }
    .into_any()
}

fn chunk_strip(last: Memo<Option<Box<Preview>>>) -> AnyView {
    let cells = Memo::new(move |_| {
        last.with(|preview| {
            let Some(preview) = preview else { return Vec::new() };
            let average = preview.bytes / preview.chunks.max(1);
            // Neighbours that stand in one cell are measured by their average.
            let tone =
                |cell: &planner_wasm::message::Cell| if cell.bytes / cell.chunks.max(1) > average * 2 { Tone::Warn } else { Tone::Active };
            preview.cells.iter().map(|cell| Cell { weight: cell.bytes, tone: tone(cell) }).collect::<Vec<_>>()
        })
    });
    let node = NodeRef::<html::Div>::new();
    let under = RwSignal::new(None::<usize>);
    let hover = move |event: MouseEvent| {
        let at = node.get_untracked().map(|node| browser::place_in(&node, event.client_x(), event.client_y(), (strip::WIDTH, 1)).0);
        under.set(at.and_then(|at| cells.with_untracked(|cells| strip::locate(cells, at))));
    };
    let words = move || {
        let cell = under.get().and_then(|at| last.with(|preview| preview.as_ref()?.cells.get(at).copied()));
        match cell {
            Some(cell) if cell.chunks == 1 => {
                format!("Chunk {} · {} rows · {}", format::exact(cell.first + 1), format::count(cell.rows), format::bytes(cell.bytes))
            }
            Some(cell) => format!(
                "Chunks {}–{} · {} rows · {}",
                format::exact(cell.first + 1),
                format::exact(cell.first + cell.chunks),
                format::count(cell.rows),
                format::bytes(cell.bytes)
            ),
            None => "Width = bytes; amber = more than twice the average".to_owned(),
        }
    };
    let label = Signal::derive(move || {
        last.with(|preview| {
            preview
                .as_ref()
                .map(|p| format!("{}, in order; the widths are their bytes", format::plural(p.chunks, "chunk")))
                .unwrap_or_default()
        })
    });
    let paths = Memo::new(move |_| cells.with(|cells| strip::paths(cells)));
    view! {
        <div class="strip" node_ref=node on:mousemove=act(hover) on:mouseleave=act(move |_| under.set(None)) data-testid="chunk-strip">
            {tone_chart("cells", (strip::WIDTH, strip::HEIGHT), label, paths.into())}
        </div>
        <p class="faint num" aria-hidden="true">{live(words)}</p>
    }
    .into_any()
}

fn details(model: Model, last: Memo<Option<Box<Preview>>>) -> AnyView {
    let list = Memo::new(move |_| last.with(|preview| preview.as_ref().map(|p| p.rationale.clone()).unwrap_or_default()));
    let warned = Memo::new(move |_| list.with(|list| warnings(list)));
    view! {
        {live(move || list.with(|list| notes(list, Severity::Warning)))}
        <div class="details">
            <details class="box" data-testid="why">
                <summary>"Why these cuts?"</summary>
                {live(move || list.with(|list| notes(list, Severity::Info)))}
            </details>
            {sql::sql(model, last)}
            <details class="box" data-testid="safety">
                <summary>
                    "Safety: deduplication, memory, views"
                    {live(move || (warned.get() > 0).then(|| view! { <span class="badge warn">{format::plural(warned.get() as u64, "warning")}</span> }))}
                </summary>
                {safety::safety(model, last)}
            </details>
        </div>
    }
    .into_any()
}

fn foot(model: Model, last: Memo<Option<Box<Preview>>>) -> AnyView {
    let digest = move || last.with(|preview| preview.as_ref().map(|p| p.digest.to_string()).unwrap_or_default());
    let took = move || match &*model.plan.read() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration in milliseconds, rounded up")]
        Planned::Plan { took_ms, .. } => format!("computed in this browser in {} ms", took_ms.max(1.0) as u64),
        _ => String::new(),
    };
    let json = move |_| {
        let id = last.with_untracked(|preview| preview.as_ref().map(|p| p.plan_id.to_string()).unwrap_or_default());
        model.planner.ask(&Wish::Document, move |reply| {
            if let Reply::Document { text } = reply {
                browser::download(&format!("{id}.json"), &text);
            }
        });
    };
    let why_not = move || match (&*model.plan.read(), &*model.check.read()) {
        (Planned::Plan { .. }, Check::Same(_)) => "",
        (Planned::Plan { .. }, Check::Computing) => "The server is checking this plan",
        (Planned::Plan { .. }, Check::Differs(_)) => "The server does not agree with this plan",
        (Planned::Plan { .. }, Check::Unchecked) => "The server has not checked this plan yet",
        (Planned::Refused(_), _) => "The plan is refused",
        _ => "There is no plan yet",
    };
    view! {
        <div class="foot">
            <p class="num">
                "Plan " <code data-testid="digest" title=live(digest) data-digest=live(digest)>{live(move || format::short_digest(&digest()))}</code>
                <span class="faint" data-testid="took">{live(took)}</span>
                {chip(model)}
            </p>
            <div class="actions">
                <span class="faint not-small" id="why-not" data-testid="why-not">{live(why_not)}</span>
                {copy_button("Copy link", "copy-link", || browser::window().location().href().unwrap_or_default())}
                <button class="button quiet" data-testid="json" on:click=act(json)>"JSON"</button>
                <span class="not-small">
                    <button
                        class="button primary"
                        data-testid="review"
                        aria-describedby="why-not"
                        disabled=live(move || !why_not().is_empty())
                        on:click=act(move |_| model.reviewing.set(true))>
                        "Review and start →"
                    </button>
                </span>
            </div>
        </div>
    }
    .into_any()
}

fn chip(model: Model) -> AnyView {
    let state = move || match &*model.check.read() {
        Check::Unchecked => ("unchecked", "idle", "◌", "not checked"),
        Check::Computing => ("computing", "active", "◎", "server is computing"),
        Check::Same(_) => ("same", "good", "✓", "the server computed the same"),
        Check::Differs(_) => ("differs", "bad", "✕", "differs, why?"),
    };
    let why = move || match &*model.check.read() {
        Check::Differs(failure) => Some(view! { <div class="obstacle" data-testid="differs">{failure_words(failure)}</div> }),
        Check::Unchecked | Check::Computing | Check::Same(_) => None,
    };
    view! {
        <span class=live(move || format!("badge {}", state().1)) data-testid="digest-chip" data-state=live(move || state().0)>
            <span class="icon" aria-hidden="true">{live(move || state().2)}</span>
            {live(move || state().3)}
        </span>
        {live(why)}
    }
    .into_any()
}
