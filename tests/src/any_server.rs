//! A ClickHouse for tests that should hold on every server: the one that `PENSTOCK_TEST_CLICKHOUSE_URL` names
//! (`http://user:password@host:8123`), else an embedded one. Each test works in a database of its own and drops it.
//!
//! `PENSTOCK_TEST_CLICKHOUSE_ENGINE` names the tables' engine, as it stands behind `ENGINE =`: by default `MergeTree`;
//! on a server with a keeper `ReplicatedMergeTree('/penstock/{uuid}', '{replica}')`.

use crate::clickhouse::ClickHouse;

/// The server, and a database on it.
pub struct AnyServer {
    /// The database.
    pub database: String,
    /// The tables' engine.
    pub engine: String,
    embedded: Option<ClickHouse>,
    http: reqwest::Client,
    password: String,
    url: String,
    user: String,
}

impl AnyServer {
    /// Makes the database.
    pub async fn start(name: &str) -> Self {
        let given = std::env::var("PENSTOCK_TEST_CLICKHOUSE_URL").ok();
        let embedded = given.is_none().then(ClickHouse::start);
        let url = given.or_else(|| embedded.as_ref().map(ClickHouse::url)).unwrap_or_default();
        let mut url = reqwest::Url::parse(&url).expect("PENSTOCK_TEST_CLICKHOUSE_URL is an address");
        let user = if url.username().is_empty() { "default".to_owned() } else { url.username().to_owned() };
        let password = url.password().unwrap_or_default().to_owned();
        let bare = url.set_username("").and_then(|()| url.set_password(None));
        bare.expect("an address over HTTP");
        let server = Self {
            database: format!("penstock_{name}_{}", std::process::id()),
            engine: std::env::var("PENSTOCK_TEST_CLICKHOUSE_ENGINE").unwrap_or_else(|_| "MergeTree".into()),
            embedded,
            http: reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client"),
            password,
            url: url.as_str().trim_end_matches('/').to_owned(),
            user,
        };
        server.query("CREATE DATABASE $db").await;
        server
    }

    /// Its address, without user and password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What a service needs to work as the same user.
    pub fn environment(&self) -> [(&str, &str); 2] {
        [("PENSTOCK_CLICKHOUSE_USER", &self.user), ("PENSTOCK_CLICKHOUSE_PASSWORD", &self.password)]
    }

    /// Runs one statement; `$db` and `$engine` stand for the database and the tables' engine.
    pub async fn query(&self, sql: &str) -> String {
        let sql = sql.replace("$db", &self.database).replace("$engine", &self.engine);
        let call =
            self.http.post(&self.url).header("X-ClickHouse-User", &self.user).header("X-ClickHouse-Key", &self.password).body(sql.clone());
        let answer = call.send().await.unwrap_or_else(|error| panic!("{error}"));
        let fine = answer.status().is_success();
        let text = answer.text().await.unwrap_or_default();
        assert!(fine, "{text}\n{sql}");
        text
    }

    /// Count, sum and xor of the hashes of a query's rows.
    pub async fn fingerprint(&self, select: &str) -> String {
        self.query(&format!("SELECT count(), sum(h), groupBitXor(h) FROM (SELECT cityHash64(tuple(*)) AS h FROM ({select}))")).await
    }

    /// Drops the database.
    pub async fn end(self) {
        self.query("DROP DATABASE $db SYNC").await;
        drop(self.embedded);
    }
}
