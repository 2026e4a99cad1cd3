//! Who may import whom, as design and ARCHITECTURE.md say it; compared with what cargo sees.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use penstock_tests::clickhouse::workspace;
use serde_json::Value;

/// Package → workspace packages that it may depend on. Dev-dependencies count too.
const ALLOWED: &[(&str, &[&str])] = &[
    ("planner-core", &[]),
    ("planner-wasm", &["planner-core"]),
    ("executor-api", &["planner-core"]),
    ("clickhouse-embedded", &[]),
    ("console-web", &["executor-api", "planner-core", "planner-wasm"]),
    ("executor-server", &["clickhouse-embedded", "executor-api", "planner-core"]),
    ("penstock-tests", &["clickhouse-embedded", "executor-api", "planner-core", "planner-wasm"]),
    ("xtask", &[]),
    ("wasm-bindgen-tools", &[]),
];

#[test]
fn the_import_table_holds() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> = ALLOWED.iter().map(|(name, may)| (*name, may.iter().copied().collect())).collect();
    assert_eq!(names, allowed.keys().copied().collect(), "a package is missing in this table, or gone");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let imports: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dependency| dependency["name"].as_str().unwrap())
            .filter(|dependency| names.contains(dependency))
            .collect();
        let strays: Vec<&&str> = imports.difference(&allowed[name]).collect();
        assert!(strays.is_empty(), "{name} must not import {strays:?}");
    }
}

/// planner-core is pure: what it stands on is named here, and nothing of it can ask the time or do IO by accident.
#[test]
fn the_planner_stands_on_little() {
    let manifest = std::fs::read_to_string(workspace().join("planner-core/Cargo.toml")).unwrap();
    let dependencies: Vec<&str> = manifest
        .split("[dependencies]")
        .nth(1)
        .unwrap()
        .split('[')
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .collect();
    assert_eq!(dependencies, ["serde", "serde_json", "sha2"]);
}
