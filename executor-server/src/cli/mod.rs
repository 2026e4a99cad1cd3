//! The `penstock` command.

mod serve;
mod up;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Flags};
use crate::{sample, telemetry};

/// Plans, previews and runs ClickHouse backfills.
#[derive(Parser, Debug)]
#[command(name = "penstock", version)]
struct Command {
    /// How logs look.
    #[arg(long, global = true, value_enum, default_value_t, env = "PENSTOCK_LOG_FORMAT")]
    log_format: telemetry::Format,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Runs the service on a ClickHouse of your own.
    Serve(Common),
    /// Starts a ClickHouse with a sample, and the service on top.
    Up {
        #[command(flatten)]
        common: Common,
        /// Port to listen on, on 127.0.0.1.
        #[arg(long, conflicts_with = "listen")]
        port: Option<u16>,
        /// Rows of the sample's table.
        #[arg(long, default_value_t = sample::DEFAULT_ROWS)]
        rows: u64,
    },
}

#[derive(Args, Debug)]
struct Common {
    /// Configuration file; default `penstock.toml` where it exists.
    #[arg(long, env = "PENSTOCK_CONFIG")]
    config: Option<PathBuf>,
    /// Address of ClickHouse, such as `http://127.0.0.1:8123`.
    #[arg(long)]
    clickhouse_url: Option<String>,
    /// The console's built files.
    #[arg(long)]
    console: Option<String>,
    /// Address to listen on; default `127.0.0.1:8642`.
    #[arg(long)]
    listen: Option<String>,
    /// Where jobs are kept; default `.penstock`.
    #[arg(long)]
    state_dir: Option<String>,
}

/// The hidden subcommand that becomes ClickHouse.
const ENGINE: &str = "engine";

/// Something is wrong with configuration or arguments.
const WRONG: u8 = 2;

/// Runs the command. 0 done, 1 failed at run time, 2 wrong configuration or arguments.
pub fn run() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == ENGINE) {
        // Before anything else: the engine must find a process without threads.
        clickhouse_embedded::engine_main(args);
    }
    let command = Command::parse();
    telemetry::start(command.log_format);
    match command.what {
        What::Serve(common) => match read(common) {
            Ok(config) => in_runtime(serve::run(config)),
            Err(code) => code,
        },
        What::Up { mut common, port, rows } => {
            common.listen = port.map(|port| format!("127.0.0.1:{port}")).or(common.listen);
            match read(common) {
                Ok(config) => in_runtime(up::run(config, rows)),
                Err(code) => code,
            }
        }
    }
}

fn read(common: Common) -> Result<Config, ExitCode> {
    let refuse = |message: String| {
        complain(&message);
        ExitCode::from(WRONG)
    };
    let path = common.config.clone().unwrap_or_else(|| PathBuf::from("penstock.toml"));
    let file = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && common.config.is_none() => None,
        Err(error) => return Err(refuse(format!("{}: {error}", path.display()))),
    };
    let environment: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect();
    let flags =
        Flags { clickhouse_url: common.clickhouse_url, console: common.console, listen: common.listen, state_dir: common.state_dir };
    Config::read(file.as_deref(), environment, flags).map_err(|faults| refuse(faults.to_string()))
}

fn in_runtime(run: impl Future<Output = Result<(), serve::Error>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(8).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            if matches!(error, serve::Error::Wrong(_)) { ExitCode::from(WRONG) } else { ExitCode::FAILURE }
        }
    }
}

#[expect(clippy::print_stderr, reason = "what a command has to say before, or instead of, running")]
fn complain(message: &str) {
    eprintln!("penstock: {message}");
}
