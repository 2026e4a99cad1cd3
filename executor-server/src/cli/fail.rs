//! Why a command did not do what was asked: who must act, and how.

use executor_api::problem::Problem;
use planner_core::request::Acknowledgement;

use crate::clickhouse::client::Failure;
use crate::config::Faults;
use crate::http::ApiError;
use crate::runner::{CommandError, SubmitError};
use crate::snapshot::NoSnapshot;
use crate::state::StateError;
use crate::store::StoreError;

/// Nothing was begun: arguments, configuration, policy or state do not allow it.
const REFUSED: u8 = 2;
/// It was begun and failed.
const FAILED: u8 = 1;

/// A failure with its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail {
    pub(super) exit: u8,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) hint: String,
    pub(super) details: Vec<String>,
}

impl Fail {
    /// Nothing was begun.
    pub(super) fn refused(code: &str, message: impl Into<String>) -> Self {
        Self { exit: REFUSED, code: code.into(), message: message.into(), hint: String::new(), details: Vec::new() }
    }

    /// It failed at run time.
    pub(super) fn failed(code: &str, message: impl Into<String>) -> Self {
        Self { exit: FAILED, ..Self::refused(code, message) }
    }

    /// Says what to do.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    pub(super) fn details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }

    /// From the words that a service uses, too.
    fn from_parts(exit: u8, parts: (String, String, String, Option<Acknowledgement>, Vec<String>)) -> Self {
        let (code, message, hint, acknowledge, details) = parts;
        let hint = match (acknowledge, code.as_str()) {
            (Some(Acknowledgement::LargeWindow), _) => "choose a shorter window; where it is meant, plan with --force-large-window".into(),
            (Some(Acknowledgement::TargetHoldsRows), _) => {
                "empty it there or choose another window; where it is meant, plan with --force-target-rows: contents are then compared as difference to what was there".into()
            }
            (None, "snapshot-stale" | "digest-mismatch") => "plan again with the same options and --force, and look at the plan".into(),
            (None, _) => hint,
        };
        Self { exit, code, message, hint, details }
    }
}

impl From<StateError> for Fail {
    fn from(error: StateError) -> Self {
        let exit = if error.broke() { FAILED } else { REFUSED };
        Self { exit, ..Self::refused(error.code(), error.to_string()).hint(error.hint()) }
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Directory { .. } | StoreError::Newer { .. } => Self::refused("state-denied", error.to_string()),
            StoreError::Fenced { .. } | StoreError::Sqlite(_) | StoreError::Document(_) | StoreError::Closed => {
                Self::failed("store-failed", error.to_string())
            }
        }
    }
}

impl From<Faults> for Fail {
    fn from(Faults(faults): Faults) -> Self {
        Self::refused("configuration", "the configuration is refused").details(faults)
    }
}

impl From<ApiError> for Fail {
    fn from(error: ApiError) -> Self {
        let exit = if error.status().is_client_error() { REFUSED } else { FAILED };
        Self::from_parts(exit, error.into_parts())
    }
}

impl From<NoSnapshot> for Fail {
    fn from(reason: NoSnapshot) -> Self {
        match reason {
            NoSnapshot::Failed(failure) => failure.into(),
            NoSnapshot::Refused(_) | NoSnapshot::Endless => ApiError::from(reason).into(),
        }
    }
}

impl From<SubmitError> for Fail {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::NoSnapshot(reason) => reason.into(),
            other => ApiError::from(other).into(),
        }
    }
}

impl From<Failure> for Fail {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::NotSent(_) | Failure::Lost(_) => Self::failed("clickhouse-away", format!("ClickHouse does not answer: {failure}"))
                .hint("`penstock config` shows the address in force; clickhouse.url or PENSTOCK_CLICKHOUSE_URL sets it"),
            Failure::Exception { .. } => Self::failed("clickhouse-refused", format!("ClickHouse refused: {failure}")),
        }
    }
}

impl From<CommandError> for Fail {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Missing => Self::refused("run-missing", "there is no such run"),
            CommandError::NotPossible(_) | CommandError::Busy(_) | CommandError::Overtaken(_) => ApiError::from(error).into(),
            CommandError::Broken(detail) => Self::failed("run-broken", detail),
        }
    }
}

impl From<Problem> for Fail {
    fn from(problem: Problem) -> Self {
        let exit = if (400..500).contains(&problem.status) { REFUSED } else { FAILED };
        Self::from_parts(exit, (problem.code, problem.detail, problem.hint, problem.acknowledge, problem.differences))
    }
}
