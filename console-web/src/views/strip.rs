//! Chunks side by side: width = bytes. One SVG path a tone, so that any number of chunks stays a handful of nodes.

use super::job_state::Tone;

/// Width of a strip in its own units.
pub const WIDTH: u64 = 10_000;
/// Height of a strip in its own units.
pub const HEIGHT: u64 = 100;

/// Most marks of one kind over a strip.
pub const MOST_MARKS: u64 = 50;

/// One cell: a chunk, or neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What the width stands for; a cell never vanishes.
    pub weight: u64,
    /// Colour family.
    pub tone: Tone,
}

/// Left and right edge of each cell, tiling `0..WIDTH`.
pub fn edges(cells: &[Cell]) -> Vec<(u64, u64)> {
    let total: u128 = cells.iter().map(|cell| u128::from(cell.weight)).sum();
    let count = cells.len() as u128;
    // A tenth of the room is shared evenly: the smallest chunk can still be seen and hit.
    let even = if total == 0 { u128::from(WIDTH) } else { u128::from(WIDTH) / 10 };
    let by_weight = u128::from(WIDTH) - even;
    let mut before = 0_u128;
    let edge = |index: u128, before: u128| even * index / count.max(1) + (by_weight * before).checked_div(total).unwrap_or(0);
    cells
        .iter()
        .zip(0_u128..)
        .map(|(cell, index)| {
            let left = edge(index, before);
            before += u128::from(cell.weight);
            (narrow(left), narrow(edge(index + 1, before)))
        })
        .collect()
}

/// One path a tone, in the order of [`Tone::ALL`]; tones without cells give an empty path.
pub fn paths(cells: &[Cell]) -> [String; 6] {
    let mut paths: [String; 6] = Default::default();
    let edges = edges(cells);
    let gap = (WIDTH / (cells.len().max(1) as u64) / 5).min(16);
    for (cell, (left, right)) in cells.iter().zip(edges) {
        let width = (right - left).saturating_sub(gap).max(1);
        let place = Tone::ALL.iter().position(|tone| *tone == cell.tone).unwrap_or(0);
        if let Some(path) = paths.get_mut(place) {
            rect(path, left, 0, width, HEIGHT);
        }
    }
    paths
}

/// Appends a rectangle to a path.
pub fn rect(path: &mut String, x: u64, y: u64, width: u64, height: u64) {
    for (letter, value) in [("M", x), (" ", y), ("h", width), ("v", height)] {
        path.push_str(letter);
        path.push_str(&value.to_string());
    }
    path.push_str("h-");
    path.push_str(&width.to_string());
    path.push('z');
}

/// The cell at a place between 0 and [`WIDTH`].
pub fn locate(cells: &[Cell], x: u64) -> Option<usize> {
    let edges = edges(cells);
    let index = edges.partition_point(|(_, right)| *right <= x);
    (index < edges.len()).then_some(index)
}

/// Merges neighbours until at most `most` cells are left; the most urgent tone wins.
pub fn merge(cells: Vec<Cell>, most: usize) -> Vec<Cell> {
    if cells.len() <= most {
        return cells;
    }
    let size = cells.len().div_ceil(most);
    let urgency = |tone: Tone| match tone {
        Tone::Bad => 5,
        Tone::Odd => 4,
        Tone::Warn => 3,
        Tone::Active => 2,
        Tone::Idle => 1,
        Tone::Good => 0,
    };
    cells
        .chunks(size)
        .map(|group| Cell {
            weight: group.iter().map(|cell| cell.weight).fold(0, u64::saturating_add),
            tone: group.iter().map(|cell| cell.tone).max_by_key(|tone| urgency(*tone)).unwrap_or(Tone::Idle),
        })
        .collect()
}

/// Places of marks for some of the cells, at most [`MOST_MARKS`]: neighbours closer than a glyph share one.
pub fn marks(cells: &[Cell], marked: impl Fn(usize) -> bool) -> Vec<u64> {
    let middles = edges(cells).into_iter().enumerate().filter(|(at, _)| marked(*at)).map(|(_, (left, right))| u64::midpoint(left, right));
    if cells.len() as u64 <= MOST_MARKS {
        return middles.collect();
    }
    let mut places: Vec<u64> = middles.map(|middle| middle * MOST_MARKS / WIDTH).collect();
    places.dedup();
    places.into_iter().map(|place| (2 * place + 1) * WIDTH / MOST_MARKS / 2).collect()
}

fn narrow(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(WIDTH).min(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(weights: &[u64]) -> Vec<Cell> {
        weights.iter().map(|weight| Cell { weight: *weight, tone: Tone::Active }).collect()
    }

    #[test]
    fn cells_tile_the_strip() {
        for weights in [vec![1], vec![0, 0], vec![1, 2, 3], vec![u64::MAX; 600], (0..599).collect()] {
            let edges = edges(&cells(&weights));
            assert_eq!(edges.first().unwrap().0, 0);
            assert_eq!(edges.last().unwrap().1, WIDTH, "{}", weights.len());
            assert!(edges.windows(2).all(|pair| pair[0].1 == pair[1].0));
        }
        assert_eq!(edges(&cells(&[1, 3])), [(0, 2750), (2750, WIDTH)]);
    }

    #[test]
    fn every_place_finds_its_cell() {
        let three = cells(&[1, 1, 1]);
        assert_eq!([0, 3332, 3334, WIDTH - 1].map(|x| locate(&three, x)), [Some(0), Some(0), Some(1), Some(2)]);
        assert_eq!(locate(&three, WIDTH), None);
    }

    #[test]
    fn marks_stand_over_their_cells_and_share_places() {
        let four = cells(&[1, 1, 1, 1]);
        assert_eq!(marks(&four, |at| at == 1), [3750]);
        assert_eq!(marks(&four, |_| false), Vec::<u64>::new());
        let many = cells(&[1; 600]);
        assert_eq!(marks(&many, |_| true).len(), 50);
        assert_eq!(marks(&many, |at| at == 599), [9900]);
    }

    #[test]
    fn merging_keeps_what_is_urgent() {
        let mut many = cells(&[1; 1000]);
        many[7].tone = Tone::Bad;
        let few = merge(many, 600);
        assert_eq!(few.len(), 500);
        assert_eq!((few[3].tone, few[3].weight, few[4].tone), (Tone::Bad, 2, Tone::Active));
    }

    #[test]
    fn paths_are_rectangles_by_tone() {
        let paths = paths(&cells(&[1]));
        assert_eq!(paths[1], "M0 0h9984v100h-9984z");
        assert_eq!(paths[0], "");
    }
}
