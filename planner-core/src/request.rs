//! What the user asks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::chunking::size_budget;
use crate::quantity::{Hours, UnixMillis};
use crate::sql::identifier::{Identifier, TableName};

/// A backfill as the user asks for it. Fields left out take their defaults; unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Dangers the user has seen and accepts.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub acknowledged: BTreeSet<Acknowledgement>,
    /// Mixed into the tokens for a deliberate repeat; default 0.
    #[serde(default)]
    pub generation: u32,
    /// How the window is cut.
    pub method: Method,
    /// How rows get from source to target; default: decided from the target.
    #[serde(default)]
    pub mode: ModeChoice,
    /// Where rows are read.
    pub source: TableName,
    /// Where rows are written.
    pub target: TableName,
    /// The column that the window bounds; default: resolved (see [`crate::time_column`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_column: Option<Identifier>,
    /// Half-open window of time; default: everything the source holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// A half-open window `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First instant that is inside.
    pub from: UnixMillis,
    /// First instant that is outside.
    pub to: UnixMillis,
}

/// How the window is cut into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Chunks of equal width, counted from the window's start.
    TimeWindow {
        /// Width of one chunk.
        hours: Hours,
    },
    /// Chunks of whole calendar days in the time column's zone; the first and the last may be shorter.
    CalendarDays {
        /// Days in one chunk, 1 to 366.
        days: u16,
    },
    /// Chunks of about equal size: small partitions together, large ones cut along the sorting key.
    SizeBudget {
        /// Uncompressed bytes that one chunk should read at most, from 1 KiB; a twentieth more is taken where it saves a cut.
        bytes: u64,
    },
    /// One chunk a partition.
    Partitions,
}

impl Method {
    /// Bytes beyond which a chunk is larger than was asked for; none where chunks are not cut by size.
    pub fn most_bytes(self) -> Option<u64> {
        match self {
            Self::SizeBudget { bytes } => Some(size_budget::stretched(bytes)),
            Self::TimeWindow { .. } | Self::CalendarDays { .. } | Self::Partitions => None,
        }
    }
}

/// The mode asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModeChoice {
    /// `view_replay` when the target is fed by materialized views on the source, else `copy`.
    #[default]
    Auto,
    /// Table to table.
    Copy,
    /// Each materialized view's own SELECT over the source.
    ViewReplay,
}

/// A danger that stops a plan until the user says that it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledgement {
    /// The window is wider than the policy's `max_window_hours`.
    LargeWindow,
    /// The target already holds rows in the window.
    TargetHoldsRows,
}

impl Acknowledgement {
    /// The name used in requests: `large_window`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LargeWindow => "large_window",
            Self::TargetHoldsRows => "target_holds_rows",
        }
    }
}
