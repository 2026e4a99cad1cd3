//! `penstock plan`

use clap::{Args, ValueEnum};
use planner_core::plan::{Mode, WritePath};
use planner_core::quantity::{Hours, UnixMillis};
use planner_core::rationale::{Note, Severity};
use planner_core::request::{Acknowledgement, Method, ModeChoice, Request, Window};
use planner_core::sql::identifier::{Identifier, TableName};
use planner_core::survey::SurveySpec;
use serde::Serialize;

use super::context::Context;
use super::fail::Fail;
use super::next;
use super::output::{bytes, count, put, table};
use crate::config::{Config, size};
use crate::state::{Planned, Written};
use crate::{clock, planning, snapshot};

/// What is to be planned.
#[derive(Args, Clone, Debug)]
pub(super) struct PlanFlags {
    /// Table that rows are written to, as database.table.
    #[arg(long, value_name = "DB.TABLE", value_parser = TableName::parse)]
    pub(super) target: TableName,
    /// Table that rows are read from; default: the source of the views that feed the target.
    #[arg(long, value_name = "DB.TABLE", value_parser = TableName::parse)]
    pub(super) source: Option<TableName>,
    /// First instant inside, in UTC: 2025-01-01 or 2025-01-01T06:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = UnixMillis::parse)]
    pub(super) from: Option<UnixMillis>,
    /// First instant outside.
    #[arg(long, value_name = "TIME", value_parser = UnixMillis::parse)]
    pub(super) to: Option<UnixMillis>,
    /// Cut by time: hours a chunk, such as 6 or 0.25.
    #[arg(long, value_name = "HOURS", value_parser = Hours::parse, group = "cut")]
    pub(super) chunk_hours: Option<Hours>,
    /// Cut by size: uncompressed bytes a chunk, such as 512M (K, M, G, T).
    #[arg(long, value_name = "BYTES", value_parser = size, group = "cut")]
    pub(super) max_chunk_bytes: Option<u64>,
    /// Cut by time: whole days a chunk, 1 to 366, in the time column's zone.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=366), group = "cut")]
    pub(super) calendar_days: Option<u16>,
    /// One chunk for each partition of the source.
    #[arg(long, group = "cut")]
    pub(super) partitions: bool,
    /// Column that --from and --to bound; default: found from the tables' keys.
    #[arg(long, value_name = "COLUMN", value_parser = |text: &str| Identifier::new(text))]
    pub(super) time_column: Option<Identifier>,
    /// How rows get from source to target.
    #[arg(long, value_enum, default_value_t)]
    pub(super) mode: ModeFlag,
    /// Plan a window that is wider than limits.max_window_hours.
    #[arg(long)]
    pub(super) force_large_window: bool,
    /// Plan although the target holds rows: contents are compared as difference to them.
    #[arg(long)]
    pub(super) force_target_rows: bool,
    /// Mixed into the tokens, for a deliberate repeat.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(super) generation: u32,
}

/// How rows get from source to target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum ModeFlag {
    /// `view_replay` when views feed the target from the source, else `copy`.
    #[default]
    Auto,
    /// Table to table.
    Copy,
    /// Each materialized view's own SELECT over the source.
    ViewReplay,
}

#[derive(Serialize)]
struct Answer {
    bytes: u64,
    chunks: u64,
    digest: String,
    mode: Mode,
    next: String,
    notes: Vec<Note>,
    outcome: &'static str,
    path: String,
    plan_id: String,
    rows: u64,
    source: String,
    target: String,
    window: Option<[String; 2]>,
    write: WritePath,
}

/// Makes a plan and stores it.
pub(super) async fn run(context: &Context, flags: &PlanFlags, force: bool) -> Result<u8, Fail> {
    let planned = make(context, flags).await?;
    let id = &planned.answer.plan_id;
    if force
        && let Some(standing) = context.state.look(id).await?
        && !standing.job.state.is_terminal()
        && standing.job.plan_digest != planned.answer.digest
    {
        let message = format!("plan {id} has a run that is {}: its plan cannot be replaced", standing.job.state.name());
        return Err(Fail::refused("run-open", message).hint(format!(
            "`{}` or `{}` first",
            next::of_plan("resume", id),
            next::of_plan("cancel", id)
        )));
    }
    let written = context.state.write_plan(&planned, force)?;
    context.output.answer("plan", answer(context, &planned, written), people);
    Ok(0)
}

/// Makes a plan from the flags, the configuration and a fresh snapshot.
pub(super) async fn make(context: &Context, flags: &PlanFlags) -> Result<Planned, Fail> {
    let (spec, request) = request(&context.config, flags)?;
    let client = context.client()?;
    let snapshot = snapshot::take(&client, &spec).await?;
    let request = Request { source: snapshot.source.name.clone(), ..request };
    let (plan, snapshot) = planning::make(&client, &request, snapshot).await?;
    let answer = planning::answer(&plan, request, clock::now());
    Ok(Planned { answer, environment: context.environment(), plan, snapshot })
}

