//! What differs between two snapshots.

use crate::snapshot::{DefaultKind, Snapshot, Table};
use crate::write_path;

/// What differs between two snapshots in a way that a plan rests on. Numbers of rows do not count.
pub fn changes(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for (side, old, new) in [("source", &before.source, &after.source), ("target", &before.target, &after.target)] {
        let mut differs = |what: &str, changed: bool| {
            if changed {
                found.push(format!("{side} {}: {what}", old.name));
            }
        };
        differs("is another table (its uuid changed)", old.uuid != new.uuid);
        differs("engine changed", old.engine != new.engine);
        differs("partition key changed", old.partition_key != new.partition_key);
        differs("sorting key changed", old.sorting_key != new.sorting_key);
        let shape = |table: &Table| -> Vec<(String, String, DefaultKind)> {
            table.columns.iter().map(|column| (column.name.to_string(), column.type_name.clone(), column.default_kind)).collect()
        };
        differs("columns changed", shape(old) != shape(new));
    }
    let texts = |snapshot: &Snapshot| -> Vec<(String, String)> {
        snapshot.feeding_views().map(|view| (view.name.to_string(), view.select.clone())).collect()
    };
    if texts(before) != texts(after) {
        found.push("the views that feed the target changed".into());
    }
    if write_path::choose(&before.server) != write_path::choose(&after.server) {
        found.push(format!("the server changed from {} to {}", before.server.version, after.server.version));
    }
    found
}
