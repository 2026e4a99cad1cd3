//! What the planner writes, run on the real engine statement by statement: the SQL itself is right.

use std::collections::BTreeMap;

use penstock_tests::clickhouse::ClickHouse;
use planner_core::plan::{Mode, Plan, Span};
use planner_core::quantity::{Hours, UnixMillis};
use planner_core::request::{Acknowledgement, Method, ModeChoice, Request, Window};
use planner_core::snapshot::Snapshot;
use planner_core::sql::checks::{self, Proof};
use planner_core::sql::identifier::TableName;
use planner_core::{Outcome, audit::audit, plan};

const SAMPLE: &[&str] = &[
    "CREATE DATABASE t",
    "CREATE TABLE t.src (tenant LowCardinality(String), ts DateTime64(3, 'UTC'), tags Array(String), note Nullable(String), amount UInt32, \
     day Date MATERIALIZED toDate(ts), twice UInt64 ALIAS amount * 2) ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, ts)",
    "INSERT INTO t.src (tenant, ts, tags, note, amount) SELECT if(number % 10 < 6, 'mega', toString(number % 50)), \
     fromUnixTimestamp64Milli(1735689600000 + toInt64(number) * 1036, 'UTC'), [toString(number % 7), 'x'], if(number % 3 = 0, NULL, toString(number)), \
     number % 1000 FROM numbers(500000)",
];

fn request(source: &str, target: &str, method: Method) -> Request {
    Request {
        acknowledged: [Acknowledgement::LargeWindow].into(),
        generation: 0,
        method,
        mode: ModeChoice::Auto,
        source: TableName::parse(source).unwrap(),
        target: TableName::parse(target).unwrap(),
        time_column: None,
        window: None,
    }
}

fn hours(hours: u32) -> Method {
    Method::TimeWindow { hours: Hours::whole(hours) }
}

fn window(from: &str, to: &str) -> Window {
    Window { from: UnixMillis::parse(from).unwrap(), to: UnixMillis::parse(to).unwrap() }
}

/// Plans, answering whatever detail is asked for, and audits.
async fn planned(server: &ClickHouse, request: &Request) -> (Plan, Snapshot) {
    let mut snapshot = server.snapshot_of(request.source.clone(), request.target.clone(), request.time_column.clone()).await;
    loop {
        match plan(request, &snapshot) {
            Outcome::Planned(plan) => {
                assert_eq!(audit(&plan, &snapshot), Vec::new());
                return (*plan, snapshot);
            }
            Outcome::NeedsDetail(probes) => snapshot = server.detail(&snapshot, probes).await,
            Outcome::Refused(refusal) => panic!("{refusal:?}"),
        }
    }
}

async fn send(server: &ClickHouse, plan: &Plan, i: usize, attempt: u32) {
    let mut settings = plan.core.insert_settings(i, plan.core.generation, attempt, "job");
    settings.insert("query_id".into(), plan.core.query_id(i, attempt));
    server.try_query(&plan.chunk_sql(i), &settings).await.unwrap();
}

async fn run(server: &ClickHouse, plan: &Plan) {
    for i in 0..plan.len() {
        send(server, plan, i, 1).await;
    }
}

/// Every chunk left just one part in each partition it touched.
async fn one_part_a_partition(server: &ClickHouse, plan: &Plan) {
    server.query("SYSTEM FLUSH LOGS").await;
    let id = plan.core.plan_id.as_str();
    let torn = server
        .query(&format!(
            "SELECT query_id, partition_id, count() FROM system.part_log WHERE event_type = 'NewPart' AND error = 0 AND query_id LIKE 'penstock-{id}-%' \
             GROUP BY query_id, partition_id HAVING count() != 1"
        ))
        .await;
    assert_eq!(torn, "");
    let sent = server
        .query(&format!("SELECT uniq(query_id) FROM system.part_log WHERE event_type = 'NewPart' AND query_id LIKE 'penstock-{id}-%'"))
        .await;
    assert_ne!(sent.trim(), "0");
}

async fn equal(server: &ClickHouse, one: &str, other: &str) {
    assert_eq!(server.query(one).await, server.query(other).await, "{one}\n\n{other}");
}

