//! Checks a finished plan without knowing how it was made.

mod key_coverage;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::engine;
use crate::plan::{Plan, PlanCore, Span, Statement, TimeAxis};
use crate::quantity::UnixMillis;
use crate::request::Method;
use crate::snapshot::Snapshot;
use crate::sql::time_type::TimeType;
use crate::sql::tokens::{self, Token};
use crate::write_path;

/// Something that a correct plan never has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Stable name, such as `span-gap`.
    pub code: String,
    /// Where and what.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// Every fault of a plan against the snapshot that it claims to be made from. Empty for a correct plan.
pub fn audit(plan: &Plan, snapshot: &Snapshot) -> Vec<Fault> {
    let core = &plan.core;
    let mut faults = Vec::new();
    tables(plan, snapshot, &mut faults);
    settings(core, &mut faults);
    for (index, statement) in core.statements.iter().enumerate() {
        columns(index, statement, snapshot, &mut faults);
        match &core.key {
            Some(axis) => key_coverage::check(core, axis, index, snapshot, &mut faults),
            None => coverage(core, index, snapshot, &mut faults),
        }
        text(core, index, statement, &mut faults);
    }
    uniqueness(plan, &mut faults);
    if let Some(stray) =
        core.chunks.iter().find(|chunk| usize::try_from(chunk.statement).map_or(true, |index| index >= core.statements.len()))
    {
        faults.push(Fault::new("statement-missing", format!("a chunk names statement {}, of {}", stray.statement, core.statements.len())));
    }
    if plan.estimates.len() != core.chunks.len() {
        faults.push(Fault::new("estimates-differ", format!("{} estimates for {} chunks", plan.estimates.len(), core.chunks.len())));
    }
    faults
}

fn tables(plan: &Plan, snapshot: &Snapshot, faults: &mut Vec<Fault>) {
    let core = &plan.core;
    if plan.snapshot != snapshot.digest() {
        faults.push(Fault::new("snapshot-differs", format!("the plan names snapshot {}, this is {}", plan.snapshot, snapshot.digest())));
    }
    for (side, planned, known) in [("source", &core.source, &snapshot.source), ("target", &core.target, &snapshot.target)] {
        if planned.name != known.name || planned.uuid != known.uuid {
            faults.push(Fault::new(
                "table-differs",
                format!("{side} is {} ({}), the snapshot has {} ({})", planned.name, planned.uuid, known.name, known.uuid),
            ));
        }
        let read_only = side == "source" && core.key.is_some() && engine::readable(&known.engine);
        if engine::folding(&known.engine).is_none() && !read_only {
            faults.push(Fault::new("engine-unsupported", format!("{side} is a {}", known.engine)));
        }
    }
    if core.source.name == core.target.name {
        faults.push(Fault::new("source-is-target", core.source.name.to_string()));
    }
    if let Some(time) = &core.time {
        time_axis(time, snapshot, faults);
    }
}

fn time_axis(time: &TimeAxis, snapshot: &Snapshot, faults: &mut Vec<Fault>) {
    match snapshot.source.column(&time.column) {
        Some(column) if column.type_name == time.source_type && TimeType::of(&column.type_name).is_some() => {}
        _ => faults
            .push(Fault::new("time-column-differs", format!("'{}' {} is not a time column of the source", time.column, time.source_type))),
    }
    let target_type = snapshot.target.column(&time.column).map(|column| column.type_name.as_str());
    if time.target_type.is_some() && time.target_type.as_deref() != target_type {
        faults.push(Fault::new("time-column-differs", format!("'{}' of the target is not a {:?}", time.column, time.target_type)));
    }
}

fn settings(core: &PlanCore, faults: &mut Vec<Fault>) {
    for (name, value) in write_path::REQUIRED {
        if core.settings.get(*name).map(String::as_str) != Some(*value) {
            faults.push(Fault::new("setting-missing", format!("{name} is not pinned to {value}: a chunk may be several blocks")));
        }
    }
}

fn columns(index: usize, statement: &Statement, snapshot: &Snapshot, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for mapping in &statement.columns {
        let known = snapshot.target.column(&mapping.name);
        if !known.is_some_and(|column| column.default_kind.insertable() && column.type_name == mapping.type_name) {
            faults
                .push(Fault::new("column-not-insertable", format!("statement {index} writes '{}' as {}", mapping.name, mapping.type_name)));
        }
        if !seen.insert(&mapping.name) {
            faults.push(Fault::new("column-twice", format!("statement {index} writes '{}' twice", mapping.name)));
        }
    }
    if statement.columns.is_empty() {
        faults.push(Fault::new("no-columns", format!("statement {index} writes nothing")));
    }
}

