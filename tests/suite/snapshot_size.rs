//! A snapshot is sent, stored and hashed: it stays small, whatever the tables hold.

use penstock_tests::by_size::{carried, request};
use penstock_tests::clickhouse::ClickHouse;
use planner_core::request::{Acknowledgement, Method, Request};
use planner_core::snapshot::{MOST_BYTES, Snapshot};
use planner_core::{Outcome, canonical, plan};

const KEEP: &str = "non_replicated_deduplication_window = 100000";

fn size(snapshot: &Snapshot) -> usize {
    canonical::to_string(snapshot).len()
}

/// As many partitions on both sides as the largest tables have, with sizes and times of full length, and a key of long strings.
#[tokio::test]
async fn ten_thousand_partitions_fit() {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE d",
            &format!(
                "CREATE TABLE d.s (ts DateTime, k String, v UInt64) ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (k, ts) SETTINGS {KEEP}"
            ),
            &format!("CREATE TABLE d.t (ts DateTime, k String, v UInt64) ENGINE = MergeTree PARTITION BY toDate(ts) ORDER BY (ts) SETTINGS {KEEP}"),
            "SYSTEM STOP MERGES d.s",
            "SYSTEM STOP MERGES d.t",
            "INSERT INTO d.s SELECT toDateTime(1000000000) + (number % 10000) * 86400 + number, repeat(hex(cityHash64(number)), 12), number \
             FROM numbers(40000) SETTINGS max_partitions_per_insert_block = 0",
            "INSERT INTO d.t SELECT * FROM d.s SETTINGS max_partitions_per_insert_block = 0",
        ])
        .await;
    let snapshot = server.snapshot("d.s", "d.t").await;
    assert!(snapshot.source.partitions.len() > 9_900, "{} partitions", snapshot.source.partitions.len());
    assert_eq!((snapshot.source.stored.rows, snapshot.target.stored.rows), (40_000, 40_000));
    assert!(size(&snapshot) <= MOST_BYTES, "{} bytes", size(&snapshot));

    let mut asked = Request { method: Method::Partitions, ..request("d.s", "d.t", 1) };
    asked.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    let Outcome::Planned(plan) = plan(&asked, &snapshot) else { panic!("planned") };
    assert_eq!(plan.len(), snapshot.source.partitions.len());
}

/// Keys of many kilobytes leave fewer points, not a larger snapshot; what is left still cuts.
#[tokio::test]
async fn long_keys_leave_fewer_points() {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE d",
            &format!("CREATE TABLE d.s (k String, v UInt64) ENGINE = MergeTree ORDER BY k SETTINGS {KEEP}, index_granularity = 8"),
            &format!("CREATE TABLE d.t (k String, v UInt64) ENGINE = MergeTree ORDER BY k SETTINGS {KEEP}"),
            "INSERT INTO d.s SELECT repeat(hex(cityHash64(number)), 250), number FROM numbers(20000)",
        ])
        .await;
    let snapshot = server.snapshot("d.s", "d.t").await;
    let points = |snapshot: &Snapshot| -> Vec<u64> {
        snapshot.source.keys.iter().flat_map(|keys| keys.partitions.values().flatten()).map(|point| point.rows).collect()
    };
    assert!((16..400).contains(&points(&snapshot).len()), "{} points", points(&snapshot).len());
    assert_eq!(points(&snapshot).iter().sum::<u64>(), 20_000);
    assert!((MOST_BYTES / 4..=MOST_BYTES).contains(&size(&snapshot)), "{} bytes", size(&snapshot));
    let Outcome::Planned(plan) = plan(&request("d.s", "d.t", snapshot.source.stored.bytes / 8), &snapshot) else { panic!("planned") };
    let (counts, astray) = carried(&server, &plan).await;
    assert_eq!((counts.iter().sum::<u64>(), astray), (20_000, (0, 0)), "{counts:?}");
    assert!(counts.len() >= 7 && *counts.iter().max().unwrap() < 3_500, "{counts:?}");
}
