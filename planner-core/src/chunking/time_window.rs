//! Chunks of equal width, counted from the window's start; the last may be shorter.

use crate::quantity::{Hours, UnixMillis};
use crate::refusal::Refusal;
use crate::request::Window;

/// The bounds of all chunks, first and last included.
pub(crate) fn bounds(window: Window, hours: Hours) -> Result<Vec<UnixMillis>, Refusal> {
    let width = i128::from(window.to.0) - i128::from(window.from.0);
    let chunks = (width + i128::from(hours.ms()) - 1) / i128::from(hours.ms());
    super::bounded(u64::try_from(chunks).unwrap_or(u64::MAX), "wider chunks")?;
    let mut bounds: Vec<UnixMillis> = (0..i64::try_from(chunks).unwrap_or(0)).map(|i| window.from.plus(i * hours.ms())).collect();
    bounds.push(window.to);
    Ok(bounds)
}

/// The window that holds everything between two instants, starting on a multiple of the width where that stays within a day.
pub(crate) fn everything(first: UnixMillis, last: UnixMillis, hours: Hours) -> Window {
    let align = hours.ms().min(crate::quantity::DAY_MS);
    let from = first.0.div_euclid(align) * align;
    let chunks = (last.0 - from).div_euclid(hours.ms()) + 1;
    Window { from: UnixMillis(from), to: UnixMillis(from).plus(chunks.saturating_mul(hours.ms())) }
}
