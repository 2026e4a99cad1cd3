//! `penstock run` and `penstock resume`

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use executor_api::job::{Job, JobCreate, JobState, Order, RunningChunks};
use executor_api::receipt::Verdict;
use planner_core::digest::PlanId;
use serde::Serialize;

use super::context::{Context, plan_id};
use super::dedup::DedupFlag;
use super::fail::Fail;
use super::follow::{Ended, Followed};
use super::next;
use super::output::{count, put, table};
use super::progress::duration;
use super::signals::Interrupts;
use crate::clock;
use crate::config::{MAX_LANES, number};
use crate::runner::{Command, Engine};
use crate::state::{Environment, Loaded, Mirror, Options, Planned, Run};
use crate::verify::elapsed_ms;

/// Exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Options of a run.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Args, Clone, Debug)]
pub(super) struct RunFlags {
    /// The plan: 16 hex characters.
    #[arg(long, value_name = "ID", value_parser = plan_id)]
    pub(super) plan_id: PlanId,
    /// Chunks at the same time, 1 to 64; default: defaults.max_parallel_chunks, and the checkpoint's when resuming.
    #[arg(long, value_parser = lanes)]
    pub(super) lanes: Option<u16>,
    /// Go over all chunks of a run that has ended: those whose rows are there write nothing.
    #[arg(long)]
    pub(super) replay_done: bool,
    /// Take failed chunks up again.
    #[arg(long)]
    pub(super) replay_failed: bool,
    /// Run although another run that has not ended may write the same rows.
    #[arg(long)]
    pub(super) force_overlap: bool,
    /// Go on with other options than the checkpoint's.
    #[arg(long)]
    pub(super) force_compatibility: bool,
    /// Run on another ClickHouse than the plan was made on.
    #[arg(long)]
    pub(super) force_environment: bool,
    /// How repeats are kept from doubling rows where the target remembers no blocks; default: defaults.dedup, else content-only.
    #[arg(long, value_enum)]
    pub(super) dedup: Option<DedupFlag>,
    /// What becomes of chunks that run when Ctrl-C is pressed once.
    #[arg(long, value_enum, default_value_t)]
    pub(super) on_interrupt: OnInterrupt,
}

/// What becomes of chunks that run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OnInterrupt {
    /// They run to their end.
    #[default]
    Finish,
    /// They are killed; their outcome is found out.
    Kill,
}

impl From<OnInterrupt> for RunningChunks {
    fn from(choice: OnInterrupt) -> Self {
        match choice {
            OnInterrupt::Finish => Self::Finish,
            OnInterrupt::Kill => Self::Kill,
        }
    }
}

pub(super) fn lanes(text: &str) -> Result<u16, String> {
    number(text, 1, u32::from(MAX_LANES)).map(|lanes| u16::try_from(lanes).unwrap_or(MAX_LANES))
}

#[derive(Serialize)]
pub(super) struct Answer {
    job: Job,
    next: Option<String>,
    outcome: &'static str,
    plan_id: String,
}

/// Runs a plan from its beginning.
pub(super) async fn run(context: &Context, flags: &RunFlags) -> Result<u8, Fail> {
    let id = &flags.plan_id;
    let planned = context.plan(id).await?;
    let environment = environment(context, &planned.environment, flags, "the plan was made")?;
    let run = context.state.open_run(id, context.state.lock_run(id)?).await?;
    match &run.job {
        None => {}
        // The plan was replaced since, or everything is to be gone over again.
        Some(job) if job.state.is_terminal() && (job.plan_digest != planned.answer.digest || flags.replay_done) => {}
        Some(job) if job.plan_digest == planned.answer.digest && job.state.is_terminal() && flags.replay_failed => {
            return Box::pin(resume_locked(context, flags, planned, run)).await;
        }
        Some(job) => return Err(exists(id, job)),
    }
    let options = options(context, flags.lanes.unwrap_or(context.config.defaults.max_parallel_chunks));
    start(context, flags, &planned, run, environment, options).await
}

/// Goes on with a run after finding out what became of it.
pub(super) async fn resume(context: &Context, flags: &RunFlags) -> Result<u8, Fail> {
    let id = &flags.plan_id;
    let planned = context.plan(id).await?;
    let run = context.state.open_run(id, context.state.lock_run(id)?).await?;
    resume_locked(context, flags, planned, run).await
}

