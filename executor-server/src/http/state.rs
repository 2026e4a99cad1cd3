//! What every resource works with.

use std::sync::Arc;

use planner_core::policy::Policy;

use crate::runner::Engine;

/// The service's parts.
#[derive(Clone)]
pub struct App {
    /// Runs jobs; holds store and client.
    pub engine: Arc<Engine>,
    /// The planner's limits and defaults.
    pub policy: Policy,
    /// Whether `penstock up` started the service with the sample.
    pub sample: bool,
}
