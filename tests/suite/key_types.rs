//! Keys of every type on the real engine: each row falls into exactly one chunk, the copy is exact, the index prunes.

use penstock_tests::by_size::{carried, copy, estimated, planned};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::key_cases::CASES;
use planner_core::plan::Span;

const ROWS: u32 = 40_000;

#[tokio::test]
async fn every_row_of_every_key_type_arrives_once() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, case) in CASES.iter().enumerate() {
        let (source, target) = (format!("d.s{at}"), format!("d.t{at}"));
        case.install(&server, &source, &target, ROWS).await;
        let plan = planned(&server, &source, &target, 8).await;
        let name = case.name();
        let (chunks, prunes) = case.expected;
        assert!((chunks..=20).contains(&plan.len()), "{name}: {} chunks", plan.len());
        let (counts, astray) = carried(&server, &plan).await;
        assert_eq!((counts.iter().sum::<u64>(), astray), (u64::from(ROWS), (0, 0)), "{name}: {counts:?}");
        let (read, all) = estimated(&server, &plan).await;
        let (read, all) = (read.granules, all.granules);
        if prunes {
            // Unpruned, the chunks would read everything each. A cut may touch granules from both sides; hash buckets read their span each.
            let buckets = plan.core.chunks.iter().filter(|chunk| matches!(&chunk.span, Span::Key(span) if span.bucket.is_some())).count();
            // No index tells NaN: the one chunk that may hold them reads everything.
            let all = if plan.core.key.as_ref().unwrap().columns[0].type_name.contains("Float") { 2 * all } else { all };
            if buckets == 0 {
                assert!(read <= all + all / 2 + 3 * plan.len() as u64, "{name}: {read} granules are read of {all}");
            }
        }
        copy(&server, &plan).await;
        let contents = [&source, &target].map(|table| format!("SELECT * FROM {table}"));
        assert_eq!(server.fingerprint(&contents[0]).await, server.fingerprint(&contents[1]).await, "{name}");
    }
}
