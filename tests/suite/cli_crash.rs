//! Runs of the command that end in the middle: killed, interrupted, hung up, cancelled from elsewhere.

use penstock_tests::cli::Cli;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample::{self, COLUMNS};
use serde_json::{Value, json};

const PLAN: [&str; 10] =
    ["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-01", "--to", "2025-01-11", "--chunk-hours", "2"];

async fn start() -> (ClickHouse, Cli, String) {
    let server = ClickHouse::start();
    sample::install(&server, 200_000).await;
    let cli = Cli::on(&server.url());
    let id = cli.plan(&PLAN);
    (server, cli, id)
}

fn done(status: &Value) -> u64 {
    status["job"]["counts"]["done"].as_u64().unwrap_or(0)
}

async fn assert_equal(server: &ClickHouse) {
    let source = server.fingerprint(&format!("{COLUMNS} demo.events WHERE ts < '2025-01-11'")).await;
    assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.events_by_time")).await);
}

async fn assert_exact(server: &ClickHouse) {
    assert_equal(server).await;
    server.query("SYSTEM FLUSH LOGS").await;
    let twice = "SELECT count() FROM (SELECT query_id FROM system.part_log WHERE event_type = 'NewPart' AND error = 0 AND startsWith(query_id, 'penstock-') \
                 GROUP BY query_id, partition_id HAVING count() > 1)";
    assert_eq!(server.query(twice).await.trim(), "0");
}

