//! `penstock doctor`: what is wrong with a plan or its run, and the exact next command.

mod advice;
mod facts;

use planner_core::digest::PlanId;
use serde::Serialize;

use super::context::Context;
use super::fail::Fail;
use super::output::put;
use advice::Step;

#[derive(Serialize)]
struct Answer {
    plan_id: String,
    state: &'static str,
    steps: Vec<Step>,
}

/// Gathers what is known and says what to do.
pub(super) async fn run(context: &Context, id: &PlanId) -> Result<u8, Fail> {
    let planned = match context.plan(id).await {
        Ok(planned) => planned,
        Err(fail) => return broken(context, id, fail),
    };
    let facts = match facts::gather(context, &planned).await {
        Ok(facts) => facts,
        Err(fail) => return broken(context, id, fail),
    };
    let state = facts.job.as_ref().map_or("never run", |job| job.state.name());
    let answer = Answer { plan_id: id.to_string(), state, steps: advice::steps(&facts) };
    context.output.answer("doctor", answer, people);
    Ok(0)
}

/// A state directory that cannot be read is a finding, too; only a plan that is nowhere is a mistake of the caller.
fn broken(context: &Context, id: &PlanId, fail: Fail) -> Result<u8, Fail> {
    if fail.code == "plan-missing" {
        return Err(fail);
    }
    let step = Step { code: "state-damaged", command: fail.hint, problem: fail.message };
    context.output.answer("doctor", Answer { plan_id: id.to_string(), state: "unreadable", steps: vec![step] }, people);
    Ok(0)
}

fn people(answer: &Answer) -> String {
    let mut text = format!("plan {}: {}\n", answer.plan_id, answer.state);
    for (number, step) in (1..).zip(&answer.steps) {
        put(&mut text, format_args!("{number}. {}\n   → {}\n", step.problem, step.command));
    }
    if answer.steps.is_empty() {
        text.push_str("nothing to do\n");
    }
    text
}
