//! `penstock`.

use std::process::ExitCode;

fn main() -> ExitCode {
    executor_server::cli::run()
}
