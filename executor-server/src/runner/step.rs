//! What workers do for a driver, and what they report. A worker never writes to the store: the driver does, before and after.

use std::sync::Arc;
use std::time::Instant;

use executor_api::receipt::{Asserted, Fingerprint};
use planner_core::assertion::Assertion;
use planner_core::plan::Plan;
use planner_core::snapshot::Snapshot;
use planner_core::sql::assertions;
use planner_core::sql::checks::{self, Proof};
use planner_core::sql::window;

use crate::asserting;
use crate::clickhouse::client::{Answer, Client, Failure, Query};
use crate::clickhouse::health::Health;
use crate::clickhouse::queries::Standing;
use crate::clickhouse::roll_call::Refusal;
use crate::reconcile::{Finding, Removal, Removed, settled, settled_print};
use crate::runner::compare::Compared;
use crate::runner::pressure::Pressure;
use crate::store::Earlier;
use crate::verify;

/// A worker's report.
#[derive(Debug)]
pub(super) enum Step {
    /// The target remembers fewer blocks than the plan writes; this statement changes that.
    WindowShort(String),
    /// The target was looked at before the job's first chunk.
    Begun(Begun),
    /// A chunk was checked before it is sent.
    Checked(u64, Checked),
    /// An attempt, by its number, was answered, or its answer was lost.
    Answered(u64, u32, Result<Answer, Failure>),
    /// The lost query of an attempt was found running.
    Adopted(u64, u32),
    /// What the job asserts of a chunk's rows was looked at.
    Asserted(u64, Result<Vec<Asserted>, Failure>),
    /// The evidence about an attempt is gathered.
    Resolved(u64, u32, Finding),
    /// What a span holds is to be removed; the server's clock says what time it is.
    Clearing(u64, Removal, Result<i64, Failure>),
    /// A span was removed; how that went.
    Cleared(u64, Removal, Removed),
    /// What keeps the target from taking another chunk, if anything does.
    Pressure(Pressure),
    /// Something about the comparison of contents.
    Compared(Compared),
}

/// What the target is before the first chunk.
#[derive(Debug)]
pub(super) enum Begun {
    /// Chunks may be sent; each is checked first unless the target is empty.
    Go { empty: bool },
    /// The target holds just what the plan would write.
    AlreadyThere,
    /// It cannot begin.
    Refused { code: &'static str, message: String },
}

/// What a chunk's span holds before it is sent.
#[derive(Debug)]
pub(super) enum Checked {
    /// It may be sent. `before` is what the span holds, where it was looked at; `next_generation` says that the server may
    /// remember the token of an attempt of which nothing is there.
    Send { server_time: i64, before: Option<Fingerprint>, next_generation: bool },
    /// The target holds the chunk's rows once, beside what it held before them, where that was something.
    AlreadyThere { rows: u64, before: Option<Fingerprint> },
    /// It holds what an earlier attempt of this job left, and nothing else was there before: to be removed.
    Leftover { message: String },
    /// It may not be sent.
    Refused { code: &'static str, message: String },
}

/// What is known of a chunk before its span is looked at.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// False where the span holds nothing of the chunk for sure.
    pub(super) look: bool,
    /// Whether an attempt of this job may have left something.
    pub(super) left: bool,
    /// What the span held before the job.
    pub(super) before: Option<Fingerprint>,
    /// What other jobs knew and left of it.
    pub(super) earlier: Earlier,
}

/// What the checks of one job have in common.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) health: Health,
    pub(super) plan: Arc<Plan>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) proof: Proof,
    /// Whether the request accepts that the target holds rows.
    pub(super) holds_rows_accepted: bool,
}

impl Site {
    /// Whether several servers can be worked on as one: they agree, and hold the same tables. Asked once.
    pub(super) async fn called(&self) -> Result<(), Refusal> {
        let (client, core) = (self.health.client(), &self.plan.core);
        if !client.is_several() {
            return Ok(());
        }
        client.roll_call().await?;
        client.one_table(&core.target.name, &core.target.uuid).await?;
        client.one_table(&core.source.name, &core.source.uuid).await
    }

    /// The same, asked until all of them have answered.
    async fn assembled(&self) -> Result<(), (&'static str, String)> {
        let ask = || async {
            match self.called().await {
                Ok(()) => Ok(Ok(())),
                Err(Refusal::Wrong(words)) => Ok(Err(words)),
                Err(Refusal::Unasked(failure)) => Err(failure),
            }
        };
        match self.health.ask(ask).await {
            Ok(answer) => answer.map_err(|words| ("servers-differ", words)),
            Err(failure) => Err(("not-readable", failure.to_string())),
        }
    }

