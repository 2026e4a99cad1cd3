//! One request, one answer. Nothing is repeated here: whether a repeat is safe is not the client's to say.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fleet::{Away, Fleet};
use crate::config::ClickHouse;

/// The ClickHouse that the service works on: one server, or several that hold the same tables.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    config: Arc<ClickHouse>,
    pub(super) fleet: Arc<Fleet>,
    name: String,
    /// The server that is asked; none for the first that answers.
    pinned: Option<usize>,
    /// Goes with every statement.
    settings: Vec<(String, String)>,
}

/// How often the server is asked whether it still knows a query whose answer takes long.
const VANISHED_EVERY: Duration = Duration::from_secs(8);

/// One statement to send.
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    sql: &'a str,
    arguments: Vec<(String, String)>,
    timeout: Option<Duration>,
}

impl<'a> Query<'a> {
    /// A statement with no limit on its time.
    pub fn new(sql: &'a str) -> Self {
        Self { sql, arguments: Vec::new(), timeout: None }
    }

    /// The statement's text.
    pub(super) fn sql(&self) -> &'a str {
        self.sql
    }

    /// The same with another text.
    pub(super) fn reworded<'b>(&self, sql: &'b str) -> Query<'b> {
        Query { sql, arguments: self.arguments.clone(), timeout: self.timeout }
    }

    /// Value of `{name:Type}` in the statement; bound by the server, never part of the text.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        // The server reads parameters in its escaped text form.
        let mut escaped = String::with_capacity(value.len());
        for c in value.chars() {
            match c {
                '\\' => escaped.push_str("\\\\"),
                '\t' => escaped.push_str("\\t"),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\0' => escaped.push_str("\\0"),
                _ => escaped.push(c),
            }
        }
        self.arguments.push((format!("param_{name}"), escaped));
        self
    }

    /// Value of an `Array(String)` parameter.
    #[must_use]
    pub fn param_list<'v>(mut self, name: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let quoted: Vec<String> = values.into_iter().map(planner_core::sql::literal::string).collect();
        self.arguments.push((format!("param_{name}"), format!("[{}]", quoted.join(","))));
        self
    }

    /// A setting.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.arguments.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Settings.
    #[must_use]
    pub fn settings(mut self, settings: &BTreeMap<String, String>) -> Self {
        self.arguments.extend(settings.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Gives up waiting for the answer after this time. The statement may go on on the server.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }
}

/// A complete answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// What the server counted.
    pub summary: Summary,
}

