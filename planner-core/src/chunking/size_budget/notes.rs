//! What the rationale says of partitions that are cut in an unusual way.

use super::{Run, Segment, Slice, Task, share};
use crate::key::KeyTuple;
use crate::rationale::Note;

pub(super) fn hot_key(task: &Task<'_>, slice: &Slice, runs: &[Run<'_>], segment: &Segment, counted: u64, of: u32) -> Note {
    let heaviest = runs.get(segment.runs.0..segment.runs.1).unwrap_or_default().iter().max_by_key(|run| run.rows);
    let label = heaviest.map(|run| crate::span::tuple_label(run.key, &task.histogram.columns)).unwrap_or_default();
    let percent = share(100, heaviest.map_or(segment.rows, |run| run.rows), counted);
    let name = partition_name(task, slice);
    if heaviest.is_some_and(|run| run.points == 1) {
        return Note::warning(
            "hash-buckets",
            format!(
                "{name}: no key is known inside the rows from '{label}' on, {percent} % of its rows and more than a chunk may have; \
                 they are divided by hash into {of} chunks"
            ),
            "each of these chunks reads all of those rows; a larger budget needs fewer of them",
        );
    }
    Note::warning(
        "hot-key",
        // The last granule of each part may hold other values behind it.
        format!("{name}: '{label}' holds up to {percent} % of its rows, more than a chunk may; they are divided by hash into {of} chunks"),
        "each of these chunks reads all rows of that key; a larger budget needs fewer of them",
    )
}

/// Tuples that were too heavy for the index, and are cut along the rest of the sorting key.
pub(super) fn divided_below(task: &Task<'_>, slice: &Slice, runs: &[Run<'_>], counted: u64) -> Vec<Note> {
    let note = |tuple: &KeyTuple| {
        // Values in RowBinary tell their own ends: a longer tuple starts with this one's hex only when its columns do.
        let under = || runs.iter().filter(|run| run.key.as_str().starts_with(tuple.as_str()));
        let rows = under().map(|run| run.rows).fold(0, u64::saturating_add);
        (under().count() > 1).then(|| {
            Note::info(
                "hot-key-cut",
                format!(
                    "{}: '{}' holds {} % of its rows and is cut along ({}); the index does not hold all of that key, so each of these \
                     chunks reads the key of all its rows",
                    partition_name(task, slice),
                    crate::span::tuple_label(tuple, &task.histogram.columns),
                    share(100, rows, counted),
                    crate::key::names(&task.histogram.columns),
                ),
            )
        })
    };
    task.histogram.below.get(&slice.id).into_iter().flatten().filter_map(note).collect()
}

pub(super) fn partition_name(task: &Task<'_>, slice: &Slice) -> String {
    if task.partitioned { format!("partition {}", slice.id) } else { "the table".into() }
}
