//! The real engine, started and ended in every way that is promised.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod access;
mod cluster;
mod life;
mod refusals;

use std::path::Path;
use std::time::{Duration, Instant};

use clickhouse_embedded::{Engine, EngineConfig, find_library};

fn config(data_dir: &Path) -> EngineConfig {
    let library = find_library(None, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_or_else(|error| panic!("{error}"));
    let mut config = EngineConfig::new(env!("CARGO_BIN_EXE_penstock-engine"), library, data_dir);
    config.program_args.clear();
    config
}

fn start(data_dir: &Path) -> Engine {
    Engine::start(&config(data_dir)).unwrap_or_else(|error| panic!("{error}"))
}

fn ask(engine: &Engine, sql: &str) -> String {
    engine.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}")).trim().to_owned()
}

fn refusal(engine: &Engine, sql: &str) -> String {
    engine.query(sql).map_or_else(|error| error.to_string(), |answer| panic!("{sql} was allowed: {answer}"))
}

/// Looks again until it is so, at most for `limit`.
fn becomes_true(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}