#[tokio::test]
async fn a_copy_is_exact_by_content() {
    let server = ClickHouse::start();
    server.run(SAMPLE).await;
    server
        .run(&["CREATE TABLE t.dst (amount UInt32, note Nullable(String), day Date MATERIALIZED toDate(ts), ts DateTime64(3, 'UTC'), \
                tenant LowCardinality(String), tags Array(String)) ENGINE = MergeTree ORDER BY ts SETTINGS non_replicated_deduplication_window = 1000"])
        .await;
    let (plan, snapshot) = planned(&server, &request("t.src", "t.dst", hours(6))).await;
    assert_eq!(plan.core.mode, Mode::Copy);
    assert!(plan.len() > 20, "{} chunks", plan.len());
    assert_eq!(plan.total().rows, 500_000, "index marks account for every row");
    run(&server, &plan).await;
    let columns = "SELECT tenant, ts, tags, note, amount, day FROM";
    let source = server.fingerprint(&format!("{columns} t.src")).await;
    assert!(source.starts_with("500000\t"));
    assert_eq!(source, server.fingerprint(&format!("{columns} t.dst")).await);
    one_part_a_partition(&server, &plan).await;

    assert_eq!(checks::proof(&plan.core, &snapshot), Proof::PerChunk);
    for i in 0..plan.len() {
        equal(&server, &checks::source_fingerprint(&plan.core, i), &checks::target_fingerprint(&plan.core, i)).await;
    }
    // The same tokens again write nothing, although the source's parts were merged meanwhile.
    server.query("OPTIMIZE TABLE t.src FINAL").await;
    for i in 0..plan.len() {
        send(&server, &plan, i, 2).await;
    }
    assert_eq!(source, server.fingerprint(&format!("{columns} t.dst")).await);
    // Clearing a span removes just its rows, and nothing when it comes late; a comparison sees a single row missing.
    server.query(&checks::clear_span(&plan.core, 3, 1_700_000_000_000)).await;
    equal(&server, &checks::source_fingerprint(&plan.core, 3), &checks::target_fingerprint(&plan.core, 3)).await;
    server.query(&checks::clear_span(&plan.core, 3, 4_000_000_000_000)).await;
    let nothing = server.query(&checks::target_fingerprint(&plan.core, 3)).await;
    assert!(nothing.contains("\"rows\":\"0\""), "{nothing}");
    equal(&server, &checks::source_fingerprint(&plan.core, 2), &checks::target_fingerprint(&plan.core, 2)).await;
    server.query("ALTER TABLE t.dst DELETE WHERE ts = (SELECT min(ts) FROM t.dst) SETTINGS mutations_sync = 2").await;
    assert_ne!(
        server.query(&checks::source_fingerprint(&plan.core, 0)).await,
        server.query(&checks::target_fingerprint(&plan.core, 0)).await
    );
}

#[tokio::test]
async fn null_times_and_null_values_are_compared() {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE t",
            "CREATE TABLE t.src (id UInt64, created_at Nullable(DateTime), v Nullable(Int8)) ENGINE = MergeTree ORDER BY id",
            "INSERT INTO t.src SELECT number, if(number % 5 = 0, NULL, toDateTime(1735689600 + number * 60, 'UTC')), if(number % 2 = 0, NULL, 1) FROM numbers(10000)",
            "CREATE TABLE t.dst AS t.src",
        ])
        .await;
    let (plan, snapshot) = planned(&server, &request("t.src", "t.dst", hours(24))).await;
    assert_eq!(plan.core.time.as_ref().unwrap().column.as_str(), "created_at");
    assert_eq!(plan.total().rows, 10_000, "rows without a time have a chunk of their own");
    run(&server, &plan).await;
    assert_eq!(checks::proof(&plan.core, &snapshot), Proof::PerChunk);
    for i in 0..plan.len() {
        equal(&server, &checks::source_fingerprint(&plan.core, i), &checks::target_fingerprint(&plan.core, i)).await;
    }
    assert_eq!(server.query("SELECT count() FROM t.dst").await.trim(), "10000");
    // A change of a NULL into a value must show: a hash over bare arguments would not see it.
    server.query("ALTER TABLE t.dst UPDATE v = 2 WHERE id = 2 SETTINGS mutations_sync = 2").await;
    assert_ne!(
        server.query(&checks::source_fingerprint(&plan.core, 0)).await,
        server.query(&checks::target_fingerprint(&plan.core, 0)).await
    );
}

