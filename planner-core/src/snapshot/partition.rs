//! One active partition. A table may have thousands: as a document it is a list, `["202501",rows,bytes,[from,width]]`.

use serde::{Deserialize, Serialize};

use crate::quantity::UnixMillis;

/// One active partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct Partition {
    /// Uncompressed bytes.
    pub bytes: u64,
    /// `partition_id`.
    pub id: String,
    /// Rows, lightweight-deleted ones included.
    pub rows: u64,
    /// Earliest and latest instant of the partition key's date or moment, if it has one. Whose they are, and whether they
    /// are to be relied on, tells `time_column::told_by_partitions`.
    pub times: Option<(UnixMillis, UnixMillis)>,
}

/// Id, rows, bytes, and the earliest instant with the milliseconds to the latest.
type Listed = (String, u64, u64, Option<(i64, i64)>);

impl From<Partition> for Listed {
    fn from(partition: Partition) -> Self {
        let times = partition.times.map(|(first, last)| (first.0, last.0.saturating_sub(first.0)));
        (partition.id, partition.rows, partition.bytes, times)
    }
}

impl From<Listed> for Partition {
    fn from((id, rows, bytes, times): Listed) -> Self {
        Self { bytes, id, rows, times: times.map(|(first, width)| (UnixMillis(first), UnixMillis(first.saturating_add(width)))) }
    }
}
