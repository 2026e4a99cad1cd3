//! A window over whole partitions: none is left out that may hold rows of it, whatever times the server keeps of its parts.

use penstock_tests::by_size::request;
use penstock_tests::clickhouse::ClickHouse;
use planner_core::audit::audit;
use planner_core::plan::Plan;
use planner_core::quantity::UnixMillis;
use planner_core::request::{Acknowledgement, Method, Request, Window};
use planner_core::sql::identifier::Identifier;
use planner_core::{Outcome, plan};

struct Case {
    columns: &'static str,
    partition: &'static str,
    values: &'static str,
    time: &'static str,
    window: (&'static str, &'static str),
    /// Most chunks; one a partition.
    most: usize,
}

const CASES: &[Case] = &[
    // The server keeps the range of `event_date`, a day of another zone than the window's.
    Case {
        columns: "event_date Date, ts DateTime('UTC')",
        partition: "(event_date, toHour(ts))",
        values: "toDate(ts, 'Asia/Tokyo'), toDateTime(1735689600 + number * 3600, 'UTC') AS ts",
        time: "ts",
        window: ("2025-01-02T00:00:00Z", "2025-01-03T00:00:00Z"),
        most: 1_000,
    },
    Case {
        columns: "d Date, ts DateTime('UTC')",
        partition: "(toYYYYMM(d), toYYYYMM(ts))",
        values: "toDate(ts) - 40, toDateTime(1735689600 + number * 3600, 'UTC') AS ts",
        time: "ts",
        window: ("2025-01-02T00:00:00Z", "2025-01-03T00:00:00Z"),
        most: 1_000,
    },
    // What it keeps of moments has 32 bits.
    Case {
        columns: "ts DateTime64(3, 'UTC')",
        partition: "toYear(ts)",
        values: "toDateTime64('1958-06-01 00:00:00', 3, 'UTC') + INTERVAL number DAY",
        time: "ts",
        window: ("1958-07-01T00:00:00Z", "1959-07-01T00:00:00Z"),
        most: 1_000,
    },
    // What does not wrap is what its id spells.
    Case {
        columns: "ts DateTime64(3, 'Asia/Tokyo')",
        partition: "toYYYYMMDD(ts)",
        values: "toDateTime64(1735689600 + number * 3600, 3, 'Asia/Tokyo')",
        time: "ts",
        window: ("2025-01-02T00:00:00Z", "2025-01-03T00:00:00Z"),
        most: 2,
    },
    // Some of a year's rows wrap, some do not.
    Case {
        columns: "ts DateTime64(3, 'Europe/Berlin')",
        partition: "toYear(ts)",
        values: "toDateTime64('1969-12-30 00:30:00', 3, 'Europe/Berlin') + INTERVAL number HOUR",
        time: "ts",
        window: ("1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
        most: 1_000,
    },
    // Where its range is the column's own, others are left out.
    Case {
        columns: "ts DateTime('Europe/Berlin'), v UInt8",
        partition: "(toYYYYMMDD(ts), v)",
        values: "toDateTime(1735689600 + number * 3600, 'UTC'), number % 2",
        time: "ts",
        window: ("2025-01-02T00:00:00Z", "2025-01-03T00:00:00Z"),
        most: 4,
    },
    Case {
        columns: "day Date",
        partition: "day",
        values: "toDate('2025-01-01') + number % 40",
        time: "day",
        window: ("2025-01-02T00:00:00Z", "2025-01-04T00:00:00Z"),
        most: 2,
    },
];

async fn planned(server: &ClickHouse, request: &Request) -> Plan {
    let mut snapshot = server.snapshot_of(request.source.clone(), request.target.clone(), request.time_column.clone()).await;
    loop {
        match plan(request, &snapshot) {
            Outcome::Planned(plan) => {
                assert_eq!(audit(&plan, &snapshot), Vec::new());
                return *plan;
            }
            Outcome::NeedsDetail(probes) => snapshot = server.detail(&snapshot, probes).await,
            Outcome::Refused(refusal) => panic!("{refusal:?}"),
        }
    }
}

#[tokio::test]
async fn a_window_reads_every_partition_that_may_hold_its_rows() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, case) in CASES.iter().enumerate() {
        let (source, target, name) = (format!("d.s{at}"), format!("d.t{at}"), case.partition);
        server
            .run(&[
                &format!("CREATE TABLE {source} ({}, n UInt32) ENGINE = MergeTree PARTITION BY {name} ORDER BY n", case.columns),
                &format!("CREATE TABLE {target} AS {source} ENGINE = MergeTree ORDER BY n"),
                &format!(
                    "INSERT INTO {source} SELECT {}, number FROM numbers(300) SETTINGS max_partitions_per_insert_block = 0",
                    case.values
                ),
            ])
            .await;
        let window = [case.window.0, case.window.1].map(|text| UnixMillis::parse(text).unwrap());
        let inside = format!(
            "toUnixTimestamp64Milli(toDateTime64({}, 3, 'UTC')) >= {} AND toUnixTimestamp64Milli(toDateTime64({}, 3, 'UTC')) < {}",
            case.time, window[0].0, case.time, window[1].0
        );
        let wanted = server.query(&format!("SELECT count() FROM {source} WHERE {inside}")).await;
        assert_ne!(wanted.trim(), "0", "{name}: an empty window shows nothing");
        for method in [Method::Partitions, Method::SizeBudget { bytes: 1_024 }] {
            let asked = Request {
                acknowledged: [Acknowledgement::LargeWindow].into(),
                method,
                time_column: Some(Identifier::new(case.time).unwrap()),
                window: Some(Window { from: window[0], to: window[1] }),
                ..request(&source, &target, 1)
            };
            let plan = planned(&server, &asked).await;
            assert!(plan.len() <= case.most, "{name}: {} chunks", plan.len());
            let matches: Vec<String> = (0..plan.len()).map(|i| format!("toUInt32({})", plan.core.predicate(i))).collect();
            let times = matches.join(" + ");
            let carried = server.query(&format!("SELECT countIf({times} = 1) FROM {source} WHERE {inside}")).await;
            assert_eq!(carried, wanted, "{name}: {method:?}");
            assert_eq!(server.query(&format!("SELECT countIf({times} != 0) FROM {source} WHERE NOT ({inside})")).await.trim(), "0");
        }
    }
}
