//! Skewed, unmerged, deleted, empty: chunks stay even where the key allows it, and no row is lost where it does not.

use penstock_tests::by_size::{carried, copy, planned, request};
use penstock_tests::clickhouse::ClickHouse;
use planner_core::histogram::KeyOrigin;
use planner_core::plan::{Plan, Span};
use planner_core::{Outcome, plan};

const KEEP: &str = "index_granularity = 128, non_replicated_deduplication_window = 1000";

/// Plans a table into about 20 chunks, counts and copies them; largest over average, in percent.
async fn check(server: &ClickHouse, source: &str) -> (Plan, u64) {
    let target = format!("{source}_copy");
    server
        .query(&format!("CREATE TABLE {target} AS {source} ENGINE = MergeTree PRIMARY KEY tuple() ORDER BY tuple() SETTINGS {KEEP}"))
        .await;
    let plan = planned(server, source, &target, 20).await;
    let (counts, astray) = carried(server, &plan).await;
    let rows: u64 = server.query(&format!("SELECT count() FROM {source}")).await.trim().parse().unwrap();
    assert_eq!((counts.iter().sum::<u64>(), astray), (rows, (0, 0)), "{source}: {counts:?}");
    copy(server, &plan).await;
    let contents = [source, &target].map(|table| format!("SELECT * FROM {table}"));
    assert_eq!(server.fingerprint(&contents[0]).await, server.fingerprint(&contents[1]).await, "{source}");
    let largest = counts.iter().max().unwrap();
    (plan, largest * 100 * counts.len() as u64 / rows)
}

#[tokio::test]
async fn skewed_keys_make_even_chunks() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    // One value holds so many of ten thousand rows; the time divides it.
    for share in [4_500, 6_000, 9_900] {
        let table = format!("d.hot{share}");
        server
            .query(&format!("CREATE TABLE {table} (k UInt32, t UInt32, v UInt64) ENGINE = MergeTree ORDER BY (k, t) SETTINGS {KEEP}"))
            .await;
        server
            .query(&format!("INSERT INTO {table} SELECT if(cityHash64(number) % 10000 < {share}, 7, cityHash64(number) % 1000), number, number FROM numbers(200000)"))
            .await;
        let (plan, evenness) = check(&server, &table).await;
        assert!(plan.len() >= 18 && evenness <= 110, "{table}: {} chunks, {evenness} %", plan.len());
    }
    // Zipf, and three hot values.
    for (name, key) in [
        ("zipf", "toUInt32(exp2(log2(100000) * (cityHash64(number) % 10000) / 10000))"),
        ("three", "if(cityHash64(number) % 10 < 9, cityHash64(number) % 3, number)"),
    ] {
        let table = format!("d.{name}");
        server.query(&format!("CREATE TABLE {table} (k UInt64, t UInt64) ENGINE = MergeTree ORDER BY (k, t) SETTINGS {KEEP}")).await;
        server.query(&format!("INSERT INTO {table} SELECT {key}, number FROM numbers(200000)")).await;
        let (plan, evenness) = check(&server, &table).await;
        assert!(plan.len() >= 18 && evenness <= 110, "{table}: {} chunks, {evenness} %", plan.len());
    }
}

#[tokio::test]
async fn what_no_key_divides_is_divided_by_hash() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (name, key) in [("equal", "1"), ("half", "if(number % 2 = 0, 5, number)")] {
        let table = format!("d.{name}");
        server.query(&format!("CREATE TABLE {table} (k UInt64, v UInt64) ENGINE = MergeTree ORDER BY k SETTINGS {KEEP}")).await;
        server.query(&format!("INSERT INTO {table} SELECT {key}, number FROM numbers(200000)")).await;
        let (plan, evenness) = check(&server, &table).await;
        assert!(plan.len() >= 18 && evenness <= 125, "{table}: {} chunks, {evenness} %", plan.len());
        assert!(plan.rationale.iter().any(|note| note.code == "hot-key"), "{:?}", plan.rationale);
        assert!(plan.core.chunks.iter().any(|chunk| matches!(&chunk.span, Span::Key(span) if span.bucket.is_some())));
    }
}

