//! What comes from npm: libchdb, wasm-opt, axe-core. Versions and checksums are in package-lock.json.

use std::env::consts::{ARCH, OS};
use std::process::Command;

use crate::Result;
use crate::command::run;
use crate::stamp::Stamp;
use crate::step::{already, step};
use crate::workspace::{Workspace, read};

const NAME: &str = "npm packages (libchdb, wasm-opt, axe-core)";

/// The one package of libchdb that package-lock.json holds.
const LOCKED_LIBRARY: &str = "@chdb/lib-linux-x64-gnu";

pub(crate) fn install(workspace: &Workspace) -> Result {
    let stamp = Stamp::over(workspace, "npm", &["package.json", "package-lock.json"], ARCH)?;
    let library = library_package();
    let library_file = workspace.node_modules().join(&library).join("libchdb.so");
    if stamp.is_fresh() && library_file.is_file() {
        already(NAME);
        return Ok(());
    }
    step(NAME, || {
        stamp.clear();
        run(&mut npm(workspace, &["ci"]))?;
        if library != LOCKED_LIBRARY {
            let wanted = format!("{library}@{}", library_version(workspace)?);
            run(&mut npm(workspace, &["install", "--no-save", "--no-package-lock", &wanted]))?;
        }
        if !library_file.is_file() {
            return Err(format!("{library} brought no libchdb.so; is there a ClickHouse library for this machine?"));
        }
        stamp.write()
    })
}

fn npm(workspace: &Workspace, args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(args).args(["--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&workspace.root);
    command
}

fn library_package() -> String {
    let arch = if ARCH == "aarch64" { "arm64" } else { "x64" };
    if OS == "macos" { format!("@chdb/lib-darwin-{arch}") } else { format!("@chdb/lib-linux-{arch}-gnu") }
}

/// All platforms take the version that is locked for one.
fn library_version(workspace: &Workspace) -> Result<String> {
    let manifest = read(&workspace.root.join("package.json"))?;
    manifest
        .split_once(&format!("\"{LOCKED_LIBRARY}\": \""))
        .and_then(|(_, rest)| rest.split('"').next())
        .map(ToOwned::to_owned)
        .ok_or_else(|| format!("package.json does not name {LOCKED_LIBRARY}"))
}
