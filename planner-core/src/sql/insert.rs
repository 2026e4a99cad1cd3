//! The INSERT of a plan: one template a statement, one predicate a chunk.

use crate::plan::{ColumnMapping, PredicateForm, Statement, TableRef, ViewRef, WritePath};
use crate::sql::identifier::{Identifier, TableName};
use crate::sql::literal;

/// The statement that copies rows from table to table.
pub(crate) fn copy(source: &TableRef, target: &TableRef, columns: Vec<ColumnMapping>, order: &[Identifier], write: WritePath) -> Statement {
    let before = format!("{}\nFROM {}\nWHERE ", head(target, &columns), source.name.quoted());
    Statement { after: ordering(order, write), before, columns, predicate: PredicateForm::Inline, view: None }
}

/// The statement that sends the source's rows through a view's own SELECT.
///
/// The view's text stays as it is: `additional_table_filters` applies the predicate wherever the source is read, and
/// prunes there (clickhouse.md section 2).
pub(crate) fn replay(
    source: &TableName,
    target: &TableRef,
    view: ViewRef,
    columns: Vec<ColumnMapping>,
    order: &[Identifier],
    write: WritePath,
) -> Statement {
    let before = format!(
        "{}\nFROM (\n{}\n){}\nSETTINGS additional_table_filters = {{{}: '",
        head(target, &columns),
        view.select,
        ordering(order, write),
        literal::string(&source.to_string()),
    );
    Statement { after: "'}".into(), before, columns, predicate: PredicateForm::Quoted, view: Some(view) }
}

/// The whole SQL of one chunk.
pub(crate) fn render(statement: &Statement, predicate: &str) -> String {
    let mut sql = String::with_capacity(statement.before.len() + predicate.len() + statement.after.len() + 16);
    sql.push_str(&statement.before);
    match statement.predicate {
        PredicateForm::Inline => sql.push_str(predicate),
        PredicateForm::Quoted => literal::escape_into(&mut sql, predicate, '\''),
    }
    sql.push_str(&statement.after);
    sql
}

/// INSERT SELECT maps columns by position, so both lists are always written out.
fn head(target: &TableRef, columns: &[ColumnMapping]) -> String {
    let names: Vec<String> = columns.iter().map(|column| column.name.quoted()).collect();
    let expressions: Vec<&str> = columns.iter().map(|column| column.expression.as_str()).collect();
    format!("INSERT INTO {} ({})\nSELECT {}", target.name.quoted(), names.join(", "), expressions.join(", "))
}

/// The ordered write path needs an ORDER BY on real columns: without it the SELECT may emit several blocks.
fn ordering(order: &[Identifier], write: WritePath) -> String {
    match write {
        WritePath::DirectStrict => String::new(),
        WritePath::DirectOrdered => {
            let columns: Vec<String> = order.iter().map(Identifier::quoted).collect();
            format!("\nORDER BY {}", columns.join(", "))
        }
    }
}
