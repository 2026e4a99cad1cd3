//! One query over HTTP, without a client library: enough to prove readiness and for tests.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::error::EngineError;

/// Who asks where.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) port: u16,
    pub(crate) user: &'static str,
    pub(crate) password: String,
}

/// Sends `sql` as a body and returns the answer's body. HTTP/1.0, so that the answer is one piece up to its end.
pub(crate) fn query(endpoint: &Endpoint, sql: &str, timeout: Duration) -> Result<String, EngineError> {
    let answer = exchange(endpoint, sql, timeout).map_err(EngineError::io("ask ClickHouse"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    if status == 200 && !head.contains("\r\nX-ClickHouse-Exception-Code:") {
        Ok(body.to_owned())
    } else {
        Err(EngineError::Query { status, message: body.trim().to_owned() })
    }
}

fn exchange(endpoint: &Endpoint, sql: &str, timeout: Duration) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, endpoint.port));
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    write!(
        stream,
        "POST / HTTP/1.0\r\nX-ClickHouse-User: {}\r\nX-ClickHouse-Key: {}\r\nContent-Length: {}\r\n\r\n{sql}",
        endpoint.user,
        endpoint.password,
        sql.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
