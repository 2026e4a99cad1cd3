//! `plans/<plan_id>.json`: the plan with all that it was made from. Written once; an edit is noticed.

use executor_api::plan::PlanAnswer;
use planner_core::canonical;
use planner_core::digest::{self, PlanId};
use planner_core::plan::{Plan, PlanDocument};
use planner_core::quantity::UnixMillis;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

use super::{Environment, StateDir, StateError, file};
use crate::store::StoredPlan;

const FORMAT: u32 = 1;

/// A plan with what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The plan with its summary.
    pub answer: PlanAnswer,
    /// Where it was made.
    pub environment: Environment,
    /// The plan.
    pub plan: Plan,
    /// What was known of the tables.
    pub snapshot: Snapshot,
}

impl Planned {
    /// As the runner's store keeps it.
    pub fn stored(&self) -> StoredPlan {
        StoredPlan { answer: self.answer.clone(), plan: self.plan.clone() }
    }
}

/// What became of a plan that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was not there.
    New,
    /// The same plan was there; the file stays as it is.
    Exists,
    /// Another plan of the same id was there, and is not any more.
    Replaced,
}

/// The file. Fields stand in alphabetical order: the text is canonical.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    created_at: UnixMillis,
    environment: Environment,
    /// SHA-256 over the canonical bytes of this document without this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file_digest: Option<digest::Digest>,
    format: u32,
    plan: PlanDocument,
    planner: String,
    request: Request,
    snapshot: Snapshot,
}

/// What every version of the file has.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

impl StateDir {
    /// Writes a plan, unless it is there.
    pub fn write_plan(&self, planned: &Planned, replace: bool) -> Result<Written, StateError> {
        let id = &planned.answer.plan_id;
        let path = self.plan_path(id);
        let _one_at_a_time = file::lock(&self.root.join("plans").join(".lock"))?;
        let found = match self.read_plan(id) {
            Ok(existing) if existing.answer.digest == planned.answer.digest => return Ok(Written::Exists),
            Ok(existing) => Some(existing.answer.digest.to_string()),
            Err(StateError::NoPlan { .. }) => None,
            Err(StateError::PlanChanged { .. }) if replace => Some(String::new()),
            Err(error) => return Err(error),
        };
        match found {
            Some(existing) if !replace => Err(StateError::OtherPlan { id: id.clone(), existing, made: planned.answer.digest.to_string() }),
            found => {
                file::replace(&path, document(planned).as_bytes())?;
                Ok(if found.is_some() { Written::Replaced } else { Written::New })
            }
        }
    }

    /// Reads a plan. Everything that follows from its core is derived again and compared.
    pub fn read_plan(&self, id: &PlanId) -> Result<Planned, StateError> {
        let path = self.plan_path(id);
        let shown = path.display().to_string();
        let bytes = file::read(&path)?;
        let bytes = bytes.ok_or_else(|| StateError::NoPlan { id: id.clone(), folder: self.root.join("plans").display().to_string() })?;
        let changed = |reason: String| StateError::PlanChanged { path: shown.clone(), reason };
        if let Ok(Head { format }) = serde_json::from_slice::<Head>(&bytes)
            && format > u64::from(FORMAT)
        {
            return Err(StateError::Later { path: shown, found: format, known: FORMAT });
        }
        let document: Document = serde_json::from_slice(&bytes).map_err(|error| changed(error.to_string()))?;
        let stated = document.file_digest.clone();
        let unsigned = Document { file_digest: None, ..document };
        if stated != Some(digest_of(&unsigned)) {
            return Err(changed("its file_digest is of another content".into()));
        }
        read(unsigned, id).map_err(changed)
    }
}

fn read(document: Document, id: &PlanId) -> Result<Planned, String> {
    let Document { created_at, environment, plan, request, snapshot, .. } = document;
    let plan = plan.into_plan().map_err(|faults| faults.first().map_or_else(String::new, ToString::to_string))?;
    if &plan.core.plan_id != id {
        return Err(format!("it is plan {}", plan.core.plan_id));
    }
    if snapshot.digest() != plan.snapshot {
        return Err("its snapshot is not the one that the plan was made from".into());
    }
    let answer = crate::planning::answer(&plan, request, created_at);
    Ok(Planned { answer, environment, plan, snapshot })
}

fn document(planned: &Planned) -> String {
    let unsigned = Document {
        created_at: planned.answer.created_at,
        environment: planned.environment.clone(),
        file_digest: None,
        format: FORMAT,
        plan: planned.plan.document(),
        planner: planner_core::VERSION.into(),
        request: planned.answer.request.clone(),
        snapshot: planned.snapshot.clone(),
    };
    let file_digest = Some(digest_of(&unsigned));
    canonical::to_string(&Document { file_digest, ..unsigned })
}

fn digest_of(unsigned: &Document) -> digest::Digest {
    digest::of_document("penstock-plan-file", unsigned)
}
