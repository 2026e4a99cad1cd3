//! `penstock serve`.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::clickhouse::client::Client;
use crate::clickhouse::health::Health;
use crate::config::Config;
use crate::http::{self, App, Console, Guard};
use crate::runner::Engine;
use crate::standby;
use crate::state::StateDir;
use crate::store::{Store, StoreError};

/// Why the service ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// Configuration that only showed itself to be wrong when it was used.
    #[error("{0}")]
    Wrong(String),
    /// At run time.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Directory { .. } | StoreError::Newer { .. } => Self::Wrong(error.to_string()),
            StoreError::Fenced { .. } | StoreError::Sqlite(_) | StoreError::Document(_) | StoreError::Closed => {
                Self::Failed(error.to_string())
            }
        }
    }
}

/// Serves until it is told to stop.
pub(super) async fn run(config: Config) -> Result<(), Error> {
    let listener = listen(config.listen).await?;
    let Some(store) = standby::store(&config, &listener, stop_asked()).await? else { return Ok(()) };
    let service = Service::start(&config, store, listener.local_addr().map_err(|error| Error::Failed(error.to_string()))?, false).await?;
    tracing::info!(url = service.url, clickhouse = config.clickhouse.name(), state_dir = %config.state_dir.display(), "listening");
    service.serve(listener, stop_asked()).await
}

pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| Error::Wrong(format!("cannot listen on {address}: {error}")))
}

/// A service that runs jobs, and is ready to answer.
pub(super) struct Service {
    /// Where it answers.
    pub(super) url: String,
    engine: std::sync::Arc<Engine>,
    router: axum::Router,
}

impl Service {
    /// Takes up the jobs that had not ended.
    pub(super) async fn start(config: &Config, store: Store, address: SocketAddr, sample: bool) -> Result<Self, Error> {
        let client = Client::new(config.clickhouse.clone()).map_err(Error::Wrong)?;
        if let Some(failure) = client.brief_roll_call().await.map_err(Error::Wrong)? {
            tracing::warn!(%failure, "not every ClickHouse server can be asked; they are asked again before a job begins");
        }
        let runs = config.rules.block_overlapping_runs.then(|| StateDir::new(&config.state_dir));
        let engine = Engine::new(store, Health::new(client), config.retry, config.bounds, runs);
        engine.start().await?;
        let guard = Guard::new(address, config.public_host.clone(), config.token.as_ref());
        let app = App { engine: engine.clone(), policy: config.policy.clone(), sample };
        let router = http::router(app, guard, &Console::new(config.console.clone()));
        Ok(Self { url: format!("http://{address}/"), engine, router })
    }

    /// Answers until `stop`, or until another service has taken the store over; then ends quickly and leaves running
    /// queries alone.
    pub(super) async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        let engine = self.engine.clone();
        let mut lost = engine.store().lost();
        let stopping = async move {
            tokio::select! {
                () = stop => tracing::info!("stopping; queries that run are left alone and adopted at the next start"),
                Ok(_) = lost.wait_for(Option::is_some) => {}
            }
            engine.stop().await;
        };
        let ending = self.engine.stopping();
        let serving = axum::serve(listener, self.router).with_graceful_shutdown(stopping);
        let served = tokio::select! {
            served = serving => served.map_err(|error| Error::Failed(error.to_string())),
            () = linger(ending) => Ok(()),
        };
        let store = self.engine.store();
        store.give_back().await;
        let taken_over = store.lost().borrow().clone();
        taken_over.map_or(served, |holder| Err(StoreError::Fenced { holder }.into()))
    }
}

/// Connections that do not close by themselves are not waited for long.
async fn linger(mut ending: tokio::sync::watch::Receiver<bool>) {
    if ending.wait_for(|ending| *ending).await.is_err() {
        return std::future::pending().await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
}

/// Waits for Ctrl-C or SIGTERM.
pub(super) async fn stop_asked() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be caught");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
