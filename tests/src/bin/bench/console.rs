//! What the console weighs, and how long a drag takes from input to paint, in Chromium. What is counted of the latter, and what
//! is not, stands in `tests/browser/bench-console.mjs`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use penstock_tests::clickhouse::{ClickHouse, workspace};
use penstock_tests::keyed;
use penstock_tests::sample;
use penstock_tests::service::Service;
use serde_json::{Value, json};

use crate::Wanted;

pub(crate) async fn measure(wanted: &Wanted) -> Value {
    let dist = env::var_os("PENSTOCK_CONSOLE").map_or_else(|| workspace().join("target/console/dist"), PathBuf::from);
    let weight = weigh(&dist);
    let server = ClickHouse::start();
    sample::install(&server, if wanted.has("--quick") { 100_000 } else { 1_000_000 }).await;
    let service = Service::start(&server.url()).await;
    let folder = tempfile::tempdir().expect("a folder for snapshots");
    let sizes = if wanted.has("--quick") { &[(1_000, 100_000)][..] } else { &[(1_000, 100_000), (10_000, 500_000)] };
    let write = |(partitions, chunks): &(u32, u32)| {
        let file = folder.path().join(format!("{chunks}.json"));
        fs::write(&file, keyed::answer(*partitions, *chunks).to_string()).expect("the folder takes files");
        file
    };
    let tables: Vec<PathBuf> = sizes.iter().map(write).collect();
    let output = Command::new("node")
        .arg(workspace().join("tests/browser/bench-console.mjs"))
        .arg(service.url())
        .args(tables)
        .output()
        .expect("node can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let times: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let mut figures = json!({
        "first_load_brotli_bytes": weight.first_load,
        "plan_page_brotli_bytes": weight.first_load + weight.worker,
        "wasm_brotli_bytes": weight.largest_wasm,
    });
    let measured = times.as_object().expect("an object").clone();
    figures.as_object_mut().expect("an object").extend(measured);
    figures
}

/// Bytes as they travel, in brotli.
#[derive(Default)]
struct Weight {
    /// What opening any page fetches.
    first_load: u64,
    /// The planner's worker, fetched with the first plan page.
    worker: u64,
    largest_wasm: u64,
}

fn weigh(dist: &Path) -> Weight {
    let mut weight = Weight::default();
    let mut folders = vec![dist.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask console`", folder.display()));
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_none_or(|ending| ending != "br") {
                continue;
            }
            let size = fs::metadata(&path).map_or(0, |data| data.len());
            if name.starts_with("planner-worker") {
                weight.worker += size;
            } else {
                weight.first_load += size;
            }
            if name.ends_with(".wasm.br") {
                weight.largest_wasm = size.max(weight.largest_wasm);
            }
        }
    }
    weight
}
