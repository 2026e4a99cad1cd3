//! `penstock check`: what CI should know of the state directory.

use executor_api::job::JobState;
use planner_core::digest::PlanId;
use serde::Serialize;

use super::context::Context;
use super::fail::Fail;
use super::next;
use super::output::{count, put};
use crate::state::StateError;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Severity {
    Warning,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    code: &'static str,
    hint: String,
    message: String,
    plan_id: Option<String>,
    severity: Severity,
}

#[derive(Serialize)]
struct Answer {
    findings: Vec<Finding>,
    ok: bool,
    plans: usize,
}

/// Looks at every plan and its run, and at the policy. Asks ClickHouse nothing.
pub(super) async fn run(context: &Context) -> Result<u8, Fail> {
    let ids = context.state.plan_ids()?;
    let mut findings = Vec::new();
    for id in &ids {
        findings.extend(of_plan(context, id).await?);
    }
    findings.extend(of_policy(context));
    let ok = findings.iter().all(|finding| finding.severity == Severity::Warning);
    context.output.answer("check", Answer { findings, ok, plans: ids.len() }, people);
    Ok(u8::from(!ok))
}

async fn of_plan(context: &Context, id: &PlanId) -> Result<Option<Finding>, Fail> {
    let finding =
        |code, severity, message: String, hint: String| Ok(Some(Finding { code, hint, message, plan_id: Some(id.to_string()), severity }));
    let damaged = |error: &StateError| finding("backfill_state_damaged", Severity::Error, error.to_string(), error.hint());
    let planned = match context.state.read_plan(id) {
        Ok(planned) => planned,
        Err(error) => return damaged(&error),
    };
    let required = if context.config.rules.fail_check_on_required_pending_backfill { Severity::Error } else { Severity::Warning };
    let target = &planned.answer.request.target;
    let standing = match context.state.look(id).await {
        Ok(standing) => standing,
        Err(error) => return damaged(&error),
    };
    let Some(job) = standing.map(|standing| standing.job).filter(|job| job.plan_digest == planned.answer.digest) else {
        let message = format!("the backfill of {target} is planned and was never run");
        return finding("backfill_required_pending", required, message, next::of_plan("run", id));
    };
    match job.state {
        JobState::Completed => Ok(None),
        JobState::Partial | JobState::Failed if job.counts.failed > 0 => {
            let message = format!("{} of the backfill of {target} failed for good", count(job.counts.failed, "chunk"));
            finding("backfill_chunk_failed_retry_exhausted", Severity::Error, message, next::of_plan("doctor", id))
        }
        state => {
            let message = format!("the backfill of {target} is {}, {} of {} chunks done", state.name(), job.counts.done, job.counts.total);
            let next = if state.is_terminal() && state != JobState::Cancelled { "doctor" } else { "resume" };
            finding("backfill_required_pending", required, message, next::of_plan(next, id))
        }
    }
}

fn of_policy(context: &Context) -> Option<Finding> {
    let relaxed: Vec<&str> = context.config.rules.all().into_iter().filter(|(_, on)| !on).map(|(name, _)| name).collect();
    (!relaxed.is_empty()).then(|| Finding {
        code: "backfill_policy_relaxed",
        hint: "`penstock config` shows where each value comes from".into(),
        message: format!("turned off: {}", relaxed.join(", ")),
        plan_id: None,
        severity: Severity::Warning,
    })
}

fn people(answer: &Answer) -> String {
    let mut text = String::new();
    for finding in &answer.findings {
        let mark = match finding.severity {
            Severity::Warning => "!",
            Severity::Error => "✗",
        };
        let plan = finding.plan_id.as_ref().map_or_else(String::new, |id| format!("plan {id}: "));
        put(&mut text, format_args!("{mark} {}: {plan}{}\n    → {}\n", finding.code, finding.message, finding.hint));
    }
    put(
        &mut text,
        format_args!(
            "{}: {}\n",
            count(answer.plans as u64, "plan"),
            if answer.ok { "nothing that fails the check" } else { "the check fails" }
        ),
    );
    text
}