const TOTALS: &[&str] = &[
    "CREATE TABLE t.totals (day Date, tenant String, n UInt64, total UInt64) ENGINE = SummingMergeTree ORDER BY (day, tenant) \
     SETTINGS non_replicated_deduplication_window = 1000",
    "CREATE MATERIALIZED VIEW t.mv TO t.totals AS SELECT toDate(ts) AS day, tenant, count() AS n, sum(amount) AS total FROM t.src GROUP BY day, tenant",
    "CREATE MATERIALIZED VIEW t.mv2 TO t.totals AS SELECT toDate(ts) AS day, 'all' AS tenant, toUInt64(amount) AS total FROM t.src WHERE note IS NULL",
];

#[tokio::test]
async fn every_feeding_view_is_replayed() {
    let server = ClickHouse::start();
    server.run(SAMPLE).await;
    server.run(TOTALS).await;
    let (plan, snapshot) = planned(&server, &request("t.src", "t.totals", hours(7))).await;
    assert_eq!((plan.core.mode, plan.core.statements.len()), (Mode::ViewReplay, 2));
    run(&server, &plan).await;
    one_part_a_partition(&server, &plan).await;
    let expected = server
        .fingerprint(
            "SELECT day, tenant, sum(n), sum(total) FROM (SELECT toDate(ts) AS day, tenant, count() AS n, sum(amount) AS total FROM t.src GROUP BY day, tenant \
             UNION ALL SELECT toDate(ts), 'all', toUInt64(0), toUInt64(amount) FROM t.src WHERE note IS NULL) GROUP BY day, tenant",
        )
        .await;
    assert_eq!(expected, server.fingerprint("SELECT day, tenant, sum(n), sum(total) FROM t.totals GROUP BY day, tenant").await);
    assert_eq!(checks::proof(&plan.core, &snapshot), Proof::WholeTarget);
    equal(&server, &checks::whole_source(&plan.core, &snapshot), &checks::whole_target(&plan.core, &snapshot)).await;
    // One chunk twice under another token is seen.
    server.try_query(&plan.chunk_sql(1), &BTreeMap::new()).await.unwrap();
    assert_ne!(
        server.query(&checks::whole_source(&plan.core, &snapshot)).await,
        server.query(&checks::whole_target(&plan.core, &snapshot)).await
    );
}

#[tokio::test]
async fn views_whose_groups_a_cut_would_tear_are_refused() {
    let server = ClickHouse::start();
    server.run(SAMPLE).await;
    server
        .run(&[
            "CREATE TABLE t.plain (day Date, users UInt64) ENGINE = MergeTree ORDER BY day",
            "CREATE MATERIALIZED VIEW t.plain_mv TO t.plain AS SELECT toDate(ts) AS day, uniq(tenant) AS users FROM t.src GROUP BY day",
        ])
        .await;
    let snapshot = server.snapshot("t.src", "t.plain").await;
    let refusal = |request: &Request| match plan(request, &snapshot) {
        Outcome::Refused(refusal) => refusal.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&request("t.src", "t.plain", hours(6))), "cut-tears-groups");
    let odd = Request { window: Some(window("2025-01-01T01:00", "2025-01-03T01:00")), ..request("t.src", "t.plain", hours(24)) };
    assert_eq!(refusal(&odd), "cut-tears-groups");
    let (plan, _) = planned(&server, &request("t.src", "t.plain", Method::CalendarDays { days: 1 })).await;
    run(&server, &plan).await;
    let expected = server.fingerprint("SELECT toDate(ts) AS day, uniq(tenant) AS users FROM t.src GROUP BY day").await;
    assert_eq!(expected, server.fingerprint("SELECT day, users FROM t.plain").await);
}

