//! Chunks of whole calendar days in a zone. Days there may have 23 or 25 hours, so their starts come from the server.

use crate::limits::MAX_CALENDAR_DAYS;
use crate::probe::Probe;
use crate::quantity::{DAY_MS, UnixMillis};
use crate::refusal::Refusal;
use crate::request::Window;
use crate::snapshot::Snapshot;

/// Either the bounds, or the probe that is needed first.
#[derive(Debug)]
pub(crate) enum Days {
    /// The bounds of all chunks, first and last included.
    Bounds(Vec<UnixMillis>),
    /// Starts of days are missing.
    Missing(Probe),
}

/// Whether days in a zone are days in UTC.
pub(crate) fn is_utc(zone: &str) -> bool {
    matches!(
        zone,
        "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT" | "Etc/UCT" | "UCT" | "Zulu" | "Etc/Zulu" | "Universal" | "Etc/Universal" | "Etc/Greenwich"
    )
}

/// Cuts a window at every `days`-th midnight after its start.
pub(crate) fn bounds(window: Window, days: u16, zone: &str, snapshot: &Snapshot) -> Result<Days, Refusal> {
    if days == 0 || days > MAX_CALENDAR_DAYS {
        return Err(Refusal::new(
            "days-out-of-range",
            format!("{days} calendar days a chunk; 1 to {MAX_CALENDAR_DAYS} are possible"),
            "choose a number of days in that range, or the method time_window",
        ));
    }
    let count = (i128::from(window.to.0) - i128::from(window.from.0)) / i128::from(DAY_MS) + 2;
    super::bounded(u64::try_from(count).unwrap_or(u64::MAX) / u64::from(days), "more days a chunk")?;
    let Some(starts) = starts(window, zone, snapshot) else {
        return Ok(Days::Missing(Probe::DayStarts { zone: zone.to_owned(), from: window.from, to: window.to }));
    };
    let mut bounds = vec![window.from];
    // Counted from the day that the window starts in, so that a window from noon still ends its first chunk at midnight.
    let first = starts.iter().rposition(|start| *start <= window.from).unwrap_or(0);
    bounds.extend(starts.iter().skip(first).step_by(usize::from(days)).copied().filter(|start| *start > window.from && *start < window.to));
    bounds.push(window.to);
    Ok(Days::Bounds(bounds))
}

/// The window of whole days that holds everything between two instants; `None` while the days are not known.
pub(crate) fn everything(first: UnixMillis, last: UnixMillis, zone: &str, snapshot: &Snapshot) -> Result<Window, Probe> {
    let around = Window { from: first, to: last.plus(1) };
    let missing = || Probe::DayStarts { zone: zone.to_owned(), from: first, to: last.plus(2 * DAY_MS) };
    let starts = starts(Window { to: last.plus(2 * DAY_MS), ..around }, zone, snapshot).ok_or_else(missing)?;
    let from = starts.iter().rfind(|start| **start <= first).copied().unwrap_or(first);
    let to = starts.iter().find(|start| **start > last).copied().ok_or_else(missing)?;
    Ok(Window { from, to })
}

/// Starts of days from at or before the window's start up to its end.
fn starts(window: Window, zone: &str, snapshot: &Snapshot) -> Option<Vec<UnixMillis>> {
    if is_utc(zone) {
        let first = window.from.0.div_euclid(DAY_MS);
        let last = window.to.0.div_euclid(DAY_MS);
        return Some((first..=last).map(|day| UnixMillis(day * DAY_MS)).collect());
    }
    let known = snapshot.day_starts.get(zone)?;
    // The probe asks for two days more on either side, so covering both ends means covering all between.
    let covered = known.first().is_some_and(|first| *first <= window.from) && known.last().is_some_and(|last| *last >= window.to);
    covered.then(|| known.iter().filter(|start| **start <= window.to).copied().collect())
}
