//! One chunk a partition.

use super::size_budget::{Cut, Slice};
use crate::key::KeySpan;
use crate::plan::Estimate;

/// A span for each partition; one for all rows where the table is not partitioned.
pub(crate) fn cut(slices: &[Slice], partitioned: bool) -> Cut {
    let spans = slices.iter().map(|slice| {
        let partitions = if partitioned { vec![slice.id.clone()] } else { Vec::new() };
        (KeySpan { bucket: None, from: None, partitions, to: None }, Estimate { bytes: slice.bytes, rows: slice.rows })
    });
    Cut { spans: spans.collect(), ..Cut::default() }
}
