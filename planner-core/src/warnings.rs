//! What may surprise or cost, found by looking at a finished plan and its snapshot.

use crate::cost;
use crate::engine::{self, Folding};
use crate::histogram::KeyOrigin;
use crate::limits::BLOCK_MEMORY_FACTOR;
use crate::plan::{Estimate, Mode, PlanCore, Span};
use crate::quantity::{DAY_MS, HOUR_MS};
use crate::rationale::Note;
use crate::snapshot::{DedupWindow, Snapshot, Table};
use crate::sql::time_type::TimeType;
use crate::sql::tokens;
use crate::sql::window;

/// All warnings of a plan.
pub(crate) fn all(core: &PlanCore, estimates: &[Estimate], snapshot: &Snapshot) -> Vec<Note> {
    let mut notes = Vec::new();
    notes.extend(dedup(core, snapshot));
    notes.extend(attached_views(core, snapshot));
    notes.extend(other_feeders(core, snapshot));
    notes.extend(mutations(&snapshot.source).into_iter().chain(mutations(&snapshot.target)));
    notes.extend(row_policy(&snapshot.source));
    notes.extend(ttl(&snapshot.target));
    notes.extend(memory(estimates, snapshot));
    notes.extend(disk(estimates, snapshot));
    notes.extend(read_amplification(core, estimates, snapshot));
    notes.extend(null_times(core, snapshot));
    notes.extend(folding(core, snapshot));
    notes
}

fn dedup(core: &PlanCore, snapshot: &Snapshot) -> Vec<Note> {
    let target = &snapshot.target;
    let blocks = blocks_written(core, target);
    let mut notes = Vec::new();
    if let Some(problem) = window_problem(target.dedup, blocks, &target.name.to_string()) {
        let hint = if target.dedup.blocks == 0 {
            format!(
                "when the job starts, choose whether it sets one or goes by contents alone; to set it: {}",
                window::set(
                    &target.name,
                    window::setting(&target.engine).unwrap_or("non_replicated_deduplication_window"),
                    window::wanted(core, target)
                )
            )
        } else {
            "wider chunks need fewer blocks; Penstock compares contents where the window was outrun".to_owned()
        };
        notes.push(Note::warning(problem.0, problem.1, hint));
    }
    for view in snapshot.views.iter().filter(|view| view.source == target.name) {
        if let (Some(name), Some(window)) = (&view.target, view.target_dedup)
            && let Some(problem) = window_problem(window, blocks, &name.to_string())
        {
            notes.push(Note::warning(
                problem.0,
                format!("{} (fed by {}, which this plan fires)", problem.1, view.name),
                "a repeated chunk would reach that table twice: give it a window of its own",
            ));
        }
    }
    notes
}

fn window_problem(window: DedupWindow, blocks: u64, table: &str) -> Option<(&'static str, String)> {
    if window.blocks == 0 {
        Some(("dedup-window-off", format!("{table} ignores deduplication tokens: its window is 0")))
    } else if window.blocks < blocks {
        Some((
            "dedup-window-short",
            format!("{table} remembers {} blocks; this plan writes about {blocks} (chunks × partitions)", window.blocks),
        ))
    } else {
        None
    }
}

/// Block ids that the plan leaves in the target: one a chunk and touched partition.
pub(crate) fn blocks_written(core: &PlanCore, target: &Table) -> u64 {
    let width = partition_width(target, core);
    core.chunks
        .iter()
        .map(|chunk| match (&chunk.span, width) {
            (Span::Time(Some(from), Some(to)), Some(width)) => {
                let last = to.0.saturating_sub(1).div_euclid(width);
                u64::try_from(last - from.0.div_euclid(width) + 1).unwrap_or(1)
            }
            // A packed chunk writes as many partitions as it reads.
            (Span::Key(span), _) => span.partitions.len().max(1) as u64,
            (Span::Time(..) | Span::TimeIsNull, _) => 1,
        })
        .sum()
}

