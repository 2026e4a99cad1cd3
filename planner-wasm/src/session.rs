//! The worker's state: one snapshot, one plan. Messages in, messages out; runs natively in tests.

use planner_core::plan::{Plan, Span};
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use planner_core::{Outcome, canonical, plan};

use crate::message::{Answer, Ask, Cell, Preview, PreviewRow, Question, Reply};

/// Most chunks in one answer to [`Question::Chunks`].
const MAX_ROWS: u64 = 1_000;

/// What one worker holds.
#[derive(Debug, Default)]
pub struct Session {
    snapshot: Option<Box<Snapshot>>,
    plan: Option<Box<Plan>>,
}

impl Session {
    /// Answers one question. A refused plan leaves the plan before it in place.
    pub fn handle(&mut self, ask: Ask) -> Answer {
        let what = match ask.what {
            Question::Load { snapshot } => {
                let digest = snapshot.digest();
                self.snapshot = Some(snapshot);
                self.plan = None;
                Reply::Loaded { digest }
            }
            Question::Plan { request, cells } => self.plan(&request, cells),
            Question::Chunks { from, to } => self.chunks(from, to),
            Question::Document => self.document(),
        };
        Answer { id: ask.id, what }
    }

    /// The same over JSON text. A message that cannot be read is answered with id 0.
    pub fn handle_text(&mut self, text: &str) -> String {
        let answer = match serde_json::from_str(text) {
            Ok(ask) => self.handle(ask),
            Err(error) => Answer { id: 0, what: Reply::Failed { message: format!("the message cannot be read: {error}") } },
        };
        canonical::to_string(&answer)
    }

    fn plan(&mut self, request: &Request, cells: u32) -> Reply {
        let Some(snapshot) = &self.snapshot else { return failed("no snapshot is loaded") };
        match plan(request, snapshot) {
            Outcome::Planned(plan) => {
                let preview = preview(&plan, cells);
                self.plan = Some(plan);
                Reply::Planned(Box::new(preview))
            }
            Outcome::NeedsDetail(probes) => Reply::NeedsDetail { probes },
            Outcome::Refused(refusal) => Reply::Refused(refusal),
        }
    }

    fn chunks(&self, from: u64, to: u64) -> Reply {
        let Some(plan) = &self.plan else { return failed("no plan is made") };
        let rows = (from..to.min(from.saturating_add(MAX_ROWS)))
            .map_while(|index| {
                let i = usize::try_from(index).ok()?;
                Some(PreviewRow { chunk: plan.chunk(i)?, index, sql: plan.chunk_sql(i) })
            })
            .collect();
        Reply::Chunks { rows }
    }

    fn document(&self) -> Reply {
        self.plan
            .as_ref()
            .map_or_else(|| failed("no plan is made"), |plan| Reply::Document { text: canonical::to_string(&plan.document()) })
    }
}

fn failed(message: &str) -> Reply {
    Reply::Failed { message: message.into() }
}

fn preview(plan: &Plan, cells: u32) -> Preview {
    let total = plan.total();
    Preview {
        bytes: total.bytes,
        cells: strip(plan, cells),
        chunks: plan.len() as u64,
        digest: plan.core.digest(),
        largest_bytes: plan.estimates.iter().map(|estimate| estimate.bytes).max().unwrap_or(0),
        mode: plan.core.mode,
        plan_id: plan.core.plan_id.clone(),
        rationale: plan.rationale.clone(),
        rows: total.rows,
        statements: u32::try_from(plan.core.statements.len()).unwrap_or(u32::MAX),
        time_column: plan.core.time.as_ref().map(|time| time.column.to_string()).unwrap_or_default(),
        window: outer(plan),
        write: plan.core.write,
    }
}

/// The strip: one cell a chunk, or runs of neighbours of equal number where there are more chunks than cells.
fn strip(plan: &Plan, cells: u32) -> Vec<Cell> {
    let per_cell = plan.len().div_ceil(usize::try_from(cells.max(1)).unwrap_or(usize::MAX)).max(1);
    plan.estimates
        .chunks(per_cell)
        .enumerate()
        .map(|(i, run)| Cell {
            bytes: run.iter().map(|estimate| estimate.bytes).sum(),
            chunks: run.len() as u64,
            first: (i * per_cell) as u64,
            rows: run.iter().map(|estimate| estimate.rows).sum(),
        })
        .collect()
}

fn outer(plan: &Plan) -> Option<Span> {
    let ranges = || {
        plan.core.chunks.iter().filter_map(|chunk| match chunk.span {
            Span::Time(from, to) => Some((from, to)),
            Span::TimeIsNull | Span::Key(_) => None,
        })
    };
    let (first, last) = (ranges().next()?, ranges().next_back()?);
    Some(Span::Time(first.0, last.1))
}
