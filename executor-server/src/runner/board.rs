//! Where each job stands right now, for everybody who watches.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use executor_api::job::Job;
use executor_api::task::Task;
use tokio::sync::watch;

/// A job right now.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The job with live counters; none while no driver runs it.
    pub job: Option<Arc<Job>>,
    /// Its running tasks with live counters.
    pub running: Arc<Vec<Task>>,
    /// Id of the last stored event that this service has seen; 0 before the first.
    pub last_event_id: u64,
}

/// The board: one watch per job that was driven or watched.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<String, Arc<watch::Sender<Live>>>>>);

impl Board {
    /// The job's place on the board.
    pub fn of(&self, job: &str) -> Arc<watch::Sender<Live>> {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        board.entry(job.to_owned()).or_insert_with(|| Arc::new(watch::Sender::new(Live::default()))).clone()
    }

    /// The job as its driver sees it; none while no driver runs it.
    pub fn live(&self, job: &str) -> Option<Live> {
        let board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        board.get(job).map(|sender| sender.borrow().clone()).filter(|live| live.job.is_some())
    }
}