/// Width of the target's partitions in time, where the partition key is a known function of the time column.
fn partition_width(target: &Table, core: &PlanCore) -> Option<i64> {
    let time = core.time.as_ref()?;
    if !tokens::mentions(&target.partition_key, time.column.as_str()) {
        return None;
    }
    let seen = tokens::tokens(&target.partition_key);
    let widths = tokens::function_names(&seen).filter_map(|name| match name {
        "toYYYYMMDD" | "toDate" | "toStartOfDay" => Some(DAY_MS),
        "toMonday" | "toStartOfWeek" => Some(7 * DAY_MS),
        "toYYYYMM" | "toStartOfMonth" => Some(28 * DAY_MS),
        "toStartOfHour" => Some(HOUR_MS),
        _ => None,
    });
    widths.min()
}

fn attached_views(core: &PlanCore, snapshot: &Snapshot) -> Option<Note> {
    let names: Vec<String> =
        snapshot.views.iter().filter(|view| view.source == core.target.name).map(|view| view.name.to_string()).collect();
    (!names.is_empty()).then(|| {
        Note::warning(
            "views-will-fire",
            format!("inserting into {} fires {}", core.target.name, names.join(", ")),
            "wanted when their targets should be filled too; else detach them first",
        )
    })
}

fn other_feeders(core: &PlanCore, snapshot: &Snapshot) -> Option<Note> {
    let feeders = snapshot.views.iter().filter(|view| view.target.as_ref() == Some(&core.target.name));
    match core.mode {
        Mode::ViewReplay => {
            let names: Vec<String> = feeders
                .filter(|view| view.source != core.source.name)
                .map(|view| format!("{} (reads {})", view.name, view.source))
                .collect();
            (!names.is_empty()).then(|| {
                Note::warning(
                    "view-of-another-source",
                    format!("not replayed here: {}", names.join(", ")),
                    "plan a replay from each of those sources too",
                )
            })
        }
        Mode::Copy => {
            let names: Vec<String> = feeders.map(|view| view.name.to_string()).collect();
            (!names.is_empty()).then(|| {
                Note::warning(
                    "target-fed-by-views",
                    format!("{} is also written by {}", core.target.name, names.join(", ")),
                    "a plain copy does not run their SELECT; choose mode view_replay if that is meant",
                )
            })
        }
    }
}

fn mutations(table: &Table) -> Option<Note> {
    (table.unfinished_mutations > 0).then(|| {
        Note::warning(
            "unfinished-mutations",
            format!("{} has {} unfinished mutations", table.name, table.unfinished_mutations),
            "rows may change while they are copied; wait until system.mutations shows them done",
        )
    })
}

fn row_policy(source: &Table) -> Option<Note> {
    source.row_policy.then(|| {
        Note::warning(
            "source-row-policy",
            format!("a row policy hides rows of {} from this user: they are not carried, and not missed by the comparison", source.name),
            "use a user that sees all of its rows if all are wanted",
        )
    })
}

/// Rows of the past may be due the moment they arrive.
fn ttl(target: &Table) -> Option<Note> {
    tokens::tokens(&target.engine_full).iter().any(|token| token.is("TTL")).then(|| {
        Note::warning(
            "target-ttl",
            format!("{} has a TTL: rows that are due go as soon as parts merge, and contents then differ from the source", target.name),
            "carry a window that is not due, or alter the TTL before",
        )
    })
}

