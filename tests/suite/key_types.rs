//! Keys of every type on the real engine: each row falls into exactly one chunk, the copy is exact, the index prunes.

use penstock_tests::by_size::{carried, copy, granules, planned};
use penstock_tests::clickhouse::ClickHouse;
use planner_core::plan::Span;

/// How a table's key is declared and filled, and what planning it should come to.
struct Case {
    /// Columns with their types, for CREATE TABLE.
    columns: &'static str,
    /// ORDER BY.
    key: &'static str,
    /// The columns' values over `number`.
    values: &'static str,
    /// Chunks that are expected at least, and whether the index prunes them.
    expected: (usize, bool),
}

const ROWS: u32 = 40_000;

const fn case(columns: &'static str, key: &'static str, values: &'static str) -> Case {
    Case { columns, key, values, expected: (6, true) }
}

/// Extremes at both ends, and what lies beyond 2^53, in between.
const CASES: &[Case] = &[
    case("k UInt8", "k", "number % 256"),
    case("k UInt16", "k", "number * 7"),
    case("k UInt32", "k", "if(number % 5 = 0, 4294967295 - number, number)"),
    case("k UInt64", "k", "if(number % 3 = 0, 18446744073709551615 - number, 9007199254740992 + number)"),
    case("k UInt128", "k", "toUInt128(number) * toUInt128('10000000000000000000000000000')"),
    case("k UInt256", "k", "toUInt256(number) * toUInt256('1000000000000000000000000000000000000000000000000000000000000')"),
    case("k Int8", "k", "toInt8(number)"),
    case("k Int16", "k", "toInt16(number * 3)"),
    case("k Int32", "k", "toInt32(number) - 20000"),
    case("k Int64", "k", "if(number % 2 = 0, -9223372036854775808 + toInt64(number), 9223372036854775807 - toInt64(number))"),
    case("k Int128", "k", "(toInt128(number) - 20000) * toInt128('10000000000000000000000000000')"),
    case("k Int256", "k", "(toInt256(number) - 20000) * toInt256('1000000000000000000000000000000000000000000000000000000000000')"),
    case(
        "k Float32",
        "k",
        "multiIf(number % 50 = 0, nan, number % 50 = 1, inf, number % 50 = 2, -inf, number % 50 = 3, -0.0, number % 50 = 4, 0.0, toFloat32(number) * 1.1 - 20000)",
    ),
    case(
        "k Float64",
        "k",
        "multiIf(number % 3 = 0, nan, number % 50 = 1, inf, number % 50 = 2, -inf, number % 50 = 3, -0.0, number * 1e300)",
    ),
    case("k Nullable(Float64)", "k", "multiIf(number % 4 = 0, NULL, number % 4 = 1, nan, number / 7)"),
    case("k Decimal(9, 3)", "k", "toDecimal32(number, 3) - 20000"),
    case("k Decimal(18, 9)", "k", "toDecimal64(number, 9) / 7"),
    case("k Decimal(38, 20)", "k", "toDecimal128(number, 20) - 20000"),
    case("k Decimal(76, 30)", "k", "toDecimal256(number, 30) - 20000"),
    case("k Date", "k", "toDate(number * 3 % 65536)"),
    case("k Date32", "k", "toDate32('1900-01-01') + number"),
    case("k DateTime", "k", "toDateTime(number * 100000)"),
    case("k DateTime('Europe/Berlin')", "k", "toDateTime(1743296400 - 20000 + number, 'Europe/Berlin')"),
    case("k DateTime64(0)", "k", "toDateTime64('1950-01-01 00:00:00', 0) + number"),
    case("k DateTime64(3, 'UTC')", "k", "fromUnixTimestamp64Milli(toInt64(number) * 33 - 500000, 'UTC')"),
    case("k DateTime64(4, 'Asia/Kolkata')", "k", "fromUnixTimestamp64Micro(toInt64(number) * 333333, 'Asia/Kolkata')"),
    case("k DateTime64(6)", "k", "fromUnixTimestamp64Micro(toInt64(number) - 100)"),
    case("k DateTime64(9, 'UTC')", "k", "fromUnixTimestamp64Nano(toInt64(number) * 7, 'UTC')"),
    case(
        "k String",
        "k",
        "multiIf(number % 9 = 0, unhex(hex(number)), number % 9 = 1, '', number % 9 = 2, concat('it''s \\\\ ☃', toString(number)), concat('\\0\\n', toString(number)))",
    ),
    case("k FixedString(3)", "k", "toFixedString(substring(unhex(hex(toUInt32(number * 77777))), 1, 3), 3)"),
    case("k LowCardinality(String)", "k", "toString(number % 5000)"),
    case("k LowCardinality(Nullable(String))", "k", "if(number % 7 = 0, NULL, toString(number % 5000))"),
    case("k Nullable(Int32)", "k", "if(number % 3 = 0, NULL, toInt32(number) - 20000)"),
    case("k Nullable(String)", "k", "if(number % 3 = 0, NULL, toString(number))"),
    case("k Nullable(DateTime64(3, 'UTC'))", "k", "if(number % 5 = 0, NULL, fromUnixTimestamp64Milli(toInt64(number), 'UTC'))"),
    case("k UUID", "k", "reinterpretAsUUID(cityHash64(number) * toUInt128('18446744073709551616') + cityHash64(number + 1))"),
    case("k IPv4", "k", "toIPv4(toUInt32(number * 100000))"),
    case("k IPv6", "k", "toIPv6(concat('2001:db8::', hex(number % 65536)))"),
    Case { columns: "k Enum8('a' = -5, 'b, (c' = 0, 'it\\'s' = 7)", key: "k", values: "[-5, 0, 7][number % 3 + 1]", expected: (3, true) },
    case("k Enum16('x' = -300, 'y' = 1, 'z' = 300), v2 UInt32", "(k, v2)", "[-300, 1, 300][number % 3 + 1], number"),
    Case { columns: "k Bool", key: "k", values: "number % 2", expected: (2, true) },
    case("k Tuple(UInt16, String)", "k", "tuple(number % 300, toString(number))"),
    case("k Tuple(a Int32, b FixedString(2))", "k", "tuple(toInt32(number) - 20000, 'ab')"),
    // Expressions.
    case("ts DateTime, id UInt64", "(toStartOfHour(ts), id)", "toDateTime(1735689600 + number * 60), number"),
    case("id UInt64", "cityHash64(id)", "number"),
    case("ts Date, id UInt32", "(toYYYYMM(ts), id)", "toDate('2020-01-01') + number % 2000, number"),
    case("a Int32", "-a", "toInt32(number)"),
    // Downwards.
    case("k UInt32", "k DESC", "number"),
    case("k String, n Int32", "(k, n DESC)", "toString(number % 50), number"),
    case("k Nullable(Int32), f Float64", "(k DESC, f DESC)", "if(number % 3 = 0, NULL, number % 10), if(number % 11 = 0, nan, number)"),
    // Composite keys.
    case("a UInt8, b String, c DateTime", "(a, b, c)", "number % 3, toString(number % 100), toDateTime(number)"),
    case(
        "a UInt8, b UInt8, c Nullable(UInt8), d String, e Float32, f DateTime64(3)",
        "(a, b, c, d, e, f)",
        "number % 2, number % 3, if(number % 5 = 0, NULL, number % 7), toString(number % 11), if(number % 13 = 0, nan, number), fromUnixTimestamp64Milli(toInt64(number))",
    ),
    case("`it's` UInt32, `b``c` String", "(`it's`, `b``c`)", "number, toString(number)"),
    // No key, and a key that cuts cannot name: divided by hash, which prunes nothing.
    Case { columns: "a UInt32, b Nullable(String)", key: "tuple()", values: "number, if(number % 2, NULL, 'x')", expected: (6, false) },
    Case { columns: "k Array(UInt32)", key: "k", values: "[number, number + 1]", expected: (6, false) },
];

