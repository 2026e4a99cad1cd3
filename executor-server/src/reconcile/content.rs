//! What the contents of source and target tell of an attempt.

use executor_api::receipt::Fingerprint;
use planner_core::snapshot::Snapshot;
use planner_core::sql::checks;

use super::{Case, Finding, Removal};
use crate::clickhouse::classify::Class;
use crate::clickhouse::client::{Client, Failure};
use crate::clickhouse::health::Health;
use crate::clickhouse::roll_call;
use crate::verify::{self, fingerprint};

/// What the contents of source and target say. Views that read the target may have seen the rows, or not: nothing tells.
pub(super) async fn content(health: &Health, case: &Case, class: Class, code: Option<i32>, words: &str) -> Result<Finding, Failure> {
    if let Err(finding) = same_table(health, case).await? {
        return Ok(finding);
    }
    let found = of_target(health, case, class, code, words).await?;
    if !case.fires || matches!(found, Finding::Unprovable { .. }) {
        return Ok(found);
    }
    let table = &case.plan.core.target.name;
    let seen = match &found {
        Finding::Written { message, .. } | Finding::Absent { message, .. } | Finding::Unprovable { message, .. } => message,
        Finding::Clear(removal) => &removal.message,
    };
    Ok(Finding::Unprovable {
        code: "views-unproven",
        message: format!(
            "{seen}; but views read {table}, and whether they have seen the chunk's rows cannot be told. Compare what they write, then retry the task: then only {table} is looked at"
        ),
    })
}

/// Whether the target is still the table that the plan was made for.
pub(super) async fn same_table(health: &Health, case: &Case) -> Result<Result<(), Finding>, Failure> {
    let target = &case.plan.core.target;
    let client = health.client();
    let standing = health.insist(|| client.standing(&target.name)).await?;
    let is_it = |uuid: &str| uuid == target.uuid || client.is_twin(&target.uuid, uuid);
    let mut same = standing.as_ref().is_some_and(|standing| is_it(&standing.uuid));
    if !same && client.is_several() {
        // Which tables of other servers are the same one is not known before they have been asked.
        let ask = || async {
            match client.one_table(&target.name, &target.uuid).await {
                Ok(()) => Ok(true),
                Err(roll_call::Refusal::Wrong(_)) => Ok(false),
                Err(roll_call::Refusal::Unasked(failure)) => Err(failure),
            }
        };
        same = health.insist(ask).await?;
    }
    let replaced = || Finding::Unprovable {
        code: "target-replaced",
        message: format!(
            "{} is another table than the plan was made for, or gone: nothing is looked at or removed there. Bring the table back under its name, then retry the task",
            target.name
        ),
    };
    Ok(if same { Ok(()) } else { Err(replaced()) })
}

async fn of_target(health: &Health, case: &Case, class: Class, code: Option<i32>, words: &str) -> Result<Finding, Failure> {
    let table = &case.plan.core.target.name;
    let Some(before) = case.before.as_ref() else {
        return Ok(Finding::Unprovable {
            code: "outcome-unprovable",
            message: format!(
                "{words}; whether its rows are in {table} cannot be told, because they cannot be told from other rows there. Empty {table} and start the job again"
            ),
        });
    };
    let i = usize::try_from(case.n).unwrap_or(usize::MAX);
    let (source_sql, target_sql) = (checks::source_fingerprint(&case.plan.core, i), checks::target_fingerprint(&case.plan.core, i));
    let source = settled_print(health, &case.snapshot, &source_sql).await?;
    let target = settled_print(health, &case.snapshot, &target_sql).await?;
    let added = verify::minus(&target, before);
    if added.as_ref() == Some(&source) {
        return Ok(Finding::Written {
            evidence: "content",
            rows: source.rows,
            bytes: 0,
            rows_read: source.rows,
            message: format!("{words}; the target holds just the {} rows of the source", verify::thousands(source.rows)),
        });
    }
    if target == *before {
        return Ok(Finding::Absent { next_generation: true, class, code, message: format!("{words}; the target holds none of its rows") });
    }
    let found = verify::thousands(target.rows);
    if *before == verify::nothing() {
        let message = format!(
            "{words}; the span held nothing before the job and holds {found} rows that are not the source's {}",
            verify::thousands(source.rows)
        );
        return Ok(Finding::Clear(Removal { class, code, message, late: 0 }));
    }
    Ok(Finding::Unprovable {
        code: "cannot-clean-span",
        message: format!(
            "{words}; the span held {} rows before the job and holds {found}, neither with nor without the source's {}. Put the span of {table} right by hand, then retry the task",
            verify::thousands(before.rows),
            verify::thousands(source.rows)
        ),
    })
}

/// A fingerprint by a server that has caught up with what the others wrote.
pub async fn settled_print(health: &Health, snapshot: &Snapshot, sql: &str) -> Result<Fingerprint, Failure> {
    settled(health, snapshot, |one| async move { fingerprint(&one, sql).await }).await
}

/// Reads both tables by a server that has caught up with what the others wrote.
pub async fn settled<T, F>(health: &Health, snapshot: &Snapshot, read: impl Fn(Client) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let (client, read) = (health.client(), &read);
    health.ask(|| async move { read(client.settled(&[&snapshot.source, &snapshot.target]).await?).await }).await
}
