//! Words of planner and service as people read them: instants as labels, names of the wire as what they mean.

use planner_core::quantity::UnixMillis;

/// What acknowledgements and limits are called on the wire, and what they mean.
const NAMES: [(&str, &str); 3] = [
    ("large_window", "that the window is large"),
    ("max_window_hours is", "the limit is"),
    ("target_holds_rows", "that the target holds rows"),
];
/// Length of `2025-01-01T00:00:00.000Z`.
const ISO: usize = 24;

/// The text with every instant as a label, and without names that only machines use.
pub fn for_people(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let instant = rest.get(..ISO).filter(|part| part.ends_with('Z')).and_then(|part| UnixMillis::parse(part).ok());
        let name = NAMES.iter().find(|(name, _)| rest.starts_with(name));
        let read = match (instant, name) {
            (Some(at), _) => {
                words.push_str(&at.label());
                ISO
            }
            (None, Some((name, meaning))) => {
                words.push_str(meaning);
                name.len()
            }
            (None, None) => {
                words.push(first);
                first.len_utf8()
            }
        };
        rest = rest.get(read..).unwrap_or_default();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_become_labels() {
        assert_eq!(
            for_people("data from 2025-01-01T00:00:00.000Z to 2025-01-31T23:59:58.000Z: 744 h"),
            "data from 2025-01-01 00:00 to 2025-01-31 23:59:58: 744 h"
        );
        assert_eq!(for_people("at 2025-01-01T00:00:00.250Z"), "at 2025-01-01 00:00:00.250");
    }

    #[test]
    fn names_become_what_they_mean() {
        assert_eq!(
            for_people("choose a shorter window, or acknowledge large_window"),
            "choose a shorter window, or acknowledge that the window is large"
        );
    }

    #[test]
    fn everything_else_stays() {
        for text in ["", "ä → ü", "2025-01-01T00:00", "2025-13-01T00:00:00.000Z", "ZZZZZZZZZZZZZZZZZZZZZZZZ"] {
            assert_eq!(for_people(text), text);
        }
    }
}