async fn resume_locked(context: &Context, flags: &RunFlags, planned: Planned, run: Run) -> Result<u8, Fail> {
    let id = &flags.plan_id;
    let Some(job) = run.job.clone() else {
        return Err(Fail::refused("run-missing", format!("plan {id} was never run")).hint(next::of_plan("run", id)));
    };
    if job.plan_digest != planned.answer.digest {
        let message = format!("the run is of plan {}, which was replaced by {}", job.plan_digest, planned.answer.digest);
        let hint = if job.state.is_terminal() { next::of_plan("run", id) } else { next::of_plan("cancel", id) };
        return Err(Fail::refused("plan-replaced", message).hint(hint));
    }
    // A damaged checkpoint tells nothing of what the run had; the plan does.
    let (before, was_at) = match context.state.read_checkpoint(id)? {
        Loaded::Fine(checkpoint) => (Some(checkpoint.options), checkpoint.environment),
        Loaded::Missing | Loaded::Damaged(_) => (None, planned.environment.clone()),
    };
    let environment = environment(context, &was_at, flags, "the run went on")?;
    let options = options(context, flags.lanes.unwrap_or(job.lanes));
    let changes = before.map(|before| before.changes(&options)).unwrap_or_default();
    if !changes.is_empty() && !flags.force_compatibility {
        return Err(Fail::refused("options-changed", "the run was started with other options")
            .details(changes)
            .hint("run with those again, or go on with the new ones: --force-compatibility"));
    }
    match job.state {
        JobState::Cancelled => return start(context, flags, &planned, run, environment, options).await,
        JobState::Completed | JobState::Partial | JobState::Failed if flags.replay_done => {
            return start(context, flags, &planned, run, environment, options).await;
        }
        JobState::Completed => {
            context.output.answer("resume", answer(id, job, Ended::Finished), people);
            return Ok(0);
        }
        JobState::Partial | JobState::Failed if !flags.replay_failed => {
            let message = format!("the run has ended: {}", job.message.clone().unwrap_or_else(|| job.state.name().to_owned()));
            return Err(Fail::refused("run-ended", message)
                .hint(format!("--replay-failed takes failed chunks up again; `{}` says what is wrong", next::of_plan("doctor", id))));
        }
        _ => {}
    }
    let engine = context.engine(run.store.clone()).await?;
    let job = {
        // A run that has ended becomes one of those that others look for.
        let _starting = context.state.lock_starting()?;
        not_overlapping(context, flags, &planned).await?;
        engine.start().await?;
        take_up(&engine, job, flags, options.lanes).await?
    };
    follow(context, flags, &engine, job, "resume", (environment, options)).await
}

/// Brings a run that this process has just taken up to where chunks are sent.
async fn take_up(engine: &Arc<Engine>, job: Job, flags: &RunFlags, lanes: u16) -> Result<Job, Fail> {
    let mut job = job;
    let failed = matches!(job.state, JobState::Partial | JobState::Failed);
    if failed || (flags.replay_failed && job.counts.failed > 0) {
        job = engine.command(&job.id, Command::Retry(Vec::new())).await?;
    }
    if matches!(job.state, JobState::Pausing | JobState::Paused) {
        job = engine.command(&job.id, Command::Resume).await?;
    }
    if job.lanes != lanes && !job.state.is_terminal() {
        job = engine.command(&job.id, Command::Lanes(lanes)).await?;
    }
    Ok(job)
}

async fn start(
    context: &Context,
    flags: &RunFlags,
    planned: &Planned,
    run: Run,
    environment: Environment,
    options: Options,
) -> Result<u8, Fail> {
    let engine = context.engine(run.store.clone()).await?;
    engine.start().await?;
    let store = &run.store;
    store.put_snapshot(planned.snapshot.clone(), clock::now()).await?;
    store.put_plan(&planned.stored()).await?;
    let create = JobCreate {
        assertions: Vec::new(),
        dedup: flags.dedup.map(Into::into).or(context.config.defaults.dedup),
        lanes: options.lanes,
        order: Order::default(),
        plan_digest: planned.answer.digest.clone(),
        reason: String::new(),
        title: format!("{} from {}", planned.answer.request.target, planned.answer.request.source),
    };
    let submitted = {
        let _starting = context.state.lock_starting()?;
        not_overlapping(context, flags, planned).await?;
        engine.submit(clock::random_id(), create).await
    };
    let (job, _) = submitted?;
    follow(context, flags, &engine, job, "run", (environment, options)).await
}

