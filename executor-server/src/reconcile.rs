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

use std::sync::Arc;
use std::time::Duration;

use executor_api::receipt::Fingerprint;
use planner_core::plan::Plan;
use planner_core::snapshot::Snapshot;
use planner_core::sql::checks;
use planner_core::sql::identifier::TableName;

use crate::clickhouse::classify::{Class, before_start, class_of};
use crate::clickhouse::client::{Client, Failure, Query};
use crate::clickhouse::evidence::{Clocks, MOST_SKEW_MS};
use crate::clickhouse::health::Health;
use crate::clickhouse::queries::Logged;
use crate::verify::{self, fingerprint};

/// How long the server takes to write its logs where it may not be told to: flush intervals are 7.5 s.
const UNFLUSHED: Duration = Duration::from_secs(9);
/// How long an INSERT may be on its way, by the server's clock; after that ClickHouse refuses it
/// ([`planner_core::sql::fence`]), and what was not seen to arrive never will.
pub const ARRIVAL_MS: i64 = 5_000;
/// The server's start is known to a second; a start this close to the sending proves nothing.
const START_MARGIN_MS: u64 = 2_500;

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
    /// What the target held in the span before the job; none where that is not known.
    pub before: Option<Fingerprint>,
    /// Whether the chunk's rows can be told by its span in the target.
    pub per_chunk: bool,
    /// Whether nothing but content says whether rows are there: the target remembers no tokens.
    pub content_only: bool,
    /// The code that the server answered with, if it answered.
    pub answered: Option<(i32, String)>,
    /// Whether the query is to be killed where it runs.
    pub kill: bool,
    /// Until when a removal of the span may still arrive, by the server's clock; nothing is found out before.
    pub clear_until: Option<i64>,
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
    Clear {
        /// In words.
        message: String,
    },
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
    while health.ask(|| client.is_running(id)).await? {
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

    let mut logs = logs_of(health, case).await?;
    if logs.rows.is_empty() && case.answered.is_none() && wait_for_deadline(health, case).await? {
        // It may have arrived at the last moment.
        while health.ask(|| client.is_running(id)).await? {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        logs = logs_of(health, case).await?;
    }
    let by_content = case.content_only && case.per_chunk && case.before.is_some();
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
    let ended = logs.rows.iter().find(|row| row.kind.starts_with("Exception"));
    let ended = ended.map(|row| (row.exception_code, row.exception.clone())).or_else(|| case.answered.clone());
    if let Some((code, words)) = ended {
        let parts = if before_start(code) { Some(0) } else { new_parts(health, case).await?.filter(|_| logs.complete) };
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

/// Waits until a request that has not arrived cannot write any more; false where it had long been so, or never will be.
async fn wait_for_deadline(health: &Health, case: &Case) -> Result<bool, Failure> {
    past(health, &case.plan.core.target.name, case.server_time.map(|sent| sent.saturating_add(ARRIVAL_MS))).await
}

/// Waits until every server's clock has passed a deadline; false where they had long passed it, or there is none.
pub async fn past(health: &Health, table: &TableName, deadline: Option<i64>) -> Result<bool, Failure> {
    let Some(deadline) = deadline else { return Ok(false) };
    let mut waited = false;
    loop {
        let now = health.ask(|| clocks(health.client(), table)).await?.map(|clocks| clocks.earliest);
        let left = now.map_or(-1, |now| deadline.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX)));
        if left < 0 {
            return Ok(waited);
        }
        waited = true;
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

struct Logs {
    rows: Vec<Logged>,
    /// Whether everything that happened to the query is in the log.
    complete: bool,
    /// Complete, and not even a start.
    never_started: bool,
}

async fn logs_of(health: &Health, case: &Case) -> Result<Logs, Failure> {
    let client = health.client();
    let mut look = 0;
    loop {
        let flushed = match health.ask(|| client.flush_logs()).await {
            Ok(()) => true,
            Err(failure) => {
                tracing::debug!(%failure, "logs cannot be flushed; waiting for them");
                tokio::time::sleep(UNFLUSHED).await;
                false
            }
        };
        let clocks = health.ask(|| clocks(client, &case.plan.core.target.name)).await?;
        let up_since_before = match (&clocks, case.server_time.and_then(|time| u64::try_from(time).ok())) {
            // A server whose clock was set back may have dated the log before the sending: it tells nothing then.
            (Some(clocks), Some(sent)) => {
                clocks.last_start.saturating_add(START_MARGIN_MS) < sent && sent <= clocks.earliest.saturating_add(skew(client))
            }
            (Some(_) | None, _) => false,
        };
        let rows = match health.ask(|| client.logged(&case.query_id, &case.job, case.sent_at)).await {
            Ok(rows) => rows,
            // No query_log, or no right to read it.
            Err(failure) => {
                tracing::debug!(%failure, "query_log cannot be read");
                return Ok(Logs { rows: Vec::new(), complete: false, never_started: false });
            }
        };
        let ended = rows.iter().any(|row| row.kind != "QueryStart");
        let complete = flushed && up_since_before;
        look += 1;
        // A request may be on its way still, and the end of a query is logged a moment after it left the processes.
        // A log that had the time of its interval is not waited for where contents decide.
        let enough = if rows.is_empty() { look >= 3 } else { look >= 10 } || (!flushed && case.per_chunk);
        if ended || (!up_since_before && look >= 2) || enough {
            let never_started = complete && rows.is_empty();
            return Ok(Logs { rows, complete, never_started });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Parts that the attempt stored in the target; none where `part_log` cannot be read.
async fn new_parts(health: &Health, case: &Case) -> Result<Option<u64>, Failure> {
    let client = health.client();
    let ask = || client.new_parts([case.query_id.as_str()], case.sent_at, 0, &case.plan.core.target);
    match health.ask(ask).await {
        Ok(rows) => Ok(Some(rows.iter().map(|row| row.parts).sum())),
        Err(failure) => {
            tracing::debug!(%failure, "part_log cannot be read");
            Ok(None)
        }
    }
}

async fn content(health: &Health, case: &Case, class: Class, code: Option<i32>, words: &str) -> Result<Finding, Failure> {
    let table = &case.plan.core.target.name;
    let Some(before) = case.before.as_ref().filter(|_| case.per_chunk) else {
        return Ok(Finding::Unprovable {
            code: "outcome-unprovable",
            message: format!(
                "{words}; whether its rows are in {table} cannot be told, because they cannot be told from other rows there. Empty {table} and start the job again"
            ),
        });
    };
    let i = usize::try_from(case.n).unwrap_or(usize::MAX);
    let (source_sql, target_sql) = (checks::source_fingerprint(&case.plan.core, i), checks::target_fingerprint(&case.plan.core, i));
    let source = settled_print(health, &case.snapshot, &source_sql).await?;
    let target = settled_print(health, &case.snapshot, &target_sql).await?;
    let added = verify::minus(&target, before);
    if added.as_ref() == Some(&source) {
        return Ok(Finding::Written {
            evidence: "content",
            rows: source.rows,
            bytes: 0,
            rows_read: source.rows,
            message: format!("{words}; the target holds just the {} rows of the source", verify::thousands(source.rows)),
        });
    }
    if target == *before {
        return Ok(Finding::Absent { next_generation: true, class, code, message: format!("{words}; the target holds none of its rows") });
    }
    let found = verify::thousands(target.rows);
    if *before == verify::nothing() {
        return Ok(Finding::Clear {
            message: format!(
                "{words}; the span held nothing before the job and holds {found} rows that are not the source's {}",
                verify::thousands(source.rows)
            ),
        });
    }
    Ok(Finding::Unprovable {
        code: "cannot-clean-span",
        message: format!(
            "{words}; the span held {} rows before the job and holds {found}, neither with nor without the source's {}. Put the span of {table} right by hand, then retry the task",
            verify::thousands(before.rows),
            verify::thousands(source.rows)
        ),
    })
}

/// A fingerprint by a server that has caught up with what the others wrote.
pub async fn settled_print(health: &Health, snapshot: &Snapshot, sql: &str) -> Result<Fingerprint, Failure> {
    let read = || async {
        let one = health.client().settled(&[&snapshot.source, &snapshot.target]).await?;
        fingerprint(&one, sql).await
    };
    health.ask(read).await
}

/// How far the clock of another server may be behind the one that was asked for the time.
fn skew(client: &Client) -> u64 {
    if client.is_several() { MOST_SKEW_MS.unsigned_abs() } else { 0 }
}

/// The server's clock, in milliseconds.
pub async fn server_time(health: &Health, case: &Case) -> Result<i64, Failure> {
    let standing = health.ask(|| health.client().standing(&case.plan.core.target.name)).await?;
    let gone = || Failure::Exception { code: 60, message: format!("{} is not there any more", case.plan.core.target.name) };
    standing.ok_or_else(gone).map(|standing| i64::try_from(standing.now).unwrap_or(i64::MAX))
}

/// Removes what a span holds, and looks whether it is gone. Only after [`Finding::Clear`] was stored with the deadline: a
/// request that arrives later removes nothing, and nothing is sent into the span before.
pub async fn clear(health: &Health, case: &Case) -> Result<(), String> {
    let i = usize::try_from(case.n).unwrap_or(usize::MAX);
    let sql = checks::clear_span(&case.plan.core, i, case.clear_until.unwrap_or_default());
    let table = &case.plan.core.target.name;
    let run = || async {
        let holder = health.client().at_holder(table).await;
        holder.patient(Query::new(&sql).setting("mutations_sync", "2").setting("lightweight_deletes_sync", "2")).await
    };
    health.ask(run).await.map_err(|failure| failure.to_string())?;
    let target_sql = checks::target_fingerprint(&case.plan.core, i);
    past(health, table, case.clear_until).await.map_err(|failure| failure.to_string())?;
    let left = settled_print(health, &case.snapshot, &target_sql).await.map_err(|failure| failure.to_string())?;
    if left == verify::nothing() {
        Ok(())
    } else {
        Err(format!("after the removal the span still holds {} rows", verify::thousands(left.rows)))
    }
}
