//! Wrong inputs: each is refused before anything is begun, with exit code 2 and words that say what to do.

use std::fmt::Write as _;

use penstock_tests::cli::{Cli, plain};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample;

/// A plan of the sample, to which one wrong thing is added.
const GOOD: &str = "plan --source demo.events --target demo.events_by_time --from 2025-01-01 --to 2025-01-08";

/// Configuration lines, then the command.
const INPUTS: &[(&str, &str)] = &[
    ("", ""),
    ("", "paln"),
    ("", "plan"),
    ("", "plan --target events"),
    ("", "plan --target demo.events.more"),
    ("", "plan --source demo.events --target demo.events_by_time"),
    ("", "plan --source demo.events --target demo.events_by_time --from 2025-01-01"),
    ("", "plan --source demo.events --target demo.events_by_time --to 2025-01-01"),
    ("", "plan --source demo.events --target demo.events_by_time --from yesterday --to 2025-01-08"),
    ("", "plan --source demo.events --target demo.events_by_time --from 2025-02-30 --to 2025-03-08"),
    ("", "plan --source demo.events --target demo.events_by_time --from 2025-01-08 --to 2025-01-01"),
    ("", "plan --source demo.events --target demo.events_by_time --from 2025-01-01 --to 2025-03-01"),
    ("", "plan --source demo.nothing --target demo.events_by_time --from 2025-01-01 --to 2025-01-08"),
    ("", "plan --source demo.events --target demo.nothing --from 2025-01-01 --to 2025-01-08"),
    ("", "plan --source demo.events --target demo.events --from 2025-01-01 --to 2025-01-08"),
    ("", "plan --target demo.events_by_time --from 2025-01-01 --to 2025-01-08"),
    ("", "plan --source demo.events --target demo.daily_totals_mv --from 2025-01-01 --to 2025-01-08"),
    ("", "GOOD --chunk-hours 0"),
    ("", "GOOD --chunk-hours six"),
    ("", "GOOD --chunk-hours 0.1"),
    ("", "GOOD --chunk-hours 6 --max-chunk-bytes 1M"),
    ("", "GOOD --max-chunk-bytes 64MB"),
    ("", "GOOD --max-chunk-bytes 5"),
    ("", "GOOD --time-column tenant"),
    ("", "GOOD --time-column nothing"),
    ("", "GOOD --mode replay"),
    ("", "GOOD --mode view_replay"),
    ("", "GOOD --generation -1"),
    ("", "GOOD --config nowhere.toml"),
    ("", "GOOD --clickhouse-url ftp://127.0.0.1"),
    ("", "GOOD --state-dir penstock.toml"),
    ("", "run"),
    ("", "run --plan-id 12"),
    ("", "run --plan-id 0123456789abcdef"),
    ("", "run --plan-id 0123456789ABCDEF"),
    ("", "run --plan-id 0123456789abcdef --lanes 0"),
    ("", "run --plan-id 0123456789abcdef --lanes 65"),
    ("", "run --plan-id 0123456789abcdef --on-interrupt ignore"),
    ("", "resume --plan-id 0123456789abcdef"),
    ("", "status --plan-id 0123456789abcdef"),
    ("", "cancel --plan-id 0123456789abcdef"),
    ("", "receipt --plan-id 0123456789abcdef"),
    ("", "verify --plan-id 0123456789abcdef"),
    ("", "doctor --plan-id 0123456789abcdef"),
    ("", "submit"),
    ("", "submit --plan-id 0123456789abcdef --target demo.events"),
    ("", "job latest"),
    ("", "jobs --limit 0"),
    ("", "completions tcsh"),
    ("url = 5\n", "check"),
    ("paswword = \"hunter2\"\n", "config"),
    ("[defaults]\nchunk_hours = \"6\"\n", "check"),
    ("[defaults]\nchunk_hours = 6\nmax_chunk_bytes = \"1G\"\n", "check"),
    ("[defaults]\nrequire_idempotency_token = false\n", "check"),
    ("[policy]\nrequire_explicit_windows = true\n", "check"),
    ("[limits]\nmax_window_hours = -1\nmin_chunk_minutes = 1.5\n", "check"),
    ("[tables.events]\ntime_column = \"ts\"\n", "check"),
    ("this is no toml\n", "check"),
];

#[tokio::test]
async fn each_is_refused_with_words_that_help() {
    let server = ClickHouse::start();
    sample::install(&server, 10_000).await;
    let mut text = String::new();
    for (file, line) in INPUTS {
        let cli = Cli::configured(&format!("[clickhouse]\nurl = \"{}\"\n{file}", server.url()).replacen(
            "url = \"",
            if file.starts_with("url") { "# \"" } else { "url = \"" },
            1,
        ));
        let line = line.replace("GOOD", GOOD);
        let args: Vec<&str> = line.split_whitespace().collect();
        let done = cli.run(&args);
        assert_eq!(done.code, Some(2), "{line}: {done:?}");
        assert_eq!(done.stdout, "", "{line}");
        assert!(!cli.state("plans").exists() && !cli.state("runs").exists(), "{line}: nothing was begun");
        // With --json the same is said as a document.
        let document = cli.run(&[&args[..], &["--json"]].concat());
        assert!(document.json()["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{line}: {document:?}");
        assert!(!done.stderr.contains("hunter2"), "{}", done.stderr);
        for line in file.lines() {
            writeln!(text, "# {line}").unwrap();
        }
        writeln!(text, "$ penstock {line}\n{}", plain(&done.stderr, cli.folder())).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_fails_at_run_time_exits_1() {
    // Nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cli = Cli::on(&format!("http://127.0.0.1:{port}"));
    let line: Vec<&str> = GOOD.split_whitespace().collect();
    let away = cli.run(&line).exits(1);
    assert!(away.stderr.contains("ClickHouse does not answer") && away.stderr.contains("penstock config"), "{}", away.stderr);
    let server = format!("http://127.0.0.1:{port}");
    let away = cli.run(&["jobs", "--server", &server]).exits(1);
    assert!(away.stderr.contains("does not answer") && away.stderr.contains("PENSTOCK_SERVER"), "{}", away.stderr);
}

#[test]
fn help_and_completions_are_answers() {
    let cli = Cli::on("http://127.0.0.1:1");
    for command in [
        "plan",
        "run",
        "resume",
        "status",
        "cancel",
        "verify",
        "receipt",
        "doctor",
        "submit",
        "jobs",
        "job",
        "check",
        "config",
        "completions",
        "serve",
        "up",
    ] {
        let help = cli.run(&[command, "--help"]).exits(0);
        assert!(help.stdout.contains("Example:") && help.stdout.contains(&format!("penstock {command}")), "{}", help.stdout);
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(cli.run(&["completions", shell]).exits(0).stdout.contains("plan-id"));
    }
    assert!(cli.run(&["--version"]).exits(0).stdout.starts_with("penstock "));
}
