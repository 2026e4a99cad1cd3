//! Takes the golden cases' snapshots anew from a real ClickHouse: `cargo run -p penstock-tests --bin golden-capture`.
//! The plans beside them are rewritten by `UPDATE_GOLDEN=1 cargo test -p penstock-tests golden`.

use std::fs;
use std::path::Path;

use penstock_tests::clickhouse::{ClickHouse, workspace};
use planner_core::canonical;
use planner_core::request::Request;

const TABLES: &[&str] = &[
    "CREATE DATABASE demo",
    "CREATE TABLE demo.events (tenant String, ts DateTime64(3, 'UTC'), kind LowCardinality(String), tags Array(String), note Nullable(String), amount UInt32, \
     day Date MATERIALIZED toDate(ts), twice UInt64 ALIAS amount * 2) ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, ts)",
    "INSERT INTO demo.events (tenant, ts, kind, tags, note, amount) SELECT if(cityHash64(number) % 10 < 6, 'mega', toString(number % 50)), \
     fromUnixTimestamp64Milli(1735689600000 + toInt64(number) * 2592, 'UTC'), ['click', 'view', 'buy'][number % 3 + 1], ['a'], \
     if(number % 3 = 0, NULL, 'n'), number % 1000 FROM numbers(1000000)",
    "CREATE TABLE demo.events_by_tenant (amount UInt64, tenant String, ts DateTime64(3, 'UTC'), kind LowCardinality(String), note Nullable(String), \
     loaded_at DateTime DEFAULT now()) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (tenant, kind, ts) SETTINGS non_replicated_deduplication_window = 100",
    "CREATE TABLE demo.daily_totals (day Date, tenant String, events UInt64, amount UInt64) ENGINE = SummingMergeTree ORDER BY (day, tenant) \
     SETTINGS non_replicated_deduplication_window = 10000",
    "CREATE MATERIALIZED VIEW demo.daily_totals_mv TO demo.daily_totals AS \
     SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events GROUP BY day, tenant",
    "CREATE MATERIALIZED VIEW demo.daily_buys_mv TO demo.daily_totals AS \
     SELECT toDate(ts) AS day, concat(tenant, ' it''s a buy') AS tenant, toUInt64(1) AS events, toUInt64(amount) AS amount FROM demo.events WHERE kind = 'buy'",
    "CREATE TABLE demo.`it's ``odd`` ☃` (`when` Nullable(DateTime('Europe/Berlin')), `a``b` Int8) ENGINE = MergeTree ORDER BY `a``b`",
    "INSERT INTO demo.`it's ``odd`` ☃` SELECT if(number % 9 = 0, NULL, toDateTime(1743200000 + number * 600)), number % 7 FROM numbers(1000)",
    "CREATE TABLE demo.odd_copy (`when` Nullable(DateTime('Europe/Berlin')), `a``b` Int8) ENGINE = MergeTree ORDER BY `a``b`",
];

/// One case: its folder, its request, and what is changed in the snapshot to stand for another server.
struct Case {
    name: &'static str,
    request: &'static str,
    without_strict_limits: bool,
}

const CASES: &[Case] = &[
    Case {
        name: "copy_hours",
        request: r#"{"source":{"database":"demo","table":"events"},"target":{"database":"demo","table":"events_by_tenant"},"method":{"time_window":{"hours":"36"}},"window":{"from":"2025-01-03","to":"2025-01-11"}}"#,
        without_strict_limits: false,
    },
    Case {
        name: "copy_ordered_path",
        request: r#"{"source":{"database":"demo","table":"events"},"target":{"database":"demo","table":"events_by_tenant"},"method":{"time_window":{"hours":"168"}},"generation":2,"acknowledged":["large_window"]}"#,
        without_strict_limits: true,
    },
    Case {
        name: "view_replay",
        request: r#"{"source":{"database":"demo","table":"events"},"target":{"database":"demo","table":"daily_totals"},"method":{"calendar_days":{"days":5}},"window":{"from":"2025-01-01T12:00","to":"2025-01-14"}}"#,
        without_strict_limits: false,
    },
    Case {
        name: "berlin_days",
        request: r#"{"source":{"database":"demo","table":"it's `odd` ☃"},"target":{"database":"demo","table":"odd_copy"},"method":{"calendar_days":{"days":1}},"time_column":"when"}"#,
        without_strict_limits: false,
    },
    Case {
        name: "refused_large_window",
        request: r#"{"source":{"database":"demo","table":"events"},"target":{"database":"demo","table":"events_by_tenant"},"method":{"time_window":{"hours":"6"}},"window":{"from":"2025-01-01","to":"2025-02-01"}}"#,
        without_strict_limits: false,
    },
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = ClickHouse::start();
    server.run(TABLES).await;
    for case in CASES {
        let request: Request = serde_json::from_str(case.request).expect("a request");
        let mut snapshot = server.snapshot_of(request.source.clone(), request.target.clone(), request.time_column.clone()).await;
        if case.without_strict_limits {
            snapshot.server.settings.remove("use_strict_insert_block_limits");
            snapshot.server.version = "26.1.1.1".into();
        }
        while let planner_core::Outcome::NeedsDetail(probes) = planner_core::plan(&request, &snapshot) {
            snapshot = server.detail(&snapshot, probes).await;
        }
        let folder = workspace().join("tests/golden").join(case.name);
        fs::create_dir_all(&folder).expect("the folder can be made");
        write(&folder.join("request.json"), &canonical::to_string(&request));
        write(&folder.join("snapshot.json"), &canonical::to_string(&snapshot));
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, format!("{text}\n")).expect("the file can be written");
}
