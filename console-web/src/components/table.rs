//! The head of a table, and its rows' cells.

use crate::dom::prelude::*;

/// `<thead>` of columns with their classes.
pub(crate) fn head(columns: &[(&str, &str)]) -> El {
    let cell = |(name, class): &(&str, &str)| el("th").attr_if("class", Some(*class).filter(|class| !class.is_empty())).text(name);
    el("thead").child(el("tr").children(columns.iter().map(cell)))
}

/// A cell of a class.
pub(crate) fn cell(class: &str, value: impl Into<View>) -> El {
    el("td").class(class).child(value)
}
