//! Notes for people: of ten thousand that say the same of ten thousand partitions, the first are enough.

use planner_core::rationale::Note;

/// Most notes of one code, the one that counts the others included.
const MOST: usize = 4;

/// The notes in their order. Of a code that stands there more often, the first are kept and the others counted.
pub fn few(notes: &[Note]) -> Vec<Note> {
    // There are some twenty codes: a list of them is found through faster than a tree.
    let mut kinds: Vec<(&str, usize, usize)> = Vec::new();
    for note in notes {
        match kinds.iter_mut().find(|kind| kind.0 == note.code) {
            Some(kind) => kind.1 += 1,
            None => kinds.push((&note.code, 1, 0)),
        }
    }
    let mut told = Vec::new();
    for note in notes {
        let Some((_, total, place)) = kinds.iter_mut().find(|kind| kind.0 == note.code) else { continue };
        *place += 1;
        if *total <= MOST || *place < MOST {
            told.push(note.clone());
        } else if *place == MOST {
            told.push(Note { hint: String::new(), message: format!("and {} more of this kind", *total - MOST + 1), ..note.clone() });
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_of_one_kind_are_counted() {
        let note = |at: usize| Note::warning("hot-key", format!("partition {at}"), "a hint");
        let all: Vec<Note> = (0..30).map(note).chain([Note::info("mode", "copied")]).collect();
        let shown = few(&all);
        assert_eq!(shown.len(), 5);
        assert_eq!([&shown[2].message, &shown[3].message, &shown[4].message], ["partition 2", "and 27 more of this kind", "copied"]);
        assert_eq!(few(&shown), shown, "what is few stays");
        assert_eq!(few(&all[..MOST]), all[..MOST]);
    }
}
