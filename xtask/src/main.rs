//! Set-up and checks in one place.
//!
//! ```text
//!   setup ── toolchain, npm packages, trunk, wasm-bindgen (target/tools), Chromium
//!     ├── console ── trunk build ── compress ── target/console/dist
//!     ├── up ── console, the server, then `penstock up`
//!     └── test ── lint, native tests, console, browser tests
//! ```
//!
//! Each part looks whether its work is done and skips it then. Everything is installed through rustup, cargo, npm and
//! apt-get, into `target/tools` and `node_modules` where they allow it.

mod bench;
mod browser;
mod command;
mod compress;
mod console;
mod count;
mod lint;
mod npm;
mod parity;
mod setup;
mod stamp;
mod step;
mod test;
mod toolchain;
mod tools;
mod up;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

/// What went wrong, for a person: the step that failed is already on the screen.
type Result<T = ()> = std::result::Result<T, String>;

const USAGE: &str = "\
cargo xtask up [--port N] [--rows N] [--state-dir D]
                                             build what is missing and start Penstock with a ClickHouse and a sample
cargo xtask test [--long] [filter ...]       every check; --long adds the slow ones; filters choose tests by name and skip lint
cargo xtask setup                            install the tools that the other commands need
cargo xtask console                          build the console into target/console/dist
cargo xtask lint                             formatting and clippy
cargo xtask bench <name> [--json] [--quick]  measure
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    // Asked of any command: nothing is installed or built for it. A bench has options of its own.
    if command != "bench" && rest.iter().any(|arg| matches!(arg.as_str(), "--help" | "-h")) {
        eprint!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let workspace = Workspace::of_this_crate();
    let done = match command.as_str() {
        "up" => up::run(&workspace, &rest),
        "test" => test::run(&workspace, &rest),
        "setup" => setup::everything(&workspace),
        "console" => setup::for_console(&workspace).and_then(|()| console::build(&workspace)),
        "lint" => setup::toolchain_only(&workspace).and_then(|()| lint::run(&workspace)),
        "bench" => bench::run(&workspace, &rest),
        "" | "help" | "--help" | "-h" => {
            eprint!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => {
            eprint!("there is no `{other}`\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("\nfailed: {reason}");
            ExitCode::FAILURE
        }
    }
}
