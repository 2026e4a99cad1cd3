//! Requests by size, with snapshots whose keys are of every type: sorted tuples, heavy ones, many partitions.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use planner_core::histogram::{KeyHistogram, KeyOrigin, KeyPoint};
use planner_core::key::{KeyColumn, KeyTuple};
use planner_core::request::{Acknowledgement, Method, Request};
use planner_core::snapshot::{Partition, Snapshot, Stored, Table};
use planner_core::sql::key_type::KeyType;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::generate;

/// Types that keys are cut by, as servers write them.
pub const KEY_TYPES: &[&str] = &[
    "UInt64",
    "Int8",
    "Int256",
    "Float64",
    "Nullable(Float32)",
    "Decimal(38, 5)",
    "Date",
    "Date32",
    "DateTime('Europe/Berlin')",
    "DateTime64(6, 'UTC')",
    "String",
    "LowCardinality(Nullable(String))",
    "FixedString(3)",
    "Enum8('a' = -1, 'b, c' = 2)",
    "UUID",
    "IPv4",
    "IPv6",
    "Bool",
    "Tuple(UInt16, String)",
];

/// One request by size with a snapshot that it fits.
pub fn keyed() -> impl Strategy<Value = (Request, Snapshot)> {
    let columns = vec((0..KEY_TYPES.len(), any::<bool>()), 1..4);
    let points = vec((vec(any::<u8>(), 12), 1_u64..100_000), 1..60);
    let partitions = vec((points, 1_u64..1_000_000), 1..5);
    let method = prop_oneof![6 => (17_u32..34).prop_map(|power| Method::SizeBudget { bytes: 1 << power }), 1 => Just(Method::Partitions)];
    (generate::pair(), columns, partitions, method, any::<bool>()).prop_map(
        |((request, mut snapshot), columns, partitions, method, sampled)| {
            let columns = columns
                .into_iter()
                .enumerate()
                .map(|(at, (of, descending))| KeyColumn { descending, expression: format!("k{at}"), type_name: KEY_TYPES[of].into() })
                .collect();
            spread(&mut snapshot.source, columns, partitions, sampled);
            let acknowledged = BTreeSet::from([Acknowledgement::LargeWindow, Acknowledgement::TargetHoldsRows]);
            (Request { acknowledged, method, window: None, ..request }, snapshot)
        },
    )
}

/// The same `count` pairs on every machine and every day.
pub fn fixed(count: usize) -> Vec<(Request, Snapshot)> {
    let mut runner = TestRunner::deterministic();
    let strategy = keyed();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("the strategy rejects few values").current()).collect()
}

/// A table of very many rows and partitions, and a budget that cuts it into so many chunks: detail included.
pub fn huge(partitions: u32, chunks: u32) -> (Request, Snapshot) {
    huge_of(partitions, chunks, 8)
}

/// The same with so many points a chunk.
pub fn huge_of(partitions: u32, chunks: u32, points: u32) -> (Request, Snapshot) {
    const ROWS: u64 = 4_000_000_000_000;
    let (request, mut snapshot) = generate::wide(4);
    let each = chunks / partitions;
    let rows = ROWS / u64::from(partitions);
    let point = |at: u32| KeyPoint { granules: 4, key: KeyTuple::of(&u64::from(at).to_le_bytes()), rows: rows / u64::from(each * points) };
    let id = |at: u32| format!("{:06}", 100_000 + at);
    let source = &mut snapshot.source;
    source.partition_key = "p".into();
    // Without sizes of columns, all of a row is taken as read.
    source.columns.iter_mut().for_each(|column| column.bytes = 0);
    source.partitions = (0..partitions).map(|at| partition(id(at), rows, rows * 100)).collect();
    source.stored = Stored::of(&source.partitions);
    source.keys = Some(KeyHistogram {
        below: BTreeMap::new(),
        columns: vec![KeyColumn { descending: false, expression: "tenant".into(), type_name: "UInt64".into() }],
        origin: KeyOrigin::IndexMarks,
        partitions: (0..partitions).map(|at| (id(at), (0..each * points).map(point).collect())).collect(),
        rows_a_point: 1,
        why: String::new(),
    });
    // A twentieth more than the budget is taken where it saves a cut: here it just does not.
    let budget = rows * 100 / u64::from(each) * 24 / 25;
    (Request { method: Method::SizeBudget { bytes: budget }, window: None, ..request }, snapshot)
}