#[tokio::test]
async fn names_and_types_of_every_kind_are_copied() {
    let server = ClickHouse::start();
    let source = TableName::new("naïve ☃ `db`", "it's a\n\"table\" \\ {predicate}; --").unwrap();
    let target = TableName::new("naïve ☃ `db`", "target ` '").unwrap();
    server.query(&format!("CREATE DATABASE {}", source.database.quoted())).await;
    for (name, order) in [(&source, "`when`"), (&target, "`key ``;`")] {
        server
            .query(&format!(
                "CREATE TABLE {} (`key ``;` UInt64, `when` DateTime64(9, 'Europe/Berlin'), `rows` Int128, `sum` Decimal(38, 10), `h` Map(String, Array(Nullable(Float64))), \
                 `penstock hash` Tuple(a UUID, b IPv6), `e` Enum8('it''s' = 1, 'b' = -2)) ENGINE = MergeTree ORDER BY {order}",
                name.quoted()
            ))
            .await;
    }
    server
        .query(&format!(
            "INSERT INTO {} SELECT number, fromUnixTimestamp64Nano(1743200000000000000 + toInt64(number) * 777777777777, 'Europe/Berlin'), -number, number / 3, \
             map(toString(number), [NULL, number / 7]), (generateUUIDv4(), toIPv6('::1')), if(number % 2, 'it\\'s', 'b') FROM numbers(20000)",
            source.quoted()
        ))
        .await;
    let asked = Request { source: source.clone(), target: target.clone(), ..request("a.b", "a.c", Method::CalendarDays { days: 1 }) };
    let (plan, snapshot) = planned(&server, &asked).await;
    assert!(plan.len() > 1);
    run(&server, &plan).await;
    let columns = "SELECT `key ``;`, `when`, `rows`, `sum`, `h`, `penstock hash`, `e` FROM";
    let expected = server.fingerprint(&format!("{columns} {}", source.quoted())).await;
    assert!(expected.starts_with("20000\t"));
    assert_eq!(expected, server.fingerprint(&format!("{columns} {}", target.quoted())).await);
    assert_eq!(checks::proof(&plan.core, &snapshot), Proof::PerChunk);
    for i in 0..plan.len() {
        equal(&server, &checks::source_fingerprint(&plan.core, i), &checks::target_fingerprint(&plan.core, i)).await;
    }
    // Days of Berlin: the day on which clocks change has 23 hours.
    let widths: Vec<i64> = plan
        .core
        .chunks
        .iter()
        .filter_map(|chunk| match chunk.span {
            Span::Time(Some(from), Some(to)) => Some((to.0 - from.0) / 3_600_000),
            _ => None,
        })
        .collect();
    assert!(widths.contains(&23) && widths.contains(&24), "{widths:?}");
}

#[tokio::test]
async fn a_window_leaves_everything_else_alone() {
    let server = ClickHouse::start();
    server.run(SAMPLE).await;
    server.run(&["CREATE TABLE t.dst AS t.src ENGINE = MergeTree ORDER BY ts"]).await;
    let asked = Request { window: Some(window("2025-01-02T00:00:00.500", "2025-01-03T12:00")), ..request("t.src", "t.dst", hours(5)) };
    let (plan, _) = planned(&server, &asked).await;
    run(&server, &plan).await;
    let columns = "SELECT tenant, ts, tags, note, amount FROM";
    let condition = "WHERE ts >= toDateTime64('2025-01-02 00:00:00.500', 3, 'UTC') AND ts < toDateTime64('2025-01-03 12:00:00', 3, 'UTC')";
    assert_eq!(server.fingerprint(&format!("{columns} t.src {condition}")).await, server.fingerprint(&format!("{columns} t.dst")).await);
    // The next window is free; the same window is not; after an acknowledgement it is.
    let next = Request { window: Some(window("2025-01-03T12:00", "2025-01-05")), ..asked.clone() };
    let (plan_of_next, _) = planned(&server, &next).await;
    assert!(plan_of_next.len() > 1);
    let snapshot = server.snapshot("t.src", "t.dst").await;
    let Outcome::Refused(refusal) = planner_core::plan(&asked, &snapshot) else { panic!("planned over rows that are there") };
    assert_eq!((refusal.code.as_str(), refusal.acknowledge), ("target-holds-rows", Some(Acknowledgement::TargetHoldsRows)));
    let mut meant = asked;
    meant.acknowledged.insert(Acknowledgement::TargetHoldsRows);
    assert!(matches!(planner_core::plan(&meant, &snapshot), Outcome::Planned(_)));
}
