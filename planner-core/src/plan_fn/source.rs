//! What is read more than once must be the same each time: by a chunk, by its repeat, and by the comparison.

use crate::refusal::Refusal;
use crate::snapshot::{DefaultKind, Table};
use crate::view_shape;

/// Refuses to copy from a view, or columns, whose values change between two readings.
pub(super) fn check(source: &Table, target: &Table) -> Result<(), Refusal> {
    let called = view_shape::volatile_in(&source.select);
    if !called.is_empty() {
        return Err(volatile(&format!("{} calls {}", source.name, called.join(", "))));
    }
    if view_shape::limits(&source.select) {
        return Err(Refusal::new(
            "view-needs-all-rows",
            format!("{} uses LIMIT or OFFSET: which rows it gives may differ from one reading to the next", source.name),
            "read the table behind it, or copy from a table that holds the view's rows",
        ));
    }
    let written = |name| target.column(name).is_some_and(|column| column.default_kind.insertable());
    for column in source.columns.iter().filter(|column| column.default_kind == DefaultKind::Alias && written(&column.name)) {
        let called = view_shape::volatile_in(&column.default_expression);
        if !called.is_empty() {
            return Err(volatile(&format!(
                "'{}' of {} is computed when it is read, and calls {}",
                column.name,
                source.name,
                called.join(", ")
            )));
        }
    }
    Ok(())
}

fn volatile(what: &str) -> Refusal {
    Refusal::new("volatile-function", format!("{what}: a retried chunk would write other rows"), "copy from a table that holds the values")
}
