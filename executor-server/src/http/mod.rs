//! The service over HTTP.
//!
//! ```text
//!   request ──► request id ──► guard (Host, Origin, token) ──► resource ──► answer | problem+json
//! ```

mod body;
mod buckets;
mod console;
mod events;
mod guard;
mod jobs;
mod meta;
mod openapi;
mod paces;
mod plans;
mod problem;
mod snapshots;
mod standby;
mod state;
mod tables;
mod tasks;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::middleware;

pub use console::Console;
pub use guard::Guard;
pub use openapi::document as openapi_document;
pub use problem::ApiError;
pub use standby::standby;
pub use state::App;

/// The whole service.
pub fn router(app: App, guard: Guard, console: &Console) -> Router {
    let (api, document) = openapi::api();
    let document = std::sync::Arc::new(document);
    api.with_state(app.clone())
        .merge(meta::plain().with_state(app))
        .route("/openapi.json", axum::routing::get(move || async move { openapi::serve(&document) }))
        .fallback_service(console.pages())
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(middleware::from_fn_with_state(std::sync::Arc::new(guard), guard::check))
        .layer(middleware::from_fn(problem::complete))
}
