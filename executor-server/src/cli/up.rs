//! `penstock up`: a real ClickHouse as a child process, a sample in it, and the service on top.

use std::io::Write as _;
use std::time::{Duration, Instant};

use clickhouse_embedded::{Engine, EngineConfig, EngineError, find_library};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::serve::{Error, Service, listen, stop_asked};
use crate::clickhouse::client::{Client, Query};
use crate::config::{ClickHouse, Config, Secret};
use crate::sample;
use crate::store::Store;

/// How often the engine is looked after.
const LOOK: Duration = Duration::from_millis(200);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// An engine that ran for so long has started well.
const STEADY: Duration = Duration::from_secs(30);

/// Starts everything, and stops everything when it is told to.
pub(super) async fn run(mut config: Config, rows: u64) -> Result<(), Error> {
    let listener = listen(config.listen).await?;
    let address = listener.local_addr().map_err(|error| Error::Failed(error.to_string()))?;
    let library = find_library(None, &std::env::current_dir().unwrap_or_default()).map_err(|error| Error::Wrong(error.to_string()))?;
    let program = std::env::current_exe().map_err(|error| Error::Failed(format!("cannot find this program: {error}")))?;
    let mut wanted = EngineConfig::new(program, library, config.state_dir.join("engine"));
    say("starting ClickHouse");
    let engine = start(wanted.clone()).await?;
    wanted.http_port = engine.http_port();
    let url = format!("{}/", engine.http_url());
    config.clickhouse = ClickHouse {
        urls: vec![url.parse().map_err(|error| Error::Failed(format!("{url}: {error}")))?],
        cluster: None,
        user: engine.user().to_owned(),
        password: Secret::default(),
        database: None,
    };
    let keeper = Keeper::start(engine, wanted);

    // From here on the engine is stopped whatever happens.
    let served = serve(&config, rows, listener, address).await;
    keeper.stop().await;
    served
}

async fn serve(config: &Config, rows: u64, listener: tokio::net::TcpListener, address: std::net::SocketAddr) -> Result<(), Error> {
    let client = Client::new(config.clickhouse.clone()).map_err(Error::Failed)?;
    tokio::select! {
        installed = install(&client, rows) => installed?,
        () = stop_asked() => return Ok(()),
    }
    let service = Service::start(config, Store::open(&config.state_dir)?, address, true).await?;
    announce(&service.url);
    service.serve(listener, stop_asked()).await
}

/// Creates and fills the sample; what is there stays.
async fn install(client: &Client, rows: u64) -> Result<(), Error> {
    let failed = |failure: crate::clickhouse::client::Failure| Error::Failed(format!("the sample cannot be installed: {failure}"));
    let installed = client.query(Query::new(&sample::is_installed_query(rows))).await.map_err(failed)?;
    if installed.text.trim() == "1" {
        return Ok(());
    }
    let statements = sample::statements(rows);
    let started = Instant::now();
    for (i, statement) in statements.iter().enumerate() {
        client.query(Query::new(statement)).await.map_err(failed)?;
        say(&format!("sample: {} % ({} s)", (i + 1) * 100 / statements.len(), started.elapsed().as_secs()));
    }
    Ok(())
}

async fn start(config: EngineConfig) -> Result<Engine, Error> {
    let started = tokio::task::spawn_blocking(move || Engine::start(&config)).await;
    let started = started.map_err(|error| Error::Failed(error.to_string()))?;
    started.map_err(|error| match error {
        EngineError::LibraryMissing { .. } | EngineError::DataDirInUse { .. } | EngineError::PortInUse { .. } => {
            Error::Wrong(error.to_string())
        }
        other => Error::Failed(other.to_string()),
    })
}

/// Keeps the engine running: when its process ends, it is started on the same port with the same data. Jobs then
/// recover by evidence, as from the crash of any server.
struct Keeper {
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl Keeper {
    fn start(engine: Engine, config: EngineConfig) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let done = tokio::spawn(async move {
            let mut engine = Some(engine);
            let mut pause = FIRST_PAUSE;
            let mut since = Instant::now();
            loop {
                tokio::select! {
                    _ = &mut stopped => break,
                    () = tokio::time::sleep(LOOK) => {}
                }
                if engine.as_mut().is_some_and(Engine::is_running) {
                    continue;
                }
                if let Some(ended) = engine.take() {
                    if since.elapsed() > STEADY {
                        pause = FIRST_PAUSE;
                    }
                    tracing::warn!(pid = ended.pid(), log = %ended.log().display(), "ClickHouse ended by itself; it is started again with its data");
                }
                match start(config.clone()).await {
                    Ok(started) => {
                        tracing::info!(pid = started.pid(), port = started.http_port(), "ClickHouse runs again");
                        since = Instant::now();
                        engine = Some(started);
                    }
                    Err(error) => tracing::error!(%error, "ClickHouse cannot be started again; trying on"),
                }
                tokio::select! {
                    _ = &mut stopped => break,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            if let Some(engine) = engine {
                // Only fails when the process is ending anyway; the child then ends with it.
                let _ = tokio::task::spawn_blocking(move || engine.stop()).await;
            }
        });
        Self { stop, done }
    }

    async fn stop(self) {
        // The keeper is gone only when it panicked; its engine is then gone, too.
        let _ = self.stop.send(());
        let _ = self.done.await;
    }
}

/// The one line on standard output.
#[expect(clippy::print_stdout, reason = "the address is what the command answers with")]
fn announce(url: &str) {
    println!("Penstock is at {url}");
    let _ = std::io::stdout().flush();
}

#[expect(clippy::print_stderr, reason = "progress for the person who waits")]
fn say(what: &str) {
    eprintln!("penstock: {what}");
}
