//! How many blocks the target should remember, and the statement that makes it.

use crate::engine;
use crate::plan::PlanCore;
use crate::snapshot::Table;
use crate::sql::identifier::TableName;
use crate::warnings;

/// Fewest blocks that a window is set to.
const LEAST: u64 = 1_024;
/// Most: the server keeps each remembered block in memory and in a log that it reads when it starts.
const MOST: u64 = 1 << 20;

/// The setting that says how many blocks a table remembers; none outside of the `MergeTree` family, which remembers none.
pub fn setting(engine: &str) -> Option<&'static str> {
    engine::folding(engine)?;
    Some(if engine::replicated(engine) { "replicated_deduplication_window" } else { "non_replicated_deduplication_window" })
}

/// Blocks that the target should remember for a plan: twice what it writes, so that a repeat with another generation
/// still fits, and at most 2^20.
pub fn wanted(core: &PlanCore, target: &Table) -> u64 {
    warnings::blocks_written(core, target).saturating_mul(2).checked_next_power_of_two().unwrap_or(MOST).clamp(LEAST, MOST)
}

/// Sets it. Takes effect at once, and again when repeated changes nothing.
pub fn set(target: &TableName, setting: &str, blocks: u64) -> String {
    format!("ALTER TABLE {} MODIFY SETTING {setting} = {blocks}", target.quoted())
}
