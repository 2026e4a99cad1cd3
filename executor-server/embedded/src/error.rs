use std::io;
use std::path::PathBuf;

/// Why the engine did not start, stop or answer. The message says what happened and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    #[error("the ClickHouse library was not found; run `cargo xtask setup`, or set {variable} to a libchdb (looked at: {looked_at})")]
    LibraryMissing { variable: &'static str, looked_at: String },

    #[error("{} is in use by another ClickHouse ({holder}); stop it or choose another directory", dir.display())]
    DataDirInUse { dir: PathBuf, holder: String },

    #[error("port {port} on 127.0.0.1 is in use; choose another port, or 0 for any. ClickHouse said: {reason}")]
    PortInUse { port: u16, reason: String },

    /// The child ended before it was asked to. `reason` quotes its own words.
    #[error("ClickHouse did not start: {reason} (its log: {})", log.display())]
    DidNotStart { reason: String, log: PathBuf },

    #[error("ClickHouse was not ready within {waited_ms} ms: {reason} (its log: {})", log.display())]
    NotReady { waited_ms: u128, reason: String, log: PathBuf },

    #[error("another process answers on port {port}: the engine that was started is not the one that listens there")]
    Impostor { port: u16 },

    /// ClickHouse answered a query with an error: its HTTP status and its words.
    #[error("ClickHouse answered {status}: {message}")]
    Query { status: u16, message: String },

    #[error("cannot {what}: {source}")]
    Io { what: String, source: io::Error },
}

impl EngineError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
