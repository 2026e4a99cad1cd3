//! The SQL that measures how quickly a chunk is read, sorted and written: into a temporary table shaped like the target.

use crate::plan::PlanCore;
use crate::snapshot::Table;

/// The temporary table; it lives as long as its session.
const NAME: &str = "_penstock_calibration";

/// Statements of one trial, all in one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statements {
    /// Makes the temporary table.
    pub create: String,
    /// Carries the chunk's rows into it: this is what is timed.
    pub insert: String,
    /// Drops it.
    pub drop: String,
}

/// The trial of chunk `i`; `None` when there is none.
pub(crate) fn of(core: &PlanCore, i: usize, target: &Table) -> Option<Statements> {
    let sql = core.chunk_sql(i);
    let rest = sql.strip_prefix(&format!("INSERT INTO {}", core.target.name.quoted()))?;
    let partition = if target.partition_key.is_empty() { String::new() } else { format!("\nPARTITION BY {}", target.partition_key) };
    let order = if target.sorting_key.is_empty() { "tuple()".to_owned() } else { format!("({})", target.sorting_key) };
    Some(Statements {
        // Plain MergeTree: what an engine folds it folds when parts merge, which is not part of carrying a chunk.
        create: format!(
            "CREATE TEMPORARY TABLE {NAME} AS {}\nENGINE = MergeTree{partition}\nPRIMARY KEY tuple()\nORDER BY {order}\nSETTINGS allow_nullable_key = 1",
            target.name.quoted()
        ),
        insert: format!("INSERT INTO {NAME}{rest}"),
        drop: format!("DROP TEMPORARY TABLE {NAME}"),
    })
}
