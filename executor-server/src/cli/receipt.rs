//! `penstock receipt` and `penstock verify`

use std::time::Duration;

use executor_api::job::JobState;
use executor_api::receipt::{Receipt, Verdict};
use planner_core::digest::PlanId;

use super::context::Context;
use super::fail::Fail;
use super::follow::{Ended, Followed};
use super::next;
use super::output::{count, put, table};
use super::run::verdict_name;
use super::signals::Interrupts;
use crate::clickhouse::client::Query;
use crate::runner::Command;
use crate::state::{Loaded, Mirror, Options};
use crate::store::Store;

/// How long ClickHouse may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most differences that are told one by one.
const MOST: usize = 20;

/// Prints the proof of a run.
pub(super) async fn print(context: &Context, id: &PlanId) -> Result<u8, Fail> {
    context.plan(id).await?;
    let standing = context.state.look(id).await?;
    let standing =
        standing.ok_or_else(|| Fail::refused("run-missing", format!("plan {id} was never run")).hint(next::of_plan("run", id)))?;
    let missing = || {
        Fail::refused("receipt-missing", format!("there is no receipt: the run is {}", standing.job.state.name()))
            .hint(next::of_plan("resume", id))
    };
    let (text, receipt) = read(&standing.store, &standing.job.id).await?.ok_or_else(missing)?;
    context.output.raw(&text, || people(&receipt));
    Ok(0)
}

/// Compares the contents of source and target again.
pub(super) async fn verify(context: &Context, id: &PlanId) -> Result<u8, Fail> {
    let planned = context.plan(id).await?;
    let run = context.state.open_run(id, context.state.lock_run(id)?).await?;
    let never = || Fail::refused("run-missing", format!("plan {id} was never run")).hint(next::of_plan("run", id));
    let job = run.job.ok_or_else(never)?;
    match job.state {
        JobState::Completed | JobState::Partial | JobState::Failed => {}
        JobState::Cancelled => return Err(Fail::refused("run-cancelled", "the run was cancelled: there is nothing to compare")),
        state => {
            let message = format!("the run has not ended: it is {}", state.name());
            return Err(Fail::refused("run-open", message).hint(next::of_plan("resume", id)));
        }
    }
    let fallback = Options {
        first_retry_pause_ms: u64::try_from(context.config.retry.first_pause.as_millis()).unwrap_or(u64::MAX),
        lanes: job.lanes,
        max_retries_per_chunk: context.config.retry.max_retries,
    };
    let (environment, options) = match context.state.read_checkpoint(id)? {
        Loaded::Fine(checkpoint) => (checkpoint.environment, checkpoint.options),
        Loaded::Missing | Loaded::Damaged(_) => (planned.environment, fallback),
    };
    if environment.fingerprint != context.environment().fingerprint {
        let message = format!("the plan was run on {environment}; the configuration says {}", context.environment());
        return Err(Fail::refused("environment-differs", message).hint("configure that one again"));
    }
    let interrupts = Interrupts::catch();
    let engine = context.engine(run.store.clone()).await?;
    engine.start().await?;
    // Asked before anything is forgotten: what was proven stays proven while nobody can answer.
    engine.health().client().query(Query::new("SELECT 1").timeout(PATIENCE)).await?;
    let job = engine.command(&job.id, Command::Verify).await?;
    let mirror = Mirror::open(&context.state, &run.store, &job, environment, options).await?;
    let followed =
        Followed { context, engine: &engine, plan_id: id, mirror, interrupts, on_interrupt: executor_api::job::RunningChunks::Finish };
    let (ended, job) = followed.until_the_end(job).await?;
    if ended != Ended::Finished {
        let fail = Fail::failed("interrupted", "interrupted before everything was compared");
        return Err(Fail { exit: 130, ..fail }.hint(next::of_plan("resume", id)));
    }
    let found = read(&run.store, &job.id).await?;
    let (text, receipt) = found.ok_or_else(|| Fail::failed("receipt-missing", "the comparison left no receipt"))?;
    context.output.raw(&text, || people(&receipt));
    Ok(u8::from(receipt.verdict != Verdict::Exact))
}

async fn read(store: &Store, job: &str) -> Result<Option<(String, Receipt)>, Fail> {
    let Some(text) = store.receipt(job).await? else { return Ok(None) };
    let receipt =
        serde_json::from_str(&text).map_err(|error| Fail::failed("receipt-damaged", format!("the receipt cannot be read: {error}")))?;
    Ok(Some((text, receipt)))
}

pub(super) fn people(receipt: &Receipt) -> String {
    let digest = receipt.digest.as_ref().map_or_else(String::new, ToString::to_string);
    let sent: usize = receipt.tasks.iter().map(|task| task.query_ids.len()).sum();
    let equal = receipt.comparisons.iter().filter(|comparison| comparison.equal).count();
    let mut text = table(&[
        ("verdict", verdict_name(receipt.verdict).into()),
        ("result", receipt.statement.clone()),
        ("plan", format!("{} (digest {})", receipt.plan_id, receipt.plan_digest)),
        ("from", receipt.source.to_string()),
        ("to", receipt.target.to_string()),
        ("sent", format!("{} in {}", count(receipt.tasks.len() as u64, "chunk"), count(sent as u64, "attempt"))),
        ("compared", format!("{equal} of {} equal", receipt.comparisons.len())),
        ("ended", receipt.finished_at.iso()),
        ("receipt", digest),
    ]);
    let different: Vec<_> = receipt.comparisons.iter().filter(|comparison| !comparison.equal).collect();
    for comparison in different.iter().take(MOST) {
        let (source, target) = (count(comparison.source.rows, "row"), count(comparison.target.rows, "row"));
        put(&mut text, format_args!("! {}: {source} in the source, {target} in the target, and their contents differ\n", comparison.scope));
    }
    if different.len() > MOST {
        put(&mut text, format_args!("and {} more\n", different.len() - MOST));
    }
    text
}
