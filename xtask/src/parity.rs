//! The planner as JavaScript hosts load it, and what the native one answers: for the tests that compare the two.

use std::path::PathBuf;

use crate::Result;
use crate::command::{cargo, run};
use crate::workspace::Workspace;

/// What the browser tests are given.
#[derive(Debug)]
pub(crate) struct Parity {
    /// One JSON line a case, answered by the native planner.
    pub(crate) cases: PathBuf,
    /// The service's answer of a table that is too large to be at hand.
    pub(crate) huge: PathBuf,
    /// Holds `node/` and `web/`.
    pub(crate) wasm: PathBuf,
}

/// The profile of the console: the bytes under test are those that people get.
const PROFILE: &str = "console";

/// Builds both, or lets cargo find out that nothing changed.
pub(crate) fn prepare(workspace: &Workspace) -> Result<Parity> {
    let wasm = build_wasm(workspace)?;
    let written = |program: &str, file: &str| {
        let path = wasm.join(file);
        let mut write = cargo(&workspace.root);
        run(write.args(["run", "--quiet", "--package", "penstock-tests", "--bin", program, "--"]).arg(&path))?;
        Ok::<_, String>(path)
    };
    Ok(Parity { cases: written("parity-cases", "cases.jsonl")?, huge: written("huge-snapshot", "huge.json")?, wasm })
}

/// The planner for Node.js in `node/` and for workers in `web/` of the folder it returns.
pub(crate) fn build_wasm(workspace: &Workspace) -> Result<PathBuf> {
    let wasm = workspace.root.join("target/parity");
    let target = workspace.console_target();
    let mut build = cargo(&workspace.root);
    build.args(["build", "--quiet", "--package", "planner-wasm", "--lib", "--target", "wasm32-unknown-unknown"]);
    run(build.args(["--profile", PROFILE]).env("CARGO_TARGET_DIR", &target))?;

    let module = target.join("wasm32-unknown-unknown").join(PROFILE).join("planner_wasm.wasm");
    for (host, folder) in [("nodejs", "node"), ("no-modules", "web")] {
        let mut bindgen = std::process::Command::new(workspace.tools().join("bin/wasm-bindgen"));
        bindgen.arg(&module).args(["--no-typescript", "--target", host, "--out-dir"]).arg(wasm.join(folder));
        run(&mut bindgen)?;
    }
    Ok(wasm)
}
