//! The service about itself.

use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/service`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    /// Version of the service.
    pub version: String,
    /// Version of the planner; equal versions give equal bytes.
    pub planner: String,
    /// Whether ClickHouse answers, and in which version.
    pub clickhouse: ClickHouseStatus,
    /// Whether `penstock up` started this service with the sample.
    pub sample: bool,
}

/// Reachability of ClickHouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClickHouseStatus {
    /// Address without user and password.
    pub url: String,
    /// `version()`; none when it does not answer.
    pub version: Option<String>,
    /// Why it does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
