//! What every command works with: configuration, state directory, output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use planner_core::digest::PlanId;

use super::fail::Fail;
use super::next;
use super::output::Output;
use crate::clickhouse::client::Client;
use crate::clickhouse::health::Health;
use crate::config::{Config, File, Flags};
use crate::runner::Engine;
use crate::state::{Environment, Loaded, Planned, StateDir, StateError};
use crate::store::Store;

/// Options of every command that is not a service.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Shared {
    /// Configuration file; default: the nearest penstock.toml from the working directory upward.
    #[arg(long, env = "PENSTOCK_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Address of ClickHouse, such as http://127.0.0.1:8123.
    #[arg(long, value_name = "URL")]
    pub(super) clickhouse_url: Option<String>,
    /// Addresses of several ClickHouse servers that hold the same tables, with commas between them.
    #[arg(long, value_name = "URL,URL", conflicts_with = "clickhouse_url")]
    pub(super) clickhouse_urls: Option<String>,
    /// Cluster whose servers may answer at the address.
    #[arg(long, value_name = "NAME")]
    pub(super) clickhouse_cluster: Option<String>,
    /// Where plans and runs are kept; default .penstock beside the configuration file.
    #[arg(long, value_name = "DIR")]
    pub(super) state_dir: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

/// A command's surroundings.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) output: Output,
    pub(super) state: StateDir,
}

impl Context {
    /// Reads the configuration.
    pub(super) fn read(shared: Shared, server: Option<String>) -> Result<Self, Fail> {
        next::remember(shared.config.as_deref(), shared.state_dir.as_deref());
        let flags = Flags {
            clickhouse_url: shared.clickhouse_url,
            clickhouse_urls: shared.clickhouse_urls,
            clickhouse_cluster: shared.clickhouse_cluster,
            state_dir: shared.state_dir,
            server,
            ..Flags::default()
        };
        let config = read_config(shared.config.as_deref(), flags)?;
        Ok(Self { output: Output::new(shared.json), state: StateDir::new(&config.state_dir), config })
    }

    /// A client of the configured ClickHouse.
    pub(super) fn client(&self) -> Result<Client, Fail> {
        Client::new(self.config.clickhouse.clone()).map_err(|reason| Fail::refused("configuration", reason))
    }

    /// The configured ClickHouse, as plans remember it.
    pub(super) fn environment(&self) -> Environment {
        Environment::of(&self.config.clickhouse)
    }

    /// The runner, on a run's own store.
    pub(super) async fn engine(&self, store: Store) -> Result<Arc<Engine>, Fail> {
        let client = self.client()?;
        // Servers that are away are asked again before the first chunk.
        client.brief_roll_call().await.map_err(|words| {
            Fail::refused("servers-differ", words)
                .hint("`penstock config` shows clickhouse.url, clickhouse.urls and clickhouse.cluster in force")
        })?;
        // Other runs and the service are looked at before a run starts, where that can be overruled.
        Ok(Engine::new(store, Health::new(client), self.config.retry, self.config.bounds, None))
    }

    /// A plan. One whose file is gone is written again from its run's database.
    pub(super) async fn plan(&self, id: &PlanId) -> Result<Planned, Fail> {
        let missing = match self.state.read_plan(id) {
            Ok(planned) => return Ok(planned),
            Err(error @ StateError::NoPlan { .. }) => error,
            Err(error) => return Err(error.into()),
        };
        let Some(standing) = self.state.look(id).await? else { return Err(missing.into()) };
        let stored = standing.store.plan(&standing.job.plan_digest).await?;
        let Some(stored) = stored else { return Err(missing.into()) };
        let Some(snapshot) = standing.store.snapshot(&stored.answer.snapshot).await? else { return Err(missing.into()) };
        let environment = match self.state.read_checkpoint(id)? {
            Loaded::Fine(checkpoint) => checkpoint.environment,
            Loaded::Missing | Loaded::Damaged(_) => self.environment(),
        };
        let planned = Planned { answer: stored.answer, environment, plan: stored.plan, snapshot: snapshot.snapshot };
        self.state.write_plan(&planned, false)?;
        self.output.notice(&format!("the file of plan {id} was missing; it was written again from the run's database"));
        Ok(planned)
    }
}

/// Reads file, environment and flags.
pub(super) fn read_config(named: Option<&Path>, flags: Flags) -> Result<Config, Fail> {
    let here = std::env::current_dir().map_err(|error| Fail::refused("configuration", format!("no working directory: {error}")))?;
    let file = File::find(named, &here).map_err(|reason| {
        Fail::refused("configuration", reason).hint("--config names the file; without it the nearest penstock.toml upward is read")
    })?;
    let environment: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect();
    Ok(Config::read(file.as_ref(), environment, flags)?)
}

/// Reads a plan's id; clap says what is wrong with it.
pub(super) fn plan_id(text: &str) -> Result<PlanId, String> {
    PlanId::parse(text)
}
