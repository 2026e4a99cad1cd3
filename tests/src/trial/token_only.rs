//! The usual way, for comparison: INSERT SELECT chunk by chunk with a deduplication token, sent again until it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::strikes::Struck;
use super::{Report, Trial};
use crate::clickhouse::ClickHouse;
use crate::proxy::Proxy;
use crate::service::PATIENCE;

/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(20);
/// Before a statement is sent again.
const PAUSE: Duration = Duration::from_millis(200);

/// The loop, and how many of its statements were answered: that survives its death, as a file would.
struct Loop {
    url: String,
    statements: Arc<Vec<String>>,
    answered: Arc<AtomicUsize>,
    running: JoinHandle<()>,
}

impl Loop {
    fn start(url: String, statements: Vec<String>) -> Self {
        let (statements, answered) = (Arc::new(statements), Arc::default());
        let running = tokio::spawn(send_all(url.clone(), Arc::clone(&statements), Arc::clone(&answered)));
        Self { url, statements, answered, running }
    }
}

/// All there is to it.
async fn send_all(url: String, statements: Arc<Vec<String>>, answered: Arc<AtomicUsize>) {
    let http = reqwest::Client::new();
    while let Some(sql) = statements.get(answered.load(Ordering::SeqCst)) {
        let answer = http.post(&url).query(&[("wait_end_of_query", "1")]).body(sql.clone()).timeout(ANSWER).send().await;
        if let Ok(answer) = answer
            && answer.status().is_success()
            && answer.bytes().await.is_ok()
        {
            answered.fetch_add(1, Ordering::SeqCst);
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Struck for Loop {
    async fn die(&mut self, down: Duration) {
        self.running.abort();
        tokio::time::sleep(down).await;
        self.running = tokio::spawn(send_all(self.url.clone(), Arc::clone(&self.statements), Arc::clone(&self.answered)));
    }

    async fn pause(&mut self, down: Duration) {
        tokio::time::sleep(down).await;
    }

    async fn ended(&self) -> bool {
        self.running.is_finished()
    }
}

impl Trial {
    /// The same tables, chunks and faults, with nothing but tokens.
    pub async fn run_token_only(&self, server: &mut ClickHouse) -> Report {
        self.install(server).await;
        let proxy = Proxy::start(&server.url()).await;
        self.arm(&proxy);
        let mut work = Loop::start(proxy.url(), self.statements());
        let struck = self.strike(server, &proxy, &mut work).await;
        let started = Instant::now();
        while !work.ended().await && started.elapsed() < PATIENCE {
            server.watch_over();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let finished = work.ended().await;
        work.running.abort();
        // What a dead loop left on the server runs to its end.
        while server.query("SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO trial_%'").await.trim() != "0" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let content = self.content(server).await;
        self.remove(server).await;
        Report {
            state: None,
            lost: content.lost,
            duplicated: content.duplicated,
            exact: content.exact(),
            finished,
            failed: Vec::new(),
            wrong: Vec::new(),
            struck,
        }
    }

    fn statements(&self) -> Vec<String> {
        let db = self.database();
        self.chunks()
            .map(|(from, to)| {
                let at = |hour: u64| format!("toDateTime64({}, 3, 'UTC')", 1_735_689_600 + hour * 3600);
                format!(
                    "INSERT INTO {db}.target SELECT * FROM {db}.events WHERE ts >= {} AND ts < {} SETTINGS insert_deduplication_token = 'chunk {from}', async_insert = 0",
                    at(from),
                    at(to)
                )
            })
            .collect()
    }
}
