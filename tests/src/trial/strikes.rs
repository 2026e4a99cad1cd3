//! Doing what a trial's seed says, to whoever does the work.

use std::time::{Duration, Instant};

use clickhouse_embedded::EngineSignal;

use super::{Strike, Trial};
use crate::clickhouse::ClickHouse;
use crate::proxy::Proxy;
use crate::service::PATIENCE;

/// Whoever does the work.
pub(super) trait Struck {
    /// Dies, and is back after so long.
    async fn die(&mut self, down: Duration);
    /// Stands still for so long.
    async fn pause(&mut self, down: Duration);
    /// Whether there is nothing left to do.
    async fn ended(&self) -> bool;
}

impl Trial {
    /// Arms the proxy with the faults on the wire.
    pub(super) fn arm(&self, proxy: &Proxy) {
        for (at, strike) in &self.strikes {
            if let Strike::Wire(fault) = strike {
                proxy.arm(*at, *fault);
            }
        }
    }

    /// Does what is to be done, each when its INSERT comes by; gives up when the job has ended before.
    pub(super) async fn strike(&self, server: &mut ClickHouse, proxy: &Proxy, worker: &mut impl Struck) -> usize {
        let mut inserts = proxy.inserts();
        let mut struck = 0;
        for (at, strike) in &self.strikes {
            let started = Instant::now();
            while tokio::time::timeout(Duration::from_millis(100), inserts.wait_for(|seen| seen >= at)).await.is_err() {
                server.watch_over();
                if worker.ended().await || started.elapsed() > PATIENCE {
                    return struck;
                }
            }
            struck += 1;
            match *strike {
                Strike::Wire(_) => {}
                Strike::KillService(after, down) => {
                    tokio::time::sleep(after).await;
                    worker.die(down).await;
                }
                Strike::PauseService(after, down) => {
                    tokio::time::sleep(after).await;
                    worker.pause(down).await;
                }
                Strike::KillServer(after, down) => {
                    tokio::time::sleep(after).await;
                    server.kill();
                    tokio::time::sleep(down).await;
                    server.restart();
                }
                Strike::PauseServer(after, down) => {
                    tokio::time::sleep(after).await;
                    server.engine().signal(EngineSignal::Pause);
                    tokio::time::sleep(down).await;
                    server.engine().signal(EngineSignal::Continue);
                }
                Strike::SilenceQuestions(silence) => {
                    proxy.silence_questions(true);
                    tokio::time::sleep(silence).await;
                    proxy.silence_questions(false);
                }
                Strike::MergeSource => {
                    let db = self.database();
                    server.query(&format!("SYSTEM START MERGES {db}.events")).await;
                    server.query(&format!("OPTIMIZE TABLE {db}.events FINAL")).await;
                }
                Strike::KillQuery(after) => {
                    tokio::time::sleep(after).await;
                    server.query("KILL QUERY WHERE query_id LIKE 'penstock-%' ASYNC").await;
                }
            }
        }
        struck
    }
}
