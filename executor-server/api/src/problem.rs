//! Errors as `application/problem+json` (RFC 9457).

use planner_core::request::Acknowledgement;
use serde::{Deserialize, Serialize};

/// One error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Stable name, such as `snapshot-stale`; the `type` is `/problems/<code>`.
    pub code: String,
    /// What happened, with the values that show it.
    pub detail: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Names this answer in the service's log.
    pub request_id: String,
    /// HTTP status.
    pub status: u16,
    /// A few words.
    pub title: String,
    /// Relative address that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// What may be acknowledged to go on, on a refused plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub acknowledge: Option<Acknowledgement>,
    /// Single differences, on `snapshot-stale` and `digest-mismatch`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}
