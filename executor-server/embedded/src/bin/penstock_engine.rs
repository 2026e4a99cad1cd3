//! The engine's child process as a program of its own, for tests that have no `penstock` binary at hand.

fn main() {
    clickhouse_embedded::engine_main(std::env::args_os().skip(1))
}
