//! Starting, ending, dying, coming back.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clickhouse_embedded::{Engine, EngineSignal};

use crate::{ask, becomes_true, config, start};

const TABLE: &str = "CREATE TABLE kept.t (x UInt64) ENGINE = MergeTree ORDER BY x \
                     SETTINGS non_replicated_deduplication_window = 100";
const INSERT: &str = "INSERT INTO kept.t SETTINGS insert_deduplication_token = 'once', max_insert_threads = 1 \
                      SELECT number FROM numbers(1000)";

#[test]
fn starts_within_seconds_and_answers() {
    let dir = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let engine = start(dir.path());
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "took {took:?}");
    assert_eq!(ask(&engine, "SELECT 1"), "1");
    assert_eq!(ask(&engine, "SELECT timezone()"), "UTC");
    assert_eq!(engine.http_url(), format!("http://127.0.0.1:{}", engine.http_port()));
    assert_eq!(engine.user(), "default");
    eprintln!("ready after {} ms, version {}", took.as_millis(), ask(&engine, "SELECT version()"));
}

#[test]
fn data_query_log_and_dedup_log_outlive_a_kill_on_the_same_port() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = start(dir.path());
    ask(&first, "CREATE DATABASE kept");
    ask(&first, TABLE);
    ask(&first, INSERT);
    ask(&first, "SELECT 'needle in the log'");
    ask(&first, "SYSTEM FLUSH LOGS");
    let port = first.http_port();
    first.kill();

    let mut again = config(dir.path());
    again.http_port = port;
    let second = Engine::start(&again).unwrap();
    assert_eq!(second.http_port(), port);
    assert_eq!(ask(&second, "SELECT count() FROM kept.t"), "1000");
    ask(&second, INSERT);
    assert_eq!(ask(&second, "SELECT count() FROM kept.t"), "1000", "the token is remembered");
    let logged = "SELECT count() > 0 FROM system.query_log WHERE query LIKE '%needle%' AND type = 'QueryFinish'";
    assert_eq!(ask(&second, logged), "1");
    assert_eq!(ask(&second, "SELECT count() FROM system.part_log WHERE table = 't' AND event_type = 'NewPart' AND error = 0"), "1");
}

#[test]
fn stops_cleanly_and_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = start(dir.path());
    ask(&first, "CREATE DATABASE kept");
    ask(&first, TABLE);
    ask(&first, INSERT);
    let started = Instant::now();
    first.stop();
    assert!(started.elapsed() < Duration::from_secs(10), "took {:?}", started.elapsed());
    assert_eq!(ask(&start(dir.path()), "SELECT count() FROM kept.t"), "1000");
}

#[test]
fn a_signal_stops_it_and_a_paused_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = start(dir.path());
    engine.signal(EngineSignal::Pause);
    assert!(engine.is_running());
    engine.signal(EngineSignal::Continue);
    assert_eq!(ask(&engine, "SELECT 1"), "1");
    engine.signal(EngineSignal::Terminate);
    assert!(becomes_true(Duration::from_secs(10), || !engine.is_running()));
}

#[test]
fn dropping_it_frees_port_and_data() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(dir.path());
    let port = engine.http_port();
    drop(engine);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    start(dir.path());
}

const PARENT_VARIABLE: &str = "PENSTOCK_TEST_PARENT_OF";

/// The process that [`dies_with_its_parent`] kills: the same test, started once more with the variable set.
fn wait_to_be_killed(dir: &Path) {
    let engine = start(dir);
    eprintln!("port {}", engine.http_port());
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn dies_with_its_parent() {
    if let Some(dir) = std::env::var_os(PARENT_VARIABLE) {
        return wait_to_be_killed(dir.as_ref());
    }
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "life::dies_with_its_parent", "--nocapture"])
        .env(PARENT_VARIABLE, dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let port: u16 = BufReader::new(parent.stderr.take().unwrap())
        .lines()
        .find_map(|line| line.unwrap().strip_prefix("port ")?.parse().ok())
        .expect("the parent prints the port");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    parent.kill().unwrap();
    parent.wait().unwrap();
    let closed = becomes_true(Duration::from_secs(10), || TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(closed, "the engine on port {port} outlived its parent");
}
