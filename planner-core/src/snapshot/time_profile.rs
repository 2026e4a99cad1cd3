//! How a table's rows are spread over one time column.

use serde::{Deserialize, Serialize};

use crate::quantity::UnixMillis;

/// How a table's rows are spread over one time column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeProfile {
    /// Buckets with rows, ascending by start.
    pub buckets: Vec<TimeBucket>,
    /// Rows whose time is NULL, where they were counted.
    #[serde(default)]
    pub null_rows: u64,
    /// Where the figures come from.
    pub origin: ProfileOrigin,
    /// Width of every bucket, in milliseconds.
    pub step_ms: i64,
}

/// Where a time profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileOrigin {
    /// Index marks: a row count a granule, placed at the granule's first row. An estimate; no data is read.
    IndexMarks,
    /// Minimum and maximum of each partition, rows spread evenly between. An estimate; no data is read.
    Parts,
    /// The column itself was read: exact.
    Column,
}

/// Rows of `[start, start + step)`. As a document a list, `[start,to the earliest,to the latest,rows]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct TimeBucket {
    /// Latest instant seen in the bucket.
    pub max: UnixMillis,
    /// Earliest instant seen in the bucket.
    pub min: UnixMillis,
    /// Rows.
    pub rows: u64,
    /// Start of the bucket.
    pub start: UnixMillis,
}

/// Start, milliseconds from there to the earliest and to the latest instant, rows.
type Listed = (i64, i64, i64, u64);

impl From<TimeBucket> for Listed {
    fn from(bucket: TimeBucket) -> Self {
        let after = |instant: UnixMillis| instant.0.saturating_sub(bucket.start.0);
        (bucket.start.0, after(bucket.min), after(bucket.max), bucket.rows)
    }
}

impl From<Listed> for TimeBucket {
    fn from((start, min, max, rows): Listed) -> Self {
        let start = UnixMillis(start);
        Self { max: start.plus(max), min: start.plus(min), rows, start }
    }
}
