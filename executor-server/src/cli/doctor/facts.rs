//! What can be known of a plan and its run.

use std::collections::BTreeMap;

use executor_api::job::Job;
use executor_api::task::{Outcome, TaskState};
use planner_core::plan::Mode;
use planner_core::rationale::Note;
use planner_core::snapshot::DedupWindow;
use planner_core::survey::{self, SurveySpec};

use crate::cli::context::Context;
use crate::cli::fail::Fail;
use crate::cli::output::put;
use crate::clickhouse::client::{Client, Failure};
use crate::clickhouse::diagnosis::{Disk, Mutation};
use crate::snapshot::{self, NoSnapshot};
use crate::state::{Environment, Planned, Standing};

/// Everything that advice rests on.
pub(super) struct Facts {
    pub(super) plan_id: String,
    /// Options that plan the same again.
    pub(super) plan_flags: String,
    pub(super) target: String,
    /// The plan's environment, where the configuration names another one.
    pub(super) elsewhere: Option<(Environment, Environment)>,
    pub(super) job: Option<Job>,
    pub(super) live: bool,
    /// Failed chunks by the server's code and its words (none: never sent).
    pub(super) failures: Vec<FailureGroup>,
    pub(super) overlapping: Vec<String>,
    /// Bytes that are still to be written, as the plan estimates them.
    pub(super) bytes_left: u64,
    /// Free bytes where the state directory is, where they are few.
    pub(super) state_disk: Option<u64>,
    pub(super) server: Result<ServerFacts, String>,
}

/// Chunks that failed alike.
pub(super) struct FailureGroup {
    pub(super) code: Option<i32>,
    pub(super) chunks: Vec<u64>,
    pub(super) message: String,
}

/// What the server says.
#[derive(Default)]
pub(super) struct ServerFacts {
    /// Rights that are missing, as they stand in a GRANT.
    pub(super) missing_rights: Vec<String>,
    pub(super) user: String,
    pub(super) changes: Vec<String>,
    /// Why no snapshot can be taken any more.
    pub(super) refused: Option<String>,
    /// The plan's words about the deduplication window, where they still hold.
    pub(super) dedup: Vec<Note>,
    pub(super) disks: Vec<Disk>,
    pub(super) mutations: Vec<(String, Mutation)>,
}

/// Less than this is little room for a state directory.
const LITTLE: u64 = 256 << 20;

pub(super) async fn gather(context: &Context, planned: &Planned) -> Result<Facts, Fail> {
    let standing = context.state.look(&planned.answer.plan_id).await?;
    let standing = standing.filter(|standing| standing.job.plan_digest == planned.answer.digest);
    let failures = match &standing {
        Some(standing) => failures(standing).await?,
        None => Vec::new(),
    };
    let now = context.environment();
    let elsewhere = (now.fingerprint != planned.environment.fingerprint).then(|| (planned.environment.clone(), now));
    let ended = standing.as_ref().is_some_and(|standing| standing.job.state.is_terminal());
    let overlapping = if ended { Vec::new() } else { context.state.overlapping(planned).await? };
    let progress = standing.as_ref().map(|standing| standing.job.progress);
    Ok(Facts {
        plan_id: planned.answer.plan_id.to_string(),
        plan_flags: plan_flags(planned),
        target: planned.answer.request.target.to_string(),
        elsewhere,
        live: standing.as_ref().is_some_and(|standing| standing.live),
        failures,
        overlapping,
        bytes_left: progress.map_or(planned.answer.bytes, |progress| progress.bytes_total.saturating_sub(progress.bytes_done)),
        state_disk: free_bytes(context).filter(|free| *free < LITTLE),
        server: ask(context, planned).await?,
        job: standing.map(|standing| standing.job),
    })
}

/// The flags of `penstock plan` that ask for the same again.
fn plan_flags(planned: &Planned) -> String {
    use planner_core::request::{Acknowledgement, Method, ModeChoice};
    let request = &planned.answer.request;
    let mut flags = format!("--source {} --target {}", request.source, request.target);
    if let Some(window) = request.window {
        put(&mut flags, format_args!(" --from {} --to {}", window.from.iso(), window.to.iso()));
    }
    match request.method {
        Method::TimeWindow { hours } => put(&mut flags, format_args!(" --chunk-hours {hours}")),
        Method::SizeBudget { bytes } => put(&mut flags, format_args!(" --max-chunk-bytes {bytes}")),
        Method::CalendarDays { .. } | Method::Partitions => {}
    }
    if let Some(column) = &request.time_column {
        put(&mut flags, format_args!(" --time-column {column}"));
    }
    match request.mode {
        ModeChoice::Auto => {}
        ModeChoice::Copy => flags.push_str(" --mode copy"),
        ModeChoice::ViewReplay => flags.push_str(" --mode view_replay"),
    }
    for accepted in &request.acknowledged {
        flags.push_str(match accepted {
            Acknowledgement::LargeWindow => " --force-large-window",
            Acknowledgement::TargetHoldsRows => " --force-target-rows",
        });
    }
    if request.generation > 0 {
        put(&mut flags, format_args!(" --generation {}", request.generation));
    }
    flags
}

