//! The service about itself.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use executor_api::meta::{ClickHouseStatus, Service};

use super::problem::ApiError;
use super::state::App;
use crate::store::StoreError;

/// Addresses outside of `/v1`.
pub(super) fn plain() -> Router<App> {
    use axum::routing::get;
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).route("/metrics", get(metrics))
}

/// The service about itself.
#[utoipa::path(get, path = "/v1/service", responses((status = 200, body = Service)), tag = "service")]
pub(super) async fn service(State(app): State<App>) -> axum::Json<Service> {
    let client = app.engine.health().client();
    let (version, error) = match client.version().await {
        Ok(version) => (Some(version), None),
        Err(failure) => (None, Some(failure.to_string())),
    };
    axum::Json(Service {
        version: env!("CARGO_PKG_VERSION").into(),
        planner: planner_core::VERSION.into(),
        clickhouse: ClickHouseStatus { url: client.url().into(), version, error },
        sample: app.sample,
    })
}

async fn livez() -> &'static str {
    "ok\n"
}

/// Ready means: the store answers and ClickHouse answers.
async fn readyz(State(app): State<App>) -> Result<&'static str, ApiError> {
    app.engine.store().job_counts().await?;
    app.engine.health().client().version().await.map_err(|failure| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "clickhouse-away", "ClickHouse does not answer", failure.to_string())
    })?;
    Ok("ok\n")
}

async fn metrics(State(app): State<App>) -> Result<Response, ApiError> {
    let text = exposition(&app).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

async fn exposition(app: &App) -> Result<String, StoreError> {
    let mut text = String::from("# HELP penstock_jobs Jobs by state.\n# TYPE penstock_jobs gauge\n");
    for (state, count) in app.engine.store().job_counts().await? {
        // Writing to a string does not fail.
        let _ = writeln!(text, "penstock_jobs{{state=\"{state}\"}} {count}");
    }
    let mut totals = [0_u64; 5];
    for record in app.engine.store().active_jobs().await? {
        let job = app.engine.board().live(&record.job.id).and_then(|live| live.job).map_or(record.job, |job| (*job).clone());
        let counts = job.counts;
        for (total, count) in
            totals.iter_mut().zip([counts.waiting, counts.running, counts.retrying, counts.unknown, job.progress.rows_written])
        {
            *total += count;
        }
    }
    let [waiting, running, retrying, unknown, rows] = totals;
    text.push_str("# HELP penstock_tasks Tasks of jobs that have not ended, by state.\n# TYPE penstock_tasks gauge\n");
    for (state, count) in [("waiting", waiting), ("running", running), ("retrying", retrying), ("unknown", unknown)] {
        let _ = writeln!(text, "penstock_tasks{{state=\"{state}\"}} {count}");
    }
    text.push_str("# HELP penstock_rows_written Rows written by jobs that have not ended.\n# TYPE penstock_rows_written gauge\n");
    let _ = writeln!(text, "penstock_rows_written {rows}");
    let up = u8::from(app.engine.health().subscribe().borrow().answers());
    text.push_str(
        "# HELP penstock_clickhouse_up Whether ClickHouse answered when it was last asked.\n# TYPE penstock_clickhouse_up gauge\n",
    );
    let _ = writeln!(text, "penstock_clickhouse_up {up}");
    Ok(text)
}
