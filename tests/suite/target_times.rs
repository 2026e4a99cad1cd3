//! A chunk's rows are told by their time in the target only where its type keeps every time on its side of each cut.

use penstock_tests::by_size::request;
use penstock_tests::clickhouse::ClickHouse;
use planner_core::quantity::{Hours, UnixMillis};
use planner_core::request::{Acknowledgement, Method, Request, Window};
use planner_core::sql::checks::{self, Proof};
use planner_core::{Outcome, plan};

struct Case {
    source: &'static str,
    target: &'static str,
    /// Of `number`, up to 1000.
    values: &'static str,
    window: Option<(&'static str, &'static str)>,
    told: bool,
}

const CASES: &[Case] = &[
    Case {
        source: "DateTime64(6, 'UTC')",
        target: "DateTime('UTC')",
        values: "toDateTime64('1964-01-01 00:00:00', 6, 'UTC') + number * 60",
        window: Some(("1964-01-01T00:00:00Z", "1964-01-02T00:00:00Z")),
        told: false,
    },
    Case {
        source: "DateTime64(6, 'UTC')",
        target: "DateTime64(3, 'UTC')",
        values: "fromUnixTimestamp64Micro(toInt64(number) * 60000000 - 43200000001, 'UTC')",
        window: Some(("1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z")),
        told: false,
    },
    Case {
        source: "DateTime64(6, 'UTC')",
        target: "DateTime64(3, 'UTC')",
        values: "fromUnixTimestamp64Micro(toInt64(number) * 60000000 - 43200000001, 'UTC')",
        window: None,
        told: false,
    },
    Case {
        source: "DateTime64(6, 'UTC')",
        target: "DateTime64(3, 'UTC')",
        values: "fromUnixTimestamp64Micro(toInt64(number) * 60000000 + 1735689600000000 - if(number = 0, 0, 1), 'UTC')",
        window: Some(("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z")),
        told: true,
    },
    Case {
        source: "DateTime64(3, 'UTC')",
        target: "DateTime('UTC')",
        values: "fromUnixTimestamp64Milli(toInt64(number) * 60000 + 1735689600000 - if(number = 0, 0, 1), 'UTC')",
        window: Some(("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z")),
        told: true,
    },
    Case {
        source: "DateTime64(3, 'UTC')",
        target: "DateTime64(6, 'UTC')",
        values: "fromUnixTimestamp64Milli(toInt64(number) * 60000 - 43200001, 'UTC')",
        window: None,
        told: true,
    },
];

#[tokio::test]
async fn rows_are_told_where_their_times_stay_on_their_side() {
    let server = ClickHouse::start();
    server.query("CREATE DATABASE d").await;
    for (at, case) in CASES.iter().enumerate() {
        let (source, target) = (format!("d.s{at}"), format!("d.t{at}"));
        let name = format!("{} → {} {:?}", case.source, case.target, case.window);
        server
            .run(&[
                &format!("CREATE TABLE {source} (ts {}, n UInt32) ENGINE = MergeTree ORDER BY ts", case.source),
                &format!("CREATE TABLE {target} (ts {}, n UInt32) ENGINE = MergeTree ORDER BY ts", case.target),
                &format!("INSERT INTO {source} SELECT {}, number FROM numbers(1000)", case.values),
            ])
            .await;
        let instant = |text| UnixMillis::parse(text).unwrap();
        let asked = Request {
            acknowledged: [Acknowledgement::LargeWindow].into(),
            method: Method::TimeWindow { hours: Hours::whole(1) },
            window: case.window.map(|(from, to)| Window { from: instant(from), to: instant(to) }),
            ..request(&source, &target, 1)
        };
        let mut snapshot = server.snapshot(&source, &target).await;
        let plan = loop {
            match plan(&asked, &snapshot) {
                Outcome::Planned(plan) => break plan,
                Outcome::NeedsDetail(probes) => snapshot = server.detail(&snapshot, probes).await,
                Outcome::Refused(refusal) => panic!("{name}: {refusal:?}"),
            }
        };
        let core = &plan.core;
        assert_eq!(core.tells_target(), case.told, "{name}");
        assert_eq!(checks::proof(core, &snapshot) == Proof::PerChunk, case.told, "{name}");
        for i in (0..plan.len()).filter(|_| case.told) {
            server.try_query(&core.chunk_sql(i), &core.insert_settings(i, 0, 1, "test")).await.unwrap();
            let contents = [checks::source_fingerprint(core, i), checks::target_fingerprint(core, i)];
            assert_eq!(server.query(&contents[0]).await, server.query(&contents[1]).await, "{name}: chunk {i}");
        }
    }
}
