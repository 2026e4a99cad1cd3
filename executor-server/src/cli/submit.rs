//! `penstock submit`: hands a plan to a service.

use clap::{Args, builder::NonEmptyStringValueParser};
use executor_api::job::{Job, JobCreate, Order};
use executor_api::plan::{DetailCreate, PlanAnswer, PlanCreate, SnapshotAnswer, SnapshotCreate};
use planner_core::digest::{Digest, PlanId};
use planner_core::request::Request;
use planner_core::{Outcome, plan};
use serde::Serialize;

use super::context::{Context, plan_id};
use super::dedup::DedupFlag;
use super::fail::Fail;
use super::jobs::{follow, people_of_job};
use super::plan::{PlanFlags, request};
use super::run::lanes;
use super::service::Service;
use crate::clock;
use crate::state::StateError;

/// Most rounds of detail; planning needs one or two.
const MOST_ROUNDS: u32 = 16;

/// What is handed over, and how.
#[derive(Args, Clone, Debug)]
pub(super) struct SubmitFlags {
    /// A plan that is stored here: 16 hex characters.
    #[arg(long, value_name = "ID", value_parser = plan_id, conflicts_with_all = ["target", "source", "from", "to", "chunk_hours", "max_chunk_bytes", "calendar_days", "partitions", "time_column", "force_large_window", "force_target_rows"])]
    plan_id: Option<PlanId>,
    /// What the job is called; default: target and source.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    title: Option<String>,
    /// Why; kept with the job.
    #[arg(long, default_value = "")]
    reason: String,
    /// Chunks at the same time, 1 to 64; default: defaults.max_parallel_chunks.
    #[arg(long, value_parser = lanes)]
    lanes: Option<u16>,
    /// How repeats are kept from doubling rows where the target remembers no blocks; default: defaults.dedup, else content-only.
    #[arg(long, value_enum)]
    dedup: Option<DedupFlag>,
    /// Follow the job to its end; exits 1 unless it completes.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    plan: Option<PlanFlags>,
}

#[derive(Serialize)]
struct Answer {
    digest: Digest,
    job: Job,
    plan_id: PlanId,
    url: String,
}

/// Submits a plan; the service must reach the digest that was reached here.
pub(super) async fn run(context: &Context, flags: &SubmitFlags) -> Result<u8, Fail> {
    let service = Service::of(context)?;
    let (asked, expected) = match (&flags.plan_id, &flags.plan) {
        (Some(id), _) => {
            let planned = context.plan(id).await?;
            (planned.answer.request, Some(planned.answer.digest))
        }
        (None, Some(wanted)) => (request(&context.config, wanted)?.1, None),
        (None, None) => {
            return Err(Fail::refused("plan-missing", "nothing to submit is named")
                .hint("--plan-id <ID> of a stored plan, or the options of `penstock plan` from --target on"));
        }
    };
    let from_views = flags.plan.as_ref().is_some_and(|wanted| wanted.source.is_none()) && flags.plan_id.is_none();
    let (answer, asked) = plan_there(&service, asked, from_views, expected).await?;
    if flags.plan_id.is_none() {
        was_looked_at(context, &answer)?;
    }
    let create = JobCreate {
        assertions: Vec::new(),
        dedup: flags.dedup.map(Into::into).or(context.config.defaults.dedup),
        lanes: flags.lanes.unwrap_or(context.config.defaults.max_parallel_chunks),
        order: Order::default(),
        plan_digest: answer.digest.clone(),
        reason: flags.reason.clone(),
        title: flags.title.clone().unwrap_or_else(|| format!("{} from {}", asked.target, asked.source)),
    };
    let job: Job = service.post_once("jobs", &format!("submit-{}-{}", answer.plan_id, clock::random_id()), &create).await?;
    let url = service.address(&format!("jobs/{}", job.id));
    context.output.notice(&format!("job {} at {url}", job.id));
    let (job, exit) = if flags.wait { follow(context, &service, job).await? } else { (job, 0) };
    let submitted = Answer { digest: answer.digest, job, plan_id: answer.plan_id, url };
    context.output.answer("submit", submitted, |answer| {
        format!("{}digest   {}\n\nnext: penstock job {} --follow\n", people_of_job(&answer.job, &answer.url), answer.digest, answer.job.id)
    });
    Ok(exit)
}

/// The service takes its own snapshot and plans from it; so does this process, and both must agree.
async fn plan_there(service: &Service, asked: Request, from_views: bool, expected: Option<Digest>) -> Result<(PlanAnswer, Request), Fail> {
    let create = SnapshotCreate {
        source: (!from_views).then(|| asked.source.clone()),
        target: asked.target.clone(),
        time_column: asked.time_column.clone(),
    };
    let mut known: SnapshotAnswer = service.post("snapshots", &create).await?;
    let asked = Request { source: known.snapshot.source.name.clone(), ..asked };
    for _ in 0..MOST_ROUNDS {
        match plan(&asked, &known.snapshot) {
            Outcome::Planned(made) => {
                let digest = made.core.digest();
                if let Some(expected) = expected.filter(|expected| *expected != digest) {
                    return Err(Fail::refused("digest-mismatch", "the service's tables give another plan than the one stored here")
                        .details(vec![format!("stored here {expected}"), format!("from the service's snapshot {digest}")])
                        .hint(
                            "the tables changed, or the service works on another ClickHouse: plan again with --force, and look at the plan",
                        ));
                }
                let create = PlanCreate { expect_digest: Some(digest), request: asked.clone(), snapshot: known.digest };
                return Ok((service.post("plans", &create).await?, asked));
            }
            Outcome::Refused(refusal) => return Err(crate::snapshot::NoSnapshot::Refused(refusal).into()),
            Outcome::NeedsDetail(probes) => {
                known = service.post(&format!("snapshots/{}/detail", known.digest), &DetailCreate { probes }).await?;
            }
        }
    }
    Err(Fail::failed("survey-endless", "the planner goes on asking for detail"))
}

/// What was never looked at is not handed over, as long as the policy says so.
fn was_looked_at(context: &Context, answer: &PlanAnswer) -> Result<(), Fail> {
    if !context.config.rules.require_dry_run_before_run {
        return Ok(());
    }
    match context.state.read_plan(&answer.plan_id) {
        Ok(planned) if planned.answer.digest == answer.digest => Ok(()),
        Ok(_) | Err(StateError::NoPlan { .. }) => Err(Fail::refused(
            "dry-run-missing",
            "this plan was never made and looked at here, and policy.require_dry_run_before_run asks for it",
        )
        .hint(
            "`penstock plan` with the same options, then `penstock submit --plan-id …`; or set policy.require_dry_run_before_run = false",
        )),
        Err(error) => Err(error.into()),
    }
}
