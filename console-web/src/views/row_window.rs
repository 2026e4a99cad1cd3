//! Which rows of a long list are drawn, and where.

/// Height of a row in CSS pixels; the stylesheet's `--row` is the same.
pub const ROW_PX: u64 = 36;
/// Rows drawn beyond each edge, so that scrolling by keys never meets an undrawn row.
pub const OVERSCAN: u64 = 12;
/// Most rows drawn at once.
pub const MOST: u64 = 120;
/// Tallest that a list is made. Browsers end their pages at 17.8 million pixels (Firefox) or 33.5 (Chromium): a million rows
/// would be taller. Beyond it, rows are further apart than the bar that scrolls to them tells.
pub const TALLEST_PX: u64 = 16_000_000;

/// What is drawn of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowWindow {
    /// First row.
    pub first: u64,
    /// Row behind the last.
    pub last: u64,
    /// How far above its place each row is drawn, in pixels: nothing in a list that is not cut short.
    pub lift_px: u64,
}

/// Height of the box that holds all rows.
pub fn body_px(total: u64) -> u64 {
    total.saturating_mul(ROW_PX).min(TALLEST_PX)
}

/// The window for a scroll position and a viewport, both in pixels.
pub fn visible(scroll_px: u64, viewport_px: u64, total: u64) -> RowWindow {
    let hidden = total.saturating_mul(ROW_PX) - body_px(total);
    let way = u128::from(body_px(total).saturating_sub(viewport_px).max(1));
    let lift = u128::from(hidden) * u128::from(scroll_px) / way;
    let lift_px = u64::try_from(lift).unwrap_or(u64::MAX).min(hidden);
    let first = (scroll_px.saturating_add(lift_px) / ROW_PX).saturating_sub(OVERSCAN).min(total);
    let shown = viewport_px / ROW_PX + 2 + 2 * OVERSCAN;
    RowWindow { first, last: (first + shown.min(MOST)).min(total), lift_px }
}

/// Starts of the pages of `size` rows that cover `first..last`.
pub fn pages(first: u64, last: u64, size: u64) -> Vec<u64> {
    if last <= first {
        return Vec::new();
    }
    (first / size..=(last - 1) / size).map(|page| page * size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_rows_draw_few() {
        for scroll in [0, 1, 36_000, 3_600_000, u64::MAX / 2] {
            let RowWindow { first, last, lift_px } = visible(scroll, 800, 100_000);
            assert!(first <= last && last <= 100_000 && last - first <= MOST, "{scroll}: {first}..{last}");
            assert_eq!(lift_px, 0);
        }
        assert_eq!(visible(0, 720, 10), RowWindow { first: 0, last: 10, lift_px: 0 });
        assert_eq!(visible(3600, 360, 100_000), RowWindow { first: 88, last: 124, lift_px: 0 });
    }

    #[test]
    fn a_list_taller_than_browsers_allow_is_scrolled_from_its_first_row_to_its_last() {
        for total in [500_000, 1_000_000] {
            let (viewport, height) = (720, body_px(total));
            assert_eq!(height, TALLEST_PX);
            // The box is scrolled by its own height less what is in sight, and a head of some pixels.
            let mut before = 0;
            for scroll in (0..=height - viewport).step_by(36).chain([height - viewport, height - viewport + 30]) {
                let RowWindow { first, last, lift_px } = visible(scroll, viewport, total);
                let top = first * ROW_PX - lift_px.min(first * ROW_PX);
                assert!(top <= scroll && last * ROW_PX - lift_px >= (scroll + viewport).min(height), "{scroll}: {first}..{last}");
                assert!(first >= before && first <= before + OVERSCAN, "a step passes no row unseen: {before}, {first}");
                before = first;
            }
            assert_eq!(visible(0, viewport, total).first, 0);
            let end = visible(height - viewport, viewport, total);
            // The last row ends where the box ends.
            assert_eq!((end.last, end.last * ROW_PX - end.lift_px), (total, height));
        }
    }

    #[test]
    fn pages_cover_the_window() {
        assert_eq!(pages(88, 124, 100), [0, 100]);
        assert_eq!(pages(0, 100, 100), [0]);
        assert!(pages(5, 5, 100).is_empty());
    }
}
