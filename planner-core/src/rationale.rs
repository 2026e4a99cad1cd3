//! Decisions and warnings as data: shown by the console, stored with the plan, compared in tests.

use serde::{Deserialize, Serialize};

/// One decision or warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Stable name, such as `dedup-window-off`.
    pub code: String,
    /// What the user can do; empty when there is nothing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// One sentence.
    pub message: String,
    /// How much it matters.
    pub severity: Severity,
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A decision that was made.
    Info,
    /// Something that may surprise or cost.
    Warning,
}

impl Note {
    /// A decision.
    pub fn info(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), hint: String::new(), message: message.into(), severity: Severity::Info }
    }

    /// A warning with its way out.
    pub fn warning(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.into(), hint: hint.into(), message: message.into(), severity: Severity::Warning }
    }
}
