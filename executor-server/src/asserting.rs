//! Asking whether a slice of the target is as asserted: read-only, one statement, within limits.

use executor_api::receipt::Asserted;
use planner_core::assertion::Assertion;
use serde::Deserialize;

use crate::clickhouse::client::{Client, Failure, Query, lenient};

/// What a question of a user may cost at most; more is an error that fails the chunk.
const LIMITS: [(&str, &str); 5] = [
    ("max_execution_time", "600"),
    ("max_result_rows", "2"),
    ("prefer_column_name_to_alias", "1"),
    // Nothing is written, whatever stands in the question.
    ("readonly", "2"),
    ("timeout_overflow_mode", "throw"),
];

/// Asks, and judges each assertion.
pub async fn figures(client: &Client, sql: &str, assertions: &[Assertion]) -> Result<Vec<Asserted>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(rename = "penstock_rows", deserialize_with = "lenient")]
        rows: u64,
        #[serde(rename = "penstock_figures")]
        figures: Vec<String>,
    }
    let query = LIMITS.iter().fold(Query::new(sql), |query, (name, value)| query.setting(name, value));
    let rows: Vec<Row> = client.patient_rows(query).await?;
    let unexpected = || Failure::Exception { code: 0, message: "the assertions gave no single row of figures".into() };
    let [row] = <[Row; 1]>::try_from(rows).map_err(|_| unexpected())?;
    if row.figures.len() != assertions.len() {
        return Err(unexpected());
    }
    let judged = assertions.iter().zip(&row.figures).map(|(assertion, figure)| {
        let figure = figure.parse().map_err(|_| unexpected())?;
        let (holds, found) = assertion.judge(row.rows, figure);
        Ok(Asserted { found, holds })
    });
    judged.collect()
}
