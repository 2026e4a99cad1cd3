//! Tables and views as the server describes them.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::TableRow;
use crate::engine;
use crate::key;
use crate::refusal::Refusal;
use crate::snapshot::{Column, DedupWindow, Partition, Stored, Table, View};
use crate::sql::identifier::TableName;
use crate::sql::tokens::{self, Token};

pub(super) fn find<'a>(rows: &'a [TableRow], name: &TableName) -> Result<&'a TableRow, Refusal> {
    rows.iter().find(|row| row.is(name)).ok_or_else(|| {
        Refusal::new(
            "table-missing",
            format!("{name} does not exist, or this user may not see it"),
            format!("check the name; else GRANT SHOW TABLES, SELECT ON {} TO this user", name.quoted()),
        )
    })
}

pub(super) fn table(
    row: &TableRow,
    name: TableName,
    columns: &[(TableName, Column)],
    partitions: &BTreeMap<TableName, (Vec<Partition>, Stored)>,
    defaults: &BTreeMap<String, String>,
) -> Table {
    let (partitions, stored) = partitions.get(&name).cloned().unwrap_or_default();
    Table {
        columns: columns.iter().filter(|(table, _)| table == &name).map(|(_, column)| column.clone()).collect(),
        dedup: dedup(row, defaults),
        descending: key::descending(&row.create_table_query),
        engine: row.engine.clone(),
        engine_full: row.engine_full.clone(),
        keys: None,
        partition_key: row.partition_key.clone(),
        partitions,
        primary_key: row.primary_key.clone(),
        row_policy: row.has_row_policy(),
        select: row.as_select.clone(),
        sorting_key: row.sorting_key.clone(),
        stored,
        times: BTreeMap::new(),
        unfinished_mutations: row.unfinished_mutations(),
        uuid: row.uuid.clone(),
        name,
    }
}

/// Every materialized view whose source is known.
pub(super) fn views(rows: &[TableRow]) -> Result<Vec<View>, Refusal> {
    let mut views = Vec::new();
    for row in rows.iter().filter(|row| row.engine == "MaterializedView") {
        let name = row.table_name()?;
        let Some(source) = rows.iter().find(|source| source.fires(&name)) else { continue };
        let target = view_target(&row.create_table_query);
        views.push(View {
            columns: Vec::new(),
            select: row.as_select.clone(),
            source: source.table_name()?,
            target,
            target_dedup: None,
            uuid: row.uuid.clone(),
            name,
        });
    }
    Ok(views)
}

pub(super) fn source_of_feeders(views: &[View], target: &TableName) -> Result<TableName, Refusal> {
    let sources: BTreeSet<&TableName> = views.iter().filter(|view| view.target.as_ref() == Some(target)).map(|view| &view.source).collect();
    let mut sources = sources.into_iter();
    match (sources.next(), sources.next()) {
        (Some(only), None) => Ok(only.clone()),
        (None, _) => {
            Err(Refusal::new("source-unknown", format!("no source was given, and no materialized view writes {target}"), "name the source"))
        }
        (Some(first), Some(second)) => Err(Refusal::new(
            "source-ambiguous",
            format!("views on several tables write {target}: {first}, {second} …"),
            "name the source; plan once for each",
        )),
    }
}

/// The table behind `TO` in a view's CREATE statement.
fn view_target(create: &str) -> Option<TableName> {
    let seen = tokens::tokens(create);
    // The column list and the SELECT come after it.
    let to = seen.iter().take_while(|token| !token.is("AS") && **token != Token::Symbol('(')).position(|token| token.is("TO"))?;
    match seen.get(to + 1..to + 4)? {
        [database, Token::Symbol('.'), table] => TableName::new(database.name()?, table.name()?).ok(),
        _ => None,
    }
}

/// The table's own settings over the server's defaults.
pub(super) fn dedup(row: &TableRow, defaults: &BTreeMap<String, String>) -> DedupWindow {
    let seen = tokens::tokens(&row.engine_full);
    let value = |setting: &str| -> u64 {
        let own = seen.windows(3).find_map(|window| match window {
            [name, Token::Symbol('='), Token::Number(value)] if name.name() == Some(setting) => value.parse().ok(),
            _ => None,
        });
        own.or_else(|| defaults.get(setting).and_then(|value| value.parse().ok())).unwrap_or(0)
    };
    if engine::replicated(&row.engine) {
        DedupWindow { blocks: value("replicated_deduplication_window"), seconds: value("replicated_deduplication_window_seconds") }
    } else {
        DedupWindow { blocks: value("non_replicated_deduplication_window"), seconds: 0 }
    }
}
