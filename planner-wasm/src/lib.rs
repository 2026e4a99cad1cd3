//! planner-core for JavaScript and for the console's worker. Conversions only; every decision is made in planner-core.
//!
//! ```text
//!   JSON text ──► plan · chunkSql · audit · version ──► JSON text              (any JavaScript host)
//!   message text ──► Session (PlannerSession in JavaScript) ──► message text   (the console's worker)
//! ```
//! Text in and text out, so that "the same bytes everywhere" is a comparison of strings.

#[cfg(feature = "javascript")]
pub mod javascript;
pub mod message;
pub mod notes;
mod preview;
pub mod session;

use planner_core::plan::PlanDocument;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use planner_core::{Outcome, canonical};
use serde::Serialize;

/// What planning answers, as JSON: `{"planned": document}`, `{"needs_detail": [probe, …]}` or `{"refused": refusal}`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum PlanAnswer {
    Planned(Box<PlanDocument>),
    NeedsDetail(Vec<planner_core::probe::Probe>),
    Refused(planner_core::refusal::Refusal),
}

/// Plans, and gives the whole answer as canonical JSON: what parity is compared by.
pub fn plan_text(request: &Request, snapshot: &Snapshot) -> String {
    canonical::to_string(&match planner_core::plan(request, snapshot) {
        Outcome::Planned(plan) => PlanAnswer::Planned(Box::new(plan.document())),
        Outcome::NeedsDetail(probes) => PlanAnswer::NeedsDetail(probes),
        Outcome::Refused(refusal) => PlanAnswer::Refused(refusal),
    })
}
