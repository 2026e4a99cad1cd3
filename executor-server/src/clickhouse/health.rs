//! Whether ClickHouse answers. One prober runs while it does not; everybody else waits.

use std::sync::Arc;
use std::time::Duration;

use planner_core::quantity::UnixMillis;
use tokio::sync::watch;

use super::classify::{Class, class};
use super::client::{Client, Failure, Query};
use crate::clock;

/// Pause before the first probe; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between two probes.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Whether ClickHouse answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It answers.
    Up,
    /// It does not.
    Down {
        /// Since when.
        since: UnixMillis,
        /// In the network's words.
        error: String,
        /// How long until it is asked again, counted from when this was said.
        next_try: Duration,
    },
}

impl Reach {
    /// What is waited for, in words; none while ClickHouse answers.
    pub fn waiting(&self, url: &str) -> Option<String> {
        match self {
            Self::Up => None,
            Self::Down { since, error, next_try } => {
                let (seconds, tenths) = (next_try.as_secs(), next_try.subsec_millis() / 100);
                let since = since.iso();
                Some(format!(
                    "waiting for ClickHouse at {url}: it does not answer since {since} ({error}); next try in {seconds}.{tenths} s"
                ))
            }
        }
    }
}

/// The circuit breaker: shared by everything that asks ClickHouse.
#[derive(Clone)]
pub struct Health {
    client: Client,
    reach: Arc<watch::Sender<Reach>>,
}

impl Health {
    /// Assumed to answer until a request fails.
    pub fn new(client: Client) -> Self {
        Self { client, reach: Arc::new(watch::Sender::new(Reach::Up)) }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Follows changes.
    pub fn subscribe(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }

    /// Notes what a failure says about the server: without a connection, or with one that broke, it is probed until it answers.
    pub fn note(&self, failure: &Failure) {
        match failure {
            Failure::NotSent(error) | Failure::Lost(error) => self.down(error),
            Failure::Exception { .. } => {}
        }
    }

    fn down(&self, error: &str) {
        let changed = self.reach.send_if_modified(|reach| {
            let was_up = *reach == Reach::Up;
            if was_up {
                *reach = Reach::Down { since: clock::now(), error: error.to_owned(), next_try: FIRST_PAUSE };
            }
            was_up
        });
        if changed {
            tracing::warn!(url = self.client.url(), error, "ClickHouse does not answer; probing until it does");
            let health = self.clone();
            tokio::spawn(async move { health.probe().await });
        }
    }

    async fn probe(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            match self.client.query(Query::new("SELECT 1").timeout(Duration::from_secs(5))).await {
                // An exception is an answer, too; what it says is for the statement that matters to find out.
                Ok(_) | Err(Failure::Exception { .. }) => break,
                Err(Failure::NotSent(_) | Failure::Lost(_)) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            self.reach.send_modify(|reach| {
                if let Reach::Down { next_try, .. } = reach {
                    *next_try = pause;
                }
            });
        }
        tracing::info!(url = self.client.url(), "ClickHouse answers again");
        self.reach.send_replace(Reach::Up);
    }

    /// Waits until ClickHouse answers.
    pub async fn up(&self) {
        // The sender lives as long as self.
        let _ = self.reach.subscribe().wait_for(|reach| *reach == Reach::Up).await;
    }

    /// Runs a harmless question until it is answered: waits while the server is away or busy, and gives back only what
    /// another try would not change.
    pub async fn ask<T, F>(&self, question: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pause = Duration::from_millis(200);
        let mut tries = 0_u32;
        loop {
            self.up().await;
            let failure = match question().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            self.note(&failure);
            match &failure {
                Failure::NotSent(_) | Failure::Lost(_) => {}
                Failure::Exception { code, .. } => match class(*code) {
                    Class::Busy | Class::Lost | Class::StillRunning => {}
                    Class::TooBig | Class::Unclear => {
                        tries += 1;
                        if tries > 5 {
                            return Err(failure);
                        }
                    }
                    Class::Fatal | Class::NotAllowed => return Err(failure),
                },
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }
}