/// Spans of one statement: ascending, without gap or overlap, from the window's start to its end, and no wider than asked.
fn coverage(core: &PlanCore, index: usize, snapshot: &Snapshot, faults: &mut Vec<Fault>) {
    let mine = || spans_of(core, index);
    if mine().any(|span| matches!(span, Span::Key(_))) {
        faults.push(Fault::new("key-axis-missing", format!("statement {index} has spans of a key that the plan does not name")));
    }
    let ranges: Vec<(Option<UnixMillis>, Option<UnixMillis>)> = mine()
        .filter_map(|span| match span {
            Span::Time(from, to) => Some((*from, *to)),
            Span::TimeIsNull | Span::Key(_) => None,
        })
        .collect();
    let at = |bound: Option<UnixMillis>| bound.map_or_else(|| "open".to_owned(), UnixMillis::iso);
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
        faults.push(Fault::new("span-gap", format!("statement {index} has no spans")));
        return;
    };
    if first.0 != core.window.map(|window| window.from) || last.1 != core.window.map(|window| window.to) {
        faults.push(Fault::new("window-not-covered", format!("statement {index} covers {} to {}", at(first.0), at(last.1))));
    }
    for pair in ranges.windows(2) {
        let [(_, end), (start, _)] = pair else { continue };
        match (end, start) {
            (Some(end), Some(start)) if end == start => {}
            (Some(end), Some(start)) if end < start => {
                faults.push(Fault::new("span-gap", format!("statement {index}: nothing between {end} and {start}")));
            }
            _ => faults.push(Fault::new("span-overlap", format!("statement {index}: {} and {} overlap", at(*end), at(*start)))),
        }
    }
    for (from, to) in &ranges {
        let (Some(from), Some(to)) = (from, to) else { continue };
        if from >= to {
            faults.push(Fault::new("span-empty", format!("statement {index}: {from} to {to}")));
        }
        if too_wide(core.method, to.0 - from.0) {
            faults.push(Fault::new("span-too-wide", format!("statement {index}: {from} to {to} is wider than asked")));
        }
    }
    let Some(time) = &core.time else {
        faults.push(Fault::new("time-axis-missing", format!("statement {index} has spans of no column")));
        return;
    };
    let nullable =
        snapshot.source.column(&time.column).and_then(|column| TimeType::of(&column.type_name)).is_some_and(|time| time.nullable);
    let nulls = mine().filter(|span| **span == Span::TimeIsNull).count();
    if nulls != usize::from(nullable && core.window.is_none()) {
        faults.push(Fault::new("null-span", format!("statement {index} has {nulls} chunks for rows without a time")));
    }
}

/// The spans of one statement, in the plan's order.
fn spans_of(core: &PlanCore, statement: usize) -> impl Iterator<Item = &Span> {
    core.chunks.iter().filter(move |chunk| usize::try_from(chunk.statement).is_ok_and(|of| of == statement)).map(|chunk| &chunk.span)
}

fn too_wide(method: Method, width: i64) -> bool {
    match method {
        Method::TimeWindow { hours } => width > hours.ms(),
        // A calendar day has at most 25 hours or so; zones that skipped a day have shifted by 24.
        Method::SizeBudget { .. } | Method::Partitions => false,
        Method::CalendarDays { days } => width > i64::from(days) * crate::quantity::DAY_MS + 26 * crate::quantity::HOUR_MS,
    }
}

/// The statement's text, read again from its tokens: one INSERT into the target, one statement, the predicate in its place.
fn text(core: &PlanCore, index: usize, statement: &Statement, faults: &mut Vec<Fault>) {
    let sql = crate::sql::insert::render(statement, "penstock_predicate");
    let seen = tokens::tokens(&sql);
    let database = core.target.name.database.as_str();
    let table = core.target.name.table.as_str();
    let into_target = matches!(
        seen.as_slice(),
        [insert, into, Token::Quoted(d), Token::Symbol('.'), Token::Quoted(t), Token::Symbol('('), ..]
            if insert.is("INSERT") && into.is("INTO") && d == database && t == table
    );
    if !into_target {
        faults.push(Fault::new("statement-malformed", format!("statement {index} is not an INSERT into the target with a column list")));
    }
    if seen.contains(&Token::Symbol(';')) {
        faults.push(Fault::new("statement-malformed", format!("statement {index} holds more than one statement")));
    }
    let placed = seen.iter().filter(|token| matches!(token, Token::Word(text) | Token::Text(text) if text == "penstock_predicate")).count();
    if placed != 1 {
        faults.push(Fault::new("predicate-misplaced", format!("statement {index} holds its predicate {placed} times")));
    }
    if statement.view.as_ref().is_some_and(|view| !statement.before.contains(&view.select)) {
        faults.push(Fault::new("view-rewritten", format!("statement {index} does not hold its view's SELECT as stored")));
    }
}

fn uniqueness(plan: &Plan, faults: &mut Vec<Fault>) {
    let (mut ids, mut tokens) = (BTreeSet::new(), BTreeSet::new());
    for (i, chunk) in plan.chunks().enumerate() {
        if !ids.insert(chunk.id) {
            faults.push(Fault::new("chunk-id-twice", format!("chunk {i} ({})", chunk.label)));
        }
        if !tokens.insert(chunk.token) {
            faults.push(Fault::new("token-twice", format!("chunk {i} ({}): its rows would be swallowed", chunk.label)));
        }
    }
}
