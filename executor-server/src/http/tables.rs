//! Tables of the ClickHouse that the service works on.

use axum::extract::{Path, State};
use executor_api::problem::Problem;
use executor_api::table::{ColumnDetail, PartitionDetail, TableDetail, TableList, TableSummary};
use planner_core::sql::identifier::TableName;
use planner_core::sql::tokens::{Token, tokens};
use serde::Deserialize;

use super::body::Args;
use super::problem::ApiError;
use super::state::App;
use crate::clickhouse::queries::TableRow;

/// Most tables in one list.
const MOST: usize = 1000;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ListArgs {
    /// Part of `database.table`, in any case.
    #[serde(default)]
    q: String,
}

/// Tables and views by name.
#[utoipa::path(get, path = "/v1/tables", params(ListArgs), responses((status = 200, body = TableList), (status = 503, body = Problem)), tag = "tables")]
pub(super) async fn list(State(app): State<App>, Args(args): Args<ListArgs>) -> Result<axum::Json<TableList>, ApiError> {
    let rows = app.engine.health().client().tables(&args.q).await?;
    let truncated = rows.len() > MOST;
    Ok(axum::Json(TableList { tables: rows.into_iter().take(MOST).map(summary).collect(), truncated }))
}

/// One table with columns, partitions and views.
#[utoipa::path(get, path = "/v1/tables/{database}/{table}", params(("database" = String, Path), ("table" = String, Path)), responses((status = 200, body = TableDetail), (status = 404, body = Problem)), tag = "tables")]
pub(super) async fn one(
    State(app): State<App>,
    Path((database, table)): Path<(String, String)>,
) -> Result<axum::Json<TableDetail>, ApiError> {
    let client = app.engine.health().client();
    let found = client.table(&database, &table).await?.ok_or_else(|| ApiError::not_found(&format!("table {database}.{table}")))?;
    let columns = client.columns(&database, &table).await?;
    let partitions = client.partitions(&database, &table).await?;
    let read_by = client.read_by(&database, &table).await?;
    let name = TableName::new(database, table).map_err(ApiError::invalid)?;
    let fed_by = client.views().await?.into_iter().filter(|view| written_by(&view.sql).as_ref() == Some(&name));
    Ok(axum::Json(TableDetail {
        summary: summary(found),
        columns: columns
            .into_iter()
            .map(|row| ColumnDetail { name: row.name, type_name: row.type_name, default_kind: row.default_kind, bytes: row.bytes })
            .collect(),
        partitions: partitions
            .into_iter()
            .map(|row| PartitionDetail {
                id: row.id,
                name: row.name,
                rows: row.rows,
                bytes: row.bytes,
                parts: row.parts,
                min_time: row.min_time,
                max_time: row.max_time,
            })
            .collect(),
        read_by: read_by.into_iter().map(|view| view.name).collect(),
        fed_by: fed_by.map(|view| view.name).collect(),
    }))
}

fn summary(row: TableRow) -> TableSummary {
    TableSummary {
        database: row.database,
        table: row.table,
        engine: row.engine,
        rows: row.rows,
        bytes: row.bytes,
        sorting_key: row.sorting_key,
        partition_key: row.partition_key,
    }
}

/// The table that a view writes: `CREATE MATERIALIZED VIEW db.view TO db.table …`.
fn written_by(create: &str) -> Option<TableName> {
    let seen = tokens(create);
    let to = seen.iter().position(|token| matches!(token, Token::Word(word) if word == "TO"))?;
    let [database, dot, table] = seen.get(to + 1..to + 4)? else { return None };
    let is_dot = matches!(dot, Token::Symbol('.'));
    is_dot.then(|| TableName::new(database.name()?, table.name()?).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_a_view_writes() {
        let create = "CREATE MATERIALIZED VIEW db.v TO db.`odd name` (`a` UInt64) AS SELECT 1 AS a FROM db.s";
        assert_eq!(written_by(create), TableName::new("db", "odd name").ok());
        assert_eq!(written_by("CREATE MATERIALIZED VIEW db.v (`a` UInt64) ENGINE = MergeTree AS SELECT 1"), None);
    }
}