async fn follow(
    context: &Context,
    flags: &RunFlags,
    engine: &Arc<Engine>,
    job: Job,
    command: &str,
    (environment, options): (Environment, Options),
) -> Result<u8, Fail> {
    let interrupts = Interrupts::catch();
    // Whoever asked an earlier run to end did not mean this one.
    context.state.cancel_asked(&flags.plan_id);
    let mirror = Mirror::open(&context.state, engine.store(), &job, environment, options).await?;
    let followed = Followed { context, engine, plan_id: &flags.plan_id, mirror, interrupts, on_interrupt: flags.on_interrupt.into() };
    let (ended, job) = followed.until_the_end(job).await?;
    let exit = match (ended, job.state) {
        (Ended::Paused | Ended::Left, _) => INTERRUPTED,
        (Ended::Finished, JobState::Completed) => 0,
        (Ended::Finished, _) => 1,
    };
    context.output.answer(command, answer(&flags.plan_id, job, ended), people);
    Ok(exit)
}

async fn not_overlapping(context: &Context, flags: &RunFlags, planned: &Planned) -> Result<(), Fail> {
    if flags.force_overlap || !context.config.rules.block_overlapping_runs {
        return Ok(());
    }
    let others = context.state.overlapping(planned).await?;
    if others.is_empty() {
        return Ok(());
    }
    Err(Fail::refused("run-overlaps", "another run that has not ended may write the same rows")
        .details(others)
        .hint("resume it to its end or cancel it; or --force-overlap, where they are known not to meet"))
}

fn options(context: &Context, lanes: u16) -> Options {
    Options {
        first_retry_pause_ms: u64::try_from(context.config.retry.first_pause.as_millis()).unwrap_or(u64::MAX),
        lanes,
        max_retries_per_chunk: context.config.retry.max_retries,
    }
}

/// The environment in force, unless it is another one than before.
fn environment(context: &Context, before: &Environment, flags: &RunFlags, what: &str) -> Result<Environment, Fail> {
    let now = context.environment();
    if now.fingerprint == before.fingerprint || flags.force_environment {
        return Ok(now);
    }
    Err(Fail::refused("environment-differs", format!("{what} on {before}; the configuration says {now}"))
        .hint("configure that one again; or --force-environment, where both are the same server under two names"))
}

fn exists(id: &PlanId, job: &Job) -> Fail {
    let message = format!("plan {id} has a run: {}, {} of {} chunks done", job.state.name(), job.counts.done, job.counts.total);
    let hint = match job.state {
        JobState::Completed => format!("`{}` shows its proof; --replay-done goes over every chunk again", next::of_plan("receipt", id)),
        JobState::Partial | JobState::Failed => format!("{} --replay-failed", next::of_plan("resume", id)),
        _ => next::of_plan("resume", id),
    };
    Fail::refused("run-exists", message).hint(hint)
}

pub(super) fn answer(id: &PlanId, job: Job, ended: Ended) -> Answer {
    let (outcome, next) = match (ended, job.state) {
        (Ended::Paused, _) => ("interrupted", Some(next::of_plan("resume", id))),
        (Ended::Left, _) => ("left", Some(next::of_plan("resume", id))),
        (Ended::Finished, JobState::Completed) => ("completed", Some(next::of_plan("receipt", id))),
        (Ended::Finished, JobState::Cancelled) => ("cancelled", Some(next::of_plan("resume", id))),
        (Ended::Finished, _) => ("failed", Some(next::of_plan("doctor", id))),
    };
    Answer { job, next, outcome, plan_id: id.to_string() }
}

pub(super) fn people(answer: &Answer) -> String {
    let job = &answer.job;
    let took = Duration::from_millis(elapsed_ms(job.started_at, job.finished_at.unwrap_or_else(clock::now)));
    let mut rows = vec![
        ("plan", answer.plan_id.clone()),
        ("run", format!("{} ({})", answer.outcome, job.state.name())),
        ("chunks", format!("{} of {} done", job.counts.done, job.counts.total)),
        ("rows", count(job.progress.rows_written, "row") + " written"),
    ];
    if job.started_at.is_some() {
        rows.push(("took", duration(took.as_secs())));
    }
    if let Some(verdict) = job.verdict {
        rows.push(("verdict", verdict_name(verdict).into()));
    }
    if let Some(message) = &job.message {
        rows.push(("result", message.clone()));
    }
    let mut text = table(&rows);
    if answer.outcome == "left" && job.counts.running > 0 {
        text.push_str("chunks that run go to their end on the server; resume finds out what became of them\n");
    }
    if let Some(next) = &answer.next {
        put(&mut text, format_args!("\nnext: {next}\n"));
    }
    text
}

pub(super) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exact => "exact",
        Verdict::Different => "different",
        Verdict::Unproven => "unproven",
    }
}
