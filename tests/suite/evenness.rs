//! Forty chunks of the common shapes are even, whatever parts a table is in, and cost few looks at its index. In the long mode
//! with sixty million rows; else with a twentieth of them, in granules of a twentieth.

use std::env;

use penstock_tests::by_size::{carried, planned};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::query_cost::{QueryCost, Since};
use penstock_tests::shapes::SHAPES;

#[tokio::test]
async fn forty_chunks_are_even_and_planned_from_the_index() {
    let long = env::var_os("PENSTOCK_TEST_LONG").is_some();
    let (rows, granularity) = if long { (60_000_000, 8192) } else { (3_000_000, 410) };
    let server = ClickHouse::start_with(|config| config.max_memory_bytes = if long { 12 << 30 } else { 4 << 30 });
    server.query("CREATE DATABASE d").await;
    for shape in SHAPES {
        for (parts, most) in [(1, 110), (12, 125)] {
            let stored = shape.install(&server, rows, parts, granularity).await;
            let since = Since::now(&server).await;
            let plan = planned(&server, "d.s", "d.t", 40).await;
            let cost = since.cost(&server).await;
            is_little(&server, &cost, &format!("{}, {parts} parts", shape.name)).await;
            if long {
                assert!(cost.rows_read <= stored / 100, "{}, {parts} parts: {} rows read of {stored}", shape.name, cost.rows_read);
            }
            let (counts, astray) = carried(&server, &plan).await;
            assert_eq!((counts.iter().sum::<u64>(), astray), (stored, (0, 0)), "{}", shape.name);
            let percent = counts.iter().max().unwrap() * 100 * counts.len() as u64 / stored;
            assert!((36..=44).contains(&plan.len()), "{}, {parts} parts: {} chunks", shape.name, plan.len());
            assert!(percent <= most, "{}, {parts} parts: the largest of {} chunks is {percent} % of the average", shape.name, plan.len());
        }
    }
}

/// At most six queries, which together read the index three times over and no column of the table.
async fn is_little(server: &ClickHouse, cost: &QueryCost, name: &str) {
    assert!((1..=6).contains(&cost.queries), "{name}: {} queries", cost.queries);
    let marks: u64 =
        server.query("SELECT sum(marks) FROM system.parts WHERE active AND table = 's'").await.trim().parse().expect("a number");
    // System tables have some thousand rows.
    assert!(cost.rows_read <= 3 * marks + 5_000, "{name}: {} rows read; the index has {marks} marks", cost.rows_read);
    assert_eq!(of_the_table(cost), Vec::<&str>::new(), "{name}");
    // The log would tell.
    let since = Since::now(server).await;
    server.query("SELECT * FROM d.s LIMIT 1").await;
    assert!(!of_the_table(&since.cost(server).await).is_empty(), "{name}");
}

fn of_the_table(cost: &QueryCost) -> Vec<&str> {
    cost.columns.iter().map(String::as_str).filter(|column| column.starts_with("d.s.")).collect()
}
