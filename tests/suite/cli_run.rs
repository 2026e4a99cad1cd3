//! The command from plan to receipt, on the real engine.

use clickhouse_embedded::UserConfig;
use penstock_tests::cli::{Cli, plain};
use penstock_tests::clickhouse::{ClickHouse, built};
use penstock_tests::sample::{self, COLUMNS};
use serde_json::{Value, json};

const ROWS: u64 = 100_000;
const WEEK: [&str; 8] = ["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-01", "--to", "2025-01-08"];

async fn start() -> (ClickHouse, Cli) {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let cli = Cli::on(&server.url());
    (server, cli)
}

async fn assert_week_is_exact(server: &ClickHouse) {
    let source = server.fingerprint(&format!("{COLUMNS} demo.events WHERE ts < '2025-01-08'")).await;
    assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.events_by_time")).await);
    assert!(!source.starts_with("0\t"));
}

/// The document without what is another one each time.
fn shape(cli: &Cli, document: &Value) -> String {
    plain(&serde_json::to_string_pretty(document).unwrap(), cli.folder())
}

#[tokio::test]
async fn from_plan_to_receipt_each_document_is_stable() {
    let (server, cli) = start().await;
    let plan: Vec<&str> = ["plan", "--json", "--chunk-hours", "24"].iter().chain(&WEEK).copied().collect();
    let planned = cli.run(&plan).exits(0).json();
    insta::assert_snapshot!("plan_document", shape(&cli, &planned));
    let id = planned["plan_id"].as_str().unwrap();
    let file = std::fs::read(cli.state(&format!("plans/{id}.json"))).unwrap();
    assert!(planner_core::canonical::is_canonical(&String::from_utf8(file.clone()).unwrap()));

    let again = cli.run(&plan).exits(0).json();
    assert_eq!((again["outcome"].as_str(), &again["digest"]), (Some("exists"), &planned["digest"]));
    assert_eq!(file, std::fs::read(cli.state(&format!("plans/{id}.json"))).unwrap(), "a plan is written once");

    let check = cli.run(&["check", "--json"]).exits(1).json();
    assert_eq!(check["findings"][0]["code"], "backfill_required_pending");
    let status = cli.run(&["status", "--json", "--plan-id", id]).exits(0).json();
    assert_eq!((&status["job"], &status["live"], &status["planned_chunks"]), (&Value::Null, &json!(false), &json!(7)));

    let run = cli.run(&["run", "--json", "--plan-id", id, "--lanes", "2"]).exits(0).json();
    insta::assert_snapshot!("run_document", shape(&cli, &run));
    assert_week_is_exact(&server).await;

    let refused = cli.run(&["run", "--json", "--plan-id", id]).exits(2);
    assert_eq!(refused.json()["error"]["code"], "run-exists");
    assert!(refused.stderr.contains("--replay-done"), "{}", refused.stderr);
    insta::assert_snapshot!("status_document", shape(&cli, &cli.run(&["status", "--json", "--plan-id", id]).exits(0).json()));
    let receipt = cli.run(&["receipt", "--json", "--plan-id", id]).exits(0);
    let parsed: executor_api::receipt::Receipt = serde_json::from_str(&receipt.stdout).unwrap();
    let unsigned = executor_api::receipt::Receipt { digest: None, ..parsed.clone() };
    assert_eq!(parsed.digest, Some(planner_core::digest::of_document("penstock-receipt", &unsigned)));
    assert_eq!((parsed.comparisons.len(), parsed.plan_digest.as_str()), (7, planned["digest"].as_str().unwrap()));
    let check = cli.run(&["check", "--json"]).exits(0).json();
    insta::assert_snapshot!("check_document", shape(&cli, &check));
    let doctor = cli.run(&["doctor", "--json", "--plan-id", id]).exits(0).json();
    assert_eq!(doctor["steps"], json!([]), "nothing is to be done about a proven run");
    insta::assert_snapshot!("config_document", shape(&cli, &cli.run(&["config", "--json"]).exits(0).json()));

    // The files say what the database says.
    let checkpoint: Value = serde_json::from_slice(&std::fs::read(cli.state(&format!("runs/{id}.json"))).unwrap()).unwrap();
    assert_eq!((&checkpoint["job"], checkpoint["tasks"].as_array().unwrap().len()), (&run["job"], 7));
    let events = std::fs::read_to_string(cli.state(&format!("events/{id}.ndjson"))).unwrap();
    let ids: Vec<u64> = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=run["job"]["last_event_id"].as_u64().unwrap()).collect::<Vec<_>>(), "every event, once, in order");
}

