//! Every error is `application/problem+json` with the request's id.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use executor_api::problem::Problem;
use planner_core::refusal::Refusal;
use planner_core::request::Acknowledgement;

use crate::clickhouse::classify::{Class, class};
use crate::clickhouse::client::Failure;
use crate::clock;
use crate::snapshot::NoSnapshot;
use crate::store::StoreError;

/// An error on its way to becoming a problem document.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Content>);

#[derive(Clone, Debug)]
struct Content {
    status: StatusCode,
    code: String,
    title: String,
    detail: String,
    hint: String,
    acknowledge: Option<Acknowledgement>,
    differences: Vec<String>,
}

impl ApiError {
    /// An error with a stable code, a few words, and what happened.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Content {
            status,
            code: code.into(),
            title: title.into(),
            detail: detail.into(),
            hint: String::new(),
            acknowledge: None,
            differences: Vec::new(),
        }))
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.0.hint = hint.into();
        self
    }

    /// Lists what differs.
    #[must_use]
    pub fn differences(mut self, differences: Vec<String>) -> Self {
        self.0.differences = differences;
        self
    }

    /// Says what may be acknowledged to go on.
    #[must_use]
    pub fn acknowledge(mut self, acknowledge: Acknowledgement) -> Self {
        self.0.acknowledge = Some(acknowledge);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Code, detail, hint, what may be acknowledged, and differences: for hosts that are not asked over HTTP.
    pub fn into_parts(self) -> (String, String, String, Option<Acknowledgement>, Vec<String>) {
        let content = *self.0;
        (content.code, content.detail, content.hint, content.acknowledge, content.differences)
    }

    /// Something named in the address does not exist.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", format!("there is no {what}"))
    }

    /// A value that cannot be.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", "The request is invalid", detail)
    }

    /// Not in this state.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Not possible", detail)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Fenced { .. } = error {
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "taken-over", "Another service runs the jobs", error.to_string())
                .hint("ask that one");
        }
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store-failed", "The store failed", error.to_string())
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(_) | Failure::Lost(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "clickhouse-away", "ClickHouse does not answer", failure.to_string())
                    .hint("see that the server runs and that its address is right, then try again")
            }
            Failure::Exception { code, message } => match class(code) {
                Class::NotAllowed => Self::new(StatusCode::BAD_GATEWAY, "clickhouse-denied", "ClickHouse does not allow it", message)
                    .hint("grant the user what the message names"),
                Class::Busy | Class::TooBig | Class::Lost | Class::StillRunning => {
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, "clickhouse-busy", "ClickHouse is busy", message).hint("try again later")
                }
                Class::Fatal | Class::Unclear => {
                    Self::new(StatusCode::BAD_GATEWAY, "clickhouse-failed", "ClickHouse answered with an error", message)
                }
            },
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self(Box::new(Content {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: refusal.code,
            title: "The plan is refused".into(),
            detail: refusal.message,
            hint: refusal.hint,
            acknowledge: refusal.acknowledge,
            differences: Vec::new(),
        }))
    }
}

impl From<NoSnapshot> for ApiError {
    fn from(reason: NoSnapshot) -> Self {
        match reason {
            NoSnapshot::Refused(refusal) => refusal.into(),
            NoSnapshot::Failed(failure) => failure.into(),
            NoSnapshot::Endless => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "survey-endless", "A defect", "the planner goes on asking the same")
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// For methods that an address does not know.
pub(super) async fn method_not_allowed(request: Request) -> ApiError {
    let detail = format!("{} is not possible at {}", request.method(), request.uri().path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
}

/// Names the request, and turns every error into a problem document that carries the name.
pub(super) async fn complete(request: Request, next: Next) -> Response {
    let request_id = clock::random_id();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let status = response.status();
    let known = response.extensions_mut().remove::<ApiError>();
    if status.is_client_error() || status.is_server_error() {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let error = match known {
            Some(error) => Some(error),
            // The console's own 404 page.
            None if kind.starts_with("text/html") => None,
            None => Some(unnamed(status, &path)),
        };
        if let Some(error) = error {
            let Content { code, detail, .. } = error.0.as_ref();
            if status.is_server_error() {
                tracing::error!(request_id, %method, path, status = status.as_u16(), code, detail, "a request failed");
            } else {
                tracing::debug!(request_id, %method, path, status = status.as_u16(), code, detail, "a request was refused");
            }
            let allow = response.headers_mut().remove(header::ALLOW);
            response = document(error, &request_id);
            if let Some(allow) = allow {
                response.headers_mut().insert(header::ALLOW, allow);
            }
        }
    }
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

fn unnamed(status: StatusCode, path: &str) -> ApiError {
    let reason = status.canonical_reason().unwrap_or("Error");
    ApiError::new(status, &reason.to_lowercase().replace(' ', "-"), reason, format!("{path}: {}", reason.to_lowercase()))
}

fn document(error: ApiError, request_id: &str) -> Response {
    let error = *error.0;
    let problem = Problem {
        kind: format!("/problems/{}", error.code),
        code: error.code,
        detail: error.detail,
        hint: error.hint,
        request_id: request_id.to_owned(),
        status: error.status.as_u16(),
        title: error.title,
        acknowledge: error.acknowledge,
        differences: error.differences,
    };
    let text = serde_json::to_string(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = error.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
