//! Formatting and clippy, without a warning.

use crate::Result;
use crate::command::{self, cargo};
use crate::step::step;
use crate::workspace::Workspace;

/// Crates that run in the browser: linted for the browser.
const BROWSER_CRATES: [&str; 2] = ["console-web", "planner-wasm"];

pub(crate) fn run(workspace: &Workspace) -> Result {
    step("cargo fmt --check", || command::run(cargo(&workspace.root).args(["fmt", "--all", "--check"])))?;
    step("clippy", || {
        let mut clippy = cargo(&workspace.root);
        clippy.args(["clippy", "--workspace", "--all-targets", "--quiet"]);
        for skipped in BROWSER_CRATES {
            clippy.args(["--exclude", skipped]);
        }
        command::run(clippy.args(["--exclude", "wasm-bindgen-tools", "--", "-D", "warnings"]))
    })?;
    step("clippy for wasm32", || {
        let mut clippy = cargo(&workspace.root);
        clippy.args(["clippy", "--target", "wasm32-unknown-unknown", "--quiet"]);
        for linted in BROWSER_CRATES {
            clippy.args(["--package", linted]);
        }
        command::run(clippy.args(["--all-features", "--", "-D", "warnings"]).env("CARGO_TARGET_DIR", workspace.console_target()))
    })
}