#[tokio::test]
async fn what_a_short_index_does_not_divide_is_divided_along_the_sorting_key() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (name, rest, keep) in [
        ("up", "t", KEEP.to_owned()),
        ("down", "t DESC, v", format!("{KEEP}, allow_experimental_reverse_key = 1")),
        ("text", "s, t", format!("{KEEP}, allow_nullable_key = 1")),
    ] {
        let table = format!("d.{name}");
        server
            .query(&format!(
                "CREATE TABLE {table} (k UInt32, t UInt32, s Nullable(String), v UInt64) ENGINE = MergeTree \
                 PARTITION BY intDiv(v, 100000) PRIMARY KEY k ORDER BY (k, {rest}) SETTINGS {keep}"
            ))
            .await;
        for part in 0..2 {
            server
                .query(&format!(
                    "INSERT INTO {table} SELECT if(cityHash64(number) % 10 < 6, 7, cityHash64(number) % 1000), number, \
                     if(number % 5 = 0, NULL, toString(cityHash64(number, 1))), number FROM numbers({}, 100000)",
                    part * 100_000
                ))
                .await;
        }
        let (plan, evenness) = check(&server, &table).await;
        assert!(plan.len() >= 18 && evenness <= 110, "{table}: {} chunks, {evenness} %", plan.len());
        let hashed = plan.core.chunks.iter().filter(|chunk| matches!(&chunk.span, Span::Key(span) if span.bucket.is_some()));
        assert_eq!(hashed.count(), 0, "{table}: {:?}", plan.rationale);
        assert!(plan.rationale.iter().any(|note| note.code == "hot-key-cut"), "{table}: {:?}", plan.rationale);
    }
    // A tuple that the whole key does not divide is left to the hash, after one look.
    server
        .query(&format!(
            "CREATE TABLE d.flat (k UInt8, t UInt8, v UInt64) ENGINE = MergeTree PRIMARY KEY k ORDER BY (k, t) SETTINGS {KEEP}"
        ))
        .await;
    server.query("INSERT INTO d.flat SELECT 1, number < 100000, number FROM numbers(200000)").await;
    let (plan, evenness) = check(&server, "d.flat").await;
    assert!(plan.len() >= 18 && evenness <= 125, "{} chunks, {evenness} %", plan.len());
    assert!(plan.rationale.iter().any(|note| note.code == "hot-key"), "{:?}", plan.rationale);
}

#[tokio::test]
async fn parts_and_partitions_of_every_size() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    // A giant among a hundred small ones.
    server.query(&format!("CREATE TABLE d.giant (p UInt16, k UInt64) ENGINE = MergeTree PARTITION BY p ORDER BY k SETTINGS {KEEP}")).await;
    server.query("INSERT INTO d.giant SELECT if(number < 150000, 500, number % 100), cityHash64(number) FROM numbers(200000) SETTINGS max_partitions_per_insert_block = 0").await;
    let (plan, _) = check(&server, "d.giant").await;
    let packed = plan.core.chunks.iter().filter(|chunk| matches!(&chunk.span, Span::Key(span) if span.partitions.len() > 1)).count();
    assert!(packed >= 4 && plan.len() <= 30, "{packed} of {} chunks are packed", plan.len());
    // Unmerged parts.
    for parts in [1, 12, 60] {
        let table = format!("d.parts{parts}");
        server.query(&format!("CREATE TABLE {table} (k UInt64, v UInt64) ENGINE = MergeTree ORDER BY k SETTINGS {KEEP}")).await;
        server.query(&format!("SYSTEM STOP MERGES {table}")).await;
        for part in 0..parts {
            let rows = 240_000 / parts;
            server.query(&format!("INSERT INTO {table} SELECT cityHash64(number), number FROM numbers({}, {rows})", part * rows)).await;
        }
        let (plan, evenness) = check(&server, &table).await;
        let most = match parts {
            1 => 105,
            12 => 125,
            _ => 160,
        };
        assert!(plan.len() >= 18 && evenness <= most, "{table}: {} chunks, {evenness} %", plan.len());
    }
    // Rows that a lightweight DELETE has hidden are neither counted nor copied.
    server.query(&format!("CREATE TABLE d.deleted (k UInt64, v UInt64) ENGINE = MergeTree ORDER BY k SETTINGS {KEEP}")).await;
    server.query("INSERT INTO d.deleted SELECT number, number FROM numbers(200000)").await;
    server.query("DELETE FROM d.deleted WHERE k % 3 = 0 OR k < 60000").await;
    check(&server, "d.deleted").await;
}

