//! What the server's logs tell of an attempt.

use std::time::Duration;

use super::{Case, clocks};
use crate::clickhouse::client::{Client, Failure};
use crate::clickhouse::evidence::MOST_SKEW_MS;
use crate::clickhouse::health::Health;
use crate::clickhouse::queries::Logged;

/// How long the server takes to write its logs where it may not be told to: flush intervals are 7.5 s.
const UNFLUSHED: Duration = Duration::from_secs(9);
/// The server's start is known to a second; a start this close to the sending proves nothing.
const START_MARGIN_MS: u64 = 2_500;

pub(super) struct Logs {
    pub(super) rows: Vec<Logged>,
    /// Whether everything that happened to the query is in the log.
    pub(super) complete: bool,
    /// Complete, and not even a start.
    pub(super) never_started: bool,
}

impl Logs {
    pub(super) fn ended(&self) -> bool {
        self.rows.iter().any(|row| row.kind != "QueryStart")
    }
}

pub(super) async fn logs_of(health: &Health, case: &Case) -> Result<Logs, Failure> {
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
pub(super) async fn new_parts(health: &Health, case: &Case) -> Result<Option<u64>, Failure> {
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

/// How far the clock of another server may be behind the one that was asked for the time.
fn skew(client: &Client) -> u64 {
    if client.is_several() { MOST_SKEW_MS.unsigned_abs() } else { 0 }
}
