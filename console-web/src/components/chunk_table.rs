//! Chunks as a table, some hundred at a time: the equivalent of the strip.

use leptos::prelude::*;
use planner_core::plan::Chunk;

use crate::erase::{act, live};
use crate::views::format;

/// The table; `more` asks for further rows, while there are any.
pub(crate) fn chunk_table(rows: Signal<Vec<(u64, Chunk)>>, total: Signal<u64>, more: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let row = |(index, chunk): (u64, Chunk)| {
        view! {
            <tr data-testid="chunk-row">
                <td class="num">{format::exact(index + 1)}</td>
                <td class="num">{chunk.label}</td>
                <td class="right num" title=format::exact(chunk.rows)>{format::count(chunk.rows)}</td>
                <td class="right num">{format::bytes(chunk.bytes)}</td>
                <td class="wide"><code class="faint">{chunk.token.as_str().get(..16).unwrap_or_default().to_owned()} "…"</code></td>
            </tr>
        }
    };
    let left = move || total.get().saturating_sub(rows.with(Vec::len) as u64);
    let further = move || {
        (left() > 0).then(|| {
            view! {
                <button class="button quiet" on:click=act(move |_| more())>
                    {live(move || format!("Show more · {} left", format::exact(left())))}
                </button>
            }
        })
    };
    view! {
        <div class="scroll-x" tabindex="0" role="group" aria-label="Chunks">
            <table>
                <thead>
                    <tr>
                        <th>"#"</th>
                        <th>"Span (UTC)"</th>
                        <th class="right">"Rows"</th>
                        <th class="right">"Size"</th>
                        <th class="wide">"Deduplication token"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.get() key=|(index, chunk)| (*index, chunk.token.clone()) children=row />
                </tbody>
            </table>
        </div>
        {live(further)}
    }
    .into_any()
}
