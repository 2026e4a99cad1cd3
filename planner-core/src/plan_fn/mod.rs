//! The pure function: request and snapshot in, plan or question or refusal out.

mod key_cut;
mod source;
mod statements;
mod target;
mod time_cut;

use crate::digest::{self, Digest};
use crate::engine;
use crate::key::KeyAxis;
use crate::plan::{self, ChunkSpan, Estimate, Mode, Plan, PlanCore, Span, TableRef, TimeAxis, WritePath};
use crate::probe::Probe;
use crate::rationale::Note;
use crate::refusal::Refusal;
use crate::replay;
use crate::request::{Method, ModeChoice, Request, Window};
use crate::snapshot::{Named, Snapshot, Table};
use crate::time_column::Resolved;
use crate::warnings;
use crate::write_path;

/// What planning came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A plan.
    Planned(Box<Plan>),
    /// The snapshot lacks detail: run these, extend it, plan again.
    NeedsDetail(Vec<Probe>),
    /// No plan, and why.
    Refused(Refusal),
}

/// Plans a backfill. Equal inputs give equal plans, on every target.
pub fn plan(request: &Request, snapshot: &Snapshot) -> Outcome {
    outcome(request, snapshot, &snapshot.digest())
}

/// The same from a snapshot whose digest is known.
pub fn plan_named(request: &Request, named: &Named) -> Outcome {
    outcome(request, named.snapshot(), named.digest())
}

fn outcome(request: &Request, snapshot: &Snapshot, digest: &Digest) -> Outcome {
    match try_plan(request, snapshot, digest, Detail::Wanted) {
        Ok(plan) => Outcome::Planned(Box::new(plan)),
        Err(Stop::Detail(probes)) => Outcome::NeedsDetail(probes),
        Err(Stop::Refuse(refusal)) => Outcome::Refused(*refusal),
    }
}

/// A plan from what is known, for a preview while detail is on its way: its chunks are less even. It is never run.
pub fn preview(request: &Request, named: &Named) -> Option<Plan> {
    try_plan(request, named.snapshot(), named.digest(), Detail::Forgone).ok()
}

/// Whether finer points are asked for where they would make chunks more even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Wanted,
    Forgone,
}

/// How the rows are cut, before it is known what is done with them.
struct Cutting {
    /// Size of each span.
    estimates: Vec<Estimate>,
    /// What key spans bound.
    key: Option<KeyAxis>,
    notes: Vec<Note>,
    /// The same for every statement.
    spans: Vec<Span>,
    /// What time spans, or the window of key spans, bound.
    time: Option<Resolved>,
    /// The window asked for, or the one found.
    window: Option<Window>,
}

enum Stop {
    Detail(Vec<Probe>),
    Refuse(Box<Refusal>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(Box::new(refusal))
    }
}

impl From<Probe> for Stop {
    fn from(probe: Probe) -> Self {
        Self::Detail(vec![probe])
    }
}

fn try_plan(request: &Request, snapshot: &Snapshot, digest: &Digest, detail: Detail) -> Result<Plan, Stop> {
    check_tables(request, snapshot)?;
    let (mode, mode_note) = mode(request, snapshot)?;
    if mode == Mode::Copy {
        source::check(&snapshot.source, &snapshot.target)?;
    }
    let write = write_path::choose(&snapshot.server);
    let (statements, statement_notes) = statements::of(mode, snapshot, write)?;
    let read_bytes = statements::read_bytes(&statements, &snapshot.source);
    let mut cutting = match request.method {
        Method::TimeWindow { .. } | Method::CalendarDays { .. } => time_cut::cut(request, snapshot, read_bytes)?,
        Method::SizeBudget { .. } | Method::Partitions => key_cut::cut(request, snapshot, mode, &statements, read_bytes, detail)?,
    };
    target::check_rows(request, snapshot, mode, &cutting)?;

    let mut notes = vec![mode_note];
    notes.append(&mut cutting.notes);
    notes.push(write_note(write, snapshot));
    notes.extend(replay_notes(mode, snapshot, &cutting)?);
    notes.extend(statement_notes);

    let plan_id = plan_id(request, digest, &cutting);
    let time = cutting.time.as_ref().map(|time| time_axis(request, snapshot, mode, time, &cutting.spans));
    let core = PlanCore {
        chunks: chunk_spans(statements.len(), cutting.spans),
        format: plan::FORMAT,
        generation: request.generation,
        method: request.method,
        mode,
        plan_id,
        settings: write_path::settings(&snapshot.server, write, statements::narrow_times(&statements, &snapshot.source)),
        source: table_ref(&snapshot.source),
        target: table_ref(&snapshot.target),
        time,
        key: cutting.key,
        window: request.window,
        write,
        statements,
    };
    let estimates: Vec<Estimate> = core.statements.iter().flat_map(|_| cutting.estimates.iter().copied()).collect();
    notes.extend(warnings::all(&core, &estimates, snapshot));
    Ok(Plan { core, estimates, rationale: notes, snapshot: digest.clone() })
}

fn time_axis(request: &Request, snapshot: &Snapshot, mode: Mode, time: &Resolved, spans: &[Span]) -> TimeAxis {
    // Key spans are bounded in time by the window alone.
    let within: Vec<Span> = request.window.map(|window| Span::Time(Some(window.from), Some(window.to))).into_iter().collect();
    let by_time = spans.iter().any(|span| matches!(span, Span::Time(..) | Span::TimeIsNull));
    let bounds = if by_time { spans } else { &within };
    TimeAxis {
        column: time.column.clone(),
        source_type: time.type_name.clone(),
        target_type: if mode == Mode::Copy { target::target_type(snapshot, time, bounds) } else { None },
    }
}

