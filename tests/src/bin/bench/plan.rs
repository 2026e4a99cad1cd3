//! How even, how cheap and how exact plans by size are, beside two simple planners on the same tables in the same run.
//!
//! *equal width*: ranges of one column between its minimum and maximum, each counted by a query. *quantile scan*: cuts at
//! quantiles of that column, for which it is read. Chunks are counted by executing `count()`; rows lost and duplicated
//! by evaluating every chunk's predicate on every row.

use std::collections::BTreeMap;
use std::time::Instant;

use penstock_tests::by_size::{carried, planned};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::key_cases::CASES;
use penstock_tests::keyed;
use penstock_tests::query_cost::{QueryCost, Since};
use penstock_tests::shapes::{SHAPES, Shape};
use planner_core::Outcome;
use serde_json::{Value, json};

use crate::{Wanted, rounded};

const CHUNKS: u64 = 40;

pub(crate) async fn measure(wanted: &Wanted) -> Value {
    let rows: u64 = if wanted.has("--quick") { 3_000_000 } else { 60_000_000 };
    let server = ClickHouse::start_with(|config| config.max_memory_bytes = 12 << 30);
    server.query("CREATE DATABASE d").await;
    let mut tables = Vec::new();
    for shape in SHAPES {
        for parts in [1, 12] {
            tables.extend(one_shape(&server, shape, rows, parts).await);
        }
    }
    let mut types = Vec::new();
    for (at, case) in CASES.iter().enumerate() {
        types.push(one_type(&server, at, case, if wanted.has("--quick") { 10_000 } else { 40_000 }).await);
    }
    json!({"simulated": simulated(wanted), "tables": tables, "types": types})
}

async fn one_shape(server: &ClickHouse, shape: &Shape, rows: u64, parts: u64) -> Vec<Value> {
    let stored = shape.install(server, rows, parts, 8192).await;
    let name = format!("{}, {}", shape.name, if parts == 1 { "merged".into() } else { format!("{parts} unmerged parts") });

    let since = Since::now(server).await;
    let plan = planned(server, "d.s", "d.t", CHUNKS).await;
    let cost = since.cost(server).await;
    let (counts, _) = carried_one_by_one(server, &(0..plan.len()).map(|i| plan.core.predicate(i)).collect::<Vec<_>>()).await;
    let (_, astray) = carried(server, &plan).await;
    let mut found = vec![row(&name, stored, "penstock", &counts, &cost, astray)];
    for simple in [equal_width(server, shape.axis).await, quantiles(server, shape.axis).await] {
        let (counts, mut cost) = carried_one_by_one(server, &simple.predicates).await;
        let counted = std::mem::replace(&mut cost, simple.cost);
        if simple.counts {
            cost.queries += counted.queries;
            cost.rows_read += counted.rows_read;
        }
        let astray = stored - counts.iter().sum::<u64>().min(stored);
        found.push(row(&name, stored, simple.name, &counts, &cost, (astray, 0)));
    }
    found
}

fn row(name: &str, rows: u64, planner: &str, counts: &[u64], cost: &QueryCost, (lost, duplicated): (u64, u64)) -> Value {
    let largest = counts.iter().max().copied().unwrap_or(0);
    let thousandths = u128::from(largest) * 1000 * counts.len() as u128 / u128::from(rows.max(1));
    let ratio = f64::from(u32::try_from(thousandths).unwrap_or(u32::MAX)) / 1000.0;
    json!({
        "name": name,
        "rows": rows,
        "planner": planner,
        "wanted": CHUNKS,
        "chunks": counts.len(),
        "queries": cost.queries,
        "rows_read": cost.rows_read,
        "largest_over_average": ratio,
        "rows_lost": lost,
        "rows_duplicated": duplicated,
    })
}

/// A planner of a few lines.
struct Simple {
    name: &'static str,
    predicates: Vec<String>,
    cost: QueryCost,
    /// Whether it counts its chunks before it is content.
    counts: bool,
}

