//! The one client of ClickHouse, over HTTP. Every failure is classified once.
//!
//! ```text
//!   client ──► Answer | Failure { NotSent, Lost, Exception } ──► classify ──► Class
//!   health: whether ClickHouse answers; one prober while it does not
//!   fleet: which of several servers answer · everywhere: one question to all of them · evidence: what they know of a query
//!   roll_call: whether they hold the same tables
//! ```

pub mod classify;
pub mod client;
pub mod diagnosis;
pub mod everywhere;
pub mod evidence;
pub mod fleet;
pub mod health;
pub mod queries;
pub mod roll_call;
mod settled;
