//! What can be written on the command line, with its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use planner_core::digest::PlanId;

use super::context::{Shared, plan_id};
use super::jobs::{JobFlags, ListFlags};
use super::plan::PlanFlags;
use super::run::RunFlags;
use super::submit::SubmitFlags;
use crate::{sample, telemetry};

/// Plans, previews and runs ClickHouse backfills; each row arrives exactly once.
#[derive(Parser, Debug)]
#[command(
    name = "penstock",
    version,
    after_help = "Exit codes: 0 done, 1 failed at run time, 2 refused before anything was begun (arguments, configuration, policy, state), 130 interrupted.",
    max_term_width = 110
)]
pub(super) struct Command {
    /// How logs look.
    #[arg(long, global = true, value_enum, default_value_t, env = "PENSTOCK_LOG_FORMAT")]
    pub(super) log_format: telemetry::Format,
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Subcommand, Debug)]
pub(super) enum What {
    /// Build a plan and store it: what will be written, chunk by chunk. Nothing is written to ClickHouse.
    #[command(after_help = "Example: a month of events, six hours a chunk\n  \
        penstock plan --source app.events --target app.events_by_user --from 2025-01-01 --to 2025-02-01 --chunk-hours 6\n\n\
        The same plan again answers \"exists\". Configured defaults: [defaults] chunk_hours, max_chunk_bytes, time_column.")]
    Plan {
        #[command(flatten)]
        shared: Shared,
        #[command(flatten)]
        flags: PlanFlags,
        /// Replace another plan that is stored under the same id.
        #[arg(long)]
        force: bool,
    },
    /// Run a plan, with a checkpoint per chunk, and compare the contents at the end.
    #[command(after_help = "Example: four chunks at the same time\n  penstock run --plan-id 6f1c2a9be0d47753 --lanes 4\n\n\
        Ctrl-C once lets chunks that run end (or kills them: --on-interrupt kill) and exits 130; twice leaves at once. Either way\n\
        `penstock resume` goes on.")]
    Run {
        #[command(flatten)]
        shared: Shared,
        #[command(flatten)]
        flags: RunFlags,
    },
    /// Go on with a run: find out what became of every chunk, then do what is left.
    #[command(after_help = "Example: after a crash, or after Ctrl-C\n  penstock resume --plan-id 6f1c2a9be0d47753\n\n\
        Example: after failures were looked into\n  penstock resume --plan-id 6f1c2a9be0d47753 --replay-failed")]
    Resume {
        #[command(flatten)]
        shared: Shared,
        #[command(flatten)]
        flags: RunFlags,
    },
    /// Where a run stands, whoever runs it.
    #[command(
        after_help = "Example: how many chunks are done, for a script\n  penstock status --plan-id 6f1c2a9be0d47753 --json | jq .job.counts.done"
    )]
    Status {
        #[command(flatten)]
        shared: Shared,
        /// The plan: 16 hex characters.
        #[arg(long, value_name = "ID", value_parser = plan_id)]
        plan_id: PlanId,
    },
    /// End a run, also one that another process is on.
    #[command(after_help = "Example: at once, killing what runs on the server\n  penstock cancel --plan-id 6f1c2a9be0d47753 --kill")]
    Cancel {
        #[command(flatten)]
        shared: Shared,
        /// The plan: 16 hex characters.
        #[arg(long, value_name = "ID", value_parser = plan_id)]
        plan_id: PlanId,
        /// Kill chunks that run instead of letting them end.
        #[arg(long)]
        kill: bool,
    },
    /// Compare the contents of source and target again; exits 1 unless they are proven equal.
    #[command(after_help = "Example:\n  penstock verify --plan-id 6f1c2a9be0d47753")]
    Verify {
        #[command(flatten)]
        shared: Shared,
        /// The plan: 16 hex characters.
        #[arg(long, value_name = "ID", value_parser = plan_id)]
        plan_id: PlanId,
    },
    /// Print the proof of a run; with --json the whole receipt as it was stored.
    #[command(after_help = "Example: keep the proof\n  penstock receipt --plan-id 6f1c2a9be0d47753 --json > receipt.json")]
    Receipt {
        #[command(flatten)]
        shared: Shared,
        /// The plan: 16 hex characters.
        #[arg(long, value_name = "ID", value_parser = plan_id)]
        plan_id: PlanId,
    },
    /// What is wrong with a plan or its run, and the exact next command.
    #[command(after_help = "Example:\n  penstock doctor --plan-id 6f1c2a9be0d47753")]
    Doctor {
        #[command(flatten)]
        shared: Shared,
        /// The plan: 16 hex characters.
        #[arg(long, value_name = "ID", value_parser = plan_id)]
        plan_id: PlanId,
    },
    /// Hand a plan to a service, which plans it again and must reach the same digest.
    #[command(
        override_usage = "penstock submit [OPTIONS] --plan-id <ID>\n       penstock submit [OPTIONS] --target <DB.TABLE> …  (as for `penstock plan`)",
        after_help = "Example: hand over a plan that was looked at, and wait for its end\n  \
        PENSTOCK_TOKEN=… penstock submit --plan-id 6f1c2a9be0d47753 --server https://penstock.example --title \"January again\" --wait"
    )]
    Submit {
        #[command(flatten)]
        shared: Shared,
        /// The service; default http://127.0.0.1:8642, or PENSTOCK_SERVER.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
        #[command(flatten)]
        flags: SubmitFlags,
    },
    /// List the jobs of a service.
    #[command(after_help = "Example: what runs now\n  penstock jobs --state running")]
    Jobs {
        #[command(flatten)]
        shared: Shared,
        /// The service; default http://127.0.0.1:8642, or PENSTOCK_SERVER.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
        #[command(flatten)]
        flags: ListFlags,
    },
    /// Show a job of a service, and follow it.
    #[command(after_help = "Example: follow a job to its end; exits 1 unless it completes\n  penstock job 0f3c5a779be1d204 --follow")]
    Job {
        #[command(flatten)]
        shared: Shared,
        /// The service; default http://127.0.0.1:8642, or PENSTOCK_SERVER.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
        #[command(flatten)]
        flags: JobFlags,
    },
    /// For CI: are all planned backfills done? Exits 1 when a finding is an error. Asks ClickHouse nothing.
    #[command(after_help = "Example:\n  penstock check --json | jq '.findings[].code'\n\n\
        Findings: backfill_required_pending, backfill_chunk_failed_retry_exhausted, backfill_state_damaged, backfill_policy_relaxed (a warning).")]
    Check {
        #[command(flatten)]
        shared: Shared,
    },
    /// Print every setting in force and where it comes from; secrets are not shown.
    #[command(after_help = "Example: which file and which variable decide\n  penstock config")]
    Config {
        #[command(flatten)]
        shared: Shared,
    },
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  penstock completions bash > /etc/bash_completion.d/penstock")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Run the service, with its console, on a ClickHouse of your own.
    #[command(after_help = "Example:\n  PENSTOCK_CLICKHOUSE_URL=https://clickhouse.example:8443 penstock serve --listen 127.0.0.1:8642")]
    Serve(Serving),
    /// Start a ClickHouse with a sample, and the service on top.
    #[command(after_help = "Example:\n  penstock up --rows 1000000")]
    Up {
        #[command(flatten)]
        serving: Serving,
        /// Port to listen on, on 127.0.0.1.
        #[arg(long, conflicts_with = "listen")]
        port: Option<u16>,
        /// Rows of the sample's table.
        #[arg(long, default_value_t = sample::DEFAULT_ROWS)]
        rows: u64,
    },
}

impl What {
    /// Whether it serves until it is told to stop.
    pub(super) fn is_service(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Up { .. })
    }
}

/// Options of the services.
#[derive(Args, Debug)]
pub(super) struct Serving {
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
    /// The console's built files.
    #[arg(long, value_name = "DIR")]
    pub(super) console: Option<String>,
    /// Address to listen on; default 127.0.0.1:8642.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,
    /// Where jobs are kept; default .penstock beside the configuration file.
    #[arg(long, value_name = "DIR")]
    pub(super) state_dir: Option<String>,
}
