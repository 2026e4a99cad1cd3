//! A request that arrives too late writes nothing.
//!
//! Whoever sent it may be gone by then, and somebody else may have found that it never arrived and sent its rows again.
//! ClickHouse itself looks at its clock when it takes the statement up; the text of the statement stays as previewed.

use crate::plan::{Mode, PlanCore};
use crate::sql::literal;

/// What ClickHouse says to a request that is late, with error 395.
pub const LATE: &str = "penstock: arrived too late";

/// The setting that refuses the INSERT once the server's clock has passed `deadline_ms`; none for a view's replay, whose
/// statement carries this setting in its own text.
///
/// `now64` is a constant of the query, and `throwIf` throws with the first rows that are read: before anything is written.
pub fn setting(core: &PlanCore, deadline_ms: i64) -> Option<(String, String)> {
    let late = format!("throwIf(now64(3) > fromUnixTimestamp64Milli({deadline_ms}), {}) = 0", literal::string(LATE));
    let filters = format!("{{{}: {}}}", literal::string(&core.source.name.to_string()), literal::string(&late));
    match core.mode {
        Mode::Copy => Some(("additional_table_filters".into(), filters)),
        Mode::ViewReplay => None,
    }
}
