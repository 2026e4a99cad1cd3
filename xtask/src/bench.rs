//! Measurements.

use crate::command::{self, cargo};
use crate::step::step;
use crate::workspace::Workspace;
use crate::{Result, console, parity, setup};

/// Hands the name and the options on to the benchmark program, built as a release.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result {
    setup::for_bench(workspace)?;
    match args.first().map(String::as_str) {
        Some("core") => drop(step("planner for Node.js", || parity::build_wasm(workspace))?),
        Some("console") => {
            setup::everything(workspace)?;
            console::build(workspace)?;
        }
        _ => {}
    }
    step("the server as a release", || {
        let mut build = cargo(&workspace.root);
        build.args(["build", "--release", "--quiet", "--bins"]);
        command::run(build.args(["--package", "executor-server", "--package", "clickhouse-embedded"]))
    })?;
    let mut bench = cargo(&workspace.root);
    bench.args(["run", "--release", "--quiet", "--package", "penstock-tests", "--bin", "bench", "--"]).args(args);
    command::run(&mut bench)
}
