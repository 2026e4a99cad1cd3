//! What protects the run, and what could still surprise: facts of the snapshot in words.

use leptos::prelude::*;
use planner_core::plan::Mode;
use planner_core::snapshot::DedupWindow;
use planner_wasm::message::Preview;

use super::model::Model;
use crate::components::figure::fact;
use crate::erase::live;
use crate::pages::plan::{mode_words, write_words};
use crate::views::facts::Facts;
use crate::views::format;

/// The facts.
pub(super) fn safety(model: Model, last: Memo<Option<Box<Preview>>>) -> AnyView {
    let body = move || {
        let preview = last.get()?;
        model.snapshot.with(|answer| answer.as_ref().map(|answer| facts(&answer.facts, &preview)))
    };
    view! { {live(body)} }.into_any()
}

fn facts(snapshot: &Facts, preview: &Preview) -> AnyView {
    let (source, target) = (&snapshot.source, &snapshot.target);
    let memory = match snapshot.server.memory_bytes {
        0 => "the server does not say".to_owned(),
        bytes => format!("{} for the server; the largest chunk holds {}", format::bytes(bytes), format::bytes(preview.largest_bytes)),
    };
    let reads_target = snapshot.reading_target();
    let attached = if reads_target.is_empty() {
        "none reads the target".to_owned()
    } else {
        format!("fire on every chunk: {}", reads_target.join(", "))
    };
    let feeding = snapshot.feeding();
    view! {
        <dl class="figures stacked">
            {fact("How rows get there", mode_words(preview.mode))}
            {(preview.mode == Mode::ViewReplay).then(|| fact("Views that are replayed", feeding.join(", ")))}
            {fact("Each chunk", write_words(preview.write))}
            {fact("The target remembers", dedup(target.dedup, preview.chunks))}
            {fact("Memory", memory)}
            {fact("Materialized views", attached)}
            {fact("The target holds", format!("{} rows, {}", format::exact(target.rows()), format::bytes(target.bytes())))}
            {fact("Unfinished mutations", format!("{} on the source, {} on the target", source.unfinished_mutations, target.unfinished_mutations))}
            {fact("Server", format!("ClickHouse {}, {}", snapshot.server.version, snapshot.server.timezone))}
        </dl>
    }
    .into_any()
}

fn dedup(window: DedupWindow, chunks: u64) -> String {
    if window.blocks == 0 {
        return "no inserted blocks: a chunk that is sent twice would arrive twice".to_owned();
    }
    let time = if window.seconds == 0 { String::new() } else { format!(" for {}", format::duration(window.seconds.saturating_mul(1000))) };
    format!("the last {} inserted blocks{time}; this plan has {}", format::exact(window.blocks), format::plural(chunks, "chunk"))
}