    async fn standing(&self) -> Result<Standing, (&'static str, String)> {
        let target = &self.plan.core.target;
        let client = self.health.client();
        let standing = self.health.ask(|| client.standing(&target.name)).await.map_err(|failure| ("not-readable", failure.to_string()))?;
        let standing = standing.ok_or_else(|| ("target-missing", format!("{} is not there any more", target.name)))?;
        if standing.uuid != target.uuid && client.is_several() && !client.is_twin(&target.uuid, &standing.uuid) {
            self.assembled().await?;
        }
        if standing.uuid == target.uuid || client.is_twin(&target.uuid, &standing.uuid) {
            Ok(standing)
        } else {
            Err(("target-replaced", format!("{} is another table than the plan was made for (its uuid changed); plan again", target.name)))
        }
    }

    /// Whether the target is still the table that the plan was made for; in words where it is not.
    pub(super) async fn still_stands(&self) -> Result<(), String> {
        self.standing().await.map(drop).map_err(|(code, message)| format!("{code}: {message}"))
    }

    /// The statement that makes the target remember the plan's blocks; none where it does.
    pub(super) async fn window(&self) -> Result<Option<String>, Failure> {
        let target = &self.snapshot.target;
        let Some(setting) = window::setting(&target.engine) else { return Ok(None) };
        let wanted = window::wanted(&self.plan.core, target);
        let ask = || async { self.health.client().at_holder(&target.name).await.window(&target.name, setting).await };
        let remembered = self.health.ask(ask).await?;
        Ok((remembered < wanted).then(|| window::set(&target.name, setting, wanted)))
    }

    /// Runs that statement; a repeat changes nothing.
    pub(super) async fn set_window(&self, sql: &str) -> Result<(), Failure> {
        let target = &self.plan.core.target.name;
        self.health.ask(|| async { self.health.client().at_holder(target).await.patient(Query::new(sql)).await }).await.map(drop)
    }

    /// Looks at the target before the first chunk.
    pub(super) async fn begin(&self) -> Begun {
        if let Err((code, message)) = self.assembled().await {
            return Begun::Refused { code, message };
        }
        // What others wrote counts, too: a replica that lags behind would look empty.
        let (client, known) = (self.health.client(), &self.snapshot);
        if let Err(failure) = self.health.ask(|| async { client.settled(&[&known.source, &known.target]).await.map(drop) }).await {
            return Begun::Refused { code: "not-readable", message: failure.to_string() };
        }
        let standing = match self.standing().await {
            Ok(standing) => standing,
            Err((code, message)) => return Begun::Refused { code, message },
        };
        if standing.rows == Some(0) {
            return Begun::Go { empty: true };
        }
        match &self.proof {
            Proof::PerChunk => Begun::Go { empty: false },
            Proof::WholeTarget => match self.whole_is_there().await {
                Ok(true) => Begun::AlreadyThere,
                Ok(false) => self.go_if_accepted("it holds rows, and not just those that the plan would write"),
                Err(failure) => Begun::Refused { code: "not-readable", message: failure.to_string() },
            },
            Proof::Unprovable { reason } => self.go_if_accepted(&format!("it holds rows, and {reason}")),
        }
    }

    fn go_if_accepted(&self, why: &str) -> Begun {
        if self.holds_rows_accepted {
            return Begun::Go { empty: false };
        }
        let target = &self.plan.core.target.name;
        Begun::Refused {
            code: "target-holds-other-rows",
            message: format!("{target}: {why}. Empty it, or plan again and accept that it holds rows (target_holds_rows)"),
        }
    }

    /// Whether the whole target holds just what the plan would write.
    pub(super) async fn whole_is_there(&self) -> Result<bool, Failure> {
        let (source, target) = self.whole().await?;
        Ok(source == target)
    }

    /// The whole of what the plan writes, and the whole target.
    pub(super) async fn whole(&self) -> Result<(Fingerprint, Fingerprint), Failure> {
        let source_sql = checks::whole_source(&self.plan.core, &self.snapshot);
        let target_sql = checks::whole_target(&self.plan.core, &self.snapshot);
        let source = settled_print(&self.health, &self.snapshot, &source_sql).await?;
        let target = settled_print(&self.health, &self.snapshot, &target_sql).await?;
        Ok((source, target))
    }

    /// The chunk's rows in the source and what its span holds in the target.
    pub(super) async fn chunk(&self, n: u64) -> Result<(Fingerprint, Fingerprint), Failure> {
        let i = usize::try_from(n).unwrap_or(usize::MAX);
        let source_sql = checks::source_fingerprint(&self.plan.core, i);
        let target_sql = checks::target_fingerprint(&self.plan.core, i);
        let source = settled_print(&self.health, &self.snapshot, &source_sql).await?;
        let target = settled_print(&self.health, &self.snapshot, &target_sql).await?;
        Ok((source, target))
    }

