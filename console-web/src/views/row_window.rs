//! Which rows of a long list are drawn.

/// Height of a row in CSS pixels; the stylesheet's `--row` is the same.
pub const ROW_PX: u64 = 36;
/// Rows drawn beyond each edge, so that scrolling by keys never meets an undrawn row.
pub const OVERSCAN: u64 = 12;
/// Most rows drawn at once.
pub const MOST: u64 = 120;

/// Rows `first..last` for a scroll position and a viewport, both in pixels.
pub fn visible(scroll_px: u64, viewport_px: u64, total: u64) -> (u64, u64) {
    let first = (scroll_px / ROW_PX).saturating_sub(OVERSCAN).min(total);
    let shown = viewport_px / ROW_PX + 2 + 2 * OVERSCAN;
    (first, (first + shown.min(MOST)).min(total))
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
            let (first, last) = visible(scroll, 800, 100_000);
            assert!(first <= last && last <= 100_000 && last - first <= MOST, "{scroll}: {first}..{last}");
        }
        assert_eq!(visible(0, 720, 10), (0, 10));
        assert_eq!(visible(3600, 360, 100_000), (88, 124));
    }

    #[test]
    fn pages_cover_the_window() {
        assert_eq!(pages(88, 124, 100), [0, 100]);
        assert_eq!(pages(0, 100, 100), [0]);
        assert!(pages(5, 5, 100).is_empty());
    }
}
