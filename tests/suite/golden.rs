//! Golden plans: what people read when they review a change of the planner.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use penstock_tests::clickhouse::workspace;
use planner_core::digest::of_bytes;
use planner_core::plan::Plan;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use planner_core::{Outcome, plan};

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(workspace().join("tests/golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 5);
    cases
}

fn readable(plan: &Plan) -> String {
    let mut text = format!("-- plan {}\n-- digest {}\n", plan.core.plan_id, plan.core.digest());
    for note in &plan.rationale {
        let _ = writeln!(
            text,
            "-- {:?} {}: {}{}",
            note.severity,
            note.code,
            note.message,
            if note.hint.is_empty() { String::new() } else { format!(" ({})", note.hint) }
        );
    }
    for (name, value) in &plan.core.settings {
        let _ = writeln!(text, "-- set {name} = {value}");
    }
    for (i, chunk) in plan.chunks().enumerate() {
        let _ = write!(
            text,
            "\n-- chunk {i} {} · {} · ~{} rows, ~{} bytes\n-- token {}\n{};\n",
            chunk.id,
            chunk.label,
            chunk.rows,
            chunk.bytes,
            chunk.token,
            plan.chunk_sql(i)
        );
    }
    text
}

fn render(case: &Path) -> String {
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap();
    let request: Request = serde_json::from_str(&read("request.json")).unwrap();
    let snapshot: Snapshot = serde_json::from_str(&read("snapshot.json")).unwrap();
    let answer = of_bytes("golden", planner_wasm::plan_text(&request, &snapshot).as_bytes());
    let body = match plan(&request, &snapshot) {
        Outcome::Planned(plan) => readable(&plan),
        Outcome::Refused(refusal) => format!("-- refused {}: {}\n-- {}\n", refusal.code, refusal.message, refusal.hint),
        Outcome::NeedsDetail(probes) => format!("-- needs detail {probes:?}\n"),
    };
    format!("-- answer {answer}\n{body}")
}

#[test]
fn golden_plans_are_unchanged() {
    for case in cases() {
        let rendered = render(&case);
        let file = case.join("plan.sql");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, &rendered).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == rendered, "{} differs; look at the difference, then UPDATE_GOLDEN=1\n{rendered}", file.display());
    }
}
