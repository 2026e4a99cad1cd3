//! Build tools from crates, each built once into target/tools.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{cargo, run};
use crate::step::{already, step};
use crate::workspace::Workspace;

/// 0.22 needs a newer Rust.
const TRUNK_VERSION: &str = "0.21.14";

/// trunk builds the console. Without its default features it cannot update itself.
pub(crate) fn install_trunk(workspace: &Workspace) -> Result {
    let name = format!("trunk {TRUNK_VERSION}");
    let root = workspace.tools().join(format!("trunk-{TRUNK_VERSION}"));
    let built = root.join("bin/trunk");
    if built.is_file() {
        already(&name);
    } else {
        step(&format!("{name}, some minutes, once"), || {
            let mut install = cargo(&workspace.root);
            install.args(["install", "trunk", "--version", TRUNK_VERSION, "--locked", "--no-default-features", "--quiet"]);
            install.arg("--root").arg(&root);
            // Run for seconds, built for minutes: the cheapest build wins.
            install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
            install.env("CARGO_PROFILE_RELEASE_LTO", "off");
            install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256");
            install.env("CARGO_TARGET_DIR", build_dir(workspace));
            run(&mut install)
        })?;
    }
    link_into_bin(workspace, &built, "trunk")
}

/// wasm-bindgen's command and test runner, from this workspace's own lock file.
pub(crate) fn install_wasm_bindgen(workspace: &Workspace) -> Result {
    const PROGRAMS: [&str; 2] = ["wasm-bindgen", "wasm-bindgen-test-runner"];
    let version = workspace.locked_version("wasm-bindgen-cli")?;
    let name = format!("wasm-bindgen {version}");
    let bin = workspace.tools().join(format!("wasm-bindgen-{version}"));
    if PROGRAMS.iter().all(|program| bin.join(program).is_file()) {
        already(&name);
    } else {
        step(&format!("{name}, a minute or two, once"), || {
            let build_dir = build_dir(workspace);
            let mut build = cargo(&workspace.root);
            build.args(["build", "--package", "wasm-bindgen-tools", "--profile", "tools", "--quiet"]);
            build.env("CARGO_TARGET_DIR", &build_dir);
            run(&mut build)?;
            fs::create_dir_all(&bin).map_err(|error| error.to_string())?;
            PROGRAMS.iter().try_for_each(|program| copy(&build_dir.join("tools").join(program), &bin.join(program)))
        })?;
    }
    PROGRAMS.iter().try_for_each(|program| link_into_bin(workspace, &bin.join(program), program))
}

/// What the tools were built of: a gigabyte that nobody needs again.
pub(crate) fn clean_up(workspace: &Workspace) {
    let _ = fs::remove_dir_all(build_dir(workspace));
}

fn build_dir(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("build")
}

/// Through another name, so that a broken-off copy is not taken for the tool.
fn copy(from: &Path, to: &Path) -> Result {
    let unfinished = to.with_extension("unfinished");
    fs::copy(from, &unfinished)
        .and_then(|_| fs::rename(&unfinished, to))
        .map_err(|error| format!("cannot copy {}: {error}", from.display()))
}

/// target/tools/bin names the versions in use.
fn link_into_bin(workspace: &Workspace, tool: &Path, name: &str) -> Result {
    let link = workspace.tools().join("bin").join(name);
    if fs::read_link(&link).is_ok_and(|target| target == tool) {
        return Ok(());
    }
    let _ = fs::remove_file(&link);
    fs::create_dir_all(workspace.tools().join("bin"))
        .and_then(|()| std::os::unix::fs::symlink(tool, &link))
        .map_err(|error| format!("cannot link {}: {error}", link.display()))
}
