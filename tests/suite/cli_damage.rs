//! State directories that were damaged: a clear error or a recovery, and nothing is lost.

use std::os::unix::process::CommandExt as _;
use std::path::Path;

use penstock_tests::cli::{Cli, Done};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::PATIENCE;
use serde_json::Value;

const PLAN: [&str; 10] =
    ["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-01", "--to", "2025-01-06", "--chunk-hours", "1"];

/// A run that was interrupted half-way.
async fn interrupted() -> (ClickHouse, Cli, String) {
    let server = ClickHouse::start();
    sample::install(&server, 60_000).await;
    let cli = Cli::on(&server.url());
    let id = cli.plan(&PLAN);
    let run = cli.start(&["run", "--plan-id", &id]);
    cli.wait_until(&id, "under way", |status| status["job"]["counts"]["done"].as_u64() >= Some(10));
    run.signal("INT");
    assert_eq!(run.end().code, Some(130));
    (server, cli, id)
}

/// Resume ends exact, and its files say what its database says.
async fn resumes(server: &ClickHouse, cli: &Cli, id: &str, notice: &str) {
    let done = cli.run(&["resume", "--plan-id", id]).exits(0);
    assert!(done.stderr.contains(notice), "{notice:?} is not in {}", done.stderr);
    let source = server.fingerprint(&format!("{COLUMNS} demo.events WHERE ts < '2025-01-06'")).await;
    assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.events_by_time")).await);
    let checkpoint: Value = serde_json::from_slice(&std::fs::read(cli.state(&format!("runs/{id}.json"))).unwrap()).unwrap();
    assert_eq!((checkpoint["job"]["state"].as_str(), checkpoint["job"]["verdict"].as_str()), (Some("completed"), Some("exact")));
    let events = std::fs::read_to_string(cli.state(&format!("events/{id}.ndjson"))).unwrap();
    let ids: Vec<u64> = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=checkpoint["job"]["last_event_id"].as_u64().unwrap()).collect::<Vec<_>>());
}

fn code(done: &Done) -> String {
    done.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn append(path: &Path, text: &str) {
    let whole = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, whole + text).unwrap();
}

#[tokio::test]
async fn torn_event_empty_checkpoint_and_a_write_that_was_killed_are_mended() {
    let (server, cli, id) = interrupted().await;
    append(&cli.state(&format!("events/{id}.ndjson")), "{\"job\":\"torn");
    std::fs::write(cli.state(&format!("runs/{id}.json")), "").unwrap();
    // Killed between write and rename.
    std::fs::write(cli.state(&format!("runs/{id}.new")), "{\"format\":1,\"jo").unwrap();
    std::fs::write(cli.state(&format!("plans/{id}.new")), "{").unwrap();
    let status = cli.run(&["status", "--plan-id", &id]).exits(0).stdout;
    assert!(status.contains("the checkpoint is damaged"), "{status}");
    resumes(&server, &cli, &id, "the last line was torn").await;
    assert!(cli.state(&format!("runs/{id}.json.damaged-1")).exists(), "nothing is thrown away");
}

#[tokio::test]
async fn a_missing_plan_and_rewritten_events_are_made_again_from_the_database() {
    let (server, cli, id) = interrupted().await;
    let (plan, events) = (cli.state(&format!("plans/{id}.json")), cli.state(&format!("events/{id}.ndjson")));
    let before = std::fs::read(&plan).unwrap();
    std::fs::remove_file(&plan).unwrap();
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, text.replacen("\"id\":3", "\"id\":4", 1)).unwrap();
    resumes(&server, &cli, &id, "did not hold the run's events").await;
    assert_eq!(before, std::fs::read(&plan).unwrap());
    assert!(cli.state(&format!("events/{id}.ndjson.damaged-1")).exists());
    // Without a run there is nothing to make it from.
    let other = cli.plan(&[&PLAN[..4], &["--from", "2025-01-10", "--to", "2025-01-11"]].concat());
    std::fs::remove_file(cli.state(&format!("plans/{other}.json"))).unwrap();
    assert_eq!(code(&cli.run(&["run", "--json", "--plan-id", &other]).exits(2)), "plan-missing");
}

