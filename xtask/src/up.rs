//! Penstock with everything it needs, from a fresh checkout.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::command::{self, cannot_start, cargo};
use crate::step::step;
use crate::workspace::Workspace;
use crate::{Result, console, setup};

/// Of Cargo.toml: quick to build, and the planner as fast as in a release.
const PROFILE: &str = "local";

/// Builds what is missing, then becomes `penstock up` with the same arguments.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result {
    setup::for_console(workspace)?;
    console::build(workspace)?;
    step("the server, some minutes the first time", || {
        let mut build = cargo(&workspace.root);
        command::run(build.args(["build", "--quiet", "--package", "executor-server", "--bin", "penstock", "--profile", PROFILE]))
    })?;
    let mut penstock = Command::new(workspace.target().join(PROFILE).join("penstock"));
    penstock.arg("up").current_dir(&workspace.root);
    if !args.iter().any(|arg| arg.starts_with("--console")) {
        penstock.arg("--console").arg(workspace.console_dist());
    }
    if !args.iter().any(|arg| arg.starts_with("--state-dir")) {
        penstock.args(["--state-dir", ".penstock"]);
    }
    penstock.args(args);
    let error = penstock.exec();
    Err(cannot_start(&penstock, &error))
}