#[tokio::test]
async fn one_row_and_none() {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE d",
            "CREATE TABLE d.one (k UInt64) ENGINE = MergeTree ORDER BY k",
            "CREATE TABLE d.none (k UInt64) ENGINE = MergeTree ORDER BY k",
            "CREATE TABLE d.target (k UInt64) ENGINE = MergeTree ORDER BY k SETTINGS non_replicated_deduplication_window = 10",
            "INSERT INTO d.one VALUES (7)",
        ])
        .await;
    let (plan, _) = check(&server, "d.one").await;
    assert_eq!(plan.len(), 1);
    let snapshot = server.snapshot("d.none", "d.target").await;
    let Outcome::Refused(refusal) = planner_core::plan(&request("d.none", "d.target", 1 << 20), &snapshot) else { panic!("refused") };
    assert_eq!(refusal.code, "source-empty");
}

#[tokio::test]
async fn without_the_index_rows_are_sampled_and_the_rationale_says_so() {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE d",
            "CREATE TABLE d.s (p UInt8, k Nullable(Float64), t String) ENGINE = MergeTree PARTITION BY p ORDER BY (k, t) SETTINGS allow_nullable_key = 1",
            "INSERT INTO d.s SELECT number % 2, multiIf(number % 5 = 0, NULL, number % 7 = 0, nan, number), toString(number) FROM numbers(100000)",
            "CREATE TABLE d.log (ts DateTime, v UInt64) ENGINE = Log",
            "INSERT INTO d.log SELECT toDateTime(1735689600 + number), number FROM numbers(50000)",
            "CREATE VIEW d.view AS SELECT ts, v * 2 AS v FROM d.log",
            "CREATE TABLE d.plain (v UInt64) ENGINE = Log",
            "INSERT INTO d.plain SELECT number FROM numbers(50000)",
        ])
        .await;
    let asker = server.as_user("default", "").without_index();
    for (source, origin, code) in [
        ("d.s", KeyOrigin::Sample, "key-from-sample"),
        ("d.log", KeyOrigin::Sample, "key-from-sample"),
        ("d.view", KeyOrigin::Sample, "key-from-sample"),
        ("d.plain", KeyOrigin::Unknown, "hash-buckets"),
    ] {
        let target = format!("{source}_copy");
        server
            .query(&format!("CREATE TABLE {target} AS {source} ENGINE = MergeTree PRIMARY KEY tuple() ORDER BY tuple() SETTINGS {KEEP}"))
            .await;
        let snapshot = asker.snapshot(source, &target).await;
        assert_eq!(snapshot.source.keys.as_ref().unwrap().origin, origin, "{source}: {:?}", snapshot.source.keys);
        let asked = request(source, &target, (snapshot.source.stored.bytes / 8).max(1_024));
        let plan = match plan(&asked, &snapshot) {
            Outcome::Planned(plan) => plan,
            other => panic!("{source}: {other:?}"),
        };
        assert!(plan.rationale.iter().any(|note| note.code == code), "{source}: {:?}", plan.rationale);
        assert!((7..=14).contains(&plan.len()), "{source}: {} chunks", plan.len());
        let (counts, astray) = carried(&server, &plan).await;
        let rows: u64 = server.query(&format!("SELECT count() FROM {source}")).await.trim().parse().unwrap();
        assert_eq!((counts.iter().sum::<u64>(), astray), (rows, (0, 0)), "{source}: {counts:?}");
        copy(&server, &plan).await;
        let contents = [source, &target].map(|table| format!("SELECT * FROM {table}"));
        assert_eq!(server.fingerprint(&contents[0]).await, server.fingerprint(&contents[1]).await, "{source}");
    }
}

