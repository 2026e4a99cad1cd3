//! The service: takes jobs in over HTTP, runs them on ClickHouse, keeps every step, and proves the result.
//!
//! ```text
//!   console, CLI ──► http ──► runner ──► clickhouse
//!                     │         │ lifecycle · scheduler · retry: pure
//!                     │         ├── reconcile: evidence for lost answers
//!                     │         └── verify · receipt: contents compared
//!                     └──────► store: events, jobs, tasks, attempts (SQLite)
//! ```

pub mod asserting;
pub mod cli;
pub mod clickhouse;
pub mod clock;
pub mod config;
pub mod http;
pub mod lifecycle;
pub mod planning;
pub mod receipt;
pub mod reconcile;
pub mod retry;
pub mod runner;
pub mod sample;
pub mod scheduler;
pub mod snapshot;
pub mod standby;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod verify;