#[tokio::test]
async fn every_row_of_every_key_type_arrives_once() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, case) in CASES.iter().enumerate() {
        let (source, target) = (format!("d.s{at}"), format!("d.t{at}"));
        let settings = "index_granularity = 256, allow_nullable_key = 1, allow_experimental_reverse_key = 1, non_replicated_deduplication_window = 1000";
        let create = |table: &str, key: &str| {
            format!("CREATE TABLE {table} ({}, v String) ENGINE = MergeTree ORDER BY {key} SETTINGS {settings}", case.columns)
        };
        server.query(&create(&source, case.key)).await;
        server.query(&create(&target, "v")).await;
        server.query(&format!("INSERT INTO {source} SELECT {}, toString(cityHash64(number)) FROM numbers({ROWS})", case.values)).await;
        let plan = planned(&server, &source, &target, 8).await;
        let name = format!("{} ORDER BY {}", case.columns, case.key);
        let (chunks, prunes) = case.expected;
        assert!((chunks..=20).contains(&plan.len()), "{name}: {} chunks", plan.len());
        let (counts, astray) = carried(&server, &plan).await;
        assert_eq!((counts.iter().sum::<u64>(), astray), (u64::from(ROWS), 0), "{name}: {counts:?}");
        let (read, all) = granules(&server, &plan).await;
        if prunes {
            // Unpruned, the chunks would read everything each. A cut may touch granules from both sides; hash buckets read their span each.
            let buckets = plan.core.chunks.iter().filter(|chunk| matches!(&chunk.span, Span::Key(span) if span.bucket.is_some())).count();
            // No index tells NaN: the one chunk that may hold them reads everything.
            let all = if plan.core.key.as_ref().unwrap().columns[0].type_name.contains("Float") { 2 * all } else { all };
            if buckets == 0 {
                assert!(read <= all + all / 2 + 3 * plan.len() as u64, "{name}: {read} granules are read of {all}");
            }
        }
        copy(&server, &plan).await;
        let contents = [&source, &target].map(|table| format!("SELECT * FROM {table}"));
        assert_eq!(server.fingerprint(&contents[0]).await, server.fingerprint(&contents[1]).await, "{name}");
    }
}
