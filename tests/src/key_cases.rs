//! Keys of every type with adversarial values: the type matrix of the suite and of `bench plan`.

use crate::clickhouse::ClickHouse;

/// How a table's key is declared and filled, and what planning it should come to.
pub struct Case {
    /// Columns with their types, for CREATE TABLE.
    pub columns: &'static str,
    /// ORDER BY.
    pub key: &'static str,
    /// The columns' values over `number`.
    pub values: &'static str,
    /// Chunks that are expected at least, and whether the index prunes them.
    pub expected: (usize, bool),
}

const fn case(columns: &'static str, key: &'static str, values: &'static str) -> Case {
    Case { columns, key, values, expected: (6, true) }
}

/// Every type that keys are cut by, and some that they cannot. Extremes at both ends, and what lies beyond 2^53, in between.
pub const CASES: &[Case] = &[
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
    // The server does not prune by OR and NOT.
    Case {
        columns: "a UInt8, b UInt8, id UInt32",
        key: "(a OR b, id)",
        values: "number % 2, number % 3 = 0, number",
        expected: (6, false),
    },
    Case { columns: "gone Bool, id UInt32", key: "(NOT gone, id)", values: "number % 2, number", expected: (6, false) },
    case("a UInt32, b UInt32", "(a % 3 = 1, a + b)", "number, number"),
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

impl Case {
    /// For people: the columns and the key.
    pub fn name(&self) -> String {
        format!("{} ORDER BY {}", self.columns, self.key)
    }

    /// Makes the source with so many rows in small granules, and an empty target of the same columns.
    pub async fn install(&self, server: &ClickHouse, source: &str, target: &str, rows: u32) {
        let settings = "index_granularity = 256, allow_nullable_key = 1, allow_experimental_reverse_key = 1, non_replicated_deduplication_window = 1000";
        for (table, key) in [(source, self.key), (target, "v")] {
            let columns = self.columns;
            server
                .query(&format!("CREATE TABLE {table} ({columns}, v String) ENGINE = MergeTree ORDER BY {key} SETTINGS {settings}"))
                .await;
        }
        let values = self.values;
        server.query(&format!("INSERT INTO {source} SELECT {values}, toString(cityHash64(number)) FROM numbers({rows})")).await;
    }
}
