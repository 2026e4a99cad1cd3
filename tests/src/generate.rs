//! Requests and snapshots by the thousand: plausible tables, odd names, every time type, windows that fit and that do not.

use std::collections::{BTreeMap, BTreeSet};

use planner_core::policy::Policy;
use planner_core::quantity::{DAY_MS, HOUR_MS, Hours, UnixMillis};
use planner_core::request::{Acknowledgement, Method, ModeChoice, Request, Window};
use planner_core::snapshot::{
    Column, DedupWindow, DefaultKind, Partition, ProfileOrigin, Server, Snapshot, Stored, Table, TimeBucket, TimeProfile, View, ViewColumn,
};
use planner_core::sql::identifier::{Identifier, TableName};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Column types that hold a moment, as servers write them.
const TIME_TYPES: &[&str] = &[
    "DateTime",
    "DateTime('UTC')",
    "DateTime('Europe/Berlin')",
    "DateTime64(0)",
    "DateTime64(3, 'UTC')",
    "DateTime64(6)",
    "DateTime64(9, 'UTC')",
    "Nullable(DateTime64(3))",
    "Date",
    "Date32",
    "LowCardinality(DateTime)",
];

/// Names that quoting must survive.
const NAMES: &[&str] = &["events", "ts", "it's", "a`b", "new\nline", "naïve ☃", "back\\slash", "drop table x; --", "{predicate}", "select"];

/// Versions with and without strict insert block limits.
const VERSIONS: &[(&str, bool)] = &[("25.8.2.29", false), ("26.7.2.1", true), ("26.2.1.1", false)];

/// One request with a snapshot that it may or may not fit.
pub fn pair() -> impl Strategy<Value = (Request, Snapshot)> {
    (table_name(), table_name(), 0..TIME_TYPES.len(), 0..VERSIONS.len(), any::<bool>(), profile(), rows(), any::<bool>())
        .prop_flat_map(|(source, target, time_type, version, replay, profile, target_rows, summing)| {
            let snapshot = snapshot(&source, &target, time_type, version, replay, profile, target_rows, summing);
            (request(source, target), Just(snapshot))
        })
        .prop_filter("source and target differ", |(request, _)| request.source != request.target)
}

/// The same `count` pairs on every machine and every day.
pub fn fixed_pairs(count: usize) -> Vec<(Request, Snapshot)> {
    let mut runner = TestRunner::deterministic();
    let strategy = pair();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("the strategy rejects few values").current()).collect()
}

/// A request that is cut into exactly so many chunks, with its snapshot.
pub fn wide(chunks: u32) -> (Request, Snapshot) {
    let (source, target) = (TableName::new("demo", "events").expect("not empty"), TableName::new("demo", "copy").expect("not empty"));
    let snapshot = snapshot(&source, &target, 4, 1, false, (0..744).map(|hour| (hour, 1_000_000)).collect(), 0, false);
    let from = UnixMillis(946_684_800_000);
    let hours = Hours::from_ms(900_000).expect("a quarter of an hour");
    let request = Request {
        acknowledged: BTreeSet::from([Acknowledgement::LargeWindow]),
        generation: 0,
        method: Method::TimeWindow { hours },
        mode: ModeChoice::Auto,
        source,
        target,
        time_column: None,
        window: Some(Window { from, to: from.plus(i64::from(chunks) * 900_000) }),
    };
    (request, snapshot)
}

fn table_name() -> impl Strategy<Value = TableName> {
    (0..NAMES.len(), 0..NAMES.len()).prop_map(|(database, table)| TableName::new(NAMES[database], NAMES[table]).expect("not empty"))
}

fn rows() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0_u64), 1 => 1_u64..10_000_000]
}

/// Hourly buckets of January 2025, some of them empty, some beyond 2^53 rows in sum.
fn profile() -> impl Strategy<Value = Vec<(u16, u64)>> {
    vec((0_u16..744, prop_oneof![10 => 1_u64..1_000_000, 1 => 1_u64 << 50..1_u64 << 52]), 0..60)
}

fn request(source: TableName, target: TableName) -> impl Strategy<Value = Request> {
    let method = prop_oneof![
        (1_i64..2000).prop_map(|quarters| Method::TimeWindow { hours: Hours::from_ms(quarters * 900_000).expect("a multiple of 36 ms") }),
        (1_u32..200).prop_map(|hours| Method::TimeWindow { hours: Hours::whole(hours) }),
        (1_u32..9).prop_map(|days| Method::TimeWindow { hours: Hours::whole(24 * days) }),
        Just(Method::TimeWindow { hours: Hours::from_ms(36).expect("36 ms") }),
        (0_u16..40).prop_map(|days| Method::CalendarDays { days }),
    ];
    let january = 1_735_689_600_000_i64;
    let window = proptest::option::weighted(
        0.7,
        (-50_i64..800, 1_i64..800, prop_oneof![4 => Just(HOUR_MS), 2 => Just(DAY_MS / 24), 1 => Just(1_234_567_i64)], any::<bool>())
            .prop_map(move |(from, width, unit, days)| {
                let unit = if days { DAY_MS } else { unit };
                let from = january + from / 24 * unit;
                Window { from: UnixMillis(from), to: UnixMillis(from + (width / 8 - 2) * unit) }
            }),
    );
    let acknowledged = (any::<bool>(), any::<bool>()).prop_map(|(large, holds)| {
        let mut set = BTreeSet::new();
        set.extend(large.then_some(Acknowledgement::LargeWindow));
        set.extend(holds.then_some(Acknowledgement::TargetHoldsRows));
        set
    });
    let mode = prop_oneof![4 => Just(ModeChoice::Auto), 1 => Just(ModeChoice::Copy), 1 => Just(ModeChoice::ViewReplay)];
    (method, window, acknowledged, mode, 0_u32..3).prop_map(move |(method, window, acknowledged, mode, generation)| Request {
        acknowledged,
        generation,
        method,
        mode,
        source: source.clone(),
        target: target.clone(),
        time_column: None,
        window,
    })
}

