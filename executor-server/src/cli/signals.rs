//! Ctrl-C, SIGTERM and the end of a terminal.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Signals that ask a command to stop.
pub(super) struct Interrupts(mpsc::UnboundedReceiver<()>);

impl Interrupts {
    /// Catches them from here on.
    pub(super) fn catch() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        for (kind, name) in [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")] {
            match signal(kind) {
                Ok(mut caught) => {
                    let sender = sender.clone();
                    tokio::spawn(async move { while caught.recv().await.is_some() && sender.send(()).is_ok() {} });
                }
                Err(error) => tracing::warn!(%error, "{name} cannot be caught"),
            }
        }
        Self(receiver)
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