    /// The same of several chunks, in their order; the target is read once for all.
    pub(super) async fn chunks(&self, chunks: &[u64]) -> Result<Vec<(Fingerprint, Fingerprint)>, Failure> {
        if let [one] = chunks {
            return Ok(vec![self.chunk(*one).await?]);
        }
        let numbers: Vec<usize> = chunks.iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX)).collect();
        let sql = checks::target_fingerprints(&self.plan.core, &numbers);
        let read = |one: Client| {
            let sql = sql.clone();
            async move { verify::fingerprints(&one, &sql).await }
        };
        let mut targets = settled(&self.health, &self.snapshot, read).await?;
        let mut pairs = Vec::with_capacity(chunks.len());
        for (n, i) in chunks.iter().zip(numbers) {
            let sql = checks::source_fingerprint(&self.plan.core, i);
            let source = settled_print(&self.health, &self.snapshot, &sql).await?;
            pairs.push((source, targets.remove(n).unwrap_or_else(verify::nothing)));
        }
        Ok(pairs)
    }

    /// Looks whether a chunk's rows in the target are as asserted.
    pub(super) async fn assert(&self, n: u64, assertions: &[Assertion]) -> Result<Vec<Asserted>, Failure> {
        let i = usize::try_from(n).unwrap_or(usize::MAX);
        let untold = || Failure::Exception { code: 0, message: "its rows cannot be told in the target".into() };
        let sql = assertions::of_chunk(&self.plan.core, i, assertions).ok_or_else(untold)?;
        let read = || async {
            let one = self.health.client().settled(&[&self.snapshot.target]).await?;
            asserting::figures(&one, &sql, assertions).await
        };
        self.health.ask(read).await
    }

    /// Looks at a chunk's span.
    pub(super) async fn check(&self, n: u64, known: &Known) -> Checked {
        let Known { look, left, before, earlier } = known;
        let standing = match self.standing().await {
            Ok(standing) => standing,
            Err((code, message)) => return Checked::Refused { code, message },
        };
        // Looking may take long: the server's clock goes on meanwhile.
        let asked = Instant::now();
        let server_time = || i64::try_from(u128::from(standing.now) + asked.elapsed().as_millis()).unwrap_or(i64::MAX);
        if !*look || self.proof != Proof::PerChunk {
            return Checked::Send { server_time: server_time(), before: None, next_generation: false };
        }
        let (source, target) = match self.chunk(n).await {
            Ok(both) => both,
            Err(failure) => return Checked::Refused { code: "not-readable", message: failure.to_string() },
        };
        let held = before.clone().unwrap_or_else(verify::nothing);
        if source.rows == 0 && target == held {
            return Checked::AlreadyThere { rows: 0, before: None };
        }
        // Written once on top of nothing, of what this job found, or of what an earlier job of the plan found: then a
        // repeat writes nothing.
        let bases = [held.clone(), verify::nothing()].into_iter().chain(earlier.bases.iter().cloned());
        let on = bases.filter(|_| source.rows > 0).find(|base| verify::minus(&target, base).as_ref() == Some(&source));
        if let Some(base) = on {
            return Checked::AlreadyThere { rows: source.rows, before: Some(base) };
        }
        if target == held {
            return Checked::Send { server_time: server_time(), before: Some(target), next_generation: false };
        }
        let name = &self.plan.core.target.name;
        match before {
            // Only what this job wrote is removed, never what somebody else put there.
            Some(before) if *left && *before == verify::nothing() => {
                let rows = verify::thousands(target.rows);
                Checked::Leftover { message: format!("the span holds {rows} rows that an attempt of this job left") }
            }
            // Rows that an earlier job left of a chunk are no rows of others: beneath them nothing could be told any more.
            None if self.holds_rows_accepted && earlier.may_have_left && !earlier.bases.contains(&target) => Checked::Refused {
                code: "cannot-clean-span",
                message: format!(
                    "an earlier job has sent this chunk, and the span holds {} rows in {name}, neither what it held before that nor that and the source's {}. Put the span right by hand, or retry the earlier job, then retry the task; --generation plans a deliberate repeat",
                    verify::thousands(target.rows),
                    verify::thousands(source.rows)
                ),
            },
            None if self.holds_rows_accepted => Checked::Send { server_time: server_time(), before: Some(target), next_generation: false },
            Some(_) | None => Checked::Refused {
                code: "target-holds-other-rows",
                message: format!(
                    "the span holds {} rows in {name} that are not the source's {}. Remove them, or plan again and accept that the target holds rows (target_holds_rows)",
                    verify::thousands(target.rows),
                    verify::thousands(source.rows)
                ),
            },
        }
    }
}
