//! The API's routes and their description, from one list: they cannot drift apart.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::App;
use super::{buckets, events, jobs, meta, paces, plans, snapshots, tables, tasks};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Penstock",
        description = "Plans, previews and runs ClickHouse backfills. Errors are application/problem+json.",
        license(name = "Apache-2.0")
    ),
    components(schemas(executor_api::problem::Problem, executor_api::event::StreamMessage))
)]
struct Base;

/// The routes below `/v1`, and their description.
pub(super) fn api() -> (Router<App>, String) {
    let (router, document) = OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(meta::service))
        .routes(routes!(tables::list))
        .routes(routes!(tables::one))
        .routes(routes!(snapshots::create))
        .routes(routes!(snapshots::one))
        .routes(routes!(snapshots::detail))
        .routes(routes!(plans::create))
        .routes(routes!(plans::one))
        .routes(routes!(plans::chunks))
        .routes(routes!(plans::document))
        .routes(routes!(plans::diff))
        .routes(routes!(paces::past))
        .routes(routes!(paces::calibrate))
        .routes(routes!(jobs::create, jobs::list))
        .routes(routes!(jobs::one))
        .routes(routes!(jobs::receipt))
        .routes(routes!(jobs::pause))
        .routes(routes!(jobs::resume))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::lanes))
        .routes(routes!(jobs::verify))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::one))
        .routes(routes!(tasks::log))
        .routes(routes!(buckets::list))
        .routes(routes!(events::stream))
        .split_for_parts();
    (router, document.to_pretty_json().unwrap_or_default())
}

/// The description, as `/openapi.json` serves it.
pub fn document() -> String {
    api().1
}

pub(super) fn serve(document: &Arc<String>) -> Response {
    ([(CONTENT_TYPE, "application/json")], document.as_str().to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed description is what the code says; `INSTA_UPDATE=always` rewrites it.
    #[test]
    fn the_description_is_the_committed_one() {
        insta::assert_snapshot!("openapi", document());
    }
}
