//! The wire contract of `/v1`: what the console and the command send to the service, and what they get back.
//!
//! ```text
//!   console-web ──┐                        ┌── executor-server
//!   penstock CLI ─┴── table · snapshot · plan · pace · job · task · event · receipt · problem ──┘
//! ```
//! Data only. Planning documents (`Request`, `Snapshot`, `Note`, `Chunk` …) are planner-core's own types.

pub mod event;
pub mod job;
pub mod meta;
pub mod pace;
pub mod plan;
pub mod problem;
pub mod receipt;
pub mod table;
pub mod task;
