//! A request that arrives too late writes nothing, and removes nothing.
//!
//! Whoever sent it may be gone by then, and somebody else may have found that it never arrived and sent its rows again.
//! ClickHouse itself looks at its clock when it takes the statement up. A copy is sent as previewed, with its deadline in
//! a setting; a view's replay, whose text carries that setting already, has its deadline beside the chunk's predicate.

use crate::plan::{Mode, PlanCore};
use crate::sql::literal;

/// What ClickHouse says to a request that is late, with error 395.
pub const LATE: &str = "penstock: arrived too late";

/// The setting that refuses the INSERT once the server's clock has passed `deadline_ms`; none for a view's replay.
pub fn setting(core: &PlanCore, deadline_ms: i64) -> Option<(String, String)> {
    match core.mode {
        Mode::Copy => {
            let filters = format!("{{{}: {}}}", literal::string(&core.source.name.to_string()), literal::string(&late(deadline_ms)));
            Some(("additional_table_filters".into(), filters))
        }
        Mode::ViewReplay => None,
    }
}

/// The INSERT of chunk `i` as it is sent: as previewed, apart from the deadline of a view's replay.
pub fn chunk_sql(core: &PlanCore, i: usize, deadline_ms: i64) -> String {
    match core.mode {
        Mode::Copy => core.chunk_sql(i),
        Mode::ViewReplay => core.chunk_sql_where(i, &format!("({}) AND {}", core.predicate(i), late(deadline_ms))),
    }
}

/// `now64` is a constant of the query, and `throwIf` throws with the first rows that are read: before anything is written.
fn late(deadline_ms: i64) -> String {
    format!("throwIf(now64(3) > fromUnixTimestamp64Milli({deadline_ms}), {}) = 0", literal::string(LATE))
}

/// True until the server's clock has passed `deadline_ms`: a DELETE that is late finds no rows.
pub(crate) fn in_time(deadline_ms: i64) -> String {
    format!("now64(3) <= fromUnixTimestamp64Milli({deadline_ms})")
}
