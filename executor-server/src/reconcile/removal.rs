//! Removing what an attempt left of its chunk.

use planner_core::sql::checks;
use serde::Deserialize;

use super::content::{same_table, settled_print};
use super::{Case, Finding, left, past};
use crate::clickhouse::classify::Class;
use crate::clickhouse::client::{Failure, Query};
use crate::clickhouse::health::Health;
use crate::verify;

/// Why what a span holds is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// What the attempt that left it ended with.
    pub class: Class,
    /// The server's code, if there was one.
    pub code: Option<i32>,
    /// In words.
    pub message: String,
    /// Removals that came too late so far.
    pub late: u32,
}

/// How a removal went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// The span is empty.
    Gone,
    /// It was taken up after its deadline, or may have been: it is to be sent again with a new one.
    Late,
    /// The span still holds rows, or cannot be looked at.
    Failed(String),
}

/// The server's clock, in milliseconds.
pub async fn server_time(health: &Health, case: &Case) -> Result<i64, Failure> {
    let standing = health.insist(|| health.client().standing(&case.plan.core.target.name)).await?;
    let gone = || Failure::Exception { code: 60, message: format!("{} is not there any more", case.plan.core.target.name) };
    standing.ok_or_else(gone).map(|standing| i64::try_from(standing.now).unwrap_or(i64::MAX))
}

/// Removes what a span holds, and looks whether it is gone. Only after [`Finding::Clear`] was stored with the deadline: a
/// request that arrives later removes nothing, and nothing is sent into the span before.
pub async fn clear(health: &Health, case: &Case) -> Removed {
    removed(health, case).await.unwrap_or_else(|failure| Removed::Failed(failure.to_string()))
}

async fn removed(health: &Health, case: &Case) -> Result<Removed, Failure> {
    if let Err(Finding::Unprovable { message, .. }) = same_table(health, case).await? {
        return Ok(Removed::Failed(message));
    }
    if let Some(parts) = of_others(health, case).await?.filter(|parts| *parts > 0) {
        let words = format!(
            "since the job was started others wrote {parts} parts into the same partitions: which rows are theirs cannot be told, so nothing is removed"
        );
        return Ok(Removed::Failed(words));
    }
    let i = usize::try_from(case.n).unwrap_or(usize::MAX);
    let sql = checks::clear_span(&case.plan.core, i, case.clear_until.unwrap_or_default());
    let table = &case.plan.core.target.name;
    let run = || async {
        let holder = health.client().at_holder(table).await;
        holder.patient(Query::new(&sql).setting("mutations_sync", "2").setting("lightweight_deletes_sync", "2")).await
    };
    health.ask(run).await?;
    let late = match case.clear_until {
        Some(deadline) => left(health, table, deadline).await? < 0,
        None => false,
    };
    let target_sql = checks::target_fingerprint(&case.plan.core, i);
    past(health, table, case.clear_until).await?;
    let left = settled_print(health, &case.snapshot, &target_sql).await?;
    Ok(if left == verify::nothing() {
        Removed::Gone
    } else if late {
        Removed::Late
    } else {
        Removed::Failed(format!("after the removal the span still holds {} rows", verify::thousands(left.rows)))
    })
}

/// Parts that others wrote meanwhile where the chunk's span has rows; none where `part_log` cannot be read.
async fn of_others(health: &Health, case: &Case) -> Result<Option<u64>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
    }
    let target = &case.plan.core.target;
    let sql = checks::touched_partitions(&case.plan.core, usize::try_from(case.n).unwrap_or(usize::MAX));
    let read = || async { health.client().at_holder(&target.name).await.patient_rows(Query::new(&sql)).await };
    let partitions: Vec<Row> = health.ask(read).await?;
    let partitions: Vec<String> = partitions.into_iter().map(|row| row.id).collect();
    // Without the right to, what was written in the last seconds is not in the log yet.
    let _ = health.ask(|| health.client().flush_logs()).await;
    match health.ask(|| health.client().parts_of_others(case.begun_at, target, &partitions)).await {
        Ok(parts) => Ok(Some(parts)),
        Err(failure) => {
            tracing::debug!(%failure, "part_log cannot be read");
            Ok(None)
        }
    }
}
