//! A thread that owns one connection and runs what it is sent, in order.

use std::sync::mpsc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

#[derive(Clone)]
pub(super) struct Worker(mpsc::Sender<Work>);

impl Worker {
    /// Starts the thread; it ends, and lets go of `held`, when the last handle is gone.
    pub(super) fn start(name: &str, mut connection: Connection, held: Option<std::fs::File>) -> Self {
        let (sender, receiver) = mpsc::channel::<Work>();
        let run = move || {
            while let Ok(work) = receiver.recv() {
                work(&mut connection);
            }
            drop(connection);
            drop(held);
        };
        // Without threads there is no service; the first call then answers that the store is closed.
        if let Err(error) = std::thread::Builder::new().name(name.to_owned()).stack_size(1 << 20).spawn(run) {
            tracing::error!(%error, "the store's thread cannot be started");
        }
        Self(sender)
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            // Nobody listens when the caller was cancelled; the work is done all the same.
            let _ = answer.send(work(connection));
        });
        self.0.send(work).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}
