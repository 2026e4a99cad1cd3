//! What became of a chunk whose answer was lost: evidence, in the order of clickhouse.md section 4.
//!
//! ```text
//!   system.processes ──running──► adopt, wait                                  on every server that may run it;
//!        │ gone; not in the log either: wait until it could not write any more   one that is away is waited for
//!        │ gone
//!   query_log ──QueryFinish──► written          ──exception, no NewPart──► absent, same token
//!        │ no terminal row, or parts after an exception
//!   content ──equal──► written   ──nothing there──► absent, next generation   ──else──► clear, or say so
//! ```

mod content;
mod logs;
mod removal;

use std::sync::Arc;
use std::time::Duration;

use executor_api::receipt::Fingerprint;
use planner_core::plan::Plan;
use planner_core::snapshot::Snapshot;
use planner_core::sql::identifier::TableName;

use self::content::content;
pub use self::content::{settled, settled_print};
use self::logs::{logs_of, new_parts};
pub use self::removal::{Removal, Removed, clear, server_time};
use crate::clickhouse::classify::{Class, class_of, never_a_query};
use crate::clickhouse::client::{Client, Failure};
use crate::clickhouse::evidence::Clocks;
use crate::clickhouse::health::Health;

/// How long an INSERT may be on its way, by the server's clock; after that ClickHouse refuses it
/// ([`planner_core::sql::fence`]), and what was not seen to arrive never will.
pub const ARRIVAL_MS: i64 = 5_000;
/// One lost answer.
#[derive(Clone)]
pub struct Case {
    /// The plan.
    pub plan: Arc<Plan>,
    /// What was known of the tables.
    pub snapshot: Arc<Snapshot>,
    /// The chunk.
    pub n: u64,
    /// The attempt's query id.
    pub query_id: String,
    /// The job that sent it.
    pub job: String,
    /// Address of the server that it was sent to, where there were several.
    pub server: Option<String>,
    /// When it was sent, in milliseconds: by the server's clock where that was asked, else by the service's.
    pub sent_at: i64,
    /// When it was sent, by the server's clock; none when the server was not asked.
    pub server_time: Option<i64>,
    /// When the job was started, by the same clock: a moment earlier rather than later.
    pub begun_at: i64,
    /// What the target held in the span before the job; none where that is not known, or where the chunk's rows cannot be
    /// told by a span.
    pub before: Option<Fingerprint>,
    /// Whether nothing but content says whether rows are there: the target remembers no tokens.
    pub content_only: bool,
    /// What the server answered of the attempt's end, if it answered.
    pub answered: Option<(i32, String)>,
    /// Whether the query is to be killed where it runs.
    pub kill: bool,
    /// Until when a removal of the span may still arrive, by the server's clock; nothing is found out before.
    pub clear_until: Option<i64>,
    /// Whether views read the target, and nobody has looked after them.
    pub fires: bool,
}

impl Case {
    /// Until when the attempt may still arrive, by the server's clock.
    fn arrives_until(&self) -> Option<i64> {
        self.server_time.map(|sent| sent.saturating_add(ARRIVAL_MS))
    }
}

/// What the evidence says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The rows are in the target.
    Written {
        /// `log` or `content`.
        evidence: &'static str,
        /// Rows that the server counted.
        rows: u64,
        /// Bytes that it counted.
        bytes: u64,
        /// Rows that it read.
        rows_read: u64,
        /// In words.
        message: String,
    },
    /// Nothing of the attempt is in the target.
    Absent {
        /// Whether the next attempt needs another token: the server may remember the old one.
        next_generation: bool,
        /// What it ended with.
        class: Class,
        /// The server's code, if there was one.
        code: Option<i32>,
        /// In words.
        message: String,
    },
    /// Something is there that is not the chunk, in a span that held nothing before the job: it is to be removed.
    Clear(Removal),
    /// No evidence decides.
    Unprovable {
        /// Stable name.
        code: &'static str,
        /// In words, with the way out.
        message: String,
    },
}

/// Finds out. `adopted` is called once when the query is found running. Waits as long as ClickHouse is away.
pub async fn resolve(health: &Health, case: &Case, adopted: impl Fn()) -> Finding {
    match evidence(health, case, adopted).await {
        Ok(finding) => finding,
        Err(failure) => Finding::Unprovable {
            code: "no-evidence",
            message: format!(
                "the evidence cannot be read: {failure}; give the user SELECT on system.processes, system.query_log, system.part_log and the tables, then retry the task"
            ),
        },
    }
}

