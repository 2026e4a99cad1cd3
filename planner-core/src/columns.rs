//! Which columns are written and from what: by name, in the target's types.

use std::collections::BTreeSet;

use crate::plan::ColumnMapping;
use crate::rationale::Note;
use crate::refusal::Refusal;
use crate::snapshot::{DefaultKind, Table};
use crate::sql::identifier::Identifier;
use crate::view_shape;

/// A column on the reading side.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
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
        .map(|column| Offered { name: column.name.clone(), type_name: column.type_name.clone() })
        .collect()
}

/// Maps offered columns to the target's insertable ones by name, with notes on what is converted, defaulted or dropped.
pub(crate) fn map(offered: &[Offered], target: &Table, from: &str) -> Result<(Vec<ColumnMapping>, Vec<Note>), Refusal> {
    let mut mappings = Vec::new();
    let (mut converted, mut defaulted, mut volatile) = (Vec::new(), Vec::new(), Vec::new());
    for column in target.columns.iter().filter(|column| column.default_kind.insertable()) {
        let Some(offer) = offered.iter().find(|offer| offer.name == column.name) else {
            defaulted.push(column.name.to_string());
            volatile.extend(view_shape::volatile_in(&column.default_expression));
            continue;
        };
        let same = offer.type_name == column.type_name;
        if !same {
            converted.push(format!("{} {} → {}", column.name, offer.type_name, column.type_name));
        }
        let name = column.name.quoted();
        let expression = if same { name } else { format!("CAST({name} AS {})", column.type_name) };
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
    let mut notes = Vec::new();
    if !converted.is_empty() {
        notes.push(Note::warning(
            "type-conversion",
            format!("types differ and are converted by CAST: {}", converted.join(", ")),
            "a value that does not fit fails its chunk; contents are compared after conversion",
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
