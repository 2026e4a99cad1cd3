//! Forty chunks of the common shapes are even, whatever parts a table is in. In the long mode with sixty million rows; else
//! with a twentieth of them, in granules of a twentieth.

use std::env;

use penstock_tests::by_size::{carried, planned};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::shapes::SHAPES;

#[tokio::test]
async fn forty_chunks_are_even() {
    let long = env::var_os("PENSTOCK_TEST_LONG").is_some();
    let (rows, granularity) = if long { (60_000_000, 8192) } else { (3_000_000, 410) };
    let server = ClickHouse::start_with(|config| config.max_memory_bytes = if long { 12 << 30 } else { 4 << 30 });
    server.query("CREATE DATABASE d").await;
    for shape in SHAPES {
        for (parts, most) in [(1, 110), (12, 125)] {
            let stored = shape.install(&server, rows, parts, granularity).await;
            let plan = planned(&server, "d.s", "d.t", 40).await;
            let (counts, astray) = carried(&server, &plan).await;
            assert_eq!((counts.iter().sum::<u64>(), astray), (stored, (0, 0)), "{}", shape.name);
            let percent = counts.iter().max().unwrap() * 100 * counts.len() as u64 / stored;
            assert!((36..=44).contains(&plan.len()), "{}, {parts} parts: {} chunks", shape.name, plan.len());
            assert!(percent <= most, "{}, {parts} parts: the largest of {} chunks is {percent} % of the average", shape.name, plan.len());
        }
    }
}