/// What the service answers to `POST /v1/snapshots` for such a table, beside the budget that cuts it into so many chunks. Two
/// points a chunk: what the server sends at most for a million of them.
pub fn answer(partitions: u32, chunks: u32) -> Value {
    let (request, snapshot) = huge_of(partitions, chunks, 2);
    let Method::SizeBudget { bytes } = request.method else { panic!("by size") };
    json!({"bytes": bytes, "chunks": chunks, "digest": snapshot.digest(), "snapshot": snapshot, "taken_at": 0})
}

fn partition(id: String, rows: u64, bytes: u64) -> Partition {
    Partition { bytes, id, rows, times: None }
}

/// The bytes that a point's tuple is made of, and its rows.
type Seed = (Vec<u8>, u64);

/// Partitions, each of points and a width of its rows, with tuples in the key's order.
fn spread(source: &mut Table, columns: Vec<KeyColumn>, partitions: Vec<(Vec<Seed>, u64)>, sampled: bool) {
    let types: Vec<KeyType> = columns.iter().map(|column| KeyType::of(&column.type_name).expect("a key type")).collect();
    let order = |a: &[Vec<u8>], b: &[Vec<u8>]| {
        let one = |at: usize| {
            let order = types[at].compare(&a[at], &b[at]);
            if columns[at].descending { order.reverse() } else { order }
        };
        (0..types.len()).map(one).find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
    };
    let mut histogram = BTreeMap::new();
    source.partitions.clear();
    for (at, (points, width)) in partitions.into_iter().enumerate() {
        let id = format!("2025{:02}", at + 1);
        let rows = points.iter().map(|point| point.1).sum();
        let mut tuples: Vec<(Vec<Vec<u8>>, u64)> =
            points.into_iter().map(|(bytes, rows)| (types.iter().map(|of| value(of, &bytes)).collect(), rows)).collect();
        tuples.sort_by(|a, b| order(&a.0, &b.0));
        tuples.dedup_by(|later, first| {
            order(&later.0, &first.0) == Ordering::Equal && {
                first.1 += later.1;
                true
            }
        });
        let points = tuples.into_iter().map(|(tuple, rows)| KeyPoint { granules: 1, key: KeyTuple::of(&tuple.concat()), rows }).collect();
        histogram.insert(id.clone(), points);
        source.partitions.push(partition(id, rows, rows * (width % 200 + 1)));
    }
    source.stored = Stored::of(&source.partitions);
    source.partition_key = "toYYYYMM(ts)".into();
    let origin = if sampled { KeyOrigin::Sample } else { KeyOrigin::IndexMarks };
    let key = columns.iter().map(|column| column.expression.as_str()).collect::<Vec<_>>().join(", ");
    source.sorting_key.clone_from(&key);
    source.primary_key = key;
    source.keys =
        Some(KeyHistogram { below: BTreeMap::new(), columns, origin, partitions: histogram, rows_a_point: 0, why: String::new() });
}

/// Some value of a type, made of random bytes.
fn value(of: &KeyType, bytes: &[u8]) -> Vec<u8> {
    let fill = |width: usize| bytes.iter().copied().cycle().take(width).collect::<Vec<u8>>();
    match of {
        KeyType::Nullable(inner) if bytes[0] > 200 => {
            let _ = inner;
            vec![1]
        }
        KeyType::Nullable(inner) => [vec![0], value(inner, bytes)].concat(),
        KeyType::Integer { width, name, .. } if name == "Bool" => vec![bytes[0] % 2; *width],
        KeyType::Integer { width, .. }
        | KeyType::Float { width, .. }
        | KeyType::Decimal { width, .. }
        | KeyType::Time { width, .. }
        | KeyType::Enum { width, .. }
        | KeyType::FixedString(width) => fill(*width),
        KeyType::Uuid | KeyType::Ipv6 => fill(16),
        KeyType::Ipv4 => fill(4),
        KeyType::String => {
            let length = bytes[0] % 12;
            [vec![length], bytes[..usize::from(length)].to_vec()].concat()
        }
        KeyType::Tuple { elements, .. } => elements.iter().flat_map(|element| value(element, bytes)).collect(),
    }
}
