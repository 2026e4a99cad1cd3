//! Whether a view may be replayed in pieces: a group that a cut tears is emitted twice.

use crate::engine::{self, Folding};
use crate::plan::Span;
use crate::quantity::UnixMillis;
use crate::refusal::Refusal;
use crate::snapshot::{Snapshot, View, ViewColumn};
use crate::sql::time_type::TimeType;
use crate::sql::{checks, partition};
use crate::time_column::Resolved;
use crate::view_shape::{self, Item, ViewShape};

/// Refuses a view whose SELECT gives other rows when the source is cut at these spans.
pub(crate) fn check(view: &View, snapshot: &Snapshot, time: Option<&Resolved>, spans: &[Span]) -> Result<ViewShape, Refusal> {
    let shape = view_shape::of(&view.select, time.map_or("", |time| time.column.as_str()));
    if !shape.volatile.is_empty() {
        return Err(Refusal::new(
            "volatile-function",
            format!("{} calls {}: a retried chunk would write other rows", view.name, shape.volatile.join(", ")),
            "replace the function by a column of the source, or backfill by copy from a table that holds the values",
        ));
    }
    if shape.depends_on_neighbours {
        return Err(Refusal::new(
            "view-needs-all-rows",
            format!("{} uses LIMIT or a window function: its rows depend on rows of other chunks", view.name),
            "run it as one statement, or rewrite the view without them",
        ));
    }
    if view_shape::reads_twice(&view.select, &view.source) {
        return Err(Refusal::new(
            "view-reads-source-twice",
            format!("{} reads {} more than once: rows of one chunk would meet only rows of the same chunk", view.name, view.source),
            "run it as one statement, or rewrite the view to read its source once",
        ));
    }
    if !shape.groups || spans.len() < 2 {
        return Ok(shape);
    }
    let merges = merging_problem(view, snapshot);
    let aligned = shape.bucket_ms.zip(time).is_some_and(|(bucket, time)| aligned(bucket, spans, &time.time, snapshot));
    match merges {
        None => Ok(shape),
        Some(_) if aligned => Ok(shape),
        Some(problem) => Err(Refusal::new(
            "cut-tears-groups",
            format!("{} groups rows, and {problem}: a group that a cut divides would be written twice", view.name),
            match shape.bucket_ms {
                Some(bucket) => format!("cut where groups end: by time, in chunks of whole {}", bucket_name(bucket)),
                None => "group by a bucket of the time column and cut there, or use a target that merges groups (AggregatingMergeTree with states)".into(),
            },
        )),
    }
}

/// Why the target cannot put torn groups together again; `None` when it can.
fn merging_problem(view: &View, snapshot: &Snapshot) -> Option<String> {
    if view_shape::filters_groups(&view.select) {
        return Some("HAVING looks at whole groups".to_owned());
    }
    match engine::folding(&snapshot.target.engine) {
        Some(Folding::Summing) => summing_problem(view, snapshot),
        Some(Folding::Aggregating) => {
            let key = crate::time_column::key_columns(&snapshot.target.sorting_key);
            let plain: Vec<&str> = view
                .columns
                .iter()
                .filter_map(|column| snapshot.target.column(&column.name))
                .filter(|column| !key.contains(&column.name.as_str().to_owned()))
                .filter(|column| {
                    !column.type_name.starts_with("AggregateFunction(") && !column.type_name.starts_with("SimpleAggregateFunction(")
                })
                .map(|column| column.name.as_str())
                .collect();
            (!plain.is_empty()).then(|| format!("{} of {} hold finished values, not states", plain.join(", "), snapshot.target.name))
        }
        Some(Folding::None | Folding::Replacing | Folding::Collapsing | Folding::Graphite) | None => {
            Some(format!("{} does not merge groups", snapshot.target.engine))
        }
    }
}

/// What a `SummingMergeTree` does not put together again: all of its columns must be parts of the key, sums that it adds up, or what
/// it keeps and is the same in each part of a group.
fn summing_problem(view: &View, snapshot: &Snapshot) -> Option<String> {
    let target = &snapshot.target;
    let known = view_shape::items(&view.select).filter(|items| items.len() == view.columns.len());
    let Some(items) = known else {
        return Some("what its columns are made of cannot be told".to_owned());
    };
    let mut key = crate::time_column::key_columns(&target.sorting_key);
    key.extend(partition::columns(&target.partition_key));
    let named = checks::summed_by_engine(&target.engine_full);
    let torn = |(item, column): (Item, &ViewColumn)| {
        let name = column.name.as_str();
        let written = target.column(&column.name)?;
        let summed = named.is_empty() || named.iter().any(|named| named == name);
        let number = checks::is_number(&written.type_name);
        let fine = match item {
            Item::OfGroup => key.iter().any(|key| key == name) || !summed || !number,
            Item::Sum => !key.iter().any(|key| key == name) && summed,
            Item::Finished => false,
        };
        (!fine).then(|| name.to_owned())
    };
    let torn: Vec<String> = items.into_iter().zip(&view.columns).filter_map(torn).collect();
    (!torn.is_empty()).then(|| format!("{} cannot be added up by {}", torn.join(", "), target.engine))
}

/// Whether every inner bound of the spans falls on a start of the bucket.
fn aligned(bucket: i64, spans: &[Span], time: &TimeType, snapshot: &Snapshot) -> bool {
    let zone = time.zone.as_deref().unwrap_or(&snapshot.server.timezone);
    let utc = crate::chunking::calendar_days::is_utc(zone)
        || matches!(time.kind, crate::sql::time_type::TimeKind::Date | crate::sql::time_type::TimeKind::Date32);
    let days = snapshot.day_starts.get(zone);
    let fine = |bound: UnixMillis| {
        if utc {
            bound.0.rem_euclid(bucket) == 0
        } else {
            // Other zones: midnights as the server gave them; they are starts of every narrower bucket too.
            days.is_some_and(|days| days.binary_search(&bound).is_ok())
        }
    };
    spans.iter().all(|span| match span {
        Span::Time(from, to) => from.is_none_or(fine) && to.is_none_or(fine),
        Span::TimeIsNull => true,
        Span::Key(_) => false,
    })
}

fn bucket_name(bucket: i64) -> String {
    match bucket {
        crate::quantity::DAY_MS => "calendar days".into(),
        crate::quantity::HOUR_MS => "hours, from a full hour".into(),
        other => format!("{} minutes", other / 60_000),
    }
}
