//! The worker's state: one snapshot, one plan. Messages in, messages out; runs natively in tests.

use planner_core::plan::Plan;
use planner_core::request::Request;
use planner_core::snapshot::{Named, Snapshot};
use planner_core::{Outcome, canonical, cost};
use serde::Deserialize;

use crate::message::{Answer, Ask, PreviewRow, Question, Reply};
use crate::preview::{Marker, preview};

/// Most chunks in one answer to [`Question::Chunks`].
const MAX_ROWS: u64 = 1_000;

/// What one worker holds.
#[derive(Debug, Default)]
pub struct Session {
    snapshot: Option<Named>,
    plan: Option<Kept>,
    /// Rows that each chunk of the plan reads; none until chunks are asked for.
    rows_read: Option<Vec<u64>>,
}

/// A plan with whether it may be run.
#[derive(Debug)]
enum Kept {
    /// As the server plans it.
    Fine(Box<Plan>),
    /// From facts that are too coarse: to be looked at only.
    Coarse(Box<Plan>),
}

impl Kept {
    fn plan(&self) -> &Plan {
        match self {
            Self::Fine(plan) | Self::Coarse(plan) => plan,
        }
    }
}

impl Session {
    /// Answers one question. A refused plan leaves the plan before it in place, a coarse one takes it.
    pub fn handle(&mut self, ask: Ask) -> Answer {
        let what = match ask.what {
            Question::Load { snapshot } => self.load(snapshot),
            Question::Plan { request, cells } => {
                self.rows_read = None;
                self.plan(&request, cells)
            }
            Question::Chunks { from, to } => self.chunks(from, to),
            Question::Digest => self.digest(),
            Question::Document => self.document(),
        };
        Answer { id: ask.id, what }
    }

    /// The same over JSON text. A message that cannot be read is answered with its id where that can be, else with 0.
    pub fn handle_text(&mut self, text: &str) -> String {
        let answer = match serde_json::from_str(text) {
            Ok(ask) => self.handle(ask),
            Err(error) => Answer { id: id_of(text), what: failed(&format!("the message cannot be read: {error}")) },
        };
        canonical::to_string(&answer)
    }

    fn load(&mut self, mut snapshot: Box<Snapshot>) -> Reply {
        let keys = [snapshot.source.keys.take(), snapshot.target.keys.take()];
        let facts = snapshot.clone();
        [snapshot.source.keys, snapshot.target.keys] = keys;
        let named = Named::of(snapshot);
        let digest = named.digest().clone();
        self.snapshot = Some(named);
        self.plan = None;
        Reply::Loaded { digest, facts }
    }

    fn plan(&mut self, request: &Request, cells: u32) -> Reply {
        let Some(named) = &self.snapshot else { return failed("no snapshot is loaded") };
        match planner_core::plan_named(request, named) {
            Outcome::Planned(plan) => {
                let preview = preview(&plan, cells);
                self.plan = Some(Kept::Fine(plan));
                Reply::Planned(Box::new(preview))
            }
            Outcome::NeedsDetail(probes) => {
                let coarse = planner_core::preview(request, named);
                let shown = coarse.as_ref().map(|plan| Box::new(preview(plan, cells)));
                if let Some(plan) = coarse {
                    self.plan = Some(Kept::Coarse(Box::new(plan)));
                }
                Reply::NeedsDetail { coarse: shown, probes, snapshot: named.digest().clone() }
            }
            Outcome::Refused(refusal) => Reply::Refused(refusal),
        }
    }

    fn chunks(&mut self, from: u64, to: u64) -> Reply {
        let (Some(plan), Some(named)) = (self.plan.as_ref().map(Kept::plan), &self.snapshot) else { return failed("no plan is made") };
        let rows_read = self.rows_read.get_or_insert_with(|| cost::rows_read(plan, named.snapshot()));
        let marker = Marker::of(&plan.core);
        let rows = (from..to.min(from.saturating_add(MAX_ROWS)))
            .map_while(|index| {
                let i = usize::try_from(index).ok()?;
                let chunk = plan.chunk(i)?;
                let rows_read = rows_read.get(i).copied().unwrap_or(chunk.rows);
                Some(PreviewRow { marks: marker.marks(&chunk.span, chunk.bytes), chunk, index, rows_read, sql: plan.chunk_sql(i) })
            })
            .collect();
        Reply::Chunks { rows }
    }

    fn digest(&self) -> Reply {
        let Some(plan) = self.plan.as_ref().map(Kept::plan) else { return failed("no plan is made") };
        Reply::Digest { digest: plan.core.digest(), plan_id: plan.core.plan_id.clone() }
    }

    fn document(&self) -> Reply {
        match &self.plan {
            Some(Kept::Fine(plan)) => Reply::Document { text: canonical::to_string(&plan.document()) },
            Some(Kept::Coarse(_)) => failed("the plan is coarse: it has no document"),
            None => failed("no plan is made"),
        }
    }
}

fn id_of(text: &str) -> u64 {
    #[derive(Deserialize)]
    struct Asked {
        id: u64,
    }
    serde_json::from_str(text).map_or(0, |asked: Asked| asked.id)
}

fn failed(message: &str) -> Reply {
    Reply::Failed { message: message.into() }
}
