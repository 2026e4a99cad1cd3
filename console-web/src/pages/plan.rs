//! A frozen plan: what was previewed, and what a job runs.

use executor_api::plan::{ChunkPage, ChunkRow, PlanAnswer};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use planner_core::plan::{Mode, WritePath};
use planner_core::rationale::Severity;
use planner_core::request::Method;

use crate::components::chunk_table::chunk_table;
use crate::components::copy::copy_button;
use crate::components::figure::fact;
use crate::components::notes::notes;
use crate::components::states;
use crate::erase::{effect, live};
use crate::remote::Remote;
use crate::views::{format, studio, width};
use crate::{api_client, browser};

/// Chunks asked for at once.
const PAGE: u64 = 200;

/// The page.
pub(crate) fn plan() -> AnyView {
    let params = use_params_map();
    let digest = Memo::new(move |_| params.with(|params| params.get("digest")).unwrap_or_default());
    effect(move |_| browser::set_title(&format!("Plan {}", format::short_digest(&digest.get()))));
    view! {
        <main class="page" id="main">
            <div class="head">
                <div>
                    <p class="crumb">"Plan"</p>
                    <h1 class="num">{live(move || format::short_digest(&digest.get()))}</h1>
                </div>
            </div>
            {live(move || frozen(&digest.get()))}
        </main>
    }
    .into_any()
}

/// The plan's facts, notes and chunks; also the Plan tab of a job.
pub(crate) fn frozen(digest: &str) -> AnyView {
    let path = format!("/v1/plans/{digest}");
    let plan = Remote::<PlanAnswer>::new(move || path.clone());
    states::show(plan, move || plan.value.get_untracked().map_or_else(|| ().into_any(), |plan| body(&plan)))
}

fn body(plan: &PlanAnswer) -> AnyView {
    let rows = RwSignal::new(Vec::<ChunkRow>::new());
    let total = plan.chunks;
    let digest = StoredValue::new(plan.digest.to_string());
    let more = move || {
        let from = rows.with_untracked(Vec::len);
        let path = format!("/v1/plans/{}/chunks?cursor={from}&limit={PAGE}", digest.get_value());
        api_client::get::<ChunkPage>(path, move |page| {
            if let Ok(page) = page
                && rows.try_with_untracked(Vec::len) == Some(from)
            {
                rows.update(|rows| rows.extend(page.chunks));
            }
        });
    };
    more();
    let request = &plan.request;
    let cut = match request.method {
        Method::TimeWindow { hours } => format!("{} each", width::name(hours)),
        Method::CalendarDays { days } => format!("{} each", format::plural(days.into(), "calendar day")),
    };
    let address = studio::Studio {
        source: Some(request.source.clone()),
        target: Some(request.target.clone()),
        window: request.window,
        ..match request.method {
            Method::TimeWindow { hours } => studio::Studio { hours, ..studio::Studio::default() },
            Method::CalendarDays { days } => studio::Studio { cut: studio::Cut::Days, days, ..studio::Studio::default() },
        }
    }
    .address();
    let first = move || rows.with(|rows| rows.first().map(|row| row.sql.clone())).unwrap_or_default();
    let chunks = Signal::derive(move || rows.with(|rows| rows.iter().map(|row| (row.index, row.chunk.clone())).collect::<Vec<_>>()));
    view! {
        <dl class="figures">
            {fact("Copy", format!("{} → {}", request.source, request.target))}
            {fact("Window", studio::window_text(request.window))}
            {fact("Chunks", format!("{} · {cut}", format::exact(plan.chunks)))}
            {fact("Rows, estimated", format::count(plan.rows))}
            {fact("Size, estimated", format::bytes(plan.bytes))}
            {fact("How", mode_words(plan.mode))}
            {fact("Each chunk", write_words(plan.write))}
        </dl>
        <p class="actions">
            <code class="digest" data-testid="plan-digest" title="SHA-256 of everything that decides what is written">{plan.digest.to_string()}</code>
            {copy_button("Copy digest", "copy-digest", move || digest.get_value())}
            <a class="button quiet" href=address>"Open in the studio"</a>
        </p>
        {notes(&plan.rationale, Severity::Warning)}
        <details class="box"><summary>"Why these cuts?"</summary>{notes(&plan.rationale, Severity::Info)}</details>
        <details class="box"><summary>"SQL of the first chunk"</summary><pre class="sql" tabindex="0">{live(first)}</pre></details>
        <section>
            <h2>"Chunks"</h2>
            {chunk_table(chunks, Signal::stored(total), more)}
        </section>
    }
    .into_any()
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
