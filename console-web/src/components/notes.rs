//! The planner's decisions and warnings.

use planner_core::rationale::{Note, Severity};
use planner_wasm::notes::few;

use crate::dom::prelude::*;
use crate::views::why;
use crate::views::words::for_people;

/// Notes of one severity as a list.
pub(crate) fn notes(notes: &[Note], severity: Severity) -> El {
    let class = if severity == Severity::Warning { "notes warn" } else { "notes" };
    el("ul").class(class).children(few(notes).iter().filter(|note| note.severity == severity).map(line))
}

fn line(note: &Note) -> El {
    let hint = (!note.hint.is_empty()).then(|| el("span").class("hint").text(for_people(&note.hint)));
    el("li").attr("data-code", &note.code).child(el("span").text(for_people(&note.message))).text(" ").child(hint)
}

/// Why a plan is cut as it is: its decisions by what they are about.
pub(crate) fn reasons(notes: &[Note]) -> El {
    let few = few(notes);
    let mut before = "";
    let lines = why::reasons(&few).into_iter().map(|(topic, note)| {
        let first = std::mem::replace(&mut before, topic) != topic;
        let hint = (!note.hint.is_empty()).then(|| el("span").class("hint").text(for_people(&note.hint)));
        group()
            .child(first.then(|| el("dt").text(topic)))
            .child(el("dd").attr("data-code", &note.code).text(for_people(&note.message)).text(" ").child(hint))
    });
    el("dl").class("reasons").children(lines)
}

/// Number of warnings, as they are listed.
pub(crate) fn warnings(notes: &[Note]) -> usize {
    few(notes).iter().filter(|note| note.severity == Severity::Warning).count()
}
