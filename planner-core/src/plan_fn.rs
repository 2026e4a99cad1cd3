//! The pure function: request and snapshot in, plan or question or refusal out.

use crate::chunking::{self, calendar_days, time_window};
use crate::columns;
use crate::digest;
use crate::engine;
use crate::plan::{self, ChunkSpan, Estimate, Mode, Plan, PlanCore, Span, Statement, TableRef, TimeAxis, ViewRef, WritePath};
use crate::probe::Probe;
use crate::profile::Totals;
use crate::quantity::{HOUR_MS, UnixMillis};
use crate::rationale::Note;
use crate::refusal::Refusal;
use crate::replay;
use crate::request::{Acknowledgement, Method, ModeChoice, Request, Window};
use crate::snapshot::{ProfileOrigin, Snapshot, Table, TimeProfile};
use crate::sql::insert;
use crate::sql::time_type::{TimeKind, TimeType};
use crate::time_column::{self, Resolved};
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
    match try_plan(request, snapshot) {
        Ok(plan) => Outcome::Planned(Box::new(plan)),
        Err(Stop::Detail(probes)) => Outcome::NeedsDetail(probes),
        Err(Stop::Refuse(refusal)) => Outcome::Refused(*refusal),
    }
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

fn try_plan(request: &Request, snapshot: &Snapshot) -> Result<Plan, Stop> {
    check_tables(request, snapshot)?;
    let (mode, mode_note) = mode(request, snapshot)?;
    let time = time_column::resolve(request.time_column.as_ref(), &snapshot.policy, &snapshot.source)?;
    check_width(request.method, &time, snapshot)?;
    let profile = source_profile(snapshot, &time)?;
    let window = window(request, snapshot, profile, &time)?;
    check_window(request, snapshot, window, &time)?;
    let spans = spans(request, snapshot, window, &time)?;
    check_target_rows(request, snapshot, mode, &time)?;

    let write = write_path::choose(&snapshot.server);
    let mut notes = vec![
        mode_note,
        Note::info("time-column", format!("the window bounds '{}' ({}): {}", time.column, time.type_name, time.why)),
        write_note(write, snapshot),
        profile_note(profile),
    ];
    let (statements, statement_notes) = statements(mode, snapshot, &time, &spans, write)?;
    notes.extend(statement_notes);

    let chunks = chunk_spans(&statements, &spans);
    let core = PlanCore {
        chunks,
        format: plan::FORMAT,
        generation: request.generation,
        method: request.method,
        mode,
        plan_id: plan_id(request, snapshot, window, &time),
        settings: write_path::settings(&snapshot.server, write),
        source: table_ref(&snapshot.source),
        statements,
        target: table_ref(&snapshot.target),
        time: TimeAxis {
            column: time.column.clone(),
            source_type: time.type_name.clone(),
            target_type: if mode == Mode::Copy { target_type(snapshot, &time, &spans) } else { None },
        },
        window: request.window,
        write,
    };
    let estimates = estimates(&core, profile, &snapshot.source);
    notes.extend(warnings::all(&core, &estimates, snapshot));
    Ok(Plan { core, estimates, rationale: notes, snapshot: snapshot.digest() })
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
        if engine::folding(&known.engine).is_none() {
            let hint = match known.engine.as_str() {
                "MaterializedView" => "name the table that the view writes (TO …)",
                "Distributed" => "name the local table on its server",
                _ => "only tables of the MergeTree family can be backfilled by time window",
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

fn check_width(method: Method, time: &Resolved, snapshot: &Snapshot) -> Result<(), Refusal> {
    let Method::TimeWindow { hours } = method else { return Ok(()) };
    let least = i64::from(snapshot.policy.min_chunk_minutes) * 60_000;
    if hours.ms() < least {
        return Err(Refusal::new(
            "chunk-too-narrow",
            format!("a chunk of {hours} hours is narrower than min_chunk_minutes = {}", snapshot.policy.min_chunk_minutes),
            format!("choose at least {} minutes", snapshot.policy.min_chunk_minutes),
        ));
    }
    if hours.ms() % time.time.resolution_ms() != 0 {
        return Err(Refusal::new(
            "chunk-finer-than-column",
            format!("'{}' is a {}: a width of {hours} hours cuts between its values", time.column, time.type_name),
            if time.time.resolution_ms() == crate::quantity::DAY_MS {
                "choose a multiple of 24 hours, or calendar days"
            } else {
                "choose a width of whole seconds"
            },
        ));
    }
    Ok(())
}

fn source_profile<'a>(snapshot: &'a Snapshot, time: &Resolved) -> Result<&'a TimeProfile, Stop> {
    snapshot.source.times.get(&time.column).ok_or_else(|| {
        // Partitions that tell the distribution need no probe of their own, but were not asked for this column.
        let table = snapshot.source.name.clone();
        let column = time.column.clone();
        time_column::profile_probe(&snapshot.source, &time.column).unwrap_or(Probe::TimeColumn { table, column }).into()
    })
}

/// The window asked for, else one that holds every row of the profile.
fn window(request: &Request, snapshot: &Snapshot, profile: &TimeProfile, time: &Resolved) -> Result<Window, Stop> {
    if let Some(window) = request.window {
        return Ok(window);
    }
    let (Some(first), Some(last)) = (profile.buckets.first(), profile.buckets.last()) else {
        return Err(Refusal::new(
            "source-empty",
            format!("{} holds no rows, and no window was given", snapshot.source.name),
            "nothing to do, or give the window",
        )
        .into());
    };
    let (first, last) = (first.min, last.max);
    match request.method {
        Method::TimeWindow { hours } => Ok(time_window::everything(first, last, hours)),
        Method::CalendarDays { .. } => Ok(calendar_days::everything(first, last, zone(snapshot, &time.time), snapshot)?),
    }
}

fn zone<'a>(snapshot: &'a Snapshot, time: &'a TimeType) -> &'a str {
    match time.kind {
        TimeKind::Date | TimeKind::Date32 => "UTC",
        TimeKind::DateTime | TimeKind::DateTime64(_) => time.zone.as_deref().unwrap_or(&snapshot.server.timezone),
    }
}

fn check_window(request: &Request, snapshot: &Snapshot, window: Window, time: &Resolved) -> Result<(), Refusal> {
    let text = format!("[{}, {})", window.from, window.to);
    if window.from == window.to {
        return Err(Refusal::new("window-empty", format!("the window {text} is empty"), "the end is exclusive: choose a later end"));
    }
    if window.from > window.to {
        return Err(Refusal::new("window-reversed", format!("the window {text} ends before it starts"), "swap from and to"));
    }
    let (first, last) = time.time.range_ms();
    if window.from.0 < first || window.to.0 > last {
        return Err(Refusal::new(
            "window-out-of-range",
            format!(
                "the window {text} leaves the range of {} ({} to {})",
                time.type_name,
                UnixMillis(first).label(),
                UnixMillis(last).label()
            ),
            "choose a window inside that range",
        ));
    }
    if window.from.0 % time.time.resolution_ms() != 0 || window.to.0 % time.time.resolution_ms() != 0 {
        return Err(Refusal::new(
            "window-finer-than-column",
            format!("the window {text} starts or ends between two values of '{}' ({})", time.column, time.type_name),
            "choose bounds that the column can hold",
        ));
    }
    let most = i64::from(snapshot.policy.max_window_hours) * HOUR_MS;
    let width = window.to.0.saturating_sub(window.from.0);
    if width > most && !request.acknowledged.contains(&Acknowledgement::LargeWindow) {
        return Err(Refusal::new(
            "window-too-large",
            format!(
                "the window {text} is {} hours wide; max_window_hours is {}",
                width.div_euclid(HOUR_MS),
                snapshot.policy.max_window_hours
            ),
            "choose a shorter window, or acknowledge large_window",
        )
        .unless(Acknowledgement::LargeWindow));
    }
    Ok(())
}

fn spans(request: &Request, snapshot: &Snapshot, window: Window, time: &Resolved) -> Result<Vec<Span>, Stop> {
    let bounds = match request.method {
        Method::TimeWindow { hours } => time_window::bounds(window, hours)?,
        Method::CalendarDays { days } => match calendar_days::bounds(window, days, zone(snapshot, &time.time), snapshot)? {
            calendar_days::Days::Bounds(bounds) => bounds,
            calendar_days::Days::Missing(probe) => return Err(probe.into()),
        },
    };
    let given = request.window.is_some();
    let mut spans = chunking::spans(&bounds, given);
    if time.time.nullable && !given {
        spans.push(Span::TimeIsNull);
    }
    Ok(spans)
}

/// Refuses a target that already holds rows where this plan would write.
fn check_target_rows(request: &Request, snapshot: &Snapshot, mode: Mode, time: &Resolved) -> Result<(), Stop> {
    let target = &snapshot.target;
    if target.rows() == 0 || request.acknowledged.contains(&Acknowledgement::TargetHoldsRows) {
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
    let has_column = target.column(&time.column).is_some_and(|column| TimeType::of(&column.type_name).is_some());
    let (Mode::Copy, true, Some(window)) = (mode, has_column, request.window) else {
        return Err(held(format!("{} already holds {} rows", target.name, target.rows())).into());
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

fn write_note(write: WritePath, snapshot: &Snapshot) -> Note {
    let how = match write {
        WritePath::DirectStrict => "what the SELECT emits is squashed into one block, which is then stamped with the token",
        WritePath::DirectOrdered => "the SELECT is sorted by one thread and emits one block",
    };
    Note::info("write-path", format!("each chunk is one INSERT and one block: on ClickHouse {} {how}", snapshot.server.version))
}

fn profile_note(profile: &TimeProfile) -> Note {
    let from = match profile.origin {
        ProfileOrigin::IndexMarks => "index marks: no data was read",
        ProfileOrigin::Parts => "the partitions' time ranges: no data was read",
        ProfileOrigin::Column => "the time column itself",
    };
    Note::info("estimates", format!("rows and bytes a chunk are estimated from {from}"))
}

fn statements(
    mode: Mode,
    snapshot: &Snapshot,
    time: &Resolved,
    spans: &[Span],
    write: WritePath,
) -> Result<(Vec<Statement>, Vec<Note>), Refusal> {
    let (source, target) = (table_ref(&snapshot.source), table_ref(&snapshot.target));
    match mode {
        Mode::Copy => {
            let (mappings, notes) =
                columns::map(&columns::readable(&snapshot.source), &snapshot.target, &snapshot.source.name.to_string())?;
            let order = columns::order(&snapshot.target, &mappings);
            Ok((vec![insert::copy(&source, &target, mappings, &order, write)], notes))
        }
        Mode::ViewReplay => {
            let (mut statements, mut notes) = (Vec::new(), Vec::new());
            for view in snapshot.feeding_views() {
                let shape = replay::check(view, snapshot, time, spans)?;
                if shape.joins {
                    notes.push(Note::warning(
                        "view-joins",
                        format!("{} joins other tables", view.name),
                        "they are read as they are when each chunk runs",
                    ));
                }
                let offered: Vec<columns::Offered> = view
                    .columns
                    .iter()
                    .map(|column| columns::Offered { name: column.name.clone(), type_name: column.type_name.clone() })
                    .collect();
                let (mappings, mapping_notes) = columns::map(&offered, &snapshot.target, &view.name.to_string())?;
                notes.extend(mapping_notes);
                let order = columns::order(&snapshot.target, &mappings);
                let reference = ViewRef { name: view.name.clone(), select: view.select.clone() };
                statements.push(insert::replay(&source.name, &target, reference, mappings, &order, write));
            }
            Ok((statements, notes))
        }
    }
}

fn chunk_spans(statements: &[Statement], spans: &[Span]) -> Vec<ChunkSpan> {
    (0_u32..).zip(statements).flat_map(|(statement, _)| spans.iter().map(move |span| ChunkSpan { span: *span, statement })).collect()
}

/// Type of the target's time column, where a chunk's rows can be told by its span there: the same moments, and no cut
/// that falls between two values of the target's type.
fn target_type(snapshot: &Snapshot, time: &Resolved, spans: &[Span]) -> Option<String> {
    let column = snapshot.target.column(&time.column).filter(|column| column.default_kind.insertable())?;
    let target = TimeType::of(&column.type_name)?;
    let is_date = |kind: TimeKind| matches!(kind, TimeKind::Date | TimeKind::Date32);
    let resolution = target.resolution_ms();
    let between = |bound: Option<UnixMillis>| bound.is_some_and(|bound| bound.0.rem_euclid(resolution) != 0);
    let torn = spans.iter().any(|span| match span {
        Span::Time(from, to) => between(*from) || between(*to),
        Span::TimeIsNull => !target.nullable,
    });
    let (source_range, target_range) = (time.time.range_ms(), target.range_ms());
    let narrower = source_range.0 < target_range.0 || source_range.1 > target_range.1;
    // Outside a given window no row is written, so only an open window can carry times that the target's type cannot hold.
    let clipped = narrower && spans.iter().any(|span| matches!(span, Span::Time(None, _) | Span::Time(_, None)));
    (is_date(target.kind) == is_date(time.time.kind) && !torn && !clipped).then(|| column.type_name.clone())
}

fn estimates(core: &PlanCore, profile: &TimeProfile, source: &Table) -> Vec<Estimate> {
    let totals = Totals::new(profile);
    let (bytes, rows) = (u128::from(read_bytes(core, source)), u128::from(source.rows().max(1)));
    core.chunks
        .iter()
        .map(|chunk| {
            let chunk_rows = totals.rows_in(chunk.span);
            Estimate { bytes: u64::try_from(u128::from(chunk_rows) * bytes / rows).unwrap_or(u64::MAX), rows: chunk_rows }
        })
        .collect()
}

/// Uncompressed bytes of the columns that the statements read; of all columns where their sizes are not known or a view reads them.
///
/// Compact parts have no sizes per column, so those of wide parts only tell the columns' shares of the whole.
fn read_bytes(core: &PlanCore, source: &Table) -> u64 {
    let sizes = |columns: &mut dyn Iterator<Item = u64>| columns.map(u128::from).sum::<u128>();
    let mut mapped = core
        .statements
        .iter()
        .filter(|statement| statement.view.is_none())
        .flat_map(|statement| &statement.columns)
        .filter_map(|mapping| source.column(&mapping.name))
        .map(|column| column.bytes);
    let (named, all) = (sizes(&mut mapped), sizes(&mut source.columns.iter().map(|column| column.bytes)));
    if named == 0 {
        return source.bytes();
    }
    u64::try_from(u128::from(source.bytes()) * named / all).unwrap_or(u64::MAX)
}

/// The id of a plan. A time-window plan has the formula of design.md; any other hashes its request and snapshot.
fn plan_id(request: &Request, snapshot: &Snapshot, window: Window, time: &Resolved) -> digest::PlanId {
    match request.method {
        Method::TimeWindow { hours } => {
            digest::plan_id(&format!("{}|{}|{}|{hours}|{}", request.target, window.from.iso(), window.to.iso(), time.column))
        }
        Method::CalendarDays { .. } => digest::plan_id(&format!("{}|{}", crate::canonical::to_string(request), snapshot.digest())),
    }
}
