//! Which columns are written and from what: by name, in the target's types.

use std::collections::BTreeSet;

use crate::plan::ColumnMapping;
use crate::rationale::Note;
use crate::refusal::Refusal;
use crate::snapshot::{DefaultKind, Table, View, ViewColumn};
use crate::sql::conversion::{self, Misfit};
use crate::sql::identifier::Identifier;
use crate::view_shape;

/// A column on the reading side.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// The expression that computes it, where nothing else decides it; empty where it is stored as it came.
    pub computed: String,
    /// Its name.
    pub name: Identifier,
    /// Its type.
    pub type_name: String,
}

/// The columns that a table offers to a SELECT by name.
pub(crate) fn readable(table: &Table) -> Vec<Offered> {
    table
        .columns
        .iter()
        .filter(|column| column.default_kind != DefaultKind::Ephemeral)
        .map(|column| Offered {
            computed: if column.default_kind.insertable() { String::new() } else { column.default_expression.clone() },
            name: column.name.clone(),
            type_name: column.type_name.clone(),
        })
        .collect()
}

/// The columns of a view's SELECT. Its own types may be others than those that the view declares.
pub(crate) fn selected(view: &View) -> Vec<Offered> {
    let column = |column: &ViewColumn| Offered { computed: String::new(), name: column.name.clone(), type_name: column.type_name.clone() };
    view.columns.iter().map(column).collect()
}

/// Whether a SELECT gives its columns in the types that are known of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Types {
    /// A table's.
    Given,
    /// A view's, which only the server finds out: it converts what it inserts, and so do comparisons.
    Declared,
}

/// Maps offered columns to the target's insertable ones by name, with notes on what is converted, defaulted or dropped.
pub(crate) fn map(offered: &[Offered], types: Types, target: &Table, from: &str) -> Result<(Vec<ColumnMapping>, Vec<Note>), Refusal> {
    let mut mappings = Vec::new();
    let (mut converted, mut altered, mut defaulted, mut volatile) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for column in target.columns.iter().filter(|column| column.default_kind.insertable()) {
        let Some(offer) = offered.iter().find(|offer| offer.name == column.name) else {
            defaulted.push(column.name.to_string());
            volatile.extend(view_shape::volatile_in(&column.default_expression));
            continue;
        };
        let (given, wanted) = (&offer.type_name, &column.type_name);
        if given != wanted {
            converted.push(format!("{} {given} → {wanted}", column.name));
            altered.extend(alteration(types, given, wanted).map(|how| format!("values of {} ({given} → {wanted}) {how}", column.name)));
        }
        let name = column.name.quoted();
        let expression = match types {
            Types::Given if given == wanted => name,
            Types::Given => conversion::expression(&name, given, wanted),
            Types::Declared => conversion::cast(&name, wanted),
        };
        mappings.push(ColumnMapping { expression, name: column.name.clone(), type_name: column.type_name.clone() });
    }
    if mappings.is_empty() {
        return Err(Refusal::new(
            "no-common-column",
            format!("{from} and {} have no column of the same name that can be inserted", target.name),
            "rename the columns, or choose another target",
        ));
    }
    let written: BTreeSet<&Identifier> = mappings.iter().map(|mapping| &mapping.name).collect();
    let dropped: Vec<String> = offered
        .iter()
        .filter(|offer| !written.contains(&offer.name) && target.column(&offer.name).is_none())
        .map(|offer| offer.name.to_string())
        .collect();
    // A column of the same name that the target computes by itself: the same values only by the same expression.
    let computed: Vec<String> = offered
        .iter()
        .filter(|offer| !written.contains(&offer.name))
        .filter_map(|offer| target.column(&offer.name).filter(|column| column.default_expression != offer.computed))
        .map(|column| format!("{} ({})", column.name, column.default_expression))
        .collect();
    let mut notes = Vec::new();
    if !converted.is_empty() {
        notes.push(Note::warning(
            "type-conversion",
            format!("types differ and are converted: {}", converted.join(", ")),
            if altered.is_empty() {
                "a value that does not fit fails its chunk; contents are compared after conversion"
            } else {
                "contents are compared after conversion"
            },
        ));
    }
    if !altered.is_empty() {
        notes.push(Note::warning(
            "conversion-alters",
            format!("without an error, {}", altered.join("; ")),
            "give the target the source's types where the values matter as they are",
        ));
    }
    if !computed.is_empty() {
        notes.push(Note::warning(
            "columns-computed",
            format!(
                "{} computes by itself: {}; what {from} holds of them is not carried, and not compared",
                target.name,
                computed.join(", ")
            ),
            "make them plain columns of the target if the values of the source are wanted",
        ));
    }
    if !defaulted.is_empty() {
        notes.push(Note::warning(
            "columns-defaulted",
            format!("{from} has no column for: {}; they take their defaults and are not compared", defaulted.join(", ")),
            if volatile.is_empty() {
                String::new()
            } else {
                format!("their defaults call {}: each chunk gets another value", volatile.join(", "))
            },
        ));
    }
    if !dropped.is_empty() {
        notes.push(Note::warning(
            "columns-dropped",
            format!("{} has no column for: {}", target.name, dropped.join(", ")),
            "add them to the target if they are wanted",
        ));
    }
    Ok((mappings, notes))
}

/// What a conversion changes without an error. Only of a table's columns times beyond their new type's range are one.
fn alteration(types: Types, from: &str, to: &str) -> Option<&'static str> {
    match (types, conversion::misfit(from, to)) {
        (Types::Declared, _) => Some("may be changed, as they are where the view writes by itself"),
        (Types::Given, Misfit::Alters(how)) => Some(how),
        (Types::Given, Misfit::Fails) => None,
    }
}

/// Columns to sort by for the ordered write path: the target's plain sorting key columns that are written, else the first written.
pub(crate) fn order(target: &Table, mappings: &[ColumnMapping]) -> Vec<Identifier> {
    let key = crate::time_column::key_columns(&target.sorting_key);
    let mut order: Vec<Identifier> = key
        .iter()
        .filter_map(|name| mappings.iter().find(|mapping| mapping.name.as_str() == name))
        .map(|mapping| mapping.name.clone())
        .collect();
    if order.is_empty() {
        order.extend(mappings.first().map(|mapping| mapping.name.clone()));
    }
    order
}