#[tokio::test]
async fn people_see_lines_and_bars_stay_out_of_pipes() {
    let (_server, cli) = start().await;
    let id = cli.plan(&[&WEEK[..], &["--chunk-hours", "84"]].concat());
    for (args, name) in [
        (vec!["status", "--plan-id", &id], "status_before"),
        (vec!["run", "--plan-id", &id], "run"),
        (vec!["status", "--plan-id", &id], "status_after"),
        (vec!["check"], "check"),
        (vec!["doctor", "--plan-id", &id], "doctor"),
    ] {
        let done = cli.run(&args);
        let text = plain(&done.stdout, cli.folder());
        let steady: Vec<&str> = text.lines().filter(|line| !line.starts_with("took")).collect();
        insta::assert_snapshot!(format!("people_{name}"), steady.join("\n"));
        assert!(!done.stderr.contains('\u{1b}') && !done.stderr.contains('█'), "{}", done.stderr);
    }
    let receipt = cli.run(&["receipt", "--plan-id", &id]).exits(0).stdout;
    assert!(receipt.contains("each exactly once") && receipt.contains("2 of 2 equal"), "{receipt}");
}

#[tokio::test]
async fn a_difference_fails_verify_and_replay_done_fills_what_is_missing() {
    let (server, cli) = start().await;
    let id = cli.plan(&[&WEEK[..], &["--chunk-hours", "24"]].concat());
    cli.run(&["run", "--plan-id", &id]).exits(0);
    cli.run(&["verify", "--plan-id", &id]).exits(0);

    server.query("ALTER TABLE demo.events_by_time DELETE WHERE ts >= '2025-01-03' AND ts < '2025-01-04' SETTINGS mutations_sync = 2").await;
    let different = cli.run(&["verify", "--json", "--plan-id", &id]).exits(1).json();
    assert!(different["statement"].is_string(), "{different}");
    assert_eq!((&different["verdict"], different["statement"].as_str().unwrap().starts_with("1 of 7")), (&json!("different"), true));
    let doctor = cli.run(&["doctor", "--plan-id", &id]).exits(0).stdout;
    assert!(doctor.contains("the contents differ") && doctor.contains("--replay-done"), "{doctor}");
    cli.run(&["check"]).exits(1);
    let ended = cli.run(&["resume", "--plan-id", &id]).exits(2);
    assert!(ended.stderr.contains("the run has ended"), "{}", ended.stderr);
    cli.run(&["resume", "--plan-id", &id, "--replay-done"]).exits(0);
    assert_week_is_exact(&server).await;
    let written = "SELECT count() FROM system.part_log WHERE event_type = 'NewPart' AND error = 0 AND table = 'events_by_time' AND startsWith(query_id, 'penstock-')";
    server.query("SYSTEM FLUSH LOGS").await;
    assert_eq!(server.query(written).await.trim(), "8", "only the day that was missing is written again");
    cli.run(&["check"]).exits(0);
}

