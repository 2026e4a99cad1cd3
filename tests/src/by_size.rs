//! Plans by size on a real server: made, counted chunk by chunk, and sent.

use std::collections::{BTreeMap, BTreeSet};

use planner_core::audit::audit;
use planner_core::plan::Plan;
use planner_core::request::{Method, ModeChoice, Request};
use planner_core::sql::identifier::TableName;
use planner_core::{Outcome, plan};

use crate::clickhouse::ClickHouse;

/// A request for chunks of at most so many bytes.
pub fn request(source: &str, target: &str, bytes: u64) -> Request {
    let name = |text| TableName::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Request {
        acknowledged: BTreeSet::new(),
        generation: 0,
        method: Method::SizeBudget { bytes },
        mode: ModeChoice::Auto,
        source: name(source),
        target: name(target),
        time_column: None,
        window: None,
    }
}

/// A plan into about so many chunks, detail included.
pub async fn planned(server: &ClickHouse, source: &str, target: &str, chunks: u64) -> Plan {
    let mut snapshot = server.snapshot(source, target).await;
    let request = request(source, target, (snapshot.source.stored.bytes / chunks).max(1_024));
    loop {
        match plan(&request, &snapshot) {
            Outcome::Planned(plan) => {
                assert_eq!(audit(&plan, &snapshot), Vec::new());
                return *plan;
            }
            Outcome::NeedsDetail(probes) => snapshot = server.detail(&snapshot, probes).await,
            Outcome::Refused(refusal) => panic!("{source}: {refusal:?}"),
        }
    }
}

/// Rows of each chunk, counted; and rows that fall into no chunk, and into several.
pub async fn carried(server: &ClickHouse, plan: &Plan) -> (Vec<u64>, (u64, u64)) {
    let source = plan.core.source.name.quoted();
    let matches: Vec<String> = (0..plan.len()).map(|i| format!("ifNull({}, 0)", plan.core.predicate(i))).collect();
    let counts: Vec<String> = matches.iter().map(|one| format!("countIf({one})")).collect();
    let times = matches.iter().map(|one| format!("toUInt32({one})")).collect::<Vec<_>>().join(" + ");
    let text = server.query(&format!("SELECT [{}], countIf(({times}) = 0), countIf(({times}) > 1) FROM {source}", counts.join(", "))).await;
    let fields: Vec<&str> = text.trim().split('\t').collect();
    let number = |text: &str| text.parse().expect("a number");
    let counts = fields[0].trim_matches(['[', ']']).split(',').map(number).collect();
    (counts, (number(fields[1]), number(fields[2])))
}

/// What the server expects to read before it reads.
#[derive(Clone, Copy, Debug)]
pub struct Estimated {
    /// Granules of all chunks.
    pub granules: u64,
    /// Rows of all chunks.
    pub rows: u64,
}

/// What the server expects that a plan's chunks read in all, and one pass over the table.
pub async fn estimated(server: &ClickHouse, plan: &Plan) -> (Estimated, Estimated) {
    let source = plan.core.source.name.quoted();
    let explain = |condition: &str| {
        format!("SELECT sum(marks) AS marks, sum(rows) AS rows FROM (EXPLAIN ESTIMATE SELECT * FROM {source} WHERE {condition})")
    };
    let chunks: Vec<String> = (0..plan.len()).map(|i| explain(&plan.core.predicate(i))).collect();
    let mut both = Vec::new();
    for parts in [chunks.join(" UNION ALL "), explain("1")] {
        let text = server.query(&format!("SELECT sum(marks), sum(rows) FROM ({parts})")).await;
        let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().expect("as the server writes it")).collect();
        both.push(Estimated { granules: numbers[0], rows: numbers[1] });
    }
    (both[0], both[1])
}

/// Sends every chunk as the executor would.
pub async fn copy(server: &ClickHouse, plan: &Plan) {
    for i in 0..plan.len() {
        let mut settings: BTreeMap<String, String> = plan.core.insert_settings(i, 0, 1, "test");
        settings.insert("query_id".into(), plan.core.query_id(i, 1));
        server.try_query(&plan.core.chunk_sql(i), &settings).await.unwrap_or_else(|error| panic!("{error}\n{}", plan.core.chunk_sql(i)));
    }
}