async fn evidence(health: &Health, case: &Case, adopted: impl Fn()) -> Result<Finding, Failure> {
    let client = health.client();
    let id = case.query_id.as_str();
    if let Some(server) = case.server.as_deref().filter(|server| !client.reaches(server)) {
        return Ok(Finding::Unprovable {
            code: "server-unlisted",
            message: format!(
                "it was sent to {server}, which clickhouse.urls does not name any more: it may still run there. Name that server again, or a cluster that it is in (clickhouse.cluster), then retry the task"
            ),
        });
    }
    past(health, &case.plan.core.target.name, case.clear_until).await?;

    let mut seen = false;
    let mut arrivals_over = is_over(health, case).await?;
    let logs = loop {
        while health.insist(|| client.is_running(id)).await? {
            if !seen {
                seen = true;
                adopted();
            }
            if case.kill {
                // Without the right to kill it simply runs to its end. Said again and again: behind one address of several
                // servers it may take a while until the right one hears it.
                let _ = client.kill(id).await;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let logs = logs_of(health, case).await?;
        // It may have arrived after it was looked for: without an end, only a look behind the deadline counts.
        if arrivals_over || logs.ended() || case.answered.is_some() {
            break logs;
        }
        past(health, &case.plan.core.target.name, case.arrives_until()).await?;
        arrivals_over = true;
    };
    let by_content = case.content_only && case.before.is_some();
    if let Some(end) = logs.rows.iter().find(|row| row.kind == "QueryFinish") {
        if by_content {
            return content(health, case, Class::Lost, None, &format!("query_log: finished after {} ms", end.duration_ms)).await;
        }
        return Ok(Finding::Written {
            evidence: "log",
            rows: end.written_rows,
            bytes: end.written_bytes,
            rows_read: end.read_rows,
            message: format!("query_log: finished after {} ms", end.duration_ms),
        });
    }
    let exception = logs.rows.iter().find(|row| row.kind.starts_with("Exception"));
    let never_began = exception.is_some_and(|row| row.kind == "ExceptionBeforeStart");
    let ended = exception.map(|row| (row.exception_code, row.exception.clone())).or_else(|| case.answered.clone());
    if let Some((code, words)) = ended {
        let nothing = never_began || never_a_query(code);
        let parts = if nothing { Some(0) } else { new_parts(health, case).await?.filter(|_| logs.complete) };
        match parts {
            Some(0) if !by_content => {
                return Ok(Finding::Absent {
                    next_generation: false,
                    class: class_of(code, &words),
                    code: Some(code),
                    message: format!("{words} (part_log: nothing written)"),
                });
            }
            // Some partitions were committed before the exception, or the log cannot tell.
            Some(_) | None => return content(health, case, class_of(code, &words), Some(code), &words).await,
        }
    }
    if logs.never_started && !by_content {
        let message = "query_log: the query never started, and the server has been up since before it was sent".to_owned();
        return Ok(Finding::Absent { next_generation: false, class: Class::Lost, code: None, message });
    }
    content(health, case, Class::Lost, None, "the log holds no end of the query").await
}

/// Whether a request that has not arrived cannot write any more.
async fn is_over(health: &Health, case: &Case) -> Result<bool, Failure> {
    let Some(deadline) = case.arrives_until() else { return Ok(true) };
    Ok(left(health, &case.plan.core.target.name, deadline).await? < 0)
}

/// Milliseconds until every server's clock has passed a deadline; negative when they have.
async fn left(health: &Health, table: &TableName, deadline: i64) -> Result<i64, Failure> {
    let now = health.insist(|| clocks(health.client(), table)).await?.map(|clocks| clocks.earliest);
    Ok(now.map_or(-1, |now| deadline.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX))))
}

/// Waits until every server's clock has passed a deadline, if there is one.
pub async fn past(health: &Health, table: &TableName, deadline: Option<i64>) -> Result<(), Failure> {
    let Some(deadline) = deadline else { return Ok(()) };
    loop {
        let left = left(health, table, deadline).await?;
        if left < 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(left.unsigned_abs().min(1_000) + 1)).await;
    }
}

/// The clocks of all servers; none where the table is gone, so that nothing can be written into it.
async fn clocks(client: &Client, table: &TableName) -> Result<Option<Clocks>, Failure> {
    if client.is_several() {
        return client.clocks().await.map(Some);
    }
    let standing = client.standing(table).await?;
    Ok(standing.map(|standing| Clocks { earliest: standing.now, last_start: standing.started }))
}
