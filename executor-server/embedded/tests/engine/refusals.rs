//! What cannot start says why.

use std::net::TcpListener;
use std::path::Path;

use clickhouse_embedded::{Engine, EngineConfig, EngineError, find_library};

use crate::{ask, config, start};

fn error(config: &EngineConfig) -> EngineError {
    Engine::start(config).map_or_else(|error| error, |engine| panic!("it started on {}", engine.http_url()))
}

#[test]
fn a_second_one_on_the_same_data_names_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let first = start(dir.path());
    let error = error(&config(dir.path()));
    assert!(matches!(error, EngineError::DataDirInUse { .. }), "{error}");
    assert!(error.to_string().contains(&format!("PID: {}", first.pid())), "{error}");
    assert_eq!(ask(&first, "SELECT 1"), "1", "the first is not disturbed");
}

#[test]
fn a_port_in_use_is_named_for_http_and_tcp() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut config = config(dir.path());
    config.http_port = port;
    check_port(&error(&config), port);
    config.http_port = 0;
    config.tcp_port = Some(port);
    check_port(&error(&config), port);
}

fn check_port(error: &EngineError, expected: u16) {
    assert!(matches!(error, EngineError::PortInUse { port, .. } if *port == expected), "{error}");
    assert!(error.to_string().contains("Address already in use"), "{error}");
}

#[test]
fn a_file_that_is_no_library_is_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.library = dir.path().join("not-a-library.so");
    std::fs::write(&config.library, "text").unwrap();
    let error = error(&config).to_string();
    assert!(error.contains("cannot load") && error.contains("not-a-library.so"), "{error}");
}

#[test]
fn a_configuration_it_cannot_read_is_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.macros.insert("not an element".to_owned(), String::new());
    let error = error(&config);
    assert!(matches!(error, EngineError::DidNotStart { .. }), "{error}");
    assert!(error.to_string().contains("config.xml"), "{error}");
}

#[test]
fn a_missing_library_says_how_to_get_it() {
    let nowhere = Path::new("/nonexistent/libchdb.so");
    let error = find_library(Some(nowhere), Path::new(".")).unwrap_err().to_string();
    assert!(error.contains("cargo xtask setup") && error.contains("/nonexistent/libchdb.so"), "{error}");
}
