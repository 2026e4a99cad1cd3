//! What a service answers that waits for the store: it lives, and says who has it.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use tokio::sync::watch;

use super::guard::{self, Guard};
use super::problem::{self, ApiError};

/// Everything but `/livez` is refused with the holder's name.
pub fn standby(guard: Guard, holder: watch::Receiver<String>) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .fallback(refuse)
        .with_state(holder)
        .layer(middleware::from_fn_with_state(std::sync::Arc::new(guard), guard::check))
        .layer(middleware::from_fn(problem::complete))
}

async fn refuse(State(holder): State<watch::Receiver<String>>) -> ApiError {
    let detail = format!("the jobs are run by {}; this service takes over when that one is gone", holder.borrow().as_str());
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "standby", "Another service runs the jobs", detail).hint("ask that one")
}
