//! What the doctor finds on a real server, and that its commands are the right ones.

use clickhouse_embedded::UserConfig;
use penstock_tests::cli::Cli;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample;
use serde_json::Value;

const PLAN: [&str; 10] =
    ["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-01", "--to", "2025-01-04", "--chunk-hours", "24"];

/// The step of this code: its problem and its command.
fn step(document: &Value, code: &str) -> (String, String) {
    let steps = document["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["code"] == code).unwrap_or_else(|| panic!("no {code} in {document}"));
    let text = |name: &str| found[name].as_str().unwrap().to_owned();
    (text("problem"), text("command"))
}

#[tokio::test]
async fn a_plan_that_was_never_run_and_rights_that_are_missing() {
    let grants = ["GRANT SELECT ON *.*", "GRANT SHOW ON *.*"];
    let user = UserConfig { name: "narrow".into(), password: "n4rrow".into(), grants: grants.map(str::to_owned).to_vec() };
    let server = ClickHouse::start_with(|config| config.users.push(user));
    sample::install(&server, 10_000).await;
    let cli = Cli::on(&server.url());
    let id = cli.plan(&PLAN);
    let doctor = cli.run(&["doctor", "--json", "--plan-id", &id]).exits(0).json();
    assert_eq!(step(&doctor, "never-run").1, format!("penstock run --plan-id {id}"));
    assert!(step(&doctor, "dedup-window-off").1.contains("MODIFY SETTING non_replicated_deduplication_window"));

    let narrow = cli
        .command(&["doctor", "--json", "--plan-id", &id])
        .envs([("PENSTOCK_CLICKHOUSE_USER", "narrow"), ("PENSTOCK_CLICKHOUSE_PASSWORD", "n4rrow")])
        .output()
        .unwrap();
    let narrow: Value = serde_json::from_slice(&narrow.stdout).unwrap();
    let commands: Vec<&str> = narrow["steps"].as_array().unwrap().iter().map(|step| step["command"].as_str().unwrap()).collect();
    for right in ["INSERT ON `demo`.`events_by_time`", "ALTER DELETE ON `demo`.`events_by_time`", "KILL QUERY ON *.*"] {
        assert!(commands.contains(&format!("GRANT {right} TO `narrow`").as_str()), "{right} is not in {commands:?}");
    }
    assert!(!commands.iter().any(|command| command.contains("GRANT SELECT")), "{commands:?}");
    // Nothing of it is said to somebody who has every right.
    assert!(!doctor.to_string().contains("grant-missing"));
}

#[tokio::test]
async fn an_outcome_that_is_not_known_and_a_mutation_that_is_stuck() {
    let server = ClickHouse::start();
    sample::install(&server, 10_000).await;
    let cli = Cli::on(&server.url());
    let id = cli.plan(&PLAN);
    let dying = |command: &str, moment: &str| {
        let output = cli.command(&[command, "--plan-id", &id]).env("PENSTOCK_TEST_CRASH", moment).output().unwrap();
        assert_eq!(output.status.code(), None, "{command} ended by itself");
    };
    dying("run", "after:task-started");
    dying("resume", "after:task-unknown");
    let doctor = cli.run(&["doctor", "--json", "--plan-id", &id]).exits(0).json();
    let (problem, command) = step(&doctor, "outcome-unknown");
    assert!(problem.contains("1 chunk") && command.starts_with(&format!("penstock resume --plan-id {id}")), "{problem} {command}");
    assert!(step(&doctor, "interrupted").1.starts_with("penstock resume"));

    server
        .run(&[
            "SYSTEM START MERGES demo.events",
            "ALTER TABLE demo.events UPDATE note = toString(throwIf(1, 'stuck here')) WHERE 1 SETTINGS mutations_sync = 0",
        ])
        .await;
    let mutation = loop {
        let found = server.query("SELECT mutation_id FROM system.mutations WHERE NOT is_done AND latest_fail_reason != ''").await;
        if !found.is_empty() {
            break found.trim().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let doctor = cli.run(&["doctor", "--json", "--plan-id", &id]).exits(0).json();
    let (problem, command) = step(&doctor, "mutation-stuck");
    assert!(problem.contains("demo.events") && problem.contains("stuck here"), "{problem}");
    let kill = command.split("  ").next().unwrap();
    assert_eq!(kill, format!("KILL MUTATION WHERE mutation_id = '{mutation}'"));
    server.query(kill).await;
    cli.run(&["resume", "--plan-id", &id]).exits(0);
    let doctor = cli.run(&["doctor", "--json", "--plan-id", &id]).exits(0).json();
    assert_eq!(doctor["steps"], Value::Array(Vec::new()));
}
