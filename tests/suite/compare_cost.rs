//! Comparing contents does not read the target once a chunk where its keys do not tell the chunks' rows.

use penstock_tests::cli::Cli;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample;

const ROWS: u64 = 100_000;

/// Rows of the target that comparisons have read so far.
async fn read(server: &ClickHouse, target: &str) -> u64 {
    server.query("SYSTEM FLUSH LOGS").await;
    let sql = format!(
        "SELECT sum(read_rows) FROM system.query_log WHERE type = 'QueryFinish' AND query LIKE '%groupBitXor%' AND has(tables, '{target}')"
    );
    server.query(&sql).await.trim().parse().unwrap()
}

fn planned(cli: &Cli, target: &str) -> String {
    cli.plan(&[
        "--source",
        "demo.events",
        "--target",
        target,
        "--from",
        "2025-01-01",
        "--to",
        "2025-02-01",
        "--chunk-hours",
        "24",
        "--force-large-window",
    ])
}

#[tokio::test]
async fn chunks_share_a_pass_over_a_target_that_does_not_tell_them() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let target = "demo.scattered";
    server
        .query(&format!("CREATE TABLE {target} AS demo.events ENGINE = MergeTree ORDER BY cityHash64(id) SETTINGS index_granularity = 512"))
        .await;
    let cli = Cli::on(&server.url());
    let id = planned(&cli, target);
    let run = cli.run(&["run", "--plan-id", &id]).exits(0).stdout;
    assert!(run.contains("31 of 31 done") && run.contains("exact"), "{run}");
    let once = read(&server, target).await;
    assert!((ROWS..=2 * ROWS).contains(&once), "{once} rows of {ROWS} are read to compare");

    // Each chunk is still compared by itself: a row that is there twice in one, and two that are gone from another.
    server
        .run(&[
            "INSERT INTO demo.scattered SELECT * FROM demo.scattered WHERE toDate(ts) = '2025-01-05' ORDER BY id LIMIT 1",
            "ALTER TABLE demo.scattered DELETE WHERE id IN (SELECT id FROM demo.scattered WHERE toDate(ts) = '2025-01-20' ORDER BY id LIMIT 2) SETTINGS mutations_sync = 2",
        ])
        .await;
    let different = cli.run(&["verify", "--json", "--plan-id", &id]).exits(1).json();
    assert!(different["statement"].as_str().unwrap().starts_with("2 of 31"), "{different}");
}

#[tokio::test]
async fn chunks_are_looked_up_one_by_one_where_the_target_tells_them() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let cli = Cli::on(&server.url());
    let id = planned(&cli, "demo.events_by_tenant");
    cli.run(&["run", "--plan-id", &id]).exits(0);
    let once = read(&server, "demo.events_by_tenant").await;
    assert!((ROWS..=2 * ROWS).contains(&once), "{once} rows of {ROWS} are read to compare");
    let grouped = "SELECT count() FROM system.query_log WHERE type = 'QueryFinish' AND query LIKE '%multiIf(%penstock_chunk%'";
    assert_eq!(server.query(grouped).await.trim(), "0");
}
