//! How a table's rows are spread over its sorting key: what makes even chunks possible without reading data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::key::{KeyColumn, KeyTuple};

/// Most points of a snapshot's histogram, all partitions together.
pub const MOST_POINTS: u32 = 4_096;

/// Most bytes of its document with all the detail that plans asked for: about a million points of short keys.
pub(crate) const MOST_DETAIL_BYTES: usize = 48_000_000;

/// Rows by sorting key, partition by partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyHistogram {
    /// Tuples, by partition, whose rows were looked at along the columns that the primary index does not hold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub below: BTreeMap<String, Vec<KeyTuple>>,
    /// The columns that tuples are of; none: the table can be cut by no key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<KeyColumn>,
    /// Where the points come from.
    pub origin: KeyOrigin,
    /// Points by partition id, each list in the key's order. A partition without points was not worth one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub partitions: BTreeMap<String, Vec<KeyPoint>>,
    /// Rows that a point was asked to stand for at most, where detail was asked for; 0: as the snapshot came.
    #[serde(default)]
    pub rows_a_point: u64,
    /// Why it is not from index marks, in words; empty when it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Where a histogram comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrigin {
    /// Index marks: one tuple a granule. No data is read.
    IndexMarks,
    /// A sample of rows, for which the key columns were read.
    Sample,
    /// Nothing is known of the key.
    Unknown,
}

/// The rows from one tuple up to the next point's. As a document a list, `[key,rows,granules]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct KeyPoint {
    /// Granules, or sampled rows, that the point stands for; 1: it cannot be divided further.
    pub granules: u64,
    /// First tuple.
    pub key: KeyTuple,
    /// Rows.
    pub rows: u64,
}

/// Key, rows, granules.
type Listed = (KeyTuple, u64, u64);

impl From<KeyPoint> for Listed {
    fn from(point: KeyPoint) -> Self {
        (point.key, point.rows, point.granules)
    }
}

impl From<Listed> for KeyPoint {
    fn from((key, rows, granules): Listed) -> Self {
        Self { granules, key, rows }
    }
}

impl KeyHistogram {
    /// One that knows nothing, and why.
    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self {
            below: BTreeMap::new(),
            columns: Vec::new(),
            origin: KeyOrigin::Unknown,
            partitions: BTreeMap::new(),
            rows_a_point: 0,
            why: why.into(),
        }
    }

    /// Joins neighbouring points until the document is no larger than this, whatever the keys hold.
    pub(crate) fn thin(&mut self, most_bytes: usize) {
        while canonical::to_string(self).len() > most_bytes {
            let before = self.partitions.values().map(Vec::len).sum::<usize>();
            for points in self.partitions.values_mut() {
                *points = halved(std::mem::take(points));
            }
            if self.partitions.values().map(Vec::len).sum::<usize>() == before {
                // Single points of enormous tuples, or of very many partitions: nothing is known of them.
                self.partitions.clear();
                self.below.clear();
                return;
            }
        }
    }

    /// Adds finer points of some partitions.
    pub(crate) fn refine(&mut self, finer: Self) {
        // The finer points may tell more columns apart, or fewer; a tuple of fewer is a bound all the same.
        let columns = if finer.columns.len() > self.columns.len() { finer.columns } else { std::mem::take(&mut self.columns) };
        self.columns = columns;
        self.below.retain(|partition, _| !finer.partitions.contains_key(partition));
        self.partitions.extend(finer.partitions);
        self.rows_a_point = finer.rows_a_point;
    }

    /// Puts points along further columns of the key in place of those of one tuple. Without any it is known that there
    /// are none.
    pub(crate) fn deepen(&mut self, partition: &str, tuple: &KeyTuple, found: &[KeyTuple]) {
        self.below.entry(partition.to_owned()).or_default().push(tuple.clone());
        let Some(points) = self.partitions.get_mut(partition) else { return };
        let of_tuple = |point: &&KeyPoint| &point.key == tuple;
        let rows: u64 = points.iter().filter(of_tuple).map(|point| point.rows).fold(0, u64::saturating_add);
        let (Some(at), false) = (points.iter().position(|point| &point.key == tuple), found.is_empty()) else { return };
        let count = found.len() as u64;
        let share = |n: u64| u64::try_from(u128::from(rows) * u128::from(n) / u128::from(count)).unwrap_or(rows);
        // The shorter tuple stands before all rows that start with it: it is the first point's bound.
        let keys = std::iter::once(tuple).chain(found.iter().skip(1));
        let deeper: Vec<KeyPoint> =
            keys.zip(0..).map(|(key, n)| KeyPoint { granules: 1, key: key.clone(), rows: share(n + 1) - share(n) }).collect();
        points.retain(|point| &point.key != tuple);
        points.splice(at..at, deeper);
    }
}

/// Every second point takes its neighbour in.
fn halved(points: Vec<KeyPoint>) -> Vec<KeyPoint> {
    let mut kept: Vec<KeyPoint> = Vec::with_capacity(points.len().div_ceil(2));
    for (at, point) in points.into_iter().enumerate() {
        match kept.last_mut() {
            Some(last) if at % 2 == 1 => {
                last.granules = last.granules.saturating_add(point.granules);
                last.rows = last.rows.saturating_add(point.rows);
            }
            _ => kept.push(point),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_leave_fewer_points_and_the_same_rows() {
        let point = |at: u32| KeyPoint { granules: 1, key: KeyTuple::of(&at.to_be_bytes().repeat(128)), rows: 10 };
        let mut histogram = KeyHistogram::unknown("");
        histogram.partitions.insert("all".into(), (0..4_000).map(point).collect());
        histogram.thin(600_000);
        let points = &histogram.partitions["all"];
        assert_eq!(points.len(), 500);
        assert_eq!(points.iter().map(|point| point.rows).sum::<u64>(), 40_000);
        assert_eq!(points[1].key, point(8).key);
    }
}
