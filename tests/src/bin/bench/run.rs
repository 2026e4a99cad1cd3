//! A job against one plain INSERT SELECT of the same rows, in turn, three times: medians and ratios.
//!
//! *visible*: every chunk is written. *healthy*: and the server has no merge of the table left to do.

use std::time::{Duration, Instant};

use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};
use serde_json::{Value, json};

use crate::{Wanted, median, rounded};

const LANES: u16 = 2;
const COPY: &str = "id, tenant, ts, kind, tags, note, amount";

pub(crate) async fn measure(wanted: &Wanted) -> Value {
    let rows: u64 = if wanted.has("--quick") { 2_000_000 } else { 60_000_000 };
    let server = ClickHouse::start_with(|config| config.max_memory_bytes = 12 << 30);
    sample::install(&server, rows).await;
    let service = Service::start(&server.url()).await;
    let (mut single, mut single_healthy, mut visible, mut healthy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        empty(&server).await;
        let started = Instant::now();
        server.query(&format!("INSERT INTO demo.events_by_tenant ({COPY}) SELECT {COPY} FROM demo.events")).await;
        single.push(started.elapsed().as_secs_f64());
        merged(&server).await;
        single_healthy.push(started.elapsed().as_secs_f64());

        empty(&server).await;
        let plan = service
            .plan(&request("demo.events", "demo.events_by_tenant", "24", Some(("2025-01-01", "2025-02-01"))))
            .await
            .expect("planned");
        let started = Instant::now();
        let job = service.submit(&plan, LANES).await.expect("started");
        service.wait_until(&job.id, "written", |job| job.counts.done == job.counts.total).await;
        visible.push(started.elapsed().as_secs_f64());
        merged(&server).await;
        healthy.push(started.elapsed().as_secs_f64());
        service.completed(&job.id).await;
        let source = server.fingerprint(&format!("{COLUMNS} demo.events")).await;
        assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.events_by_tenant")).await);
    }
    let (single, single_healthy, visible, healthy) = (median(single), median(single_healthy), median(visible), median(healthy));
    json!({
        "rows": rows,
        "lanes": LANES,
        "single_insert_s": rounded(single),
        "single_healthy_s": rounded(single_healthy),
        "visible_s": rounded(visible),
        "healthy_s": rounded(healthy),
        "visible_ratio": rounded(visible / single),
        "healthy_ratio": rounded(healthy / single_healthy),
    })
}

/// A new, empty target: no parts, no remembered blocks.
async fn empty(server: &ClickHouse) {
    server
        .run(&[
            "DROP TABLE IF EXISTS demo.events_by_tenant SYNC",
            "CREATE TABLE demo.events_by_tenant AS demo.events ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, kind, ts) \
             SETTINGS non_replicated_deduplication_window = 10000",
        ])
        .await;
}

async fn merged(server: &ClickHouse) {
    let mut quiet = 0;
    while quiet < 3 {
        let running = server.query("SELECT count() FROM system.merges WHERE table = 'events_by_tenant'").await;
        quiet = if running.trim() == "0" { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
