//! Whether ClickHouse answers. One prober runs while it does not; everybody else waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use planner_core::quantity::UnixMillis;
use tokio::sync::watch;

use super::classify::{Class, class};
use super::client::{Client, Failure};
use super::fleet::Away;
use crate::clock;

/// Pause before the first probe; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Tries of what must be known: with the pauses between them, more than an hour.
const INSISTENT_TRIES: u32 = 1_000;
/// Longest pause between two probes.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Whether ClickHouse answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It answers.
    Up,
    /// One of several servers does not: chunks go to the others, and what only it may know stays open.
    Partly {
        /// The one.
        away: Away,
        /// How long until it is asked again, counted from when this was said.
        next_try: Duration,
    },
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
    /// Whether some server answers.
    pub fn answers(&self) -> bool {
        match self {
            Self::Up | Self::Partly { .. } => true,
            Self::Down { .. } => false,
        }
    }

    /// What is waited for, in words; none while ClickHouse answers.
    pub fn waiting(&self, url: &str) -> Option<String> {
        match self {
            Self::Up => None,
            Self::Partly { away: Away { name, since, error }, next_try } => Some(format!(
                "waiting for {name}: it does not answer since {} ({error}), and lost answers stay open until it does, each on its lane; other servers take chunks on the lanes that are left; next try in {}",
                since.iso(),
                seconds(*next_try)
            )),
            Self::Down { since, error, next_try } => Some(format!(
                "waiting for ClickHouse at {url}: it does not answer since {} ({error}); next try in {}",
                since.iso(),
                seconds(*next_try)
            )),
        }
    }
}

/// `2.5 s`.
fn seconds(pause: Duration) -> String {
    format!("{}.{} s", pause.as_secs(), pause.subsec_millis() / 100)
}

/// The circuit breaker: shared by everything that asks ClickHouse.
#[derive(Clone)]
pub struct Health {
    client: Client,
    reach: Arc<watch::Sender<Reach>>,
    probing: Arc<AtomicBool>,
}

impl Health {
    /// Assumed to answer until a request fails.
    pub fn new(client: Client) -> Self {
        Self { client, reach: Arc::new(watch::Sender::new(Reach::Up)), probing: Arc::default() }
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
            Failure::NotSent(error) | Failure::Lost(error) => self.probe_from(self.standing(Some(error), FIRST_PAUSE)),
            Failure::Exception { .. } => self.look_round(),
        }
    }

    /// Probes a server that somebody found away.
    fn look_round(&self) {
        if self.client.is_several() {
            self.probe_from(self.standing(None, FIRST_PAUSE));
        }
    }

    /// Who answers, as far as is known; `error` is what one server's silence was called.
    fn standing(&self, error: Option<&str>, next_try: Duration) -> Reach {
        match self.client.missing() {
            Some((away, false)) if self.client.is_several() => Reach::Partly { away, next_try },
            Some((away, _)) => Reach::Down { since: away.since, error: error.map_or(away.error, str::to_owned), next_try },
            // It was heard of elsewhere that an answer will not come.
            None => error.map_or(Reach::Up, |error| Reach::Down { since: clock::now(), error: error.to_owned(), next_try }),
        }
    }

    fn probe_from(&self, standing: Reach) {
        if standing == Reach::Up || self.probing.swap(true, Ordering::AcqRel) {
            return;
        }
        match &standing {
            Reach::Up => {}
            Reach::Partly { away: Away { name, error, .. }, .. } => {
                tracing::warn!(server = name, error, "a server does not answer; probing until it does");
            }
            Reach::Down { error, .. } => {
                tracing::warn!(url = self.client.url(), error, "ClickHouse does not answer; probing until it does");
            }
        }
        self.reach.send_replace(standing);
        let health = self.clone();
        tokio::spawn(async move { health.probe().await });
    }

    async fn probe(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            self.client.look_for_the_missing().await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let standing = self.standing(None, pause);
            if standing == Reach::Up {
                break;
            }
            self.reach.send_modify(|reach| match (reach, standing) {
                // What it was called first stays.
                (Reach::Down { next_try, .. }, Reach::Down { .. }) => *next_try = pause,
                (reach, standing) => *reach = standing,
            });
        }
        tracing::info!(url = self.client.url(), "ClickHouse answers again");
        self.probing.store(false, Ordering::Release);
        self.reach.send_replace(Reach::Up);
    }

    /// Waits until ClickHouse answers.
    pub async fn up(&self) {
        // The sender lives as long as self.
        let _ = self.reach.subscribe().wait_for(Reach::answers).await;
    }

    /// Runs a harmless question until it is answered: waits while the server is away or busy, and gives back what another
    /// try would not change, or what some tries did not change.
    pub async fn ask<T, F>(&self, question: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        self.ask_times(5, question).await
    }

    /// The same for what must be known before anything else may happen: a server without memory is waited for, too, for
    /// hours, since what runs there may be what takes it.
    pub async fn insist<T, F>(&self, question: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        self.ask_times(INSISTENT_TRIES, question).await
    }

    async fn ask_times<T, F>(&self, most: u32, question: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pause = Duration::from_millis(200);
        let mut tries = 0_u32;
        loop {
            self.up().await;
            let failure = match question().await {
                Ok(answer) => {
                    self.look_round();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            self.note(&failure);
            match &failure {
                Failure::NotSent(_) | Failure::Lost(_) => {}
                Failure::Exception { code, .. } => match class(*code) {
                    Class::Busy | Class::Lost | Class::StillRunning => {}
                    Class::TooBig | Class::Unclear => {
                        tries += 1;
                        if tries > most {
                            return Err(failure);
                        }
                        tracing::debug!(%failure, tries, "asking again");
                    }
                    Class::Fatal | Class::NotAllowed => return Err(failure),
                },
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }
}