#[tokio::test]
async fn failed_chunks_are_told_by_code_and_replayed_when_asked() {
    let (server, cli) = start().await;
    server
        .run(&["CREATE TABLE demo.picky (id UInt64, tenant LowCardinality(String), ts DateTime64(3, 'UTC'), amount UInt32, \
                CONSTRAINT small CHECK NOT (toDayOfMonth(ts) = 5 AND amount = 5)) ENGINE = MergeTree ORDER BY ts"])
        .await;
    let id = cli.plan(&[
        "--source",
        "demo.events",
        "--target",
        "demo.picky",
        "--from",
        "2025-01-01",
        "--to",
        "2025-01-08",
        "--chunk-hours",
        "24",
    ]);
    let run = cli.run(&["run", "--json", "--plan-id", &id]).exits(1).json();
    assert_eq!((&run["outcome"], &run["job"]["counts"]["failed"]), (&json!("failed"), &json!(1)));
    let doctor = cli.run(&["doctor", "--json", "--plan-id", &id]).exits(0).json();
    let steps: Vec<(&str, &str)> = doctor["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["code"].as_str().unwrap(), step["problem"].as_str().unwrap()))
        .collect();
    let failed = steps.iter().find(|(code, _)| *code == "chunk-failed").unwrap().1;
    assert!(failed.contains("code 469") && failed.contains("small"), "{failed}");
    assert!(steps.iter().any(|(code, _)| *code == "retries-exhausted"), "{steps:?}");
    let check = cli.run(&["check", "--json"]).exits(1).json();
    assert_eq!(check["findings"][0]["code"], "backfill_chunk_failed_retry_exhausted");
    server.query("ALTER TABLE demo.picky DROP CONSTRAINT small").await;
    cli.run(&["resume", "--plan-id", &id]).exits(2);
    cli.run(&["resume", "--plan-id", &id, "--replay-failed"]).exits(0);
    let columns = "SELECT id, tenant, ts, amount FROM";
    assert_eq!(
        server.fingerprint(&format!("{columns} demo.events WHERE ts < '2025-01-08'")).await,
        server.fingerprint(&format!("{columns} demo.picky")).await
    );
}

#[tokio::test]
async fn what_changed_since_is_told_before_anything_is_sent() {
    let (server, cli) = start().await;
    let plan = [&WEEK[..], &["--chunk-hours", "24"]].concat();
    let id = cli.plan(&plan);
    // Another server, by name at least.
    let elsewhere = server.url().replace("127.0.0.1", "localhost");
    let refused = cli.run(&["run", "--plan-id", &id, "--clickhouse-url", &elsewhere]).exits(2);
    assert!(refused.stderr.contains("--force-environment"), "{}", refused.stderr);
    let doctor = cli.run(&["doctor", "--plan-id", &id, "--clickhouse-url", &elsewhere]).exits(0).stdout;
    assert!(doctor.contains("the plan was made on") && doctor.contains("penstock run"), "{doctor}");

    server.query("ALTER TABLE demo.events_by_time ADD COLUMN extra UInt8").await;
    let stale = cli.run(&["run", "--plan-id", &id, "--json"]).exits(2).json();
    assert_eq!(stale["error"]["code"], "snapshot-stale");
    let doctor = cli.run(&["doctor", "--json", "--plan-id", &id]).exits(0).json();
    let changed = doctor["steps"].as_array().unwrap().iter().find(|step| step["code"] == "target-changed").unwrap().clone();
    let command = changed["command"].as_str().unwrap();
    assert!(command.starts_with("penstock plan --source demo.events"), "{command}");
    server.query("ALTER TABLE demo.events_by_time DROP COLUMN extra").await;

    // The generation is no part of the id: another plan under the same one.
    let other: Vec<&str> = ["plan", "--json", "--generation", "1"].iter().chain(&plan).copied().collect();
    assert_eq!(cli.run(&other).exits(2).json()["error"]["code"], "plan-differs");
    let replaced = cli.run(&[&other[..], &["--force"]].concat()).exits(0).json();
    assert_eq!((&replaced["outcome"], replaced["plan_id"].as_str()), (&json!("replaced"), Some(id.as_str())));
    cli.run(&["run", "--plan-id", &id, "--clickhouse-url", &elsewhere, "--force-environment"]).exits(0);
    assert_week_is_exact(&server).await;
}

#[tokio::test]
async fn plans_by_size_and_over_views_run_too() {
    let (server, cli) = start().await;
    let id = cli.plan(&[
        "--source",
        "demo.events",
        "--target",
        "demo.events_by_tenant",
        "--from",
        "2025-01-01",
        "--to",
        "2025-02-01",
        "--force-large-window",
        "--max-chunk-bytes",
        "1M",
    ]);
    cli.run(&["run", "--plan-id", &id, "--lanes", "2"]).exits(0);
    assert_eq!(
        server.fingerprint(&format!("{COLUMNS} demo.events")).await,
        server.fingerprint(&format!("{COLUMNS} demo.events_by_tenant")).await
    );
    // No source is named: it is the one that the views read.
    let plan = cli.run(&["plan", "--json", "--target", "demo.daily_totals", "--from", "2025-01-01", "--to", "2025-01-03"]).exits(0).json();
    assert_eq!((&plan["source"], &plan["mode"]), (&json!("demo.events"), &json!("view_replay")));
    cli.run(&["run", "--plan-id", plan["plan_id"].as_str().unwrap()]).exits(0);
}

#[tokio::test]
async fn a_target_without_a_memory_is_given_one_or_compared() {
    let (server, cli) = start().await;
    let plan: Vec<&str> = ["plan", "--json", "--chunk-hours", "24"].iter().chain(&WEEK).copied().collect();
    let id = cli.run(&plan).exits(0).json()["plan_id"].as_str().unwrap().to_owned();
    let run = cli.run(&["run", "--json", "--plan-id", &id, "--dedup", "set-window"]).exits(0).json();
    assert_eq!(run["job"]["dedup"], "set_window", "{run}");
    let made = server.query("SHOW CREATE TABLE demo.events_by_time").await;
    assert!(made.contains("non_replicated_deduplication_window"), "{made}");
    assert_week_is_exact(&server).await;
}

#[tokio::test]
async fn no_secret_reaches_a_file_or_a_stream() {
    let (password, token) = ("pass-w0rd-of-this-test", "t0ken-of-this-test-0123456789");
    let user = UserConfig { name: "keeper".into(), password: password.into(), grants: vec!["GRANT ALL ON *.*".into()] };
    let server = ClickHouse::start_with(|config| config.users.push(user));
    sample::install(&server, 10_000).await;
    // In the address, where people like to put it.
    let address = server.url().replace("http://", &format!("http://keeper:{password}@"));
    let cli = Cli::on(&address);
    let mut said = String::new();
    let mut run = |args: &[&str], code: i32| {
        let output = cli.command(args).env("PENSTOCK_TOKEN", token).env("PENSTOCK_LOG", "trace").output().unwrap();
        said.push_str(&String::from_utf8_lossy(&output.stdout));
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    };
    run(&[&["plan"], &WEEK[..]].concat(), 0);
    let id = cli.plan(&WEEK);
    run(&["run", "--plan-id", &id], 0);
    for command in ["status", "receipt", "verify", "doctor"] {
        run(&[command, "--plan-id", &id], 0);
    }
    run(&["config", "--json"], 0);
    run(&["check"], 0);
    // A password that is not right, and a service that is not there.
    run(&[&["plan", "--clickhouse-url", &address.replace(password, "wr0ng-pass")], &WEEK[..]].concat(), 1);
    run(&["submit", "--plan-id", &id, "--server", "http://127.0.0.1:9"], 1);
    assert!(said.contains("each exactly once") && said.contains("***"));
    let mut pending = vec![cli.state("")];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            said.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    for secret in [password, token, "wr0ng-pass"] {
        assert!(!said.contains(secret), "{secret} is told");
    }
}

#[tokio::test]
async fn days_and_partitions_are_cut_as_well_and_only_one_cut_is_taken() {
    let (_server, cli) = start().await;
    let chunks = |cut: &[&str]| {
        let planned = cli.run(&[&["plan", "--json"], &WEEK[..], cut].concat()).exits(0).json();
        planned["chunks"].as_u64().unwrap()
    };
    assert_eq!(chunks(&["--calendar-days", "2"]), 4);
    assert_eq!(chunks(&["--partitions"]), 7);
    let both = cli.run(&[&["plan"], &WEEK[..], &["--partitions", "--chunk-hours", "6"]].concat()).exits(2);
    assert!(both.stderr.contains("cannot be used with"), "{both:?}");
}

#[tokio::test]
async fn the_next_command_works_as_it_is_printed() {
    let (_server, cli) = start().await;
    let plan: Vec<&str> = ["plan", "--json", "--chunk-hours", "84", "--state-dir", "it's here"].iter().chain(&WEEK).copied().collect();
    let next = cli.run(&plan).exits(0).json()["next"].as_str().unwrap().to_owned();
    assert!(next.starts_with("penstock run --plan-id ") && next.ends_with(r" --state-dir 'it'\''s here'"), "{next}");
    let typed = format!("PATH=\"{}:$PATH\"; {next} --json", built("penstock").parent().unwrap().display());
    let done = std::process::Command::new("sh").args(["-c", &typed]).current_dir(cli.folder()).output().unwrap();
    let run: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&run["outcome"], done.status.code()), (&json!("completed"), Some(0)));
    assert!(run["next"].as_str().unwrap().ends_with(r" --state-dir 'it'\''s here'"), "{run}");
}
