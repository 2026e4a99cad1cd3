//! Replicas for tests that need a Keeper, which the embedded ClickHouse has not: the servers that
//! `PENSTOCK_TEST_CLICKHOUSE_URLS` names (`http://user:password@a:8123,http://user:password@b:8123`), each with the macro
//! `{replica}`. Without them such a test says that it was not run. Each works in a database of its own and drops it.

use reqwest::Url;

/// The servers, with a database of the same name on each.
pub struct AnyCluster {
    /// The database.
    pub database: String,
    http: reqwest::Client,
    password: String,
    urls: Vec<Url>,
    user: String,
}

impl AnyCluster {
    /// Makes the database; none where no servers are named.
    pub async fn start(name: &str) -> Option<Self> {
        let Ok(given) = std::env::var("PENSTOCK_TEST_CLICKHOUSE_URLS") else {
            eprintln!("NOT RUN: {name} needs replicas; name them in PENSTOCK_TEST_CLICKHOUSE_URLS");
            return None;
        };
        let mut urls: Vec<Url> =
            given.split(',').map(|url| Url::parse(url.trim()).expect("PENSTOCK_TEST_CLICKHOUSE_URLS are addresses")).collect();
        let first = urls.first().expect("at least one address").clone();
        let user = if first.username().is_empty() { "default".to_owned() } else { first.username().to_owned() };
        let password = first.password().unwrap_or_default().to_owned();
        for url in &mut urls {
            url.set_username("").and_then(|()| url.set_password(None)).expect("an address over HTTP");
        }
        let database = format!("penstock_{name}_{}", std::process::id());
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        let cluster = Self { database, http, password, urls, user };
        cluster.everywhere("CREATE DATABASE $db").await;
        Some(cluster)
    }

    /// Number of servers.
    pub fn servers(&self) -> usize {
        self.urls.len()
    }

    /// Addresses of some of them, as the configuration takes them.
    pub fn urls(&self, servers: &[usize]) -> String {
        servers.iter().map(|server| self.urls[*server].as_str().trim_end_matches('/')).collect::<Vec<_>>().join(",")
    }

    /// What a service needs to work as the same user.
    pub fn environment(&self) -> [(&str, &str); 2] {
        [("PENSTOCK_CLICKHOUSE_USER", &self.user), ("PENSTOCK_CLICKHOUSE_PASSWORD", &self.password)]
    }

    /// Engine of a table that all of them replicate.
    pub fn engine(&self, table: &str) -> String {
        format!("ReplicatedMergeTree('/penstock/{}/{table}', '{{replica}}')", self.database)
    }

    /// Runs one statement on one of them; `$db` stands for the database.
    pub async fn query(&self, server: usize, sql: &str) -> String {
        let sql = sql.replace("$db", &self.database);
        let call = self.http.post(self.urls[server].clone()).header("X-ClickHouse-User", &self.user);
        let answer =
            call.header("X-ClickHouse-Key", &self.password).body(sql.clone()).send().await.unwrap_or_else(|error| panic!("{error}"));
        let fine = answer.status().is_success();
        let text = answer.text().await.unwrap_or_default();
        assert!(fine, "{text}\n{sql}");
        text.trim().to_owned()
    }

    /// Runs one statement on each.
    pub async fn everywhere(&self, sql: &str) {
        for server in 0..self.servers() {
            self.query(server, sql).await;
        }
    }

    /// Count, sum and xor of the hashes of a table's rows, as one of them has them.
    pub async fn fingerprint(&self, server: usize, table: &str) -> String {
        self.query(server, &format!("SYSTEM SYNC REPLICA $db.{table}")).await;
        let rows = format!("SELECT cityHash64(tuple(*)) AS h FROM $db.{table}");
        self.query(server, &format!("SELECT count(), sum(h), groupBitXor(h) FROM ({rows})")).await
    }

    /// Drops the database.
    pub async fn end(self) {
        self.everywhere("DROP DATABASE $db SYNC").await;
    }
}
