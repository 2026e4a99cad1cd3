//! Three ClickHouse processes that form a cluster. The first holds the tables; on the others tables of the same name lead
//! there, so that a statement means the same wherever it is sent. (Replicated tables need a Keeper, which libchdb has not.)

use std::net::TcpListener;
use std::time::Duration;

use clickhouse_embedded::{ClusterConfig, ClusterNode};

use crate::clickhouse::ClickHouse;

/// Name of the cluster of all three.
pub const CLUSTER: &str = "trio";

const COLUMNS: &str = "id UInt64, ts DateTime64(3, 'UTC'), tenant LowCardinality(String), note Nullable(String)";

/// The processes; the first holds the tables.
pub struct Trio {
    /// All three.
    pub nodes: Vec<ClickHouse>,
    ports: Vec<u16>,
}

impl Trio {
    /// Starts three empty ones.
    pub fn start() -> Self {
        let listeners: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a free port")).collect();
        let ports: Vec<u16> = listeners.iter().filter_map(|listener| Some(listener.local_addr().ok()?.port())).collect();
        drop(listeners);
        let shard = |port: &u16| vec![ClusterNode { host: "127.0.0.1".into(), tcp_port: *port }];
        let cluster = |name: &str, ports: &[u16]| ClusterConfig {
            name: name.into(),
            secret: "shared".into(),
            shards: ports.iter().map(shard).collect(),
        };
        let clusters = [cluster(CLUSTER, &ports), cluster("home", &ports[..1])];
        let nodes = ports.iter().map(|port| {
            ClickHouse::start_with(|config| {
                config.tcp_port = Some(*port);
                config.clusters = clusters.to_vec();
            })
        });
        Self { nodes: nodes.collect(), ports }
    }

    /// Does some work while it watches over the nodes that should run: libchdb, other than a server, ends itself when a peer
    /// resets a connection, as those do that were asked together with one that is away.
    pub async fn watching<T>(&mut self, nodes: &[usize], work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
            for node in nodes {
                self.nodes[*node].watch_over();
            }
        }
    }

    /// Addresses of all, as the configuration takes them.
    pub fn urls(&self) -> String {
        self.nodes.iter().map(ClickHouse::url).collect::<Vec<_>>().join(",")
    }

    /// How the cluster calls a node.
    pub fn host(&self, node: usize) -> String {
        format!("127.0.0.1:{}", self.ports[node])
    }

    /// A source of `rows` rows over eight days and an empty target that takes 20 µs a row.
    pub async fn install(&self, rows: u64) {
        let home = &self.nodes[0];
        for node in &self.nodes {
            node.query("CREATE DATABASE app").await;
        }
        home.query(&format!("CREATE TABLE app.events ({COLUMNS}) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (tenant, ts)"))
            .await;
        home.query(&format!(
            "CREATE TABLE app.copy ({COLUMNS}, pause UInt8 MATERIALIZED sleepEachRow(0.00002)) ENGINE = MergeTree \
             PARTITION BY toYYYYMMDD(ts) ORDER BY (ts, id) SETTINGS non_replicated_deduplication_window = 10000"
        ))
        .await;
        for node in &self.nodes[1..] {
            for table in ["events", "copy"] {
                node.query(&format!("CREATE TABLE app.{table} ({COLUMNS}) ENGINE = Distributed('home', 'app', '{table}')")).await;
            }
        }
        for part in 0..4 {
            home.query(&format!(
                "INSERT INTO app.events SELECT number, fromUnixTimestamp64Milli(1735689600000 + toInt64(cityHash64(number) % 691200000), 'UTC'), \
                 toString(number % 7), if(number % 3 = 0, NULL, toString(number)) FROM numbers({rows}) WHERE number % 4 = {part}"
            ))
            .await;
        }
    }

    /// Count, sum and xor of source and target, which must be the same.
    pub async fn assert_exact(&self) {
        let rows = |table: &str| format!("SELECT id, ts, tenant, note FROM app.{table}");
        assert_eq!(self.nodes[0].fingerprint(&rows("events")).await, self.nodes[0].fingerprint(&rows("copy")).await);
    }

    /// INSERTs into the target that were sent to a node, by their query ids.
    pub async fn sent_to(&self, node: usize) -> Vec<String> {
        let sql = "SELECT DISTINCT query_id FROM system.query_log WHERE is_initial_query AND query_kind = 'Insert' AND startsWith(query_id, 'penstock-') ORDER BY query_id";
        self.nodes[node].query("SYSTEM FLUSH LOGS").await;
        self.nodes[node].query(sql).await.lines().map(str::to_owned).collect()
    }

    /// Queries of jobs that run anywhere, whoever sent them.
    pub async fn running(&self) -> u64 {
        let mut all = 0;
        for node in &self.nodes {
            let sql = "SELECT count() FROM system.processes WHERE match(initial_query_id, '^penstock-[0-9a-f]{16}-')";
            all += node.query(sql).await.trim().parse::<u64>().expect("a count");
        }
        all
    }
}