/// Failed chunks, those with the same code together.
async fn failures(standing: &Standing) -> Result<Vec<FailureGroup>, Fail> {
    let tasks = standing.store.tasks(&standing.job.id).await?;
    let mut last = BTreeMap::new();
    for (n, attempt) in standing.store.job_attempts(&standing.job.id).await? {
        if attempt.outcome != Outcome::Written {
            last.insert(n, attempt);
        }
    }
    let mut groups: BTreeMap<Option<i32>, FailureGroup> = BTreeMap::new();
    for record in tasks.iter().filter(|record| record.task.state == TaskState::Failed) {
        let attempt = last.get(&record.task.n);
        let code = attempt.and_then(|attempt| attempt.error_code);
        let message = attempt.and_then(|attempt| attempt.message.clone()).filter(|_| code.is_some());
        let message = message.or_else(|| record.task.message.clone()).unwrap_or_default();
        let group = groups.entry(code).or_insert_with(|| FailureGroup { code, chunks: Vec::new(), message });
        group.chunks.push(record.task.n);
    }
    Ok(groups.into_values().collect())
}

fn free_bytes(context: &Context) -> Option<u64> {
    let there = context.state.root().ancestors().find(|path| path.exists() && !path.as_os_str().is_empty());
    let stat = rustix::fs::statvfs(there.unwrap_or_else(|| std::path::Path::new("."))).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Asks the server; what it does not answer is a fact, too.
async fn ask(context: &Context, planned: &Planned) -> Result<Result<ServerFacts, String>, Fail> {
    let client = context.client()?;
    Ok(server(context, &client, planned).await.map_err(|failure| failure.to_string()))
}

async fn server(context: &Context, client: &Client, planned: &Planned) -> Result<ServerFacts, Failure> {
    client.version().await?;
    let mut facts = ServerFacts { user: context.config.clickhouse.user.clone(), ..ServerFacts::default() };
    for right in rights(planned) {
        if client.has_right(&right).await? == Some(false) {
            facts.missing_rights.push(right);
        }
    }
    let request = &planned.answer.request;
    let spec = SurveySpec {
        policy: planned.snapshot.policy.clone(),
        source: Some(request.source.clone()),
        target: request.target.clone(),
        time_column: request.time_column.clone(),
    };
    let mut window = None;
    match snapshot::take(client, &spec).await {
        Ok(fresh) => {
            facts.changes = survey::changes(&planned.snapshot, &fresh);
            window = Some(fresh.target.dedup);
        }
        Err(NoSnapshot::Refused(refusal)) => facts.refused = Some(refusal.message),
        // Rights that are missing say more than what follows from them.
        Err(NoSnapshot::Failed(failure @ Failure::Exception { .. })) if facts.missing_rights.is_empty() => {
            facts.refused = Some(failure.to_string());
        }
        Err(NoSnapshot::Failed(Failure::Exception { .. }) | NoSnapshot::Endless) => {}
        Err(NoSnapshot::Failed(failure)) => return Err(failure),
    }
    facts.dedup = dedup(planned, window);
    // A user that may not read these tables is told of the right above.
    facts.disks = client.disks(&request.target).await.unwrap_or_default();
    for table in [&request.source, &request.target] {
        let open = client.open_mutations(table).await.unwrap_or_default();
        facts.mutations.extend(open.into_iter().map(|mutation| (table.to_string(), mutation)));
    }
    Ok(facts)
}

/// What was said of the window when the plan was made, unless the window was changed since.
fn dedup(planned: &Planned, now: Option<DedupWindow>) -> Vec<Note> {
    if now.is_some_and(|now| now != planned.snapshot.target.dedup) {
        return Vec::new();
    }
    planned.answer.rationale.iter().filter(|note| note.code.starts_with("dedup-window")).cloned().collect()
}

/// What a run needs, as it stands in a GRANT.
fn rights(planned: &Planned) -> Vec<String> {
    let request = &planned.answer.request;
    let (source, target) = (request.source.quoted(), request.target.quoted());
    let mut rights = vec![format!("SELECT ON {source}"), format!("SELECT ON {target}"), format!("INSERT ON {target}")];
    rights.push(format!("ALTER DELETE ON {target}"));
    if planned.answer.mode == Mode::ViewReplay {
        let sources: Vec<String> = planned.snapshot.feeding_views().map(|view| format!("SELECT ON {}", view.name.quoted())).collect();
        rights.extend(sources);
    }
    rights.extend(["processes", "query_log", "part_log", "parts", "tables", "mutations"].map(|table| format!("SELECT ON system.{table}")));
    rights.push("KILL QUERY ON *.*".into());
    rights
}