#[tokio::test]
async fn killed_again_and_again_resume_ends_exact() {
    let (server, cli, id) = start().await;
    let mut reached = 0;
    for round in 0..3 {
        let command = if round == 0 { "run" } else { "resume" };
        let running = cli.start(&[command, "--plan-id", &id, "--lanes", "2"]);
        let status = cli.wait_until(&id, "further", |status| done(status) >= reached + 12);
        running.kill();
        reached = done(&status);
    }
    let status = cli.run(&["status", "--json", "--plan-id", &id]).exits(0).json();
    assert_eq!((&status["live"], status["job"]["state"].as_str()), (&json!(false), Some("running")));
    let doctor = cli.run(&["doctor", "--json", "--plan-id", &id]).exits(0).json();
    let codes: Vec<&str> = doctor["steps"].as_array().unwrap().iter().map(|step| step["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"interrupted"), "{doctor}");
    let end = cli.run(&["resume", "--json", "--plan-id", &id, "--lanes", "2"]).exits(0).json();
    assert_eq!((end["job"]["verdict"].as_str(), &end["job"]["counts"]["done"]), (Some("exact"), &json!(120)));
    assert_exact(&server).await;
}

#[tokio::test]
async fn an_interrupt_pauses_and_says_how_to_go_on_and_a_second_leaves_at_once() {
    let (server, cli, id) = start().await;
    let running = cli.start(&["run", "--json", "--plan-id", &id]);
    cli.wait_until(&id, "under way", |status| done(status) >= 5);
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let document = ended.json();
    assert_eq!(
        (&document["outcome"], document["next"].as_str()),
        (&json!("interrupted"), Some(format!("penstock resume --plan-id {id}").as_str()))
    );
    assert_eq!((&document["job"]["state"], &document["job"]["counts"]["running"]), (&json!("paused"), &json!(0)));

    // Other options than the checkpoint's are a decision.
    let refused = cli.run(&["resume", "--plan-id", &id, "--lanes", "3"]).exits(2);
    assert!(
        refused.stderr.contains("lanes: 1 in the checkpoint, 3 now") && refused.stderr.contains("--force-compatibility"),
        "{}",
        refused.stderr
    );

    // A chunk that takes long is on the server when the second interrupt comes.
    server.query("SYSTEM STOP MERGES demo.events_by_time").await;
    let running = cli.start(&["resume", "--plan-id", &id, "--lanes", "3", "--force-compatibility"]);
    let reached = cli.wait_until(&id, "going on", |status| done(status) >= 20 && status["live"] == true);
    running.signal("INT");
    running.signal("INT");
    assert_eq!(running.end().code, Some(130));
    // A closed terminal.
    let running = cli.start(&["resume", "--plan-id", &id]);
    cli.wait_until(&id, "going on", |status| done(status) >= done(&reached) + 10);
    running.signal("HUP");
    assert_eq!(running.end().code, Some(130));
    let end = cli.run(&["resume", "--json", "--plan-id", &id]).exits(0).json();
    assert_eq!((end["job"]["verdict"].as_str(), &end["job"]["lanes"]), (Some("exact"), &json!(3)));
    assert_exact(&server).await;
}

#[tokio::test]
async fn cancel_ends_a_run_of_another_process_or_of_none() {
    let (server, cli, id) = start().await;
    let running = cli.start(&["run", "--json", "--plan-id", &id]);
    cli.wait_until(&id, "under way", |status| done(status) >= 5);
    let cancelled = cli.run(&["cancel", "--json", "--plan-id", &id, "--kill"]).exits(0).json();
    assert_eq!((&cancelled["outcome"], &cancelled["job"]["state"]), (&json!("cancelled"), &json!("cancelled")));
    let ended = running.end();
    assert_eq!((ended.code, &ended.json()["outcome"]), (Some(1), &json!("cancelled")));
    assert_eq!(server.query("SELECT count() FROM system.processes WHERE startsWith(query_id, 'penstock-')").await.trim(), "0");
    assert!(cli.run(&["cancel", "--plan-id", &id]).exits(2).stderr.contains("has ended"));

    // It can be gone on with; and a run that nobody is on can be cancelled.
    let running = cli.start(&["resume", "--plan-id", &id]);
    cli.wait_until(&id, "going on", |status| done(status) >= 20 && status["job"]["state"] == "running");
    running.kill();
    let cancelled = cli.run(&["cancel", "--json", "--plan-id", &id]).exits(0).json();
    assert_eq!(&cancelled["job"]["state"], &json!("cancelled"));
    cli.run(&["resume", "--plan-id", &id]).exits(0);
    assert_exact(&server).await;
}

#[tokio::test]
async fn what_another_state_directory_sent_is_no_evidence() {
    let (server, cli, _) = start().await;
    let days: Vec<&str> = PLAN.iter().take(8).chain(&["--chunk-hours", "24"]).copied().collect();
    let id = cli.plan(&days);
    cli.run(&["run", "--plan-id", &id, "--lanes", "4"]).exits(0);
    server.query("TRUNCATE TABLE demo.events_by_time").await;
    // The same plan elsewhere: the same query ids, and the server's log holds the end of each.
    let other = Cli::on(&server.url());
    assert_eq!(other.plan(&days), id);
    let crashed = other.command(&["run", "--plan-id", &id]).env("PENSTOCK_TEST_CRASH", "after:task-started").output().unwrap();
    assert_eq!(crashed.status.code(), None, "it ended by itself");
    let end = other.run(&["resume", "--json", "--plan-id", &id]).exits(0).json();
    assert_eq!(end["job"]["verdict"], "exact");
    assert_equal(&server).await;
}

#[tokio::test]
async fn a_run_outlives_the_death_of_clickhouse() {
    let (mut server, cli, id) = start().await;
    let running = cli.start(&["run", "--json", "--plan-id", &id, "--lanes", "2"]);
    cli.wait_until(&id, "under way", |status| done(status) >= 10);
    server.kill();
    cli.wait_until(&id, "waiting", |status| {
        status["job"]["message"].as_str().is_some_and(|message| message.contains("waiting for ClickHouse"))
    });
    let doctor = cli.run(&["doctor", "--plan-id", &id]).exits(0).stdout;
    assert!(doctor.contains("ClickHouse does not answer"), "{doctor}");
    server.restart();
    let end = running.end().exits(0).json();
    assert_eq!(end["job"]["verdict"], "exact");
    assert_exact(&server).await;
}
