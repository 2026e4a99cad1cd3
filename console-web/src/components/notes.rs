//! The planner's decisions and warnings.

use planner_core::rationale::{Note, Severity};

use crate::dom::prelude::*;
use crate::views::words::for_people;

/// Notes of one severity as a list.
pub(crate) fn notes(notes: &[Note], severity: Severity) -> El {
    let class = if severity == Severity::Warning { "notes warn" } else { "notes" };
    el("ul").class(class).children(notes.iter().filter(|note| note.severity == severity).map(line))
}

fn line(note: &Note) -> El {
    let hint = (!note.hint.is_empty()).then(|| el("span").class("hint").text(for_people(&note.hint)));
    el("li").attr("data-code", &note.code).child(el("span").text(for_people(&note.message))).text(" ").child(hint)
}

/// Number of warnings.
pub(crate) fn warnings(notes: &[Note]) -> usize {
    notes.iter().filter(|note| note.severity == Severity::Warning).count()
}
