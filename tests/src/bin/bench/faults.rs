//! Randomised trials, each once with Penstock and once with a bare loop of INSERTs that trusts its tokens.

use penstock_tests::chance;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::trial::{Report, Trial};
use serde_json::{Value, json};

use crate::Wanted;

/// How trials ended.
#[derive(Default)]
struct Tally {
    exact: u64,
    lost: u64,
    duplicated: u64,
    unfinished: u64,
    right_count_wrong_rows: u64,
    wrong: u64,
}

impl Tally {
    fn add(&mut self, report: &Report) {
        // Rows that are missing or doubled in something that calls itself done; what says that it failed is unfinished.
        let (lost, duplicated) = (report.finished && report.lost > 0, report.duplicated > 0);
        self.exact += u64::from(report.finished && report.exact);
        self.lost += u64::from(lost);
        self.duplicated += u64::from(duplicated);
        self.unfinished += u64::from(!report.finished);
        self.right_count_wrong_rows += u64::from(report.finished && !report.exact && report.lost == report.duplicated);
        self.wrong += u64::from(!report.wrong.is_empty());
    }
}

pub(crate) async fn measure(wanted: &Wanted) -> Value {
    let trials = wanted.number("--trials").unwrap_or_else(|| if wanted.has("--quick") { 5 } else { 50 });
    let first = wanted.number("--seed").unwrap_or_else(chance::seed);
    let mut server = ClickHouse::start();
    let (mut penstock, mut token_only) = (Tally::default(), Tally::default());
    for seed in first..first.saturating_add(trials) {
        let trial = Trial::new(seed);
        let (with, without) = (trial.run(&mut server).await, trial.run_token_only(&mut server).await);
        eprintln!("seed {seed}: Penstock {with}; tokens alone: lost {}, duplicated {}", without.lost, without.duplicated);
        penstock.add(&with);
        token_only.add(&without);
    }
    if !wanted.has("--json") {
        table(trials, &penstock, &token_only);
    }
    json!({
        "trials": trials,
        "seed": first,
        "exact": penstock.exact,
        "lost": penstock.lost,
        "duplicated": penstock.duplicated,
        "unfinished": penstock.unfinished,
        "wrong": penstock.wrong,
        "token_only": {
            "trials": trials,
            "exact": token_only.exact,
            "lost": token_only.lost,
            "duplicated": token_only.duplicated,
            "right_count_wrong_rows": token_only.right_count_wrong_rows,
        },
    })
}

#[expect(clippy::print_stdout, reason = "the table is this program's output")]
fn table(trials: u64, penstock: &Tally, token_only: &Tally) {
    println!("{:<34} {:>10} {:>14}", format!("{trials} trials, each struck alike"), "Penstock", "tokens alone");
    let rows = [
        ("exact", penstock.exact, token_only.exact),
        ("rows lost", penstock.lost, token_only.lost),
        ("rows duplicated", penstock.duplicated, token_only.duplicated),
        ("right count, wrong rows", penstock.right_count_wrong_rows, token_only.right_count_wrong_rows),
        ("says that it could not finish", penstock.unfinished, token_only.unfinished),
    ];
    for (name, one, other) in rows {
        println!("{name:<34} {one:>10} {other:>14}");
    }
    println!();
}