/// What the flags ask for. Where no source is named, it is known only once the tables have been looked at.
pub(super) fn request(config: &Config, flags: &PlanFlags) -> Result<(SurveySpec, Request), Fail> {
    let window = match (flags.from, flags.to) {
        (Some(from), Some(to)) => Some(Window { from, to }),
        (None, None) if config.rules.require_explicit_window => {
            let message = "no window is given, and policy.require_explicit_window asks for one";
            return Err(Fail::refused("window-missing", message)
                .hint("give --from and --to; or, for all that the source holds, set policy.require_explicit_window = false"));
        }
        (None, None) => None,
        (Some(_), None) => return Err(Fail::refused("window-open", "--from is given without --to").hint("a window has both ends")),
        (None, Some(_)) => return Err(Fail::refused("window-open", "--to is given without --from").hint("a window has both ends")),
    };
    // At most one of them is given; the configuration speaks where none is.
    let method = match (flags.chunk_hours, flags.max_chunk_bytes, flags.calendar_days, flags.partitions, config.defaults.max_chunk_bytes) {
        (Some(hours), ..) => Method::TimeWindow { hours },
        (None, Some(bytes), ..) | (None, None, None, false, Some(bytes)) => Method::SizeBudget { bytes },
        (None, None, Some(days), ..) => Method::CalendarDays { days },
        (None, None, None, true, _) => Method::Partitions,
        (None, None, None, false, None) => Method::TimeWindow { hours: config.defaults.chunk_hours },
    };
    let mode = match flags.mode {
        ModeFlag::Auto => ModeChoice::Auto,
        ModeFlag::Copy => ModeChoice::Copy,
        ModeFlag::ViewReplay => ModeChoice::ViewReplay,
    };
    let accepted = [
        flags.force_large_window.then_some(Acknowledgement::LargeWindow),
        flags.force_target_rows.then_some(Acknowledgement::TargetHoldsRows),
    ];
    let request = Request {
        acknowledged: accepted.into_iter().flatten().collect(),
        generation: flags.generation,
        method,
        mode,
        source: flags.source.clone().unwrap_or_else(|| flags.target.clone()),
        target: flags.target.clone(),
        time_column: flags.time_column.clone(),
        window,
    };
    let spec = SurveySpec {
        policy: config.policy.clone(),
        source: flags.source.clone(),
        target: flags.target.clone(),
        time_column: flags.time_column.clone(),
    };
    Ok((spec, request))
}

fn answer(context: &Context, planned: &Planned, written: Written) -> Answer {
    let plan = &planned.answer;
    Answer {
        bytes: plan.bytes,
        chunks: plan.chunks,
        digest: plan.digest.to_string(),
        mode: plan.mode,
        next: next::of_plan("run", &plan.plan_id),
        notes: plan.rationale.clone(),
        outcome: match written {
            Written::New => "written",
            Written::Exists => "exists",
            Written::Replaced => "replaced",
        },
        path: context.state.root().join("plans").join(format!("{}.json", plan.plan_id)).display().to_string(),
        plan_id: plan.plan_id.to_string(),
        rows: plan.rows,
        source: plan.request.source.to_string(),
        target: plan.request.target.to_string(),
        window: plan.request.window.map(|window| [window.from.iso(), window.to.iso()]),
        write: plan.write,
    }
}

fn people(answer: &Answer) -> String {
    let window = answer.window.as_ref().map_or_else(|| "all that the source holds".to_owned(), |[from, to]| format!("{from} to {to}"));
    let size = format!("{}, about {} and {} uncompressed", count(answer.chunks, "chunk"), count(answer.rows, "row"), bytes(answer.bytes));
    let mut text = table(&[
        ("plan", format!("{} ({})", answer.plan_id, answer.outcome)),
        ("digest", answer.digest.clone()),
        ("from", answer.source.clone()),
        ("to", answer.target.clone()),
        ("window", window),
        ("size", size),
        ("file", answer.path.clone()),
    ]);
    for note in &answer.notes {
        text.push_str(&said(note));
    }
    put(&mut text, format_args!("\nnext: {}\n", answer.next));
    text
}

/// A decision or warning, with what can be done about it.
pub(super) fn said(note: &Note) -> String {
    let mark = match note.severity {
        Severity::Info => "·",
        Severity::Warning => "!",
    };
    let hint = if note.hint.is_empty() { String::new() } else { format!("\n    → {}", note.hint) };
    format!("{mark} {}{hint}\n", note.message)
}
