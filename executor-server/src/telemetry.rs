//! Logs: one line an event, to standard error. `PENSTOCK_LOG` filters (default `info` for services, `warn` else).

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::cli::output::Log;

/// How logs look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging from a level on; a second call does nothing. A log that cannot be written, as on a full disk, stops nothing.
pub fn start(format: Format, level: &str) {
    let filter = EnvFilter::try_from_env("PENSTOCK_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let builder = fmt().with_env_filter(filter).with_writer(|| Log).with_target(false).log_internal_errors(false);
    let started = match format {
        Format::Text => builder.with_ansi(false).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