/// Refuses a view whose rows the cuts would change; notes what else a replay means.
fn replay_notes(mode: Mode, snapshot: &Snapshot, cutting: &Cutting) -> Result<Vec<Note>, Refusal> {
    let mut notes = Vec::new();
    if mode == Mode::ViewReplay {
        for view in snapshot.feeding_views() {
            let shape = replay::check(view, snapshot, cutting.time.as_ref(), &cutting.spans)?;
            if shape.joins {
                notes.push(Note::warning(
                    "view-joins",
                    format!("{} joins other tables", view.name),
                    "they are read as they are when each chunk runs",
                ));
            }
        }
    }
    Ok(notes)
}

fn table_ref(table: &Table) -> TableRef {
    TableRef { name: table.name.clone(), uuid: table.uuid.clone() }
}

fn check_tables(request: &Request, snapshot: &Snapshot) -> Result<(), Refusal> {
    for (side, asked, known) in [("source", &request.source, &snapshot.source), ("target", &request.target, &snapshot.target)] {
        if asked != &known.name {
            return Err(Refusal::new(
                "table-unknown",
                format!("{side} {asked} is not in this snapshot, which is of {}", known.name),
                "take a snapshot of that table",
            ));
        }
        let by_key = matches!(request.method, Method::SizeBudget { .. } | Method::Partitions);
        let read_only = by_key && side == "source" && engine::readable(&known.engine);
        if engine::folding(&known.engine).is_none() && !read_only {
            let hint = match known.engine.as_str() {
                "MaterializedView" => "name the table that the view writes (TO …)",
                "Distributed" => "name the local table on its server",
                other if engine::readable(other) => "only a size budget can cut it: its rows have neither partitions nor marks",
                _ => "only tables of the MergeTree family can be backfilled",
            };
            return Err(Refusal::new("engine-unsupported", format!("{side} {asked} is a {}", known.engine), hint));
        }
        if known.columns.is_empty() {
            return Err(Refusal::new(
                "columns-hidden",
                format!("the columns of {asked} cannot be seen"),
                format!("GRANT SHOW COLUMNS, SELECT ON {} TO this user", asked.quoted()),
            ));
        }
    }
    if request.source == request.target {
        return Err(Refusal::new(
            "source-is-target",
            format!("{} would be read and written: every row would be there twice", request.source),
            "choose another target; copying a table onto itself needs a staged write path",
        ));
    }
    Ok(())
}

fn mode(request: &Request, snapshot: &Snapshot) -> Result<(Mode, Note), Refusal> {
    let feeding: Vec<String> = snapshot.feeding_views().map(|view| view.name.to_string()).collect();
    let replay = || {
        Note::info(
            "mode",
            format!("{} is fed by {}: each view's own SELECT is replayed over {}", request.target, feeding.join(", "), request.source),
        )
    };
    match (request.mode, feeding.is_empty()) {
        (ModeChoice::Auto | ModeChoice::ViewReplay, false) => Ok((Mode::ViewReplay, replay())),
        (ModeChoice::Auto | ModeChoice::Copy, true) => {
            Ok((Mode::Copy, Note::info("mode", format!("rows are copied from {} to {} by column name", request.source, request.target))))
        }
        (ModeChoice::Copy, false) => Ok((Mode::Copy, Note::info("mode", "copy was asked for, although views feed the target".to_owned()))),
        (ModeChoice::ViewReplay, true) => Err(Refusal::new(
            "no-feeding-view",
            format!("no materialized view on {} writes {}", request.source, request.target),
            "choose mode copy, or the table that the views read as source",
        )),
    }
}

fn write_note(write: WritePath, snapshot: &Snapshot) -> Note {
    let how = match write {
        WritePath::DirectStrict => "what the SELECT emits is squashed into one block, which is then stamped with the token",
        WritePath::DirectOrdered => "the SELECT is sorted by one thread and emits one block",
    };
    Note::info("write-path", format!("each chunk is one INSERT and one block: on ClickHouse {} {how}", snapshot.server.version))
}

/// The spans once for each statement; the last takes them as they are.
fn chunk_spans(statements: usize, spans: Vec<Span>) -> Vec<ChunkSpan> {
    let last = u32::try_from(statements).unwrap_or(u32::MAX).saturating_sub(1);
    let mut chunks: Vec<ChunkSpan> =
        (0..last).flat_map(|statement| spans.iter().map(move |span| ChunkSpan { span: span.clone(), statement })).collect();
    chunks.extend(spans.into_iter().map(|span| ChunkSpan { span, statement: last }));
    chunks
}

/// The id of a plan. A time-window plan has the formula of design.md; any other hashes its request and snapshot.
fn plan_id(request: &Request, snapshot: &Digest, cutting: &Cutting) -> digest::PlanId {
    match (request.method, cutting.window, &cutting.time) {
        (Method::TimeWindow { hours }, Some(window), Some(time)) => {
            digest::plan_id(&format!("{}|{}|{}|{hours}|{}", request.target, window.from.iso(), window.to.iso(), time.column))
        }
        _ => digest::plan_id(&format!("{}|{}", crate::canonical::to_string(request), snapshot)),
    }
}
