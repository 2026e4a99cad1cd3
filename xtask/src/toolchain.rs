//! Rust itself, as rust-toolchain.toml asks.

use std::process::Command;

use crate::Result;
use crate::command::{is_on_path, output, run};
use crate::step::{already, step};
use crate::workspace::Workspace;

const NAME: &str = "Rust toolchain";

pub(crate) fn install(workspace: &Workspace) -> Result {
    // A Rust that did not come from rustup is the user's own business.
    if !is_on_path("rustup") || is_complete(workspace) {
        already(NAME);
        return Ok(());
    }
    step(NAME, || run(&mut rustup(workspace, &["toolchain", "install"])))
}

fn is_complete(workspace: &Workspace) -> bool {
    let lists = |args: &[&str], wanted: &[&str]| {
        output(&mut rustup(workspace, args)).is_ok_and(|list| wanted.iter().all(|name| list.lines().any(|line| line.starts_with(name))))
    };
    lists(&["target", "list", "--installed"], &["wasm32-unknown-unknown"])
        && lists(&["component", "list", "--installed"], &["clippy", "rustfmt"])
}

/// In the workspace's root and without the toolchain that runs this program: rustup reads the file.
fn rustup(workspace: &Workspace, args: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(args).current_dir(&workspace.root).env_remove("RUSTUP_TOOLCHAIN");
    command
}
