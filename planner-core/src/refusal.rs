//! Why a plan is refused: a situation with a stable code, what it means and what to do.

use serde::{Deserialize, Serialize};

use crate::request::Acknowledgement;

/// A refusal. Nothing is planned, nothing runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What the user may acknowledge to go on, where that is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<Acknowledgement>,
    /// Stable name, such as `window-reversed`.
    pub code: String,
    /// What to do.
    pub hint: String,
    /// What is wrong, with the values that show it.
    pub message: String,
}

impl Refusal {
    /// A refusal that only another request can answer.
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { acknowledge: None, code: code.into(), hint: hint.into(), message: message.into() }
    }

    /// A refusal that the user may overrule.
    #[must_use]
    pub fn unless(self, acknowledge: Acknowledgement) -> Self {
        Self { acknowledge: Some(acknowledge), ..self }
    }
}