async fn equal_width(server: &ClickHouse, axis: &str) -> Simple {
    let since = Since::now(server).await;
    let text = server.query(&format!("SELECT toInt128(min({axis})), toInt128(max({axis})) FROM d.s")).await;
    let cost = since.cost(server).await;
    let bounds: Vec<i128> = text.split_whitespace().map(|bound| bound.parse().expect("a number")).collect();
    let (low, width) = (bounds[0], bounds[1] + 1 - bounds[0]);
    let at = |i: u64| low + width * i128::from(i) / i128::from(CHUNKS);
    let predicates = (0..CHUNKS).map(|i| format!("{axis} >= {} AND {axis} < {}", at(i), at(i + 1))).collect();
    Simple { name: "equal width", predicates, cost, counts: true }
}

async fn quantiles(server: &ClickHouse, axis: &str) -> Simple {
    let since = Since::now(server).await;
    let levels: Vec<String> = (1..CHUNKS).map(|i| format!("{i}/{CHUNKS}")).collect();
    let text = server.query(&format!("SELECT arrayMap(x -> toString(x), quantiles({})({axis})) FROM d.s", levels.join(", "))).await;
    let cost = since.cost(server).await;
    // As people write it: the bound as a whole number.
    let bounds: Vec<String> =
        text.trim().trim_matches(['[', ']']).split(',').map(|bound| format!("toInt128({})", bound.trim_matches('\''))).collect();
    let mut predicates = vec![format!("toInt128({axis}) < {}", bounds[0])];
    predicates.extend(bounds.windows(2).map(|pair| format!("toInt128({axis}) >= {} AND toInt128({axis}) < {}", pair[0], pair[1])));
    predicates.extend(bounds.last().map(|last| format!("toInt128({axis}) >= {last}")));
    Simple { name: "quantile scan", predicates, cost, counts: false }
}

/// `count()` of each chunk, and what that cost.
async fn carried_one_by_one(server: &ClickHouse, predicates: &[String]) -> (Vec<u64>, QueryCost) {
    let since = Since::now(server).await;
    let mut counts = Vec::new();
    for predicate in predicates {
        counts.push(server.query(&format!("SELECT count() FROM d.s WHERE {predicate}")).await.trim().parse().expect("a number"));
    }
    let cost = since.cost(server).await;
    (counts, cost)
}

async fn one_type(server: &ClickHouse, at: usize, case: &penstock_tests::key_cases::Case, rows: u32) -> Value {
    let (source, target) = (format!("d.s{at}"), format!("d.t{at}"));
    case.install(server, &source, &target, rows).await;
    let plan = planned(server, &source, &target, 8).await;
    let (_, (lost, duplicated)) = carried(server, &plan).await;
    json!({"type": case.name(), "chunks": plan.len(), "rows": rows, "rows_lost": lost, "rows_duplicated": duplicated, "error": null})
}

/// Half a million chunks of a table that nobody has at hand.
fn simulated(wanted: &Wanted) -> Value {
    let (partitions, chunks) = if wanted.has("--quick") { (1_000, 50_000) } else { (10_000, 500_000) };
    let (request, snapshot) = keyed::huge(partitions, chunks);
    let started = Instant::now();
    let Outcome::Planned(plan) = planner_core::plan(&request, &snapshot) else { panic!("not planned") };
    let took = started.elapsed().as_secs_f64() * 1000.0;
    json!({"rows": snapshot.source.stored.rows, "partitions": partitions, "chunks": plan.len(), "native_ms": rounded(took)})
}

/// The tables as lines for people.
pub(crate) fn table(figures: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let text = |row: &Value, name: &str| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned);
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    groups.insert(
        "tables",
        vec!["name", "planner", "rows", "chunks", "queries", "rows_read", "largest_over_average", "rows_lost", "rows_duplicated"],
    );
    groups.insert("types", vec!["type", "chunks", "rows", "rows_lost", "rows_duplicated"]);
    for (group, columns) in groups {
        lines.push(columns.join(" | "));
        for row in figures[group].as_array().into_iter().flatten() {
            lines.push(columns.iter().map(|column| text(row, column)).collect::<Vec<_>>().join(" | "));
        }
    }
    lines.push(format!("simulated: {}", figures["simulated"]));
    lines
}