#[tokio::test]
async fn a_snapshot_costs_few_queries_and_no_data() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    server.query("CREATE TABLE d.s (day Date, tenant String, ts DateTime64(3), v UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY (tenant, ts)").await;
    server.query("CREATE TABLE d.t AS d.s").await;
    server
        .query("INSERT INTO d.s SELECT toDate('2025-01-01') + number % 60, toString(cityHash64(number) % 1000), toDateTime64('2025-01-01 00:00:00', 3) + number % 5184000, number FROM numbers(5000000)")
        .await;
    let snapshot = server.snapshot("d.s", "d.t").await;
    server.query("SYSTEM FLUSH LOGS").await;
    // What a survey asks carries its own mark: a read of system tables and of the index, never of d.s itself.
    let cost = server
        .query(
            "SELECT count(), sum(read_rows), countIf(has(tables, 'd.s')) FROM system.query_log WHERE type = 'QueryFinish' AND query_kind = 'Select' \
             AND query LIKE '%FORMAT JSONEachRow'",
        )
        .await;
    let [queries, rows, of_data] =
        <[u64; 3]>::try_from(cost.split_whitespace().map(|one| one.parse().unwrap()).collect::<Vec<_>>()).unwrap();
    assert!(queries <= 6, "{queries} queries");
    assert!(rows <= snapshot.source.stored.rows / 100, "{rows} rows read");
    assert_eq!(of_data, 0, "the table itself is read");
    let size = planner_core::canonical::to_string(&snapshot).len();
    assert!(size < 1_000_000, "{size} bytes");
}

#[tokio::test]
async fn a_snapshot_is_the_same_in_whatever_order_its_answers_come() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (name, rest) in
        [("a", "PARTITION BY b % 3 ORDER BY (a, b DESC)"), ("b", "ORDER BY (b, ts)"), ("c", "PARTITION BY toDate(ts) ORDER BY tuple()")]
    {
        let table = format!(
            "CREATE TABLE d.{name} (a Nullable(String), b UInt32, ts DateTime) ENGINE = MergeTree {rest} SETTINGS {KEEP}, allow_nullable_key = 1, allow_experimental_reverse_key = 1"
        );
        server.query(&table).await;
        server
            .query(&format!("CREATE TABLE d.{name}_copy (a Nullable(String), b UInt32, ts DateTime) ENGINE = MergeTree ORDER BY b"))
            .await;
        server.query(&format!("CREATE MATERIALIZED VIEW d.{name}_mv TO d.{name}_copy AS SELECT a, b, ts FROM d.{name}")).await;
        server
            .query(&format!(
                "INSERT INTO d.{name} SELECT if(number % 7 = 0, NULL, toString(number)), number % 1000, number * 10 FROM numbers(10000)"
            ))
            .await;
    }
    for name in ["a", "b", "c"] {
        let (source, target) = (format!("d.{name}"), format!("d.{name}_copy"));
        let usual = server.snapshot(&source, &target).await;
        assert_eq!(usual, server.as_user("default", "").backwards().snapshot(&source, &target).await);
        let sampled = server.as_user("default", "").without_index().snapshot(&source, &target).await;
        assert_eq!(sampled, server.as_user("default", "").without_index().backwards().snapshot(&source, &target).await);
    }
}
