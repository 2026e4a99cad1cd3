//! Spans of a key: together they are all partitions that hold rows, each tiled from end to end.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Fault, spans_of};
use crate::key::{KeyAxis, KeySpan, KeyTuple};
use crate::plan::{PlanCore, Span};
use crate::quantity::{DAY_MS, UnixMillis};
use crate::snapshot::{Column, Snapshot, Table};
use crate::sql::key_type::KeyType;
use crate::sql::tokens;

pub(super) fn check(core: &PlanCore, axis: &KeyAxis, statement: usize, snapshot: &Snapshot, faults: &mut Vec<Fault>) {
    let at = |code: &str, message: String| Fault::new(code, format!("statement {statement}: {message}"));
    let types = axis.types();
    if types.len() != axis.columns.len() {
        faults.push(at("key-type-unknown", format!("one of {} has a type that cuts cannot name", crate::key::names(&axis.columns))));
        return;
    }
    // Spans by the partitions that they read; a packed span reads all of its own whole.
    let mut by_partition: BTreeMap<&[String], Vec<&KeySpan>> = BTreeMap::new();
    for span in spans_of(core, statement) {
        match span {
            Span::Key(span) => by_partition.entry(span.partitions.as_slice()).or_default().push(span),
            Span::Time(..) | Span::TimeIsNull => faults.push(at("span-mixed", "a span of time stands among spans of a key".into())),
        }
    }
    partitions(core, &by_partition, snapshot, &mut |code, message| faults.push(at(code, message)));
    for (ids, spans) in by_partition {
        let name = if ids.is_empty() { "all rows".to_owned() } else { ids.join(", ") };
        if ids.len() > 1 && spans.iter().any(|span| span.from.is_some() || span.to.is_some() || span.bucket.is_some()) {
            faults.push(at("span-overlap", format!("{name}: packed partitions are cut")));
        }
        for (code, message) in tiled(&spans, &types) {
            faults.push(at(code, format!("{name}: {message}")));
        }
        for (from, to) in spans.iter().filter_map(|span| span.from.as_ref().zip(span.to.as_ref())) {
            if descends(&axis.columns, &types, from, to) {
                faults.push(at("span-empty", format!("{name}: {} is not below {}", from.as_str(), to.as_str())));
            }
        }
    }
}

/// Every partition that holds rows is read, none twice. With a window, those outside of it may be left out.
fn partitions(core: &PlanCore, spans: &BTreeMap<&[String], Vec<&KeySpan>>, snapshot: &Snapshot, fault: &mut impl FnMut(&str, String)) {
    if spans.contains_key(&[][..]) {
        if spans.len() > 1 {
            fault("span-overlap", "some spans read all partitions, some only one".into());
        }
        return;
    }
    let known: BTreeSet<&String> = snapshot.source.partitions.iter().map(|partition| &partition.id).collect();
    let mut seen = BTreeSet::new();
    for id in spans.keys().copied().flatten() {
        if !seen.insert(id) {
            fault("span-overlap", format!("partition {id} is in two packs"));
        }
        if !known.contains(id) {
            fault("partition-unknown", format!("partition {id} is not in the snapshot"));
        }
    }
    let (bounded, wrapping) = (bounds_the_window(core, &snapshot.source, false), bounds_the_window(core, &snapshot.source, true));
    let inside = |partition: &crate::snapshot::Partition| match (core.window, partition.times) {
        (Some(window), Some((min, max))) if bounded || (wrapping && is_spelt(&partition.id, min, max)) => {
            max.plus(1000) > window.from && min < window.to
        }
        _ => true,
    };
    for partition in snapshot.source.partitions.iter().filter(|partition| inside(partition)) {
        if !seen.contains(&partition.id) {
            fault("span-gap", format!("partition {} is not read", partition.id));
        }
    }
}

