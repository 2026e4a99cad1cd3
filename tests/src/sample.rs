//! The sample in small: the tables that `penstock up` shows, with as many rows as a test wants.

use crate::clickhouse::ClickHouse;

/// Database and tables of the sample; `events` filled with `rows` rows over January 2025 in several parts a day.
pub async fn install(server: &ClickHouse, rows: u64) {
    server
        .run(&[
            "CREATE DATABASE demo",
            "CREATE TABLE demo.events (id UInt64, tenant LowCardinality(String), ts DateTime64(3, 'UTC'), kind LowCardinality(String), tags Array(String), \
             note Nullable(String), amount UInt32, day Date MATERIALIZED toDate(ts), twice UInt64 ALIAS amount * 2) \
             ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, ts)",
            "SYSTEM STOP MERGES demo.events",
        ])
        .await;
    for part in 0..2_u64 {
        server
            .query(&format!(
                "INSERT INTO demo.events (id, tenant, ts, kind, tags, note, amount) SELECT number * 2 + {part}, \
                 if(cityHash64(number) % 10 < 6, 'mega', toString(cityHash64(number) % 50)), \
                 fromUnixTimestamp64Milli(1735689600000 + toInt64(intDiv(number * 2678400000, {half})), 'UTC'), ['click', 'view', 'buy'][number % 3 + 1], \
                 [toString(number % 7)], if(number % 3 = 0, NULL, toString(number)), number % 1000 FROM numbers({half})",
                half = rows / 2
            ))
            .await;
    }
    server
        .run(&[
            "CREATE TABLE demo.events_by_time (ts DateTime64(3, 'UTC'), kind LowCardinality(String), id UInt64, tenant LowCardinality(String), \
             note Nullable(String), amount UInt32, tags Array(String), day Date MATERIALIZED toDate(ts)) \
             ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (ts, tenant)",
            "CREATE TABLE demo.events_by_tenant AS demo.events ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, kind, ts) \
             SETTINGS non_replicated_deduplication_window = 10000",
            "CREATE TABLE demo.daily_totals (day Date, tenant LowCardinality(String), events UInt64, amount UInt64) ENGINE = SummingMergeTree \
             ORDER BY (day, tenant) SETTINGS non_replicated_deduplication_window = 10000",
            "CREATE MATERIALIZED VIEW demo.daily_totals_mv TO demo.daily_totals AS SELECT toDate(ts) AS day, tenant, count() AS events, \
             sum(amount) AS amount FROM demo.events GROUP BY day, tenant",
            "CREATE MATERIALIZED VIEW demo.daily_buys_mv TO demo.daily_totals AS SELECT toDate(ts) AS day, toLowCardinality('buys') AS tenant, \
             count() AS events, sum(amount) AS amount FROM demo.events WHERE kind = 'buy' GROUP BY day",
        ])
        .await;
}

/// The stored columns, in one order.
pub const COLUMNS: &str = "SELECT id, tenant, ts, kind, tags, note, amount, day FROM";

/// A table of its own that a view on the sample writes: its rows cannot be told by the spans that they came from.
pub const CLICKS: [&str; 2] = [
    "CREATE TABLE demo.clicks (id UInt64, ts DateTime64(3, 'UTC'), amount UInt32) ENGINE = MergeTree ORDER BY ts",
    "CREATE MATERIALIZED VIEW demo.clicks_mv TO demo.clicks AS SELECT id, ts, amount FROM demo.events",
];
