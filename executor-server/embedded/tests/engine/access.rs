//! Who can reach it, and what it can reach.

use std::net::{IpAddr, TcpStream, UdpSocket};

use clickhouse_embedded::Engine;

use crate::{ask, config, refusal, start};

/// The address of this machine on its network, without sending anything.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[test]
fn answers_on_loopback_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.tcp_port = Some(0);
    let engine = Engine::start(&config).unwrap();
    let Some(address) = own_address() else {
        eprintln!("this machine has no other address");
        return;
    };
    for port in [engine.http_port(), engine.tcp_port().unwrap()] {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert!(TcpStream::connect((address, port)).is_err(), "reachable at {address}:{port}");
    }
}

#[test]
fn external_sources_are_withheld_unless_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let passwd = "SELECT count() > 0 FROM file('/etc/passwd', LineAsString)";
    let engine = start(dir.path());
    for sql in [
        passwd,
        "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
        "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', LineAsString)",
        "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
        "INSERT INTO FUNCTION file('/tmp/penstock-must-not-exist', LineAsString) VALUES ('x')",
        "CREATE DICTIONARY d (k UInt64, v String) PRIMARY KEY k SOURCE(FILE(path '/etc/passwd' format 'TSV')) \
         LAYOUT(FLAT()) LIFETIME(0)",
        "CREATE TABLE t (x String) ENGINE = URL('http://127.0.0.1:1/', LineAsString)",
        "CREATE TABLE t (x String) ENGINE = File(LineAsString, '/etc/passwd')",
        "CREATE TEMPORARY TABLE t (x String) ENGINE = File(LineAsString, '/etc/passwd')",
        "CREATE DATABASE etc ENGINE = Filesystem('/etc')",
        "BACKUP DATABASE system TO S3('http://127.0.0.1:1/bucket/key')",
    ] {
        let error = refusal(&engine, sql);
        assert!(error.contains("ACCESS_DENIED"), "{sql}: {error}");
    }
    ask(&engine, "CREATE DATABASE mine");
    ask(&engine, "CREATE TABLE mine.t ENGINE = MergeTree ORDER BY number AS SELECT number FROM numbers(10)");
    ask(&engine, "CREATE MATERIALIZED VIEW mine.v ENGINE = SummingMergeTree ORDER BY n AS SELECT number AS n FROM mine.t");
    ask(&engine, "CREATE TEMPORARY TABLE scratch (x UInt8)");
    drop(engine);

    let mut open = config(dir.path());
    open.allow_external_sources = true;
    assert_eq!(ask(&Engine::start(&open).unwrap(), passwd), "1");
}

#[test]
fn a_password_is_needed_once_one_is_set() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.password = Some("öpen & <sesame>".to_owned());
    let engine = Engine::start(&config).unwrap();
    assert_eq!(engine.user(), "penstock");
    assert_eq!(ask(&engine, "SELECT currentUser()"), "penstock");

    for (user, key) in [("default", ""), ("default", "öpen & <sesame>"), ("penstock", ""), ("penstock", "wrong")] {
        for sql in ["SELECT count() FROM system.tables", "SYSTEM STOP LISTEN HTTP", "CREATE DATABASE theirs"] {
            let status = status_of(engine.http_port(), user, key, sql);
            assert!(status >= 400, "{user}/{key} may run {sql}: {status}");
        }
    }
    assert_eq!(ask(&engine, "SELECT 1"), "1", "still listening");
}

fn status_of(port: u16, user: &str, key: &str, sql: &str) -> u16 {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = sql.len();
    let head = format!("POST / HTTP/1.0\r\nX-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {key}");
    write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{sql}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