fn column(name: &str, type_name: &str, kind: DefaultKind) -> Column {
    let default_expression = if kind.is_none() { String::new() } else { "1".into() };
    Column {
        bytes: 8_000,
        default_expression,
        default_kind: kind,
        name: Identifier::new(name).expect("not empty"),
        type_name: type_name.into(),
    }
}

#[expect(clippy::too_many_arguments, reason = "one argument for each generated part")]
pub(crate) fn snapshot(
    source: &TableName,
    target: &TableName,
    time_type: usize,
    version: usize,
    replay: bool,
    profile: Vec<(u16, u64)>,
    target_rows: u64,
    summing: bool,
) -> Snapshot {
    let time_type = TIME_TYPES[time_type];
    let (version, strict) = VERSIONS[version];
    let mut by_hour = BTreeMap::<u16, u64>::new();
    for (hour, rows) in profile {
        *by_hour.entry(hour).or_default() += rows;
    }
    let buckets: Vec<TimeBucket> = by_hour
        .iter()
        .map(|(hour, rows)| {
            let start = UnixMillis(1_735_689_600_000 + i64::from(*hour) * HOUR_MS);
            TimeBucket { max: start.plus(HOUR_MS - 1), min: start, rows: *rows, start }
        })
        .collect();
    let total: u64 = by_hour.values().sum();
    let profile = TimeProfile { buckets, null_rows: 0, origin: ProfileOrigin::IndexMarks, step_ms: HOUR_MS };
    let settings = planner_core::write_path::setting_names()
        .into_iter()
        .filter(|name| strict || *name != "use_strict_insert_block_limits")
        .map(|name| (name.to_owned(), "0".to_owned()))
        .collect();
    let partition = Partition { bytes: total.saturating_mul(40), id: "all".into(), rows: total, times: None };
    let source_table = Table {
        columns: vec![
            column("tenant", "LowCardinality(String)", DefaultKind::None),
            column("ts", time_type, DefaultKind::None),
            column("it's `odd`", "Array(Nullable(UInt64))", DefaultKind::None),
            column("amount", "UInt32", DefaultKind::Default),
            column("day", "Date", DefaultKind::Materialized),
        ],
        dedup: DedupWindow { blocks: 0, seconds: 0 },
        descending: Vec::new(),
        engine: "MergeTree".into(),
        engine_full: "MergeTree ORDER BY (tenant, ts)".into(),
        keys: None,
        name: source.clone(),
        partition_key: String::new(),
        stored: Stored::of(std::slice::from_ref(&partition)),
        partitions: vec![partition],
        primary_key: "tenant, ts".into(),
        row_policy: false,
        select: String::new(),
        sorting_key: "tenant, ts".into(),
        times: BTreeMap::from([(Identifier::new("ts").expect("not empty"), profile)]),
        unfinished_mutations: total % 3,
        uuid: "11111111-1111-4111-8111-111111111111".into(),
    };
    let engine = if summing { "SummingMergeTree" } else { "MergeTree" };
    let target_table = Table {
        columns: vec![
            column("ts", time_type, DefaultKind::None),
            column("tenant", "String", DefaultKind::None),
            column("it's `odd`", "Array(Nullable(UInt64))", DefaultKind::None),
            column("amount", "UInt64", DefaultKind::None),
            column("twice", "UInt64", DefaultKind::Alias),
        ],
        dedup: DedupWindow { blocks: 100, seconds: 0 },
        descending: Vec::new(),
        engine: engine.into(),
        keys: None,
        engine_full: format!("{engine} ORDER BY (ts, tenant)"),
        name: target.clone(),
        partition_key: "toYYYYMMDD(ts)".into(),
        partitions: Vec::new(),
        stored: Stored { bytes: target_rows.saturating_mul(40), disk_bytes: 0, rows: target_rows },
        primary_key: "ts, tenant".into(),
        row_policy: false,
        select: String::new(),
        sorting_key: "ts, tenant".into(),
        times: BTreeMap::new(),
        unfinished_mutations: 0,
        uuid: "22222222-2222-4222-8222-222222222222".into(),
    };
    let view = |name: &str, select: &str| View {
        columns: vec![
            ViewColumn { name: Identifier::new("ts").expect("not empty"), type_name: time_type.into() },
            ViewColumn { name: Identifier::new("amount").expect("not empty"), type_name: "UInt64".into() },
        ],
        name: TableName::new("views", name).expect("not empty"),
        select: select.into(),
        source: source.clone(),
        target: Some(target.clone()),
        target_dedup: None,
        uuid: "33333333-3333-4333-8333-333333333333".into(),
    };
    let views = if replay {
        vec![
            view("a", "SELECT ts, sum(amount) AS amount FROM x GROUP BY ts"),
            view("b's", "SELECT ts, amount FROM x WHERE amount > 'it''s'"),
        ]
    } else {
        Vec::new()
    };
    Snapshot {
        day_starts: BTreeMap::new(),
        format: planner_core::snapshot::FORMAT,
        policy: Policy::default(),
        server: Server { disk_free_bytes: None, memory_bytes: 8 << 30, settings, timezone: "UTC".into(), version: version.into() },
        source: source_table,
        target: target_table,
        views,
    }
}
