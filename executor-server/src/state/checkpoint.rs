//! `runs/<plan_id>.json`: where a run stands, for people and scripts. It follows the database.

use executor_api::job::Job;
use executor_api::task::TaskState;
use planner_core::digest::{ChunkId, Digest, PlanId};
use planner_core::quantity::UnixMillis;
use serde::{Deserialize, Serialize};

use super::{Environment, StateDir, StateError, file};
use crate::store::TaskRecord;

const FORMAT: u32 = 1;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Where it runs.
    pub environment: Environment,
    /// Format of this document.
    pub format: u32,
    /// The run, as a service shows its jobs.
    pub job: Job,
    /// What it runs with.
    pub options: Options,
    /// Digest of the plan.
    pub plan_digest: Digest,
    /// The plan.
    pub plan_id: PlanId,
    /// Every chunk.
    pub tasks: Vec<TaskMark>,
    /// When this was written.
    pub written_at: UnixMillis,
}

/// What a run was started with, and goes on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Pause before the first repeat of a chunk.
    pub first_retry_pause_ms: u64,
    /// Chunks at the same time.
    pub lanes: u16,
    /// Repeats of a chunk.
    pub max_retries_per_chunk: u32,
}

impl Options {
    /// What is not as it was, in words.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let pairs = [
            ("first_retry_pause_ms", self.first_retry_pause_ms, now.first_retry_pause_ms),
            ("lanes", self.lanes.into(), now.lanes.into()),
            ("max_retries_per_chunk", self.max_retries_per_chunk.into(), now.max_retries_per_chunk.into()),
        ];
        let changed = pairs.into_iter().filter(|(_, before, now)| before != now);
        changed.map(|(name, before, now)| format!("{name}: {before} in the checkpoint, {now} now")).collect()
    }
}

/// Where a chunk stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskMark {
    /// How often it was sent.
    pub attempts: u32,
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Why it failed or waits, or by what it counts as done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its number.
    pub n: u64,
    /// Rows written, as the server counted them.
    pub rows: u64,
    /// State.
    pub state: TaskState,
}

impl From<&TaskRecord> for TaskMark {
    fn from(record: &TaskRecord) -> Self {
        let task = &record.task;
        Self {
            attempts: task.attempts,
            chunk_id: task.chunk_id.clone(),
            message: task.message.clone(),
            n: task.n,
            rows: task.rows,
            state: task.state,
        }
    }
}

/// What is there of a checkpoint.
#[derive(Clone, Debug)]
pub enum Loaded {
    /// Nothing.
    Missing,
    /// Something that is none, and why.
    Damaged(String),
    /// A checkpoint.
    Fine(Box<Checkpoint>),
}

/// What every version of the file has.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

impl StateDir {
    /// Reads a run's checkpoint.
    pub fn read_checkpoint(&self, id: &PlanId) -> Result<Loaded, StateError> {
        let path = self.run_path(id, "json");
        let Some(bytes) = file::read(&path)? else { return Ok(Loaded::Missing) };
        if bytes.is_empty() {
            return Ok(Loaded::Damaged("it is empty".into()));
        }
        if let Ok(Head { format }) = serde_json::from_slice::<Head>(&bytes)
            && format > u64::from(FORMAT)
        {
            return Err(StateError::Later { path: path.display().to_string(), found: format, known: FORMAT });
        }
        match serde_json::from_slice::<Checkpoint>(&bytes) {
            Ok(checkpoint) if &checkpoint.plan_id == id => Ok(Loaded::Fine(Box::new(checkpoint))),
            Ok(checkpoint) => Ok(Loaded::Damaged(format!("it is of plan {}", checkpoint.plan_id))),
            Err(error) => Ok(Loaded::Damaged(error.to_string())),
        }
    }

    /// Replaces a run's checkpoint.
    pub(super) fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), StateError> {
        let text = serde_json::to_string(checkpoint).unwrap_or_default();
        file::replace(&self.run_path(&checkpoint.plan_id, "json"), text.as_bytes())
    }

    /// Moves a damaged checkpoint out of the way; says where it is now.
    pub fn set_checkpoint_aside(&self, id: &PlanId) -> Result<String, StateError> {
        file::set_aside(&self.run_path(id, "json"))
    }
}

/// Format of checkpoints written here.
pub(super) const fn format() -> u32 {
    FORMAT
}
