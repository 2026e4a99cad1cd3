//! Row policies hide rows from comparisons, but not from INSERTs.

use std::collections::BTreeMap;

use clickhouse_embedded::UserConfig;
use penstock_tests::by_size::request;
use penstock_tests::clickhouse::ClickHouse;
use planner_core::request::{Method, Request};
use planner_core::{Outcome, plan};

#[tokio::test]
async fn a_target_whose_rows_are_hidden_is_refused_and_a_source_is_told() {
    let user = |name: &str, grants: &[String]| UserConfig { name: name.into(), password: "s3en".into(), grants: grants.to_vec() };
    let server = ClickHouse::start_with(|config| {
        config
            .users
            .push(user("seer", &["GRANT SELECT, INSERT ON d.*", "GRANT SHOW ON *.*", "GRANT SELECT ON system.*"].map(str::to_owned)));
        // Who may not see policies cannot be told of them, and plans as before.
        let known = ["columns", "merge_tree_settings", "mutations", "parts", "server_settings", "settings", "tables"];
        let system = known.map(|name| format!("GRANT SELECT ON system.{name}"));
        let own = ["GRANT SELECT, INSERT ON d.*", "GRANT SHOW TABLES, SHOW COLUMNS ON d.*"].map(str::to_owned);
        config.users.push(user("narrow", &[own.as_slice(), &system].concat()));
        config.row_policies = BTreeMap::from([("d.hidden".to_owned(), "k > 500".to_owned())]);
    });
    server.query("CREATE DATABASE d").await;
    for name in ["hidden", "open", "other"] {
        server.query(&format!("CREATE TABLE d.{name} (k UInt64) ENGINE = MergeTree ORDER BY k")).await;
    }
    server.run(&["INSERT INTO d.hidden SELECT number FROM numbers(1000)", "INSERT INTO d.open SELECT number FROM numbers(1000)"]).await;
    let outcome = async |name: &str, source: &str, target: &str| {
        let snapshot = server.as_user(name, "s3en").snapshot(source, target).await;
        plan(&Request { method: Method::Partitions, ..request(source, target, 1) }, &snapshot)
    };
    let seen = server.as_user("seer", "s3en").try_query("SELECT count() FROM d.hidden", &BTreeMap::new()).await;
    assert_eq!(seen.as_deref(), Ok("499\n"), "the policy holds");
    match outcome("seer", "d.open", "d.hidden").await {
        Outcome::Refused(refusal) => assert_eq!(refusal.code, "target-row-policy"),
        other => panic!("{other:?}"),
    }
    for (name, source, warned) in [("seer", "d.hidden", true), ("seer", "d.open", false), ("narrow", "d.open", false)] {
        match outcome(name, source, "d.other").await {
            Outcome::Planned(plan) => {
                assert_eq!(plan.rationale.iter().any(|note| note.code == "source-row-policy"), warned, "{name}: {source}");
            }
            other => panic!("{name}: {source}: {other:?}"),
        }
    }
    // All rows are seen by a user without a policy.
    let all = server.snapshot("d.open", "d.hidden").await;
    assert!(!all.target.row_policy);
}
