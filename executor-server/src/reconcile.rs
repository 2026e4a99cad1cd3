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
use serde::Deserialize;

use crate::clickhouse::classify::{Class, class_of, never_a_query};
use crate::clickhouse::client::{Client, Failure, Query};
use crate::clickhouse::evidence::{Clocks, MOST_SKEW_MS};
use crate::clickhouse::health::Health;
use crate::clickhouse::queries::Logged;
use crate::clickhouse::roll_call;
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
    /// When the job was started, by the same clock: a moment earlier rather than later.
    pub begun_at: i64,
    /// What the target held in the span before the job; none where that is not known, or where the chunk's rows cannot be
    /// told by a span.
    pub before: Option<Fingerprint>,
    /// Whether nothing but content says whether rows are there: the target remembers no tokens.
    pub content_only: bool,
    /// The code that the server answered with, if it answered.
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

struct Logs {
    rows: Vec<Logged>,
    /// Whether everything that happened to the query is in the log.
    complete: bool,
    /// Complete, and not even a start.
    never_started: bool,
}

impl Logs {
    fn ended(&self) -> bool {
        self.rows.iter().any(|row| row.kind != "QueryStart")
    }
}

async fn logs_of(health: &Health, case: &Case) -> Result<Logs, Failure> {
    let client = health.client();
    let mut look = 0;
    loop {
        let flushed = match health.insist(|| client.flush_logs()).await {
            Ok(()) => true,
            Err(failure) => {
                tracing::debug!(%failure, "logs cannot be flushed; waiting for them");
                tokio::time::sleep(UNFLUSHED).await;
                false
            }
        };
        let clocks = health.insist(|| clocks(client, &case.plan.core.target.name)).await?;
        let up_since_before = match (&clocks, case.server_time.and_then(|time| u64::try_from(time).ok())) {
            // A server whose clock was set back may have dated the log before the sending: it tells nothing then.
            (Some(clocks), Some(sent)) => {
                clocks.last_start.saturating_add(START_MARGIN_MS) < sent && sent <= clocks.earliest.saturating_add(skew(client))
            }
            (Some(_) | None, _) => false,
        };
        let rows = match health.insist(|| client.logged(&case.query_id, &case.job, case.sent_at)).await {
            Ok(rows) => rows,
            // No query_log, or no right to read it.
            Err(failure) => {
                tracing::debug!(%failure, "query_log cannot be read");
                return Ok(Logs { rows: Vec::new(), complete: false, never_started: false });
            }
        };
        let logs = Logs { complete: flushed && up_since_before, never_started: false, rows };
        look += 1;
        // A request may be on its way still, and the end of a query is logged a moment after it left the processes.
        // A log that had the time of its interval is not waited for where contents decide.
        let enough = if logs.rows.is_empty() { look >= 3 } else { look >= 10 } || (!flushed && case.before.is_some());
        if logs.ended() || (!up_since_before && look >= 2) || enough {
            return Ok(Logs { never_started: logs.complete && logs.rows.is_empty(), ..logs });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Parts that the attempt stored in the target; none where `part_log` cannot be read.
async fn new_parts(health: &Health, case: &Case) -> Result<Option<u64>, Failure> {
    let client = health.client();
    let ask = || client.new_parts([case.query_id.as_str()], case.sent_at, 0, &case.plan.core.target);
    match health.insist(ask).await {
        Ok(rows) => Ok(Some(rows.iter().map(|row| row.parts).sum())),
        Err(failure) => {
            tracing::debug!(%failure, "part_log cannot be read");
            Ok(None)
        }
    }
}

/// What the contents of source and target say. Views that read the target may have seen the rows, or not: nothing tells.
async fn content(health: &Health, case: &Case, class: Class, code: Option<i32>, words: &str) -> Result<Finding, Failure> {
    if let Err(finding) = same_table(health, case).await? {
        return Ok(finding);
    }
    let found = of_target(health, case, class, code, words).await?;
    if !case.fires || matches!(found, Finding::Unprovable { .. }) {
        return Ok(found);
    }
    let table = &case.plan.core.target.name;
    let seen = match &found {
        Finding::Written { message, .. } | Finding::Absent { message, .. } | Finding::Unprovable { message, .. } => message,
        Finding::Clear(removal) => &removal.message,
    };
    Ok(Finding::Unprovable {
        code: "views-unproven",
        message: format!(
            "{seen}; but views read {table}, and whether they have seen the chunk's rows cannot be told. Compare what they write, then retry the task: then only {table} is looked at"
        ),
    })
}

/// Whether the target is still the table that the plan was made for.
async fn same_table(health: &Health, case: &Case) -> Result<Result<(), Finding>, Failure> {
    let target = &case.plan.core.target;
    let client = health.client();
    let standing = health.insist(|| client.standing(&target.name)).await?;
    let is_it = |uuid: &str| uuid == target.uuid || client.is_twin(&target.uuid, uuid);
    let mut same = standing.as_ref().is_some_and(|standing| is_it(&standing.uuid));
    if !same && client.is_several() {
        // Which tables of other servers are the same one is not known before they have been asked.
        let ask = || async {
            match client.one_table(&target.name, &target.uuid).await {
                Ok(()) => Ok(true),
                Err(roll_call::Refusal::Wrong(_)) => Ok(false),
                Err(roll_call::Refusal::Unasked(failure)) => Err(failure),
            }
        };
        same = health.insist(ask).await?;
    }
    let replaced = || Finding::Unprovable {
        code: "target-replaced",
        message: format!(
            "{} is another table than the plan was made for, or gone: nothing is looked at or removed there. Bring the table back under its name, then retry the task",
            target.name
        ),
    };
    Ok(if same { Ok(()) } else { Err(replaced()) })
}

async fn of_target(health: &Health, case: &Case, class: Class, code: Option<i32>, words: &str) -> Result<Finding, Failure> {
    let table = &case.plan.core.target.name;
    let Some(before) = case.before.as_ref() else {
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
        let message = format!(
            "{words}; the span held nothing before the job and holds {found} rows that are not the source's {}",
            verify::thousands(source.rows)
        );
        return Ok(Finding::Clear(Removal { class, code, message, late: 0 }));
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
    settled(health, snapshot, |one| async move { fingerprint(&one, sql).await }).await
}

/// Reads both tables by a server that has caught up with what the others wrote.
pub async fn settled<T, F>(health: &Health, snapshot: &Snapshot, read: impl Fn(Client) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let (client, read) = (health.client(), &read);
    health.ask(|| async move { read(client.settled(&[&snapshot.source, &snapshot.target]).await?).await }).await
}

/// How far the clock of another server may be behind the one that was asked for the time.
fn skew(client: &Client) -> u64 {
    if client.is_several() { MOST_SKEW_MS.unsigned_abs() } else { 0 }
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
