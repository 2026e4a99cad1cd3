//! The one client of ClickHouse, over HTTP. Every failure is classified once.
//!
//! ```text
//!   client ──► Answer | Failure { NotSent, Lost, Exception } ──► classify ──► Class
//!   health: whether ClickHouse answers; one prober while it does not
//! ```

pub mod classify;
pub mod client;
pub mod diagnosis;
pub mod health;
pub mod queries;
