//! What a user's profile sets must not make reading end early: neither the copy nor what it is compared with.

use std::collections::BTreeMap;

use penstock_tests::by_size::request;
use penstock_tests::clickhouse::ClickHouse;
use planner_core::assertion::Assertion;
use planner_core::policy::Policy;
use planner_core::probe::Answers;
use planner_core::request::{Method, Request};
use planner_core::snapshot::Snapshot;
use planner_core::sql::identifier::TableName;
use planner_core::sql::{assertions, checks};
use planner_core::survey::{Survey, SurveySpec, extend, survey};
use planner_core::{Outcome, plan};

const ROWS: u64 = 300_000;

/// Settings as a profile may hold them.
const PROFILES: &[&[(&str, &str)]] = &[
    &[("max_rows_to_read", "100000"), ("read_overflow_mode", "break")],
    &[("max_rows_to_read_leaf", "100000"), ("read_overflow_mode_leaf", "break")],
    &[("max_rows_to_sort", "1000"), ("sort_overflow_mode", "break")],
    &[("max_rows_to_group_by", "1"), ("group_by_overflow_mode", "any")],
    &[("max_result_rows", "10"), ("result_overflow_mode", "break")],
    &[("max_execution_time", "1"), ("timeout_overflow_mode", "break"), ("max_execution_speed", "100000")],
    &[("limit", "10")],
    &[("offset", "10")],
    &[("additional_result_filter", "1 = 0")],
    &[("additional_table_filters", "{'d.s': 'k < 10', 'd.t': 'k < 10'}")],
    &[("use_query_cache", "1"), ("query_cache_nondeterministic_function_handling", "save")],
];

/// A statement's answer under a profile; none where the server refuses it.
async fn under(server: &ClickHouse, sql: &str, profile: &BTreeMap<String, String>) -> Option<String> {
    server.try_query(sql, profile).await.ok()
}

/// A snapshot as such a user takes it; none where the server refuses a question.
async fn snapshot(server: &ClickHouse, profile: &BTreeMap<String, String>) -> Option<Snapshot> {
    let name = |text| TableName::parse(text).unwrap();
    let spec = SurveySpec { policy: Policy::default(), source: Some(name("d.s")), target: name("d.t"), time_column: None };
    let mut answers = Answers::new();
    loop {
        match survey(&spec, &answers) {
            Survey::Ready(snapshot) => return Some(*snapshot),
            Survey::Refused(refusal) => panic!("{profile:?}: {refusal:?}"),
            Survey::Ask(probes) => {
                for probe in probes {
                    let text = under(server, &probe.sql(), profile).await?;
                    answers.insert(probe, text);
                }
            }
        }
    }
}

#[tokio::test]
async fn no_profile_cuts_a_copy_or_its_proof_short() {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE d",
            "CREATE TABLE d.s (k UInt64, v String) ENGINE = MergeTree PARTITION BY k % 40 ORDER BY v",
            &format!("INSERT INTO d.s SELECT number, toString(number) FROM numbers({ROWS})"),
            "CREATE TABLE d.t (k UInt64, v String) ENGINE = MergeTree ORDER BY k",
        ])
        .await;
    let mut told = 0;
    for profile in PROFILES {
        let profile: BTreeMap<String, String> = profile.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        server.query("TRUNCATE TABLE d.t").await;
        let asked = Request { method: Method::Partitions, ..request("d.s", "d.t", 1) };
        let Some(snapshot) = snapshot(&server, &profile).await else { continue };
        assert_eq!((snapshot.source.stored.rows, snapshot.source.partitions.len()), (ROWS, 40), "{profile:?}");
        let plan = match plan(&asked, &snapshot) {
            Outcome::Planned(plan) => plan,
            other => panic!("{profile:?}: {other:?}"),
        };
        let core = &plan.core;
        let mut sent = 0;
        for i in 0..plan.len() {
            let mut settings = profile.clone();
            settings.extend(core.insert_settings(i, 0, 1, "test"));
            sent += usize::from(server.try_query(&core.chunk_sql(i), &settings).await.is_ok());
        }
        let arrived: u64 = server.query("SELECT count() FROM d.t").await.trim().parse().unwrap();
        // All of a chunk or an error: never less without a word.
        assert!(sent < plan.len() || arrived == ROWS, "{profile:?}: {arrived} rows");
        server.query("TRUNCATE TABLE d.t").await;
        server.query("INSERT INTO d.t SELECT * FROM d.s").await;
        let rehearsed = [Assertion::MinRows { rows: 1 }];
        let questions = [
            checks::whole_source(core, &snapshot),
            checks::whole_target(core, &snapshot),
            checks::source_fingerprint(core, 0),
            checks::target_fingerprint(core, 0),
            checks::target_fingerprints(core, &[0, 1]),
            assertions::of_chunk(core, 0, &rehearsed).unwrap_or_else(|| assertions::rehearsal(core, &rehearsed)),
        ];
        for question in questions {
            let right = server.query(&question).await;
            if let Some(answer) = under(&server, &question, &profile).await {
                assert_eq!(answer, right, "{profile:?}: {question}");
                told += 1;
            }
        }
    }
    assert!(told > 30, "only {told} questions were answered");
}

/// What is pinned are the server's defaults, so a user who may set nothing plans as before.
#[tokio::test]
async fn a_user_who_may_set_nothing_plans() {
    let server = ClickHouse::start();
    server
        .run(&[
            "CREATE DATABASE d",
            "CREATE TABLE d.s (k UInt64, ts DateTime, v String) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY k",
            "INSERT INTO d.s SELECT number, 1735689600 + number, toString(number) FROM numbers(10000)",
            "CREATE TABLE d.t AS d.s",
        ])
        .await;
    let mute = BTreeMap::from([("readonly".to_owned(), "1".to_owned())]);
    let snapshot = snapshot(&server, &mute).await.expect("a user who may set nothing is answered");
    let detail = match plan(&request("d.s", "d.t", 10_000), &snapshot) {
        Outcome::NeedsDetail(probes) => {
            let mut answers = Answers::new();
            for probe in probes {
                answers.insert(probe.clone(), server.try_query(&probe.sql(), &mute).await.unwrap_or_else(|error| panic!("{error}")));
            }
            extend(&snapshot, &answers).unwrap()
        }
        _ => snapshot,
    };
    assert!(matches!(plan(&request("d.s", "d.t", 10_000), &detail), Outcome::Planned(_) | Outcome::NeedsDetail(_)));
}
