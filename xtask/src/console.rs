//! The console's files: trunk builds them, then they are compressed.

use std::process::Command;

use crate::command::{cargo, run};
use crate::stamp::Stamp;
use crate::step::{already, step};
use crate::workspace::Workspace;
use crate::{Result, compress};

const NAME: &str = "console";

/// Whatever may change a byte of the output.
const INPUTS: &[&str] = &[
    "console-web",
    "planner-wasm",
    "planner-core/Cargo.toml",
    "planner-core/src",
    "executor-server/api",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "package-lock.json",
];

/// Builds into target/console/dist, unless that is there and of the same inputs.
pub(crate) fn build(workspace: &Workspace) -> Result {
    let stamp = Stamp::over(workspace, "console", INPUTS, "")?;
    if stamp.is_fresh() && workspace.console_dist().join("index.html").is_file() {
        already(NAME);
        return Ok(());
    }
    step(NAME, || {
        stamp.clear();
        // trunk runs offline afterwards: it then takes the tools on PATH and downloads none.
        run(cargo(&workspace.root).args(["fetch", "--locked", "--quiet"]))?;
        run(&mut trunk(workspace)?)?;
        let sizes = compress::folder(&workspace.console_dist())?;
        eprintln!("  {} KB, as brotli {} KB, as gzip {} KB", kb(sizes.raw), kb(sizes.brotli), kb(sizes.gzip));
        stamp.write()
    })
}

fn trunk(workspace: &Workspace) -> Result<Command> {
    let mut command = Command::new(workspace.tools().join("bin/trunk"));
    command
        .args(["build", "--config", "Trunk.toml"])
        .current_dir(&workspace.root)
        .env("PATH", workspace.path_with_tools()?)
        .env("CARGO_TARGET_DIR", workspace.console_target())
        // trunk takes some of these for options of its own; its backtraces hide the message.
        .env_remove("RUST_BACKTRACE")
        .env_remove("NO_COLOR")
        .env_remove("RUSTFLAGS");
    Ok(command)
}

fn kb(bytes: usize) -> usize {
    bytes.div_ceil(1000)
}
