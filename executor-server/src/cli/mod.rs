//! The `penstock` command.
//!
//! ```text
//!   args ──► Context (configuration, state directory, output) ──► plan · run · status · …  ──► exit code
//!                                                                  │ the planner and the runner of the service
//!   0 done · 1 failed at run time · 2 refused before anything was begun · 130 interrupted
//! ```

mod args;
mod cancel;
mod check;
mod context;
mod dedup;
mod doctor;
mod fail;
mod follow;
mod jobs;
mod next;
pub(crate) mod output;
mod plan;
mod progress;
mod receipt;
mod run;
mod serve;
mod service;
mod show_config;
mod signals;
mod status;
mod submit;
mod up;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::args::{Command, Serving, What};
use self::context::{Context, Shared, read_config};
use self::fail::Fail;
use self::output::Output;
use crate::config::{Config, Flags};
use crate::telemetry;

/// The hidden subcommand that becomes ClickHouse.
const ENGINE: &str = "engine";

/// Runs the command.
pub fn run() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == ENGINE) {
        // Before anything else: the engine must find a process without threads.
        clickhouse_embedded::engine_main(args);
    }
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => return refuse_arguments(&error),
    };
    telemetry::start(command.log_format, if command.what.is_service() { "info" } else { "warn" });
    ExitCode::from(dispatch(command.what))
}

fn dispatch(what: What) -> u8 {
    match what {
        What::Serve(serving) => serving_until_told("serve", serving, serve::run),
        What::Up { mut serving, port, rows } => {
            serving.listen = port.map(|port| format!("127.0.0.1:{port}")).or(serving.listen);
            serving_until_told("up", serving, move |config| up::run(config, rows))
        }
        What::Completions { shell } => {
            clap_complete::generate(shell, &mut Command::command(), "penstock", &mut std::io::stdout());
            0
        }
        What::Config { shared } => client("config", shared, None, async |context| Ok(show_config::run(context))),
        What::Plan { shared, flags, force } => client("plan", shared, None, async |context| plan::run(context, &flags, force).await),
        What::Run { shared, flags } => client("run", shared, None, async |context| run::run(context, &flags).await),
        What::Resume { shared, flags } => client("resume", shared, None, async |context| run::resume(context, &flags).await),
        What::Status { shared, plan_id } => client("status", shared, None, async |context| status::run(context, &plan_id).await),
        What::Cancel { shared, plan_id, kill } => {
            client("cancel", shared, None, async |context| cancel::run(context, &plan_id, kill).await)
        }
        What::Verify { shared, plan_id } => client("verify", shared, None, async |context| receipt::verify(context, &plan_id).await),
        What::Receipt { shared, plan_id } => client("receipt", shared, None, async |context| receipt::print(context, &plan_id).await),
        What::Doctor { shared, plan_id } => client("doctor", shared, None, async |context| doctor::run(context, &plan_id).await),
        What::Submit { shared, server, flags } => client("submit", shared, server, async |context| submit::run(context, &flags).await),
        What::Jobs { shared, server, flags } => client("jobs", shared, server, async |context| jobs::list(context, &flags).await),
        What::Job { shared, server, flags } => client("job", shared, server, async |context| jobs::one(context, &flags).await),
        What::Check { shared } => client("check", shared, None, async |context| check::run(context).await),
    }
}

/// Runs a command that works and ends.
fn client(name: &str, shared: Shared, server: Option<String>, run: impl AsyncFnOnce(&Context) -> Result<u8, Fail>) -> u8 {
    let output = Output::new(shared.json);
    let done = Context::read(shared, server).and_then(|context| in_runtime(run(&context)));
    done.unwrap_or_else(|fail| {
        output.fail(name, &fail);
        fail.exit
    })
}

/// Runs a command that serves until it is told to stop.
fn serving_until_told<F: Future<Output = Result<(), serve::Error>>>(name: &str, serving: Serving, run: impl FnOnce(Config) -> F) -> u8 {
    let flags = Flags {
        clickhouse_url: serving.clickhouse_url,
        clickhouse_urls: serving.clickhouse_urls,
        clickhouse_cluster: serving.clickhouse_cluster,
        console: serving.console,
        listen: serving.listen,
        server: None,
        state_dir: serving.state_dir,
    };
    let done = read_config(serving.config.as_deref(), flags).and_then(|config| {
        in_runtime(async move {
            run(config).await.map(|()| 0).map_err(|error| match error {
                serve::Error::Wrong(message) => Fail::refused("service", message),
                serve::Error::Failed(message) => Fail::failed("service", message),
            })
        })
    });
    done.unwrap_or_else(|fail| {
        Output::new(false).fail(name, &fail);
        fail.exit
    })
}

fn in_runtime(run: impl Future<Output = Result<u8, Fail>>) -> Result<u8, Fail> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(8).enable_all().build();
    let runtime = runtime.map_err(|error| Fail::failed("no-threads", format!("no threads: {error}")))?;
    let done = runtime.block_on(run);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    done
}

/// Help and version are answers; anything else is refused, as a document too where one was asked for.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    // Nothing is left to say it to when standard error is closed.
    let _ = error.print();
    if error.use_stderr() && std::env::args_os().any(|arg| arg == "--json") {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        Output::new(true).document_only("arguments", &Fail::refused("arguments", first.trim_start_matches("error: ")));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
