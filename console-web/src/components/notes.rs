//! The planner's decisions and warnings.

use leptos::prelude::*;
use planner_core::rationale::{Note, Severity};

/// Notes of one severity as a list.
pub(crate) fn notes(notes: &[Note], severity: Severity) -> AnyView {
    let line = |note: &Note| {
        let (message, hint, code) = (note.message.clone(), note.hint.clone(), note.code.clone());
        view! {
            <li data-code=code>
                <span>{message}</span>
                {(!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> })}
            </li>
        }
    };
    let lines = notes.iter().filter(|note| note.severity == severity).map(line).collect::<Vec<_>>();
    let class = if severity == Severity::Warning { "notes warn" } else { "notes" };
    view! { <ul class=class>{lines}</ul> }.into_any()
}

/// Number of warnings.
pub(crate) fn warnings(notes: &[Note]) -> usize {
    notes.iter().filter(|note| note.severity == Severity::Warning).count()
}
