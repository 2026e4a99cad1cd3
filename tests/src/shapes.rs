//! Tables of the shapes that are cut by size most often, filled as merged or unmerged parts.

use crate::clickhouse::ClickHouse;

/// A table `d.s`, and the column that simple planners cut, as an integer.
#[derive(Debug)]
pub struct Shape {
    /// For people.
    pub name: &'static str,
    create: &'static str,
    values: &'static str,
    /// An integer that grows with the column.
    pub axis: &'static str,
}

/// The shapes.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "monthly partitions, one tenant 60 %",
        create: "(tenant String, ts DateTime64(3, 'UTC'), v UInt64) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (tenant, ts)",
        // More rows towards the end, as tables grow.
        values: "if(cityHash64(number) % 10 < 6, 'mega', toString(cityHash64(number) % 5000)), \
                 fromUnixTimestamp64Milli(toInt64(1735689600000 + 7776000000 * sqrt(number / {rows})), 'UTC'), number",
        axis: "toUnixTimestamp64Milli(ts)",
    },
    Shape {
        name: "hash-like UInt64 key",
        create: "(k UInt64, v UInt64) ENGINE = MergeTree ORDER BY k",
        values: "cityHash64(number), number",
        axis: "k",
    },
    Shape {
        name: "daily partitions, String and DateTime64",
        create: "(tenant String, ts DateTime64(3, 'UTC'), v UInt64) ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, ts)",
        values: "concat('tenant-', toString(cityHash64(number) % 10000)), fromUnixTimestamp64Milli(toInt64(1735689600000 + number % 20 * 86400000 + number % 86400000), 'UTC'), number",
        axis: "toUnixTimestamp64Milli(ts)",
    },
];

impl Shape {
    /// Makes `d.s` anew with so many rows in so many parts a partition (1: merged), and an empty `d.t` beside it. The rows
    /// that it holds.
    pub async fn install(&self, server: &ClickHouse, rows: u64, parts: u64, granularity: u32) -> u64 {
        server.query("DROP TABLE IF EXISTS d.s").await;
        server.query("DROP TABLE IF EXISTS d.t").await;
        server.query(&format!("CREATE TABLE d.s {} SETTINGS index_granularity = {granularity}", self.create)).await;
        server.query("CREATE TABLE d.t AS d.s").await;
        if parts > 1 {
            server.query("SYSTEM STOP MERGES d.s").await;
        }
        let values = self.values.replace("{rows}", &rows.to_string());
        // One INSERT makes one part a partition; rows are dealt to the parts like cards.
        let whole = format!(
            "min_insert_block_size_rows = {rows}, min_insert_block_size_bytes = 0, max_insert_threads = 1, max_partitions_per_insert_block = 0"
        );
        for part in 0..parts {
            let dealt = format!("SELECT number * {parts} + {part} AS number FROM numbers({})", rows / parts);
            server.query(&format!("INSERT INTO d.s SELECT {values} FROM ({dealt}) SETTINGS {whole}")).await;
        }
        if parts == 1 {
            server.query("OPTIMIZE TABLE d.s FINAL").await;
        }
        server.query("SELECT count() FROM d.s").await.trim().parse().expect("a number")
    }
}