/// `X-ClickHouse-Summary`. Counts rows that deduplication dropped, too: no evidence of anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Rows read.
    #[serde(deserialize_with = "lenient")]
    pub read_rows: u64,
    /// Rows written.
    #[serde(deserialize_with = "lenient")]
    pub written_rows: u64,
    /// Bytes written.
    #[serde(deserialize_with = "lenient")]
    pub written_bytes: u64,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The request did not leave: no connection.
    NotSent(String),
    /// The request left, or may have left; the answer did not come.
    Lost(String),
    /// The server answered with an exception.
    Exception {
        /// Its code.
        code: i32,
        /// Its words.
        message: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(reason) => write!(f, "no connection: {reason}"),
            Self::Lost(reason) => write!(f, "answer lost: {reason}"),
            Self::Exception { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Failure {}

impl Client {
    /// A client. Fails when no TLS can be set up.
    pub fn new(config: ClickHouse) -> Result<Self, String> {
        let (http, fleet) = (connections(&config, true)?, Arc::new(Fleet::new(config.urls.len())));
        Ok(Self { http, fleet, name: config.name(), config: Arc::new(config), pinned: None, settings: Vec::new() })
    }

    /// The same, whose connections serve one request each: behind one address, another server may answer each time.
    pub(super) fn unpooled(&self) -> Result<Self, String> {
        Ok(Self { http: connections(&self.config, false)?, ..self.clone() })
    }

    /// The address or addresses, without user and password.
    pub fn url(&self) -> &str {
        &self.name
    }

    /// How it is reached.
    pub(super) fn config(&self) -> &ClickHouse {
        &self.config
    }

    /// Whether more than one server may run what is sent.
    pub fn is_several(&self) -> bool {
        self.config.urls.len() > 1 || self.config.cluster.is_some()
    }

    /// A server that does not answer, and whether none does.
    pub fn missing(&self) -> Option<(Away, bool)> {
        self.fleet.missing()
    }

    /// The server whose turn it is to be sent something; none where there is one address.
    pub fn next_server(&self) -> Option<usize> {
        (self.config.urls.len() > 1).then(|| self.fleet.next())
    }

    /// Address of a server of the list.
    pub fn url_of(&self, server: usize) -> Option<String> {
        self.config.urls.get(server).map(ToString::to_string)
    }

    /// Whether what runs on a server can be seen: its address is in the list, or its cluster is asked.
    pub fn reaches(&self, url: &str) -> bool {
        self.config.cluster.is_some() || self.config.urls.iter().any(|known| known.as_str() == url)
    }

    /// The same, asking one server: this one, or the one that is read from right now.
    #[must_use]
    pub fn at(&self, server: Option<usize>) -> Self {
        Self { pinned: Some(server.unwrap_or_else(|| self.fleet.reader())), ..self.clone() }
    }

    /// The same with a setting of every statement.
    #[must_use]
    pub(super) fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks those that do not answer whether they do by now.
    pub(super) async fn look_for_the_missing(&self) {
        for server in self.fleet.silent() {
            // Whether it answers is noted; what it says is for the statement that matters to find out.
            let _ = self.at(Some(server)).query(Query::new("SELECT 1").timeout(Duration::from_secs(5))).await;
        }
        if self.fleet.has_gap() {
            let _ = self.clocks().await;
        }
    }

    /// Sends a statement and waits for its end.
    pub async fn query(&self, query: Query<'_>) -> Result<Answer, Failure> {
        let server = self.pinned.unwrap_or_else(|| self.fleet.reader());
        let Some(url) = self.config.urls.get(server) else { return Err(Failure::NotSent("no such server".into())) };
        let answer = self.send(url.clone(), query).await;
        match &answer {
            Ok(_) | Err(Failure::Exception { .. }) => self.fleet.answered(server),
            Err(Failure::NotSent(words) | Failure::Lost(words)) => self.fleet.lost(server, url.as_str(), words),
        }
        let named = |words: String| if self.config.urls.len() > 1 { format!("{url} {words}") } else { words };
        answer.map_err(|failure| match failure {
            Failure::NotSent(words) => Failure::NotSent(named(words)),
            Failure::Lost(words) => Failure::Lost(named(words)),
            exception @ Failure::Exception { .. } => exception,
        })
    }

    async fn send(&self, url: reqwest::Url, query: Query<'_>) -> Result<Answer, Failure> {
        let mut arguments = query.arguments;
        arguments.extend(self.settings.iter().cloned());
        // Errors then come with their status, not in the middle of a text that began well.
        arguments.push(("wait_end_of_query".into(), "1".into()));
        let mut request = self.http.post(url).query(&arguments).body(query.sql.to_owned());
        if let Some(timeout) = query.timeout {
            request = request.timeout(timeout);
        }
        let response = request.send().await.map_err(failure)?;
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let code = header("x-clickhouse-exception-code").and_then(|code| code.parse::<i32>().ok());
        let summary = header("x-clickhouse-summary").and_then(|summary| serde_json::from_str(&summary).ok()).unwrap_or_default();
        let bytes = response.bytes().await.map_err(failure)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if status.is_success() && code.is_none() {
            return Ok(Answer { text, summary });
        }
        match code.or_else(|| code_in(&text)) {
            Some(code) => Err(Failure::Exception { code, message: text.trim().to_owned() }),
            // Something between us and the server answered: nothing is known.
            None => Err(Failure::Lost(format!("HTTP status {status}: {}", text.chars().take(300).collect::<String>().trim()))),
        }
    }

    /// Sends a statement that may take as long as it likes, and that may be repeated. An answer that does not come is
    /// given up once the server has not shown the query for a while: a connection can be open and dead.
    pub async fn patient(&self, query: Query<'_>) -> Result<Answer, Failure> {
        let id = format!("penstock-question-{}", crate::clock::random_id());
        let one = self.at(self.pinned);
        let answer = one.query(query.setting("query_id", &id));
        tokio::select! {
            biased;
            answer = answer => answer,
            () = one.vanished(&id) => Err(Failure::Lost("the server does not know the query any more".into())),
        }
    }

    /// Waits until the server has not shown a query twice in a row.
    async fn vanished(&self, id: &str) {
        let mut missing = 0;
        while missing < 2 {
            tokio::time::sleep(VANISHED_EVERY).await;
            missing = match self.is_running_here(id).await {
                // Not to be told, for want of memory or of a right, says nothing about this query.
                Ok(true) | Err(Failure::Exception { .. }) => 0,
                Ok(false) | Err(Failure::NotSent(_) | Failure::Lost(_)) => missing + 1,
            };
        }
    }

    /// Sends a statement that ends in `FORMAT JSONEachRow` and reads its rows.
    pub async fn rows<T: DeserializeOwned>(&self, query: Query<'_>) -> Result<Vec<T>, Failure> {
        read_rows(&self.query(query).await?)
    }

    /// The same for a statement that may take long; see [`Client::patient`].
    pub async fn patient_rows<T: DeserializeOwned>(&self, query: Query<'_>) -> Result<Vec<T>, Failure> {
        read_rows(&self.patient(query).await?)
    }
}

/// Connections that carry user and password.
fn connections(config: &ClickHouse, pooled: bool) -> Result<reqwest::Client, String> {
    let mut headers = HeaderMap::new();
    let mut secret =
        HeaderValue::from_str(config.password.expose()).map_err(|_| "the ClickHouse password holds characters that no header can carry")?;
    secret.set_sensitive(true);
    headers.insert(HeaderName::from_static("x-clickhouse-key"), secret);
    let user = HeaderValue::from_str(&config.user).map_err(|_| "the ClickHouse user holds characters that no header can carry")?;
    headers.insert(HeaderName::from_static("x-clickhouse-user"), user);
    if let Some(database) = &config.database {
        let database = HeaderValue::from_str(database).map_err(|_| "the ClickHouse database holds characters that no header can carry")?;
        headers.insert(HeaderName::from_static("x-clickhouse-database"), database);
    }
    let mut http = reqwest::Client::builder();
    if !pooled {
        http = http.pool_max_idle_per_host(0);
    }
    http.default_headers(headers)
        .user_agent(concat!("penstock/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        // A connection whose other end vanished without a word is noticed within half a minute.
        .tcp_keepalive(Duration::from_secs(15))
        .tcp_keepalive_interval(Duration::from_secs(5))
        .tcp_keepalive_retries(3)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()
        .map_err(|error| words(&error.without_url()))
}

fn read_rows<T: DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, Failure> {
    answer
        .text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let unexpected =
                |error| Failure::Exception { code: 0, message: format!("an answer that is not as expected ({error}): {line:.200}") };
            serde_json::from_str(line).map_err(unexpected)
        })
        .collect()
}

/// Whether the request may have left decides everything that follows.
fn failure(error: reqwest::Error) -> Failure {
    let connect = error.is_connect();
    let words = words(&error.without_url());
    if connect { Failure::NotSent(words) } else { Failure::Lost(words) }
}

/// An error with its causes, in one line.
fn words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// `Code: 241. DB::Exception: …`, for servers and proxies that drop the header.
fn code_in(text: &str) -> Option<i32> {
    text.trim_start().strip_prefix("Code: ")?.split('.').next()?.parse().ok()
}

/// Reads an unsigned number that may stand in quotes.
pub fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(u64),
        Quoted(String),
    }
    match Number::deserialize(deserializer)? {
        Number::Plain(number) => Ok(number),
        Number::Quoted(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_the_text_where_the_header_is_missing() {
        assert_eq!(code_in("Code: 241. DB::Exception: Memory limit"), Some(241));
        assert_eq!(code_in("<html>502 Bad Gateway</html>"), None);
    }

    #[test]
    fn summaries_carry_numbers_in_quotes() {
        let summary: Summary = serde_json::from_str(r#"{"read_rows":"10","written_rows":20,"elapsed_ns":"5"}"#).unwrap();
        assert_eq!((summary.read_rows, summary.written_rows, summary.written_bytes), (10, 20, 0));
    }

    #[tokio::test]
    async fn a_refused_connection_is_known_not_to_have_been_sent_and_shows_no_secret() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = reqwest::Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let config = ClickHouse {
            urls: vec![url],
            cluster: None,
            user: "default".into(),
            password: crate::config::Secret::new("hunter2"),
            database: None,
        };
        let failure = Client::new(config).unwrap().query(Query::new("SELECT 1")).await.unwrap_err();
        assert!(matches!(&failure, Failure::NotSent(words) if !words.contains("hunter2")), "{failure:?}");
    }

    #[tokio::test]
    async fn a_connection_closed_without_an_answer_is_a_lost_answer() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = reqwest::Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let accepted = tokio::spawn(async move {
            let mut accepted = 0;
            while let Ok(Ok((socket, _))) = tokio::time::timeout(Duration::from_millis(500), listener.accept()).await {
                accepted += 1;
                socket.readable().await.unwrap();
                drop(socket);
            }
            accepted
        });
        let config = ClickHouse {
            urls: vec![url],
            cluster: None,
            user: "default".into(),
            password: crate::config::Secret::default(),
            database: None,
        };
        let failure = Client::new(config).unwrap().query(Query::new("INSERT INTO t SELECT 1")).await.unwrap_err();
        assert!(matches!(failure, Failure::Lost(_)), "{failure:?}");
        assert_eq!(accepted.await.unwrap(), 1, "an INSERT must never be repeated by the HTTP client");
    }
}
