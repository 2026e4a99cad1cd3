//! The statements of a plan: one for a copy, one for each replayed view.

use crate::columns::{self, Types};
use crate::plan::{Mode, Statement, ViewRef, WritePath};
use crate::rationale::Note;
use crate::refusal::Refusal;
use crate::snapshot::{Snapshot, Table};
use crate::sql::{conversion, insert};

use super::table_ref;

/// The statements, with notes on what is converted, left out or defaulted.
pub(super) fn of(mode: Mode, snapshot: &Snapshot, write: WritePath) -> Result<(Vec<Statement>, Vec<Note>), Refusal> {
    let (source, target) = (table_ref(&snapshot.source), table_ref(&snapshot.target));
    match mode {
        Mode::Copy => {
            let (mappings, notes) =
                columns::map(&columns::readable(&snapshot.source), Types::Given, &snapshot.target, &snapshot.source.name.to_string())?;
            let order = columns::order(&snapshot.target, &mappings);
            Ok((vec![insert::copy(&source, &target, mappings, &order, write)], notes))
        }
        Mode::ViewReplay => {
            let (mut statements, mut notes) = (Vec::new(), Vec::new());
            for view in snapshot.feeding_views() {
                let (mappings, mapping_notes) =
                    columns::map(&columns::selected(view), Types::Declared, &snapshot.target, &view.name.to_string())?;
                notes.extend(mapping_notes);
                let order = columns::order(&snapshot.target, &mappings);
                let reference = ViewRef { name: view.name.clone(), select: view.select.clone() };
                statements.push(insert::replay(&source.name, &target, reference, mappings, &order, write));
            }
            Ok((statements, notes))
        }
    }
}

/// Whether a copy converts times: one that its new type does not hold must then be an error.
pub(super) fn narrow_times(statements: &[Statement], source: &Table) -> bool {
    let mut written = statements.iter().filter(|statement| statement.view.is_none()).flat_map(|statement| &statement.columns);
    written.any(|mapping| {
        let read = source.column(&mapping.name);
        read.is_some_and(|read| read.type_name != mapping.type_name && conversion::narrows_times(&read.type_name, &mapping.type_name))
    })
}

/// Uncompressed bytes of the columns that the statements read; of all columns where their sizes are not known or a view reads them.
///
/// Compact parts have no sizes per column, so those of wide parts only tell the columns' shares of the whole.
pub(super) fn read_bytes(statements: &[Statement], source: &Table) -> u64 {
    let sizes = |columns: &mut dyn Iterator<Item = u64>| columns.map(u128::from).sum::<u128>();
    let mut mapped = statements
        .iter()
        .filter(|statement| statement.view.is_none())
        .flat_map(|statement| &statement.columns)
        .filter_map(|mapping| source.column(&mapping.name))
        .map(|column| column.bytes);
    let (named, all) = (sizes(&mut mapped), sizes(&mut source.columns.iter().map(|column| column.bytes)));
    if named == 0 {
        return source.stored.bytes;
    }
    u64::try_from(u128::from(source.stored.bytes) * named / all).unwrap_or(u64::MAX)
}
