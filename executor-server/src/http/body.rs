//! Reading requests: every refusal names the field.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use super::problem::ApiError;

/// Largest body, in bytes.
pub(super) const LARGEST: usize = 1 << 20;

/// Most that is read of a body that is too large, in bytes; beyond it the connection is closed.
const MOST_DRAINED: usize = 64 << 20;

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // A form that another page sends cannot have this type without asking first.
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            let detail = format!("the body's type is '{kind}'");
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "Not JSON", detail)
                .hint("send Content-Type: application/json"));
        }
        let too_large = || {
            let detail = format!("the body is larger than {LARGEST} bytes");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large", detail)
        };
        let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > MOST_DRAINED) {
            return Err(too_large());
        }
        let bytes = read(request.into_body()).await.filter(|_| announced.is_none_or(|length| length <= LARGEST)).ok_or_else(too_large)?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let body = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let at = if path == "." || path == "?" { String::new() } else { format!("{path}: ") };
            ApiError::new(StatusCode::BAD_REQUEST, "invalid-body", "The body is invalid", format!("{at}{}", error.inner()))
        })?;
        reader.end().map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, "invalid-body", "The body is invalid", error.to_string()))?;
        Ok(Self(body))
    }
}

/// The whole body; none when it is larger than [`LARGEST`] or breaks off.
///
/// What is too much is read and dropped before the refusal: a connection that is closed on a sender in the middle of
/// its request shows them a broken pipe, not the answer.
async fn read(body: Body) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut seen = 0;
    let mut arriving = body.into_data_stream();
    while let Some(piece) = arriving.next().await {
        let piece = piece.ok()?;
        seen += piece.len();
        if seen > MOST_DRAINED {
            return None;
        }
        if seen <= LARGEST {
            kept.extend_from_slice(&piece);
        } else {
            kept = Vec::new();
        }
    }
    (seen <= LARGEST).then_some(kept)
}

/// Query arguments.
pub(super) struct Args<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Args<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        read.map(|Query(args)| Self(args)).map_err(|rejection| ApiError::invalid(rejection.body_text()))
    }
}
