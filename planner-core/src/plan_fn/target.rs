//! What the target says: whether rows are there already, and whether a chunk's rows can be told there.

use super::{Cutting, Stop};
use crate::key::{KeyAxis, TargetPartition};
use crate::plan::{ColumnMapping, Mode, Span};
use crate::probe::Probe;
use crate::quantity::UnixMillis;
use crate::refusal::Refusal;
use crate::request::{Acknowledgement, Request};
use crate::snapshot::Snapshot;
use crate::sql::partition;
use crate::sql::time_type::{TimeKind, TimeType};
use crate::sql::tokens;
use crate::time_column::Resolved;

/// Refuses a target that already holds rows where this plan would write.
pub(super) fn check_rows(request: &Request, snapshot: &Snapshot, mode: Mode, cutting: &Cutting) -> Result<(), Stop> {
    let target = &snapshot.target;
    if target.row_policy {
        let refusal = Refusal::new(
            "target-row-policy",
            format!("a row policy hides rows of {} from this user: what was written could not be told from what was not", target.name),
            "use a user that sees all of its rows",
        );
        return Err(refusal.into());
    }
    if target.stored.rows == 0 || request.acknowledged.contains(&Acknowledgement::TargetHoldsRows) {
        return Ok(());
    }
    let held = |what: String| {
        Refusal::new(
            "target-holds-rows",
            what,
            "empty it there, choose another window, or acknowledge target_holds_rows: contents are then compared as difference to what was there",
        )
        .unless(Acknowledgement::TargetHoldsRows)
    };
    let Some(time) = &cutting.time else {
        return Err(held(format!("{} already holds {} rows", target.name, target.stored.rows)).into());
    };
    let has_column = target.column(&time.column).is_some_and(|column| TimeType::of(&column.type_name).is_some());
    let (Mode::Copy, true, Some(window)) = (mode, has_column, request.window) else {
        return Err(held(format!("{} already holds {} rows", target.name, target.stored.rows)).into());
    };
    let Some(profile) = target.times.get(&time.column) else {
        return Err(Probe::TimeColumn { table: target.name.clone(), column: time.column.clone() }.into());
    };
    let rows: u64 =
        profile.buckets.iter().filter(|bucket| bucket.min < window.to && bucket.max >= window.from).map(|bucket| bucket.rows).sum();
    if rows > 0 {
        return Err(held(format!("{} already holds rows in the window (up to {rows})", target.name)).into());
    }
    Ok(())
}

/// Type of the target's time column, where a chunk's rows can be told by its span there: the same moments, and no cut
/// that falls between two values of the target's type.
pub(super) fn target_type(snapshot: &Snapshot, time: &Resolved, spans: &[Span]) -> Option<String> {
    let column = snapshot.target.column(&time.column).filter(|column| column.default_kind.insertable())?;
    let target = TimeType::of(&column.type_name)?;
    let is_date = |kind: TimeKind| matches!(kind, TimeKind::Date | TimeKind::Date32);
    let resolution = target.resolution_ms();
    let between = |bound: Option<UnixMillis>| bound.is_some_and(|bound| bound.0.rem_euclid(resolution) != 0);
    let torn = spans.iter().any(|span| match span {
        Span::Time(from, to) => between(*from) || between(*to),
        Span::TimeIsNull => !target.nullable,
        Span::Key(_) => false,
    });
    let (source_range, target_range) = (time.time.range_ms(), target.range_ms());
    let narrower = source_range.0 < target_range.0 || source_range.1 > target_range.1;
    // Outside a given window no row is written, so only an open window, or one that leaves the range of the target's type,
    // can carry times that it cannot hold.
    let beyond = |from: UnixMillis, to: UnixMillis| from.0 < target_range.0 || to.0.saturating_sub(resolution) > target_range.1;
    let clipped = narrower
        && spans.iter().any(|span| match span {
            Span::Time(Some(from), Some(to)) => beyond(*from, *to),
            Span::Time(None, _) | Span::Time(_, None) => true,
            Span::TimeIsNull | Span::Key(_) => false,
        });
    // Ticks that the target does not have are cut off towards zero: before 1970 that is upwards, into the next chunk.
    let upwards = target.scale() < time.time.scale()
        && spans.iter().any(|span| matches!(span, Span::Time(from, _) if from.is_none_or(|from| from.0 < 0)))
        && source_range.0 < 0;
    (is_date(target.kind) == is_date(time.time.kind) && !torn && !clipped && !upwards).then(|| column.type_name.clone())
}

/// How the target's rows are told by a partition and the key of the source; `None` when they cannot be: some column that
/// the source's key or partition key reads is missing in the target, has another type there, or is not written.
pub(super) fn target_partition(snapshot: &Snapshot, axis: &KeyAxis, mappings: &[ColumnMapping]) -> Option<TargetPartition> {
    let (source, target) = (&snapshot.source, &snapshot.target);
    let same = |name: &str| {
        let type_there = mappings.iter().find(|mapping| mapping.name.as_str() == name).map(|mapping| mapping.type_name.as_str());
        source.columns.iter().find(|column| column.name.as_str() == name).map(|column| column.type_name.as_str()) == type_there
    };
    let told = |expression: &str| {
        let read = source.columns.iter().filter(|column| tokens::mentions(expression, column.name.as_str()));
        let names: Vec<&str> = read.map(|column| column.name.as_str()).collect();
        names.into_iter().all(same)
    };
    if !axis.columns.iter().all(|column| told(&column.expression)) {
        return None;
    }
    if source.partition_key.is_empty() || source.partition_key == "tuple()" {
        Some(TargetPartition::None)
    } else if !told(&source.partition_key) {
        None
    } else if source.partition_key == target.partition_key {
        Some(TargetPartition::Same)
    } else {
        let type_of = |name: &str| source.columns.iter().find(|column| column.name.as_str() == name).map(|column| column.type_name.clone());
        partition::computable(&source.partition_key, type_of).then(|| TargetPartition::Computed(source.partition_key.clone()))
    }
}
