//! Every decision about a backfill, as pure functions: no IO, no clock, no chance.
//!
//! ```text
//!            Ask(probes) ◄──┐                                 ┌──► Refused(refusal)
//!   names ──► survey ───────┴──► Snapshot ──┐                 │
//!                  ▲ answers                ├──► plan ────────┼──► NeedsDetail(probes) ──► extend ──► Snapshot
//!   host runs the probes' SQL    Request ───┘                 │
//!                                                             └──► Planned(Plan) ──► chunk · chunk_sql · document · audit
//! ```
#![warn(missing_docs, clippy::wildcard_enum_match_arm, clippy::disallowed_methods, clippy::disallowed_types)]

mod answer;
pub mod assertion;
pub mod audit;
pub mod calibration;
pub mod canonical;
mod chunking;
mod columns;
pub mod cost;
mod derive;
pub mod digest;
pub mod engine;
pub mod histogram;
pub mod key;
pub mod limits;
pub mod pace;
pub mod plan;
mod plan_fn;
pub mod policy;
pub mod probe;
mod profile;
pub mod quantity;
pub mod rationale;
pub mod refusal;
mod replay;
pub mod request;
pub mod snapshot;
pub mod span;
pub mod split;
pub mod sql;
pub mod survey;
pub mod time_column;
pub mod view_shape;
mod warnings;
pub mod write_path;

pub use plan_fn::{Outcome, plan, plan_named, preview};

/// Version of the planner: equal versions make equal plans of equal inputs.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