#[tokio::test]
async fn a_plan_edited_by_hand_is_refused_wherever_it_was_touched() {
    let (server, cli, id) = interrupted().await;
    let path = cli.state(&format!("plans/{id}.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("\"created_at\":1", "\"created_at\":2"),
        ("\"rows\":", "\"rows\":1"),
        ("SELECT `ts`", "SELECT  `ts`"),
        ("\"generation\":0", "\"generation\":1"),
        ("demo", "dem0"),
        ("max_insert_threads\":\"1", "max_insert_threads\":\"4"),
    ] {
        assert!(text.contains(from), "{from} is not in the plan");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let refused = cli.run(&["resume", "--json", "--plan-id", &id]).exits(2);
        assert_eq!(code(&refused), "plan-changed", "{from}: {}", refused.stderr);
        assert_eq!(code(&cli.run(&["status", "--json", "--plan-id", &id]).exits(2)), "plan-changed");
    }
    let check = cli.run(&["check", "--json"]).exits(1).json();
    assert_eq!(check["findings"][0]["code"], "backfill_state_damaged");
    let doctor = cli.run(&["doctor", "--plan-id", &id]).exits(0).stdout;
    assert!(doctor.contains("is not the plan that was written"), "{doctor}");
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    assert_eq!(code(&cli.run(&["resume", "--json", "--plan-id", &id]).exits(2)), "plan-changed");
    std::fs::write(&path, &text).unwrap();
    resumes(&server, &cli, &id, "").await;
}

#[tokio::test]
async fn what_a_later_version_wrote_is_left_alone() {
    let (server, cli, id) = interrupted().await;
    let file = |folder: &str| cli.state(&format!("{folder}/{id}.json"));
    for path in [file("plans"), file("runs")] {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("\"format\":1,", "\"format\":2,\"more\":true,", 1)).unwrap();
        let refused = cli.run(&["resume", "--json", "--plan-id", &id]).exits(2);
        // The plan's own core stands before the file's format.
        assert!(["state-later", "plan-changed"].contains(&code(&refused).as_str()), "{}", refused.stderr);
        assert!(path.exists());
        std::fs::write(&path, text).unwrap();
    }
    let database = cli.state(&format!("runs/{id}.db"));
    let before = std::fs::read(&database).unwrap();
    let mut later = before.clone();
    // The user_version of an SQLite file.
    later[60..64].copy_from_slice(&99_u32.to_be_bytes());
    for extension in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(cli.state(&format!("runs/{id}.{extension}")));
    }
    std::fs::write(&database, &later).unwrap();
    let refused = cli.run(&["resume", "--json", "--plan-id", &id]).exits(2);
    assert_eq!(code(&refused), "run-database");
    assert!(refused.stderr.contains("version 99"), "{}", refused.stderr);
    drop(server);
}

#[tokio::test]
async fn a_lost_or_broken_database_is_never_begun_anew_unnoticed() {
    let (server, cli, id) = interrupted().await;
    let database = cli.state(&format!("runs/{id}.db"));
    for extension in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(cli.state(&format!("runs/{id}.{extension}")));
    }
    std::fs::write(&database, "this was a database once, and is none any more").unwrap();
    for command in ["resume", "run", "status", "cancel", "receipt", "verify"] {
        assert_eq!(code(&cli.run(&[command, "--json", "--plan-id", &id]).exits(2)), "run-database", "{command}");
    }
    std::fs::remove_file(&database).unwrap();
    for command in ["resume", "run", "status", "cancel", "receipt", "verify"] {
        let refused = cli.run(&[command, "--json", "--plan-id", &id]).exits(2);
        assert_eq!(code(&refused), "run-database-missing", "{command}");
        assert!(refused.stderr.contains("chunks done"), "{}", refused.stderr);
    }
    // The way out that the message names: what is there is told by its content.
    std::fs::rename(cli.state(&format!("runs/{id}.json")), cli.folder().join("away.json")).unwrap();
    cli.run(&["run", "--plan-id", &id]).exits(0);
    resumes(&server, &cli, &id, "").await;
}

