//! What protects the run, and what could still surprise: facts of the snapshot in words.

use planner_core::limits::BLOCK_MEMORY_FACTOR;
use planner_core::plan::Mode;
use planner_core::snapshot::DedupWindow;
use planner_wasm::message::Preview;

use super::model::Model;
use super::outcome::Last;
use crate::components::figure::fact;
use crate::dom::prelude::*;
use crate::pages::plan::{mode_words, write_words};
use crate::reactive::prelude::*;
use crate::views::facts::Facts;
use crate::views::{disk, format};

/// The facts.
pub(super) fn safety(model: Model, last: Last) -> Group {
    let body = move || {
        let preview = last.get()?;
        model.snapshot.with(|answer| answer.as_ref().map(|answer| facts(&answer.facts, &preview)))
    };
    group().live(body)
}

fn facts(snapshot: &Facts, preview: &Preview) -> El {
    let (source, target) = (&snapshot.source, &snapshot.target);
    let replayed = (preview.mode == Mode::ViewReplay).then(|| fact("Views that are replayed", snapshot.feeding().join(", ")));
    let mutations = format!("{} on the source, {} on the target", source.unfinished_mutations, target.unfinished_mutations);
    el("dl")
        .class("figures stacked")
        .child(fact("How rows get there", mode_words(preview.mode)))
        .child(replayed)
        .child(fact("Each chunk", write_words(preview.write)))
        .child(fact("The target remembers", dedup(target.dedup, preview.chunks)))
        .child(fact("Memory", memory(snapshot, preview)))
        .child(fact("Disk", disk::words(snapshot, preview.rows)))
        .child(fact("Materialized views", attached(snapshot)))
        .child(fact("The target holds", format!("{} rows, {}", format::exact(target.stored.rows), format::bytes(target.stored.bytes))))
        .child(fact("Unfinished mutations", mutations))
        .child(fact("Server", format!("ClickHouse {}, {}", snapshot.server.version, snapshot.server.timezone)))
}

fn memory(snapshot: &Facts, preview: &Preview) -> String {
    match snapshot.server.memory_bytes {
        0 => "the server does not say".to_owned(),
        bytes => format!(
            "the largest chunk is one block of {}, which may need up to {}; the server has {}",
            format::bytes(preview.largest_bytes),
            format::bytes(preview.largest_bytes.saturating_mul(BLOCK_MEMORY_FACTOR)),
            format::bytes(bytes)
        ),
    }
}

fn attached(snapshot: &Facts) -> String {
    let reads_target = snapshot.reading_target();
    if reads_target.is_empty() { "none reads the target".to_owned() } else { format!("fire on every chunk: {}", reads_target.join(", ")) }
}

fn dedup(window: DedupWindow, chunks: u64) -> String {
    if window.blocks == 0 {
        return "no inserted blocks: a chunk that is sent twice would arrive twice".to_owned();
    }
    let time = if window.seconds == 0 { String::new() } else { format!(" for {}", format::duration(window.seconds.saturating_mul(1000))) };
    format!("the last {} inserted blocks{time}; this plan has {}", format::exact(window.blocks), format::plural(chunks, "chunk"))
}
