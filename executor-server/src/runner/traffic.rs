//! Which of our queries are on the server: one question a second for all jobs, and none while nothing runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::clickhouse::health::Health;
use crate::clickhouse::queries::Running;

const EVERY: Duration = Duration::from_secs(1);

/// What is known of the queries that drivers wait for.
#[derive(Clone, Default)]
pub(super) struct Traffic(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    wanted: Notify,
}

#[derive(Default)]
struct State {
    wanted: BTreeSet<String>,
    seen: BTreeMap<String, Seen>,
}

struct Seen {
    running: Option<Running>,
    /// Since when the server has been answering that it does not run.
    missing_since: Option<Instant>,
}

impl Traffic {
    /// Starts looking for a query.
    pub(super) fn watch(&self, query_id: &str) {
        self.state().wanted.insert(query_id.to_owned());
        self.0.wanted.notify_one();
    }

    /// Stops looking for it.
    pub(super) fn forget(&self, query_id: &str) {
        let mut state = self.state();
        state.wanted.remove(query_id);
        state.seen.remove(query_id);
    }

    /// The query as the server last showed it.
    pub(super) fn running(&self, query_id: &str) -> Option<Running> {
        self.state().seen.get(query_id).and_then(|seen| seen.running.clone())
    }

    /// How long the server has been answering that the query does not run.
    pub(super) fn missing(&self, query_id: &str) -> Duration {
        self.state().seen.get(query_id).and_then(|seen| seen.missing_since).map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Asks for ever; meant for a task of its own.
    pub(super) async fn poll(&self, health: Health) {
        loop {
            let ids: Vec<String> = self.state().wanted.iter().cloned().collect();
            if ids.is_empty() {
                self.0.wanted.notified().await;
                continue;
            }
            if health.subscribe().borrow().answers() {
                let heard = health.client().sightings(ids.iter().map(String::as_str)).await;
                self.note(&ids, heard.rows, heard.silent.is_none());
                if let Some(failure) = heard.silent {
                    tracing::debug!(%failure, "progress is not known");
                    health.note(&failure);
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// `all` says that every server has answered: only then is a query that nobody showed missing.
    fn note(&self, asked: &[String], rows: Vec<Running>, all: bool) {
        let mut rows: BTreeMap<String, Running> = rows.into_iter().map(|row| (row.query_id.clone(), row)).collect();
        let mut state = self.state();
        for id in asked.iter().filter(|id| state.wanted.contains(*id)).cloned().collect::<Vec<_>>() {
            let running = rows.remove(&id);
            let seen = state.seen.entry(id).or_insert(Seen { running: None, missing_since: None });
            if running.is_some() {
                *seen = Seen { running, missing_since: None };
            } else if all && seen.missing_since.is_none() {
                seen.missing_since = Some(Instant::now());
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
