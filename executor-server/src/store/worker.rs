//! A thread that owns one connection and runs what it is sent, in order. The writer's thread also keeps the lease.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;
use super::lease::Lease;

type Work = Box<dyn FnOnce(&mut Connection, Option<&Lease>) + Send>;

/// How long a thread without a lease sleeps at most; it wakes for work in any case.
const IDLE: Duration = Duration::from_hours(1);

#[derive(Clone)]
pub(super) struct Worker(mpsc::Sender<Work>);

impl Worker {
    /// Starts the thread; it ends, and gives the lease back, when the last handle is gone.
    pub(super) fn start(name: &str, mut connection: Connection, mut lease: Option<Lease>) -> Self {
        let (sender, receiver) = mpsc::channel::<Work>();
        let run = move || {
            loop {
                match receiver.recv_timeout(lease.as_ref().map_or(IDLE, Lease::due_in)) {
                    Ok(work) => work(&mut connection, lease.as_ref()),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if let Some(lease) = &mut lease {
                    lease.renew(&mut connection);
                }
            }
            if let Some(lease) = &lease {
                lease.release(&connection);
            }
        };
        // Without threads there is no service; the first call then answers that the store is closed.
        if let Err(error) = std::thread::Builder::new().name(name.to_owned()).stack_size(1 << 20).spawn(run) {
            tracing::error!(%error, "the store's thread cannot be started");
        }
        Self(sender)
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, Option<&Lease>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |connection, lease| {
            // Nobody listens when the caller was cancelled; the work is done all the same.
            let _ = answer.send(work(connection, lease));
        });
        self.0.send(work).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}