#[tokio::test]
async fn two_processes_never_run_one_plan_and_overlapping_runs_are_blocked() {
    let (server, cli, id) = interrupted().await;
    let running = cli.start(&["resume", "--plan-id", &id]);
    cli.wait_until(&id, "live", |status| status["live"] == true);
    for command in ["run", "resume", "verify"] {
        assert_eq!(code(&cli.run(&[command, "--json", "--plan-id", &id]).exits(2)), "run-busy", "{command}");
    }
    running.kill();
    // Another plan over the same days, while the first is not at its end.
    let other = cli.plan(&[
        "--source",
        "demo.events",
        "--target",
        "demo.events_by_time",
        "--from",
        "2025-01-05",
        "--to",
        "2025-01-09",
        "--force-target-rows",
    ]);
    let blocked = cli.run(&["run", "--json", "--plan-id", &other]).exits(2);
    assert_eq!(code(&blocked), "run-overlaps");
    assert!(blocked.stderr.contains(&id) && blocked.stderr.contains("--force-overlap"), "{}", blocked.stderr);
    let beside = cli.plan(&["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-20", "--to", "2025-01-22"]);
    cli.run(&["run", "--plan-id", &beside]).exits(0);
    server.query("ALTER TABLE demo.events_by_time DELETE WHERE ts >= '2025-01-20' SETTINGS mutations_sync = 2").await;
    resumes(&server, &cli, &id, "").await;
    // Ended: nothing is in the way any more.
    cli.run(&["run", "--plan-id", &other]).exits(0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_and_a_full_disk_lose_nothing() {
    let (server, cli, id) = interrupted().await;
    // Another user may read, not write. Only root can become one; others try with their own read-only folder.
    let as_nobody = |args: &[&str]| {
        let mut command = cli.command(args);
        if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            command.uid(65534).gid(65534);
        }
        command.output().ok()
    };
    let state = cli.folder().join(".penstock");
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(cli.folder(), 0o755);
    for folder in ["", "plans", "runs", "events"] {
        mode(&state.join(folder), 0o555);
    }
    // The program itself may lie where another user cannot reach it.
    if let Some(output) = as_nobody(&["resume", "--json", "--plan-id", &id]) {
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{text} {}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("state-denied") && text.contains("run as its owner"), "{text}");
    }
    for folder in ["", "plans", "runs", "events"] {
        mode(&state.join(folder), 0o755);
    }

    // No room: a limit on the size of files stands for a disk that is full in the middle of a write.
    let limited = |blocks: u32, args: &str| {
        let program = cli.command(&[]).get_program().to_owned();
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {args}");
        let mut command = std::process::Command::new("bash");
        command.arg("-c").arg(script).arg(program).current_dir(cli.folder()).env_remove("PENSTOCK_STATE_DIR");
        command.output().unwrap()
    };
    let full = limited(2, "plan --json --source demo.events --target demo.events_by_time --from 2025-01-20 --to 2025-01-21");
    assert_eq!(full.status.code(), Some(1), "{}", String::from_utf8_lossy(&full.stderr));
    assert!(String::from_utf8_lossy(&full.stderr).contains("make room"), "{}", String::from_utf8_lossy(&full.stderr));
    let names: Vec<String> =
        std::fs::read_dir(state.join("plans")).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(names.iter().filter(|name| name.contains("json")).count(), 1, "no half of a plan: {names:?}");
    // The run's mirror has no room; the run goes on, and the next command completes the files.
    std::fs::remove_file(cli.state(&format!("events/{id}.ndjson"))).unwrap();
    std::os::unix::fs::symlink("/dev/full", cli.state(&format!("events/{id}.ndjson"))).unwrap();
    let done = cli.run(&["resume", "--plan-id", &id]).exits(0);
    assert!(done.stderr.contains("the database has every event"), "{}", done.stderr);
    std::fs::remove_file(cli.state(&format!("events/{id}.ndjson"))).unwrap();
    cli.run(&["verify", "--plan-id", &id]).exits(0);
    resumes(&server, &cli, &id, "").await;
}

#[tokio::test]
async fn a_disk_that_fills_up_under_a_run_holds_it_until_there_is_room() {
    let server = ClickHouse::start();
    sample::install(&server, 60_000).await;
    let cli = Cli::on(&server.url());
    let id = cli.plan(&PLAN);
    // A limit on the size of files: the database cannot grow in the middle of the run.
    let program = cli.command(&[]).get_program().to_owned();
    let script = format!("trap '' XFSZ; ulimit -f 600; exec \"$0\" run --plan-id {id}");
    let mut command = std::process::Command::new("bash");
    command.arg("-c").arg(script).arg(program).current_dir(cli.folder());
    let log = std::fs::File::create(cli.folder().join("log")).unwrap();
    let mut child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let said = || std::fs::read_to_string(cli.folder().join("log")).unwrap();
    let started = std::time::Instant::now();
    while !said().contains("the store cannot write; the job waits for it") {
        assert!(started.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "{}", said());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let interrupt = || std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    interrupt();
    std::thread::sleep(std::time::Duration::from_millis(500));
    interrupt();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", said());
    assert!(said().contains(&format!("next: penstock resume --plan-id {id}")), "{}", said());
    resumes(&server, &cli, &id, "").await;
}
