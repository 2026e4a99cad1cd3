//! Plans that are handed to a service.

use std::fmt::Write as _;

use executor_api::receipt::Receipt;
use penstock_tests::cli::{Cli, fields};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample;
use penstock_tests::service::Service;
use serde_json::{Value, json};

const WEEK: [&str; 8] = ["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-01", "--to", "2025-01-08"];

async fn start() -> (ClickHouse, Service, Cli) {
    let server = ClickHouse::start();
    sample::install(&server, 100_000).await;
    let service = Service::start(&server.url()).await;
    let cli = Cli::configured(&format!(
        "server = \"{}\"\n[clickhouse]\nurl = \"{}\"\n[defaults]\ndedup = \"content_only\"\n",
        service.url(),
        server.url()
    ));
    (server, service, cli)
}

/// What two runs of one plan have in common.
fn proof(receipt: Value) -> Value {
    let receipt: Receipt = serde_json::from_value(receipt).unwrap();
    let mut proof = serde_json::to_value(receipt).unwrap();
    for own in ["digest", "finished_at", "job"] {
        proof.as_object_mut().unwrap().remove(own);
    }
    proof
}

#[tokio::test]
async fn the_service_reaches_the_same_digest_and_the_same_receipt() {
    let (server, _service, cli) = start().await;
    let planned = cli.run(&[&["plan", "--json"], &WEEK[..]].concat()).exits(0).json();
    let id = planned["plan_id"].as_str().unwrap();
    cli.run(&["run", "--plan-id", id]).exits(0);
    let local: Value = cli.run(&["receipt", "--json", "--plan-id", id]).exits(0).json();
    server.query("TRUNCATE TABLE demo.events_by_time").await;

    let submitted = cli.run(&["submit", "--json", "--plan-id", id, "--title", "again", "--reason", "a test", "--wait"]).exits(0).json();
    assert_eq!(submitted["digest"], planned["digest"]);
    assert_eq!((submitted["job"]["verdict"].as_str(), submitted["job"]["title"].as_str()), (Some("exact"), Some("again")));
    let job = submitted["job"]["id"].as_str().unwrap();
    assert!(submitted["url"].as_str().unwrap().ends_with(&format!("/jobs/{job}")));
    let theirs = cli.run(&["job", "--json", job]).exits(0).json();
    assert_eq!(proof(theirs["receipt"].clone()), proof(local));

    let listed = cli.run(&["jobs", "--json", "--state", "completed", "--table", "demo.events_by_time"]).exits(0).json();
    assert_eq!((&listed["jobs"][0]["id"], listed["jobs"].as_array().unwrap().len()), (&json!(job), 1));
    assert_eq!(cli.run(&["jobs", "--state", "running"]).exits(0).stdout, "no jobs\n");
    assert!(cli.run(&["jobs"]).exits(0).stdout.contains("completed"));
    assert_eq!(cli.run(&["jobs", "--state", "gone"]).exits(2).stdout, "");
    let followed = cli.run(&["job", job, "--follow"]).exits(0);
    assert!(followed.stdout.contains("each exactly once"), "{}", followed.stdout);
    assert!(cli.run(&["job", "0123456789abcdef"]).exits(2).stderr.contains("there is no job"));
}

#[tokio::test]
async fn what_was_not_looked_at_or_has_changed_is_not_handed_over() {
    let (server, _service, cli) = start().await;
    let refused = cli.run(&[&["submit", "--json"], &WEEK[..]].concat()).exits(2).json();
    assert_eq!(refused["error"]["code"], "dry-run-missing");
    let id = cli.plan(&WEEK);
    server.query("ALTER TABLE demo.events_by_time DROP COLUMN note").await;
    let refused = cli.run(&["submit", "--json", "--plan-id", &id]).exits(2).json();
    assert_eq!((&refused["error"]["code"], refused["error"]["details"].as_array().unwrap().len()), (&json!("digest-mismatch"), 2));
    assert_eq!(cli.run(&["jobs", "--json"]).exits(0).json()["jobs"], json!([]), "nothing was handed over");
    // Planned and looked at again: the options are enough.
    cli.run(&[&["plan", "--force"], &WEEK[..]].concat()).exits(0);
    let submitted = cli.run(&[&["submit", "--json"], &WEEK[..]].concat()).exits(0).json();
    let job = submitted["job"]["id"].as_str().unwrap();
    cli.run(&["job", job, "--follow"]).exits(0);
}

#[tokio::test]
async fn a_service_that_wants_a_token_is_told_it_and_nobody_else_is() {
    let server = ClickHouse::start();
    sample::install(&server, 10_000).await;
    let token = "only-for-this-test-0123456789";
    let service = Service::start_with(&server.url(), &[("PENSTOCK_TOKEN", token)]).await;
    let cli = Cli::configured(&format!("server = \"{}\"\n", service.url()));
    assert!(cli.run(&["jobs"]).exits(2).stderr.contains("wants a token"));
    let with = |token: &str| {
        let output = cli.command(&["jobs", "--json"]).env("PENSTOCK_TOKEN", token).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, words) = with("another-token-0123456789");
    assert!(code == Some(2) && words.contains("another token") && !words.contains("0123456789"), "{words}");
    assert_eq!(with(token).0, Some(0));
}

#[tokio::test]
async fn every_document_keeps_its_fields() {
    let (_server, _service, cli) = start().await;
    let plan = [&["plan", "--json"], &WEEK[..]].concat();
    let planned = cli.run(&plan).exits(0).json();
    let id = planned["plan_id"].as_str().unwrap();
    let never_run = cli.run(&["doctor", "--json", "--plan-id", id]).exits(0).json();
    let submitted = cli.run(&["submit", "--json", "--plan-id", id, "--wait"]).exits(0).json();
    let job = submitted["job"]["id"].as_str().unwrap().to_owned();
    let mut text = format!("== plan\n{}\n== doctor\n{}\n== submit\n{}\n", fields(&planned), fields(&never_run), fields(&submitted));
    let other = cli.run(&[
        "plan",
        "--json",
        "--source",
        "demo.events",
        "--target",
        "demo.events_by_tenant",
        "--from",
        "2025-01-01",
        "--to",
        "2025-01-03",
    ]);
    let other = other.exits(0).json()["plan_id"].as_str().unwrap().to_owned();
    for args in [
        vec!["jobs", "--json"],
        vec!["job", "--json", &job],
        vec!["run", "--json", "--plan-id", &other],
        vec!["resume", "--json", "--plan-id", &other],
        vec!["cancel", "--json", "--plan-id", &other],
        vec!["verify", "--json", "--plan-id", &other],
        vec!["receipt", "--json", "--plan-id", &other],
        vec!["status", "--json", "--plan-id", &other],
        vec!["check", "--json"],
        vec!["config", "--json"],
    ] {
        let document = cli.run(&args).json();
        writeln!(text, "== {}\n{}", args[0], fields(&document)).unwrap();
    }
    insta::assert_snapshot!(text);
}
