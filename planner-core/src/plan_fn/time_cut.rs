//! Cutting a window of time.

use super::{Cutting, Stop};
use crate::chunking::{self, calendar_days, time_window};
use crate::plan::{Estimate, Span};
use crate::probe::Probe;
use crate::profile::Totals;
use crate::quantity::{HOUR_MS, UnixMillis};
use crate::rationale::Note;
use crate::refusal::Refusal;
use crate::request::{Acknowledgement, Method, Request, Window};
use crate::snapshot::{ProfileOrigin, Snapshot, TimeProfile};
use crate::sql::time_type::{TimeKind, TimeType};
use crate::time_column::{self, Resolved};

/// Spans of equal width or of whole days, with estimates from the time column's profile.
pub(super) fn cut(request: &Request, snapshot: &Snapshot, read_bytes: u64) -> Result<Cutting, Stop> {
    let time = time_column::resolve(request.time_column.as_ref(), &snapshot.policy, &snapshot.source)?;
    check_width(request.method, &time, snapshot)?;
    let profile = source_profile(snapshot, &time)?;
    let window = window(request, snapshot, profile, &time)?;
    check_window(request, snapshot, window, &time)?;
    let spans = spans(request, snapshot, window, &time)?;
    let notes = vec![column_note(&time), profile_note(profile)];
    let estimates = estimates(&spans, profile, snapshot.source.stored.rows, read_bytes);
    Ok(Cutting { estimates, key: None, notes, spans, time: Some(time), window: Some(window) })
}

/// Which column bounds the window, and why that one.
pub(super) fn column_note(time: &Resolved) -> Note {
    Note::info("time-column", format!("the window bounds '{}' ({}): {}", time.column, time.type_name, time.why))
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
        Method::SizeBudget { .. } | Method::Partitions => Ok(Window { from: first, to: last }),
    }
}

fn zone<'a>(snapshot: &'a Snapshot, time: &'a TimeType) -> &'a str {
    match time.kind {
        TimeKind::Date | TimeKind::Date32 => "UTC",
        TimeKind::DateTime | TimeKind::DateTime64(_) => time.zone.as_deref().unwrap_or(&snapshot.server.timezone),
    }
}

pub(super) fn check_window(request: &Request, snapshot: &Snapshot, window: Window, time: &Resolved) -> Result<(), Refusal> {
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
        Method::SizeBudget { .. } | Method::Partitions => Vec::new(),
    };
    let given = request.window.is_some();
    let mut spans = chunking::spans(&bounds, given);
    if time.time.nullable && !given {
        spans.push(Span::TimeIsNull);
    }
    Ok(spans)
}

fn profile_note(profile: &TimeProfile) -> Note {
    let from = match profile.origin {
        ProfileOrigin::IndexMarks => "index marks: no data was read",
        ProfileOrigin::Parts => "the partitions' time ranges: no data was read",
        ProfileOrigin::Column => "the time column itself",
    };
    Note::info("estimates", format!("rows and bytes a chunk are estimated from {from}"))
}

fn estimates(spans: &[Span], profile: &TimeProfile, source_rows: u64, read_bytes: u64) -> Vec<Estimate> {
    let totals = Totals::new(profile);
    let (bytes, rows) = (u128::from(read_bytes), u128::from(source_rows.max(1)));
    let estimate = |span: &Span| {
        let span_rows = totals.rows_in(span);
        Estimate { bytes: u64::try_from(u128::from(span_rows) * bytes / rows).unwrap_or(u64::MAX), rows: span_rows }
    };
    spans.iter().map(estimate).collect()
}
