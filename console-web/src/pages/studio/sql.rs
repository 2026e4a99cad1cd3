//! SQL of one chunk with a pager, and all chunks as a table. Both come from the worker's plan.

use leptos::prelude::*;
use planner_core::plan::Chunk;
use planner_wasm::message::{Preview, PreviewRow, Reply};

use super::model::Model;
use crate::components::chunk_table::chunk_table;
use crate::components::copy::copy_button;
use crate::erase::{act, effect, live};
use crate::views::format;
use crate::views::question::Wish;

/// Chunks asked for at once.
const PAGE: u64 = 200;

/// Both folds; nothing is asked while they are closed.
pub(super) fn sql(model: Model, last: Memo<Option<Box<Preview>>>) -> AnyView {
    let total = Memo::new(move |_| last.with(|preview| preview.as_ref().map_or(0, |preview| preview.chunks)));
    let digest = Memo::new(move |_| last.with(|preview| preview.as_ref().map(|preview| preview.digest.clone())));
    view! { {one(model, total, digest)} {table(model, total, digest)} }.into_any()
}

fn one(model: Model, total: Memo<u64>, digest: Memo<Option<planner_core::digest::Digest>>) -> AnyView {
    let open = RwSignal::new(false);
    let index = RwSignal::new(0_u64);
    let row = RwSignal::new(None::<PreviewRow>);
    let at = Memo::new(move |_| index.get().min(total.get().saturating_sub(1)));
    effect(move |_| {
        digest.get();
        if open.get() {
            let from = at.get();
            model.planner.ask(&Wish::Chunks { from, to: from + 1 }, move |reply| {
                if let Reply::Chunks { rows } = reply {
                    let _gone = row.try_set(rows.into_iter().next());
                }
            });
        }
    });
    let text = move || row.with(|row| row.as_ref().map(|row| row.sql.clone()).unwrap_or_default());
    let label = move || row.with(|row| row.as_ref().map(|row| row.chunk.label.clone()).unwrap_or_default());
    let token = move || row.with(|row| row.as_ref().map(|row| row.chunk.token.to_string()).unwrap_or_default());
    // `at` follows `total`: a view that reads both reads `total` first, or it would see `at` unchanged and keep its words.
    let at_end = move || {
        let total = total.get();
        at.get() + 1 >= total
    };
    let title = move || {
        let total = total.get();
        format!("SQL of chunk {} of {}", format::exact(at.get() + 1), format::exact(total))
    };
    let go = move |to: u64| index.set(to.min(total.get_untracked().saturating_sub(1)));
    view! {
        <details class="box" data-testid="sql" on:toggle=act(move |event| open.set(is_open(&event)))>
            <summary>{live(title)}</summary>
            <div class="line">
                <button class="button quiet" aria-label="Chunk before" disabled=live(move || at.get() == 0) on:click=act(move |_| go(at.get_untracked().saturating_sub(1)))>"◂"</button>
                <button
                    class="button quiet"
                    aria-label="Next chunk"
                    data-testid="sql-next"
                    disabled=live(at_end)
                    on:click=act(move |_| go(at.get_untracked() + 1))>
                    "▸"
                </button>
                <label class="field inline">
                    <span>"Chunk"</span>
                    <input
                        type="number"
                        class="short num"
                        min="1"
                        max=live(move || total.get().to_string())
                        prop:value=live(move || (at.get() + 1).to_string())
                        on:change=act(move |event| go(event_target_value(&event).parse::<u64>().unwrap_or(1).saturating_sub(1)))
                    />
                </label>
                <span class="num">{live(label)}</span>
                {copy_button("Copy SQL", "copy-sql", text)}
            </div>
            <pre class="sql" data-testid="sql-text" tabindex="0">{live(text)}</pre>
            <p class="faint">"insert_deduplication_token " <code class="digest">{live(token)}</code></p>
        </details>
    }
    .into_any()
}

fn table(model: Model, total: Memo<u64>, digest: Memo<Option<planner_core::digest::Digest>>) -> AnyView {
    let open = RwSignal::new(false);
    let rows = RwSignal::new(Vec::<(u64, Chunk)>::new());
    let more = move || {
        let from = rows.with_untracked(Vec::len) as u64;
        let asked_of = digest.get_untracked();
        model.planner.ask(&Wish::Chunks { from, to: from + PAGE }, move |reply| {
            if let Reply::Chunks { rows: page } = reply
                && digest.try_get_untracked() == Some(asked_of)
                && rows.with_untracked(Vec::len) as u64 == from
            {
                rows.update(|rows| rows.extend(page.into_iter().map(|row| (row.index, row.chunk))));
            }
        });
    };
    effect(move |_| {
        digest.get();
        rows.set(Vec::new());
        if open.get() {
            more();
        }
    });
    view! {
        <details class="box" data-testid="chunks" on:toggle=act(move |event| open.set(is_open(&event)))>
            <summary>{live(move || format!("All {} as a table", format::plural(total.get(), "chunk")))}</summary>
            {chunk_table(rows.into(), total.into(), more)}
        </details>
    }
    .into_any()
}

fn is_open(event: &web_sys::Event) -> bool {
    use wasm_bindgen::JsCast;
    event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()).is_some_and(|element| element.has_attribute("open"))
}
