//! From a request to a plan: snapshot, plan, and whatever detail planning asks for.

use executor_api::plan::PlanAnswer;
use planner_core::plan::Plan;
use planner_core::quantity::UnixMillis;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use planner_core::{Outcome, plan};

use crate::clickhouse::client::Client;
use crate::snapshot::{self, NoSnapshot};

/// Most rounds of detail; planning needs one or two.
const MOST_ROUNDS: u32 = 16;

/// Plans a request from a snapshot, which grows by what planning asks for.
pub async fn make(client: &Client, request: &Request, mut snapshot: Snapshot) -> Result<(Plan, Snapshot), NoSnapshot> {
    for _ in 0..MOST_ROUNDS {
        match plan(request, &snapshot) {
            Outcome::Planned(plan) => return Ok((*plan, snapshot)),
            Outcome::Refused(refusal) => return Err(NoSnapshot::Refused(refusal)),
            Outcome::NeedsDetail(probes) => snapshot = snapshot::extend(client, &snapshot, probes).await?,
        }
    }
    Err(NoSnapshot::Endless)
}

/// A plan's summary.
pub fn answer(plan: &Plan, request: Request, created_at: UnixMillis) -> PlanAnswer {
    let total = plan.total();
    PlanAnswer {
        bytes: total.bytes,
        chunks: plan.len() as u64,
        created_at,
        digest: plan.core.digest(),
        mode: plan.core.mode,
        plan_id: plan.core.plan_id.clone(),
        rationale: plan.rationale.clone(),
        request,
        rows: total.rows,
        snapshot: plan.snapshot.clone(),
        write: plan.core.write,
    }
}
