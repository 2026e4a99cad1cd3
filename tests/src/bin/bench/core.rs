//! The planner alone: one plan of very many chunks, natively and in Node, with its digest; then every id and token.

use std::fs;
use std::process::Command;
use std::time::Instant;

use penstock_tests::clickhouse::workspace;
use penstock_tests::generate;
use planner_wasm::message::{Ask, Question, Reply};
use planner_wasm::session::Session;
use serde_json::{Value, json};

use crate::{Wanted, median, rounded};

pub(crate) fn measure(wanted: &Wanted) -> Value {
    let chunks: u32 = if wanted.has("--quick") { 100_000 } else { 1_000_000 };
    let (request, snapshot) = generate::wide(chunks);
    let load = Ask { id: 1, what: Question::Load { snapshot: Box::new(snapshot.clone()) } };
    let plan = Ask { id: 2, what: Question::Plan { request: Box::new(request.clone()), cells: 1000 } };

    let mut session = Session::default();
    session.handle(load.clone());
    let native = median(
        (0..3)
            .map(|_| {
                let started = Instant::now();
                let answer = session.handle(plan.clone());
                session.handle(Ask { id: 3, what: Question::Digest });
                let took = started.elapsed().as_secs_f64() * 1000.0;
                assert!(matches!(answer.what, Reply::Planned(preview) if preview.chunks == u64::from(chunks)), "not planned");
                took
            })
            .collect(),
    );

    let planner_core::Outcome::Planned(whole) = planner_core::plan(&request, &snapshot) else { panic!("not planned") };
    let started = Instant::now();
    let named = whole.chunks().filter(|chunk| !chunk.token.as_str().is_empty()).count();
    let tokens = started.elapsed().as_secs_f64() * 1000.0;
    assert_eq!(named, whole.len());

    json!({"chunks": chunks, "native_ms": rounded(native), "native_ids_and_tokens_ms": rounded(tokens), "wasm_ms": rounded(in_node(&load, &plan))})
}

/// The same messages to the same session, as WebAssembly in Node.
fn in_node(load: &Ask, plan: &Ask) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("messages.json");
    let messages = [load, plan].map(|ask| serde_json::to_string(ask).expect("messages are JSON"));
    fs::write(&file, serde_json::to_string(&messages).expect("texts are JSON")).expect("the file can be written");
    let output = Command::new("node")
        .arg(workspace().join("tests/browser/bench-core.mjs"))
        .arg(workspace().join("target/parity/node/planner_wasm.js"))
        .arg(&file)
        .output()
        .expect("node can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of milliseconds")
}
