//! The state directory of the command.
//!
//! ```text
//!   plans/<plan_id>.json     the plan: written once, never changed
//!   runs/<plan_id>.db        the run: jobs, tasks, attempts, events. The truth
//!   runs/<plan_id>.json      the checkpoint: what the database says, for people and scripts
//!   runs/<plan_id>.lock      held by the process that runs the plan
//!   events/<plan_id>.ndjson  every event, appended
//! ```
//! The checkpoint and the events follow the database: where one of them is damaged it is set aside and made again.

mod checkpoint;
mod environment;
mod error;
mod file;
mod journal;
mod mirror;
mod plan_file;
mod runs;

use std::path::{Path, PathBuf};

use planner_core::digest::PlanId;

pub use checkpoint::{Checkpoint, Loaded, Options, TaskMark};
pub use environment::Environment;
pub use error::StateError;
pub use file::Held;
pub use mirror::Mirror;
pub use plan_file::{Planned, Written};
pub use runs::{Run, Standing};

/// A state directory. Nothing is made before something is written.
#[derive(Clone, Debug)]
pub struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// A state directory at this place.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Ids of all plans, in order. A file that is not named by an id is not ours.
    pub fn plan_ids(&self) -> Result<Vec<PlanId>, StateError> {
        self.ids("plans", "json")
    }

    /// Ids of all plans that have a run, or had one.
    pub fn run_ids(&self) -> Result<Vec<PlanId>, StateError> {
        let mut ids = self.ids("runs", "db")?;
        ids.extend(self.ids("runs", "json")?);
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    fn ids(&self, folder: &str, extension: &str) -> Result<Vec<PlanId>, StateError> {
        let folder = self.root.join(folder);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StateError::of(&folder, &error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| StateError::of(&folder, &error))?.path();
            let is_ours = path.extension().is_some_and(|found| found == extension);
            ids.extend(path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_ours).and_then(|stem| PlanId::parse(stem).ok()));
        }
        ids.sort();
        Ok(ids)
    }

    fn plan_path(&self, id: &PlanId) -> PathBuf {
        self.root.join("plans").join(format!("{id}.json"))
    }

    fn run_path(&self, id: &PlanId, extension: &str) -> PathBuf {
        self.root.join("runs").join(format!("{id}.{extension}"))
    }

    fn events_path(&self, id: &PlanId) -> PathBuf {
        self.root.join("events").join(format!("{id}.ndjson"))
    }
}