/// Whether a part of a partition's id is a year, month or day at which its bounds lie: then they did not wrap.
fn is_spelt(id: &str, min: UnixMillis, max: UnixMillis) -> bool {
    let label = |instant: UnixMillis| instant.date().replace('-', "");
    let (from, to) = (label(min.plus(-DAY_MS)), label(max.plus(DAY_MS)));
    let short = (0..=367 * DAY_MS).contains(&max.0.saturating_sub(min.0));
    let agrees = |part: &str| [4, 6, 8].contains(&part.len()) && from.get(..part.len()) <= Some(part) && Some(part) <= to.get(..part.len());
    short && id.split('-').any(agrees)
}

/// Whether the partitions' times are those of the window's column: 16 or 32 bits, or one that may wrap, and no other time in
/// the partition key.
fn bounds_the_window(core: &PlanCore, source: &Table, wrapping: bool) -> bool {
    let Some(axis) = &core.time else { return false };
    let named = tokens::tokens(&source.partition_key);
    let in_key = |column: &Column| named.iter().any(|token| token.name() == Some(column.name.as_str()));
    source.columns.iter().filter(|column| in_key(column)).all(|column| {
        let plain = column.type_name == "Date" || column.type_name == "DateTime" || column.type_name.starts_with("DateTime(");
        let plain = plain || (wrapping && column.type_name.starts_with("DateTime64("));
        if column.name == axis.column { plain } else { !column.type_name.contains("Date") }
    }) && tokens::mentions(&source.partition_key, axis.column.as_str())
}

/// Faults of spans that should follow each other without gap or overlap from no bound to no bound. Neighbours with the
/// same bounds are hash buckets, which must be all of them, once each.
fn tiled(spans: &[&KeySpan], types: &[KeyType]) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let mut groups: Vec<(&Option<KeyTuple>, &Option<KeyTuple>, Vec<&KeySpan>)> = Vec::new();
    for span in spans {
        match groups.last_mut() {
            Some((from, to, group)) if **from == span.from && **to == span.to && span.bucket.is_some() => group.push(span),
            _ => groups.push((&span.from, &span.to, vec![span])),
        }
    }
    for (_, _, group) in &groups {
        let buckets: BTreeSet<Option<(u32, u32)>> = group.iter().map(|span| span.bucket.map(|bucket| (bucket.index, bucket.of))).collect();
        let of = group.first().and_then(|span| span.bucket).map_or(1, |bucket| bucket.of);
        let all = match group.as_slice() {
            [one] if one.bucket.is_none() => true,
            _ => {
                (0..of).all(|index| buckets.contains(&Some((index, of))))
                    && group.len() == buckets.len()
                    && u32::try_from(group.len()) == Ok(of)
            }
        };
        if !all {
            faults.push(("buckets-incomplete", format!("{} of {of} hash buckets", group.len())));
        }
    }
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return faults };
    if first.0.is_some() || last.1.is_some() {
        faults.push(("span-gap", "the first span has a lower bound, or the last an upper one".into()));
    }
    for pair in groups.windows(2) {
        let [(_, end, _), (start, _, _)] = pair else { continue };
        if end.is_none() || end != start {
            faults.push(("span-overlap", "two neighbours do not meet at one tuple".into()));
        }
    }
    for (from, to, _) in &groups {
        for tuple in [from, to].into_iter().copied().flatten() {
            if tuple.values(types).is_none_or(|values| values.is_empty()) {
                faults.push(("key-malformed", format!("{} is not a tuple of the key", tuple.as_str())));
            }
        }
    }
    faults
}

/// Bounds that the key's own order does not put one after the other.
fn descends(columns: &[crate::key::KeyColumn], types: &[KeyType], from: &KeyTuple, to: &KeyTuple) -> bool {
    let (Some(from), Some(to)) = (from.values(types), to.values(types)) else { return true };
    let order = from
        .iter()
        .zip(&to)
        .zip(types.iter().zip(columns))
        .map(|((from, to), (key_type, column))| {
            let order = key_type.compare(from, to);
            if column.descending { order.reverse() } else { order }
        })
        .find(|order| *order != Ordering::Equal);
    // Equal as far as both go: only a longer tuple may follow a shorter one.
    order.map_or(from.len() >= to.len(), |order| order == Ordering::Greater)
}
