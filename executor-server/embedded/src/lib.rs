//! A real ClickHouse in a child process, from the library libchdb: for `penstock up`, for tests and for benchmarks.
//!
//! ```text
//!  Engine::start ── writes config, users, start.sql ──► <data_dir>/run/
//!       │ spawns
//!       ▼
//!  engine_main (child) ── dlopen libchdb ── chdb_query_cmdline ──► listens on 127.0.0.1
//!       ▲                                          ▲
//!       │ stdin: its end of file means "stop"      │ a pipe of queries: closing it is a clean shutdown
//!  Engine (parent) ── waits for the port in run/engine.log, then for its own nonce over HTTP
//! ```
//!
//! * The child dies with its parent: the parent's death closes the child's stdin.
//! * Everybody speaks to it over HTTP, as to any ClickHouse; nothing here is a second client.
//! * It listens on loopback only, and one process at a time owns a data directory.
//! * This is the only crate of the workspace with `unsafe`: in [`child`](engine_main) and [`Engine::signal`].

mod child;
mod config;
mod engine;
mod error;
mod files;
mod grants;
mod http;
mod library;
mod lock;
mod report;

pub use child::engine_main;
pub use config::{ClusterConfig, ClusterNode, EngineConfig, UserConfig};
pub use engine::{Engine, EngineSignal};
pub use error::EngineError;
pub use library::{LIBRARY_VARIABLE, find_library};
