//! What the suite stands on: generated snapshots, a running ClickHouse, a running service, Node and Chromium.
//!
//! ```text
//!   generate ────► (request, snapshot) ──► properties · parity (native = Node = Chromium)
//!   clickhouse ──► service ──► jobs · faults · browser
//!        └── proxy ──┘ struck by chance: trial ──► trials · bench
//! ```

pub mod any_cluster;
pub mod any_server;
pub mod by_size;
pub mod chance;
pub mod cli;
pub mod clickhouse;
pub mod generate;
pub mod key_cases;
pub mod keyed;
pub mod proxy;
pub mod query_cost;
pub mod round_robin;
pub mod sample;
pub mod service;
pub mod shapes;
pub mod trial;
pub mod trio;
