//! The question that tells whether a slice is as asserted: one row, a figure for each assertion.

use crate::assertion::Assertion;
use crate::plan::PlanCore;
use crate::write_path;

/// Asks for chunk `i`; none where its rows cannot be told in the target.
pub fn of_chunk(core: &PlanCore, i: usize, assertions: &[Assertion]) -> Option<String> {
    Some(question(core, &core.target_predicate(i)?, assertions))
}

/// Asks about no rows: the server says whether it understands.
pub fn rehearsal(core: &PlanCore, assertions: &[Assertion]) -> String {
    question(core, "0", assertions)
}

fn question(core: &PlanCore, condition: &str, assertions: &[Assertion]) -> String {
    // An end of line behind each condition, which may end in a comment.
    let figures: Vec<String> = assertions
        .iter()
        .map(|assertion| match assertion {
            Assertion::MinRows { .. } => "count()".into(),
            Assertion::MaxNulls { column, .. } => format!("countIf(isNull({}))", column.quoted()),
            Assertion::Holds { sql } => format!("if((\n{}\n), 1, 0)", sql.as_str()),
        })
        .map(|figure| format!("toUInt64({figure})"))
        .collect();
    format!(
        "SELECT toString(count()) AS penstock_rows, arrayMap(figure -> toString(figure), [{}]) AS penstock_figures\nFROM {}\nWHERE {condition}{}\nFORMAT JSONEachRow",
        figures.join(", "),
        core.target.name.quoted(),
        write_path::clause(&core.settings, None)
    )
}
