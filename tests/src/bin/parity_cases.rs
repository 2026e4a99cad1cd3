//! Writes what the native planner answers, for Node and Chromium to compare with: one JSON line a case.
//! `cargo run -p penstock-tests --bin parity-cases -- <file>`

use std::io::Write as _;
use std::{env, fs, io};

use penstock_tests::clickhouse::workspace;
use penstock_tests::generate::fixed_pairs;
use penstock_tests::keyed;
use planner_core::canonical;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;

/// Generated pairs by time beside the golden cases; a quarter as many by size.
const GENERATED: usize = 1000;

fn main() -> io::Result<()> {
    let path = env::args().nth(1).ok_or_else(|| io::Error::other("name the file to write"))?;
    let mut file = io::BufWriter::new(fs::File::create(path)?);
    let mut folders: Vec<_> = fs::read_dir(workspace().join("tests/golden"))?.collect::<Result<_, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    let golden = folders.iter().map(|folder| {
        let read = |name: &str| fs::read_to_string(folder.path().join(name));
        let request: Request = serde_json::from_str(&read("request.json")?)?;
        let snapshot: Snapshot = serde_json::from_str(&read("snapshot.json")?)?;
        Ok::<_, io::Error>((request, snapshot))
    });
    let generated = fixed_pairs(GENERATED).into_iter().chain(keyed::fixed(GENERATED / 4));
    for pair in golden.chain(generated.map(Ok)) {
        let (request, snapshot) = pair?;
        let line = serde_json::json!({
            "request": canonical::to_string(&request),
            "snapshot": canonical::to_string(&snapshot),
            "answer": planner_wasm::plan_text(&request, &snapshot),
        });
        writeln!(file, "{line}")?;
    }
    file.flush()
}
