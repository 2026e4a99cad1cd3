//! `penstock cancel`

use std::time::Duration;

use executor_api::job::{Job, JobState, RunningChunks};
use planner_core::digest::PlanId;

use super::context::Context;
use super::fail::Fail;
use super::follow::{Ended, Followed};
use super::run::{answer, people};
use super::signals::Interrupts;
use crate::runner::Command;
use crate::state::{Held, Loaded, Mirror, Options, StateError};

/// How often the process that has the run is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Ends a run. A process that is on it is asked to; where there is none, this one takes the run up and ends it.
pub(super) async fn run(context: &Context, id: &PlanId, kill: bool) -> Result<u8, Fail> {
    context.plan(id).await?;
    let mut interrupts = Interrupts::catch();
    let Some(standing) = context.state.look(id).await? else {
        return Err(Fail::refused("run-missing", format!("plan {id} was never run: there is nothing to cancel")));
    };
    if standing.job.state.is_terminal() {
        return Err(ended(&standing.job));
    }
    let mut asked = false;
    loop {
        match context.state.lock_run(id) {
            Ok(held) => return take_over(context, id, held, kill, interrupts).await,
            Err(StateError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if !asked {
            context.state.ask_cancel(id, kill)?;
            context.output.notice("asked the process that runs it");
            asked = true;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = interrupts.next() => return Err(Fail { exit: 130, ..Fail::failed("interrupted", "not waiting any longer; the run was asked to end") }),
        }
    }
}

async fn take_over(context: &Context, id: &PlanId, held: Held, kill: bool, interrupts: Interrupts) -> Result<u8, Fail> {
    let run = context.state.open_run(id, held).await?;
    context.state.cancel_asked(id);
    let job = run.job.ok_or_else(|| Fail::refused("run-missing", format!("plan {id} was never run")))?;
    let job = match job.state {
        JobState::Cancelled => job,
        state if state.is_terminal() => return Err(ended(&job)),
        _ => {
            let (environment, options) = match context.state.read_checkpoint(id)? {
                Loaded::Fine(checkpoint) => (checkpoint.environment, checkpoint.options),
                Loaded::Missing | Loaded::Damaged(_) => {
                    let options =
                        Options { first_retry_pause_ms: 1000, lanes: job.lanes, max_retries_per_chunk: context.config.retry.max_retries };
                    (context.environment(), options)
                }
            };
            let engine = context.engine(run.store.clone()).await?;
            engine.start().await?;
            let running = if kill { RunningChunks::Kill } else { RunningChunks::Finish };
            let job = engine.command(&job.id, Command::Cancel(running)).await?;
            let mirror = Mirror::open(&context.state, &run.store, &job, environment, options).await?;
            let followed = Followed { context, engine: &engine, plan_id: id, mirror, interrupts, on_interrupt: running };
            followed.until_the_end(job).await?.1
        }
    };
    context.output.answer("cancel", answer(id, job, Ended::Finished), people);
    Ok(0)
}

fn ended(job: &Job) -> Fail {
    Fail::refused("run-ended", format!("the run has ended: it is {}", job.state.name()))
}