fn memory(estimates: &[Estimate], snapshot: &Snapshot) -> Option<Note> {
    let largest = estimates.iter().map(|estimate| estimate.bytes).max()?;
    let needed = largest.saturating_mul(BLOCK_MEMORY_FACTOR);
    let share = u128::from(snapshot.server.memory_bytes) * u128::from(snapshot.policy.memory_share_percent) / 100;
    (snapshot.server.memory_bytes > 0 && u128::from(needed) > share).then(|| {
        Note::warning(
            "chunk-memory",
            format!(
                "the largest chunk is one block of about {} uncompressed and may need {} of memory; the server has {}",
                mebibytes(largest),
                mebibytes(needed),
                mebibytes(snapshot.server.memory_bytes)
            ),
            "choose narrower chunks, or fewer lanes",
        )
    })
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// Rows that the chunks read, against rows that they want; and what reads fewer.
fn read_amplification(core: &PlanCore, estimates: &[Estimate], snapshot: &Snapshot) -> Option<Note> {
    let source = &snapshot.source;
    let wanted: u64 = estimates.iter().map(|estimate| estimate.rows).fold(0, u64::saturating_add);
    let read = cost::of(core, estimates, snapshot).into_iter().fold(0, u64::saturating_add);
    if source.stored.rows == 0 || wanted == 0 || read < wanted.saturating_mul(2) {
        return None;
    }
    let message = |why: String| format!("about {} times the wanted rows are read: {why}", times(read, wanted));
    Some(match (&core.key, &core.time) {
        (Some(_), time) => {
            let column =
                time.as_ref().map(|time| format!(", and the window on '{}' leaves out rows of granules that are read", time.column));
            Note::warning(
                "read-amplification",
                message(format!("what the index does not divide is read whole by each of its chunks{}", column.unwrap_or_default())),
                "a larger budget needs fewer chunks of those rows",
            )
        }
        (None, Some(axis)) => {
            let by_partition = tokens::mentions(&source.partition_key, axis.column.as_str());
            let reads = if by_partition { "every partition that it touches" } else { "the whole table" };
            let once = cost::touched(core, snapshot).saturating_mul(core.statements.len() as u64);
            let by_size = source.keys.as_ref().is_some_and(|keys| keys.origin == KeyOrigin::IndexMarks);
            let hint = match (by_size, by_partition) {
                (true, _) => {
                    format!(
                        "cut by size, chunks follow the primary key and read about {} times the wanted rows in all",
                        times(once.max(wanted), wanted)
                    )
                }
                (false, true) => "chunks as wide as a partition read each row once".to_owned(),
                (false, false) => "wider chunks read less in all".to_owned(),
            };
            let why = format!("'{}' is not the leading key, so a chunk may read {reads}", axis.column);
            Note::warning("read-amplification", message(why), hint)
        }
        (None, None) => return None,
    })
}

/// `7.4`.
fn times(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 10 / u128::from(whole.max(1));
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// What the target will need on disk, as the source needs it, against what is free. Merges need as much again for a while.
fn disk(estimates: &[Estimate], snapshot: &Snapshot) -> Option<Note> {
    let free =
        snapshot.server.disk_free_bytes.filter(|_| engine::keeps_local_disk(&snapshot.target.engine, &snapshot.target.engine_full))?;
    let carried: u64 = estimates.iter().map(|estimate| estimate.rows).fold(0, u64::saturating_add);
    let needed = snapshot.source.stored.disk_bytes_of(carried);
    (needed.saturating_mul(2) > free).then(|| {
        Note::warning(
            "disk",
            format!(
                "the copied rows take {} on disk in the source, and as much again while they merge; the server has about {} free",
                mebibytes(needed),
                mebibytes(free)
            ),
            "free space, carry a narrower window, or move the target to another storage policy first",
        )
    })
}

fn null_times(core: &PlanCore, snapshot: &Snapshot) -> Option<Note> {
    let time = core.time.as_ref()?;
    let nullable = TimeType::of(&time.source_type)?.nullable;
    (nullable && core.window.is_some()).then(|| {
        let counted = snapshot.source.times.get(&time.column).map_or(0, |profile| profile.null_rows);
        let some = if counted > 0 { format!("{counted} rows have") } else { "rows may have".into() };
        Note::warning(
            "null-times-left-out",
            format!("'{}' can be NULL, and {some} no time: they are in no window", time.column),
            "plan without a window to carry them too",
        )
    })
}

fn folding(core: &PlanCore, snapshot: &Snapshot) -> Option<Note> {
    let what = match engine::folding(&snapshot.target.engine)? {
        Folding::None => return None,
        Folding::Summing => "adds rows of one key up",
        Folding::Aggregating => "merges the states of one key",
        Folding::Replacing => "keeps one row of a key",
        Folding::Collapsing => "cancels rows of a key against each other",
        Folding::Graphite => "rolls rows up",
    };
    Some(Note::info(
        "target-folds-rows",
        format!("{} is a {}: it {what}, so rows stored differ from rows inserted", core.target.name, snapshot.target.engine),
    ))
}
