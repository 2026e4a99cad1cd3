//! Every check, in order; the first that fails ends it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::command::{self, cargo, is_on_path};
use crate::count::{self, Counts};
use crate::parity::{self, Parity};
use crate::step::step;
use crate::workspace::Workspace;
use crate::{Result, console, lint, setup};

/// What `--long` sets: tests that take minutes look for it.
const LONG_VARIABLE: &str = "PENSTOCK_TEST_LONG";
/// Where tests find the built console.
const CONSOLE_VARIABLE: &str = "PENSTOCK_CONSOLE";
/// Where browser tests find the `penstock` command.
const PROGRAM_VARIABLE: &str = "PENSTOCK_PROGRAM";

/// What was asked on the command line.
#[derive(Debug, Default)]
struct Wanted {
    long: bool,
    filters: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result {
    let mut wanted = Wanted::default();
    for arg in args {
        match arg.as_str() {
            "--long" => wanted.long = true,
            option if option.starts_with('-') => return Err(format!("test does not know {option}")),
            filter => wanted.filters.push(filter.to_owned()),
        }
    }
    let mut counts = Counts::default();
    let done = run_steps(workspace, &wanted, &mut counts);
    eprintln!("\n{} passed, {} failed", counts.passed, counts.failed);
    done
}

fn run_steps(workspace: &Workspace, wanted: &Wanted, counts: &mut Counts) -> Result {
    setup::everything(workspace)?;
    // Whoever chooses tests is in the middle of something.
    if wanted.filters.is_empty() {
        lint::run(workspace)?;
    }
    step("programs under test", || {
        let mut build = cargo(&workspace.root);
        build.args(["build", "--quiet", "--package", "executor-server", "--package", "clickhouse-embedded", "--bins"]);
        command::run(&mut build)
    })?;
    step("native tests", || count::run(&mut native(workspace, wanted), counts))?;
    let parity = step("planner for Node.js and browsers", || parity::prepare(workspace))?;
    console::build(workspace)?;
    step("browser tests", || count::run(&mut browser(workspace, wanted, &parity)?, counts))
}

/// All crates, the console's view models included: they are plain Rust.
fn native(workspace: &Workspace, wanted: &Wanted) -> Command {
    let mut tests = cargo(&workspace.root);
    let with_nextest = is_on_path("cargo-nextest");
    tests.args(if with_nextest { NEXTEST } else { CARGO_TEST });
    tests.args(["--workspace", "--exclude", "wasm-bindgen-tools", "--no-fail-fast"]);
    if !with_nextest {
        tests.arg("--");
    }
    tests.args(&wanted.filters);
    set_variables(&mut tests, workspace, wanted);
    tests
}

const NEXTEST: &[&str] = &["nextest", "run", "--no-tests=pass"];
const CARGO_TEST: &[&str] = &["test", "--quiet"];

/// tests/browser: scripts that Node.js runs, most of them with Chromium.
fn browser(workspace: &Workspace, wanted: &Wanted, parity: &Parity) -> Result<Command> {
    let folder = workspace.root.join("tests/browser");
    let mut scripts: Vec<PathBuf> = fs::read_dir(&folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    scripts.sort();
    let mut tests = Command::new("node");
    tests.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).current_dir(&workspace.root);
    tests.args(wanted.filters.iter().map(|filter| format!("--test-name-pattern={filter}"))).args(scripts);
    tests.env("PARITY_CASES", &parity.cases).env("PARITY_WASM", &parity.wasm).env("HUGE_SNAPSHOT", &parity.huge);
    set_variables(&mut tests, workspace, wanted);
    Ok(tests)
}

fn set_variables(tests: &mut Command, workspace: &Workspace, wanted: &Wanted) {
    tests.env(CONSOLE_VARIABLE, workspace.console_dist());
    tests.env(PROGRAM_VARIABLE, workspace.target().join("debug/penstock"));
    if wanted.long {
        tests.env(LONG_VARIABLE, "1");
    }
}
