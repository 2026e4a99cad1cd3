//! Chunks of a plan as far as they were looked at: pages around what is in sight.

use super::answer::Line;
use super::row_window::pages;

/// Chunks asked for at once.
pub const PAGE: u64 = 100;
/// Pages kept beyond each edge of what is in sight: a long list scrolled from end to end keeps no more.
const NEAR: u64 = 3;

/// The pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineBook {
    /// With the pages' starts, in no order: there are few.
    known: Vec<(u64, Vec<Line>)>,
    asked: Vec<u64>,
    turn: u32,
}

impl LineBook {
    /// Another plan: every page is asked for again. Until it comes, the old one stays in sight.
    pub fn restart(&mut self) {
        self.asked.clear();
        self.turn = self.turn.wrapping_add(1);
    }

    /// Tells answers to questions about this plan from those about the one before.
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// Starts of the pages of `first..last` to ask for; they count as asked from here on. Far pages are forgotten.
    pub fn missing(&mut self, first: u64, last: u64) -> Vec<u64> {
        let near = first.saturating_sub(NEAR * PAGE)..last.saturating_add(NEAR * PAGE);
        self.known.retain(|(page, _)| near.contains(page));
        self.asked.retain(|page| near.contains(page));
        let mut missing = pages(first, last, PAGE);
        missing.retain(|page| !self.asked.contains(page));
        self.asked.extend(&missing);
        missing
    }

    /// Takes a page that was asked for in a turn. One that did not come is asked for when it next comes in sight.
    pub fn put(&mut self, turn: u32, page: u64, lines: Option<Vec<Line>>) {
        if turn != self.turn || !self.asked.contains(&page) {
            return;
        }
        match lines {
            Some(lines) => {
                self.known.retain(|(known, _)| *known != page);
                self.known.push((page, lines));
            }
            None => self.asked.retain(|asked| *asked != page),
        }
    }

    /// A chunk, if it is known.
    pub fn get(&self, index: u64) -> Option<&Line> {
        let (_, page) = self.known.iter().find(|(page, _)| index / PAGE * PAGE == *page)?;
        page.get(usize::try_from(index % PAGE).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(from: u64) -> Option<Vec<Line>> {
        let line = |index: u64| {
            let chunk = r#"{"bytes":1,"label":"x","rows":1,"span":{},"token":"t"}"#;
            serde_json::from_str(&format!("{{\"chunk\":{chunk},\"index\":{index},\"sql\":\"\"}}")).unwrap()
        };
        Some((from..from + PAGE).map(line).collect())
    }

    #[test]
    fn pages_are_asked_for_once_and_kept_near() {
        let mut book = LineBook::default();
        assert_eq!(book.missing(90, 130), [0, 100]);
        assert_eq!(book.missing(90, 130), [0; 0]);
        book.put(0, 0, lines(0));
        book.put(0, 100, lines(100));
        assert_eq!((book.get(99).unwrap().index, book.get(100).unwrap().index), (99, 100));
        assert!(book.get(200).is_none());
        // Far away, and back: what was kept meanwhile is bounded.
        for first in (0..500_000).step_by(1000) {
            for page in book.missing(first, first + 60) {
                book.put(0, page, lines(page));
            }
            assert!(book.known.len() as u64 <= 2 * NEAR + 2);
        }
        assert_eq!(book.missing(90, 130), [0, 100]);
    }

    #[test]
    fn answers_about_the_plan_before_count_no_more() {
        let mut book = LineBook::default();
        book.missing(0, 40);
        book.put(0, 0, lines(0));
        book.missing(100, 140);
        book.restart();
        assert!(book.get(7).is_some(), "in sight until the new one comes");
        assert_eq!(book.missing(0, 140), [0, 100]);
        book.put(0, 100, lines(100));
        assert!(book.get(100).is_none());
        book.put(0, 0, None);
        assert_eq!(book.missing(0, 140), [0; 0]);
        book.put(book.turn(), 0, None);
        assert_eq!(book.missing(0, 140), [0]);
    }
}
