//! What outlives the process: SQLite in WAL mode, every commit on disk before it counts.
//!
//! ```text
//!   async callers ──closures──► writer thread ──► penstock.db ◄── reader thread ◄──closures── async callers
//! ```
//! An event, and the job's and task's new standing, are one transaction ([`Change`]). One executor at a time may write
//! ([`lease`]).

mod attempts;
mod baselines;
mod changes;
mod earlier;
mod events;
mod jobs;
pub mod lease;
mod paces;
mod plans;
mod receipts;
#[cfg(test)]
pub(crate) mod samples;
mod snapshots;
mod tasks;
mod worker;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::watch;

pub use attempts::AttemptRecord;
pub use changes::{Bulk, Change};
pub use earlier::{Earlier, Sent};
pub use events::StoredEvent;
pub use jobs::{JobFilter, JobRecord, Submitted};
pub use plans::StoredPlan;
pub use receipts::Pieces;
pub use tasks::TaskRecord;
use worker::Worker;

/// Migrations in order; a store of version n has the first n applied.
const MIGRATIONS: &[&str] =
    &[include_str!("migrations/0001_jobs.sql"), include_str!("migrations/0002_tokens.sql"), include_str!("migrations/0003_receipts.sql")];

/// The store.
#[derive(Clone)]
pub struct Store {
    writer: Worker,
    reader: Worker,
    lost: watch::Receiver<Option<String>>,
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state directory cannot be used.
    #[error("the state directory {path}: {reason}")]
    Directory {
        /// The directory.
        path: String,
        /// Why.
        reason: String,
    },
    /// Written by a later version of Penstock.
    #[error("the store is of version {found}, this Penstock knows {known}; start the version that wrote it")]
    Newer {
        /// Its version.
        found: u32,
        /// The last version known here.
        known: u32,
    },
    /// Another executor has taken the store over: nothing can be written here any more.
    #[error("the store was taken over by {holder}; this process writes nothing more")]
    Fenced {
        /// By whom, for people.
        holder: String,
    },
    /// `SQLite` failed.
    #[error("the store failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored document cannot be read.
    #[error("the store holds a document that cannot be read: {0}")]
    Document(#[from] serde_json::Error),
    /// The store's thread is gone: the process is ending.
    #[error("the store is closed")]
    Closed,
}

impl Store {
    /// Opens or makes the store of a state directory where nobody else holds it; see [`lease::Claim`] for who can wait.
    pub fn open(state_dir: &Path) -> Result<Self, StoreError> {
        Self::start(&state_dir.join("penstock.db"), lease::Lease::take_unlocked(state_dir, &me())?)
    }

    /// Opens or makes a store in this file, for a caller who holds the kernel's lock that goes with it.
    pub fn open_file(path: &Path, lock: std::fs::File) -> Result<Self, StoreError> {
        Self::start(path, lease::Lease::take(path, lock, &me())?)
    }

    /// Whether the store is still ours, as far as is known at this moment.
    pub async fn is_ours(&self) -> Result<(), StoreError> {
        self.writer.call(|connection, lease| lease.map_or(Ok(()), |lease| lease.check(connection))).await
    }

    /// Gives the store back: whoever waits for it goes on at once, and nothing is written here any more.
    pub async fn give_back(&self) {
        let released = self.writer.call(|connection, lease| {
            if let Some(lease) = lease {
                lease.release(connection);
            }
            Ok(())
        });
        if let Err(error) = released.await {
            tracing::debug!(%error, "the store is closed already");
        }
    }

    /// Starts the threads of a store whose lease was taken.
    fn start(path: &Path, lease: lease::Lease) -> Result<Self, StoreError> {
        let mut connection = connect(path)?;
        if let Err(error) = migrate(&mut connection) {
            lease.release(&connection);
            return Err(error);
        }
        let reader = connect(path)?;
        reader.pragma_update(None, "query_only", true)?;
        let lost = lease.lost();
        Ok(Self {
            writer: Worker::start("store-writer", connection, Some(lease)),
            reader: Worker::start("store-reader", reader, None),
            lost,
        })
    }

    /// Follows whether another executor has taken the store over: who.
    pub fn lost(&self) -> watch::Receiver<Option<String>> {
        self.lost.clone()
    }

    /// A look at a store that another process may be writing: changes fail. None while it is only being made.
    pub fn look(path: &Path) -> Result<Option<Self>, StoreError> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "query_only", true)?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        check_version(found)?;
        if found == 0 {
            return Ok(None);
        }
        let worker = Worker::start("store-look", connection, None);
        Ok(Some(Self { writer: worker.clone(), reader: worker, lost: watch::channel(None).1 }))
    }

    /// Runs a question beside the writer.
    async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reader.call(move |connection, _| ask(connection)).await
    }

    /// Runs a change as one transaction; when this returns, it is on disk.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer
            .call(move |connection, lease| {
                let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                lease.map_or(Ok(()), |lease| lease.check(&transaction))?;
                let answer = change(&transaction)?;
                transaction.commit()?;
                Ok(answer)
            })
            .await
    }
}

/// Who this process is, for others who want the store.
fn me() -> String {
    format!("penstock, process {}", std::process::id())
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -4096)?;
    Ok(connection)
}

/// The last version known here, unless the store is of a later one.
fn check_version(found: u32) -> Result<u32, StoreError> {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(known) }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = check_version(found)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

fn json<T: serde::Serialize>(document: &T) -> Result<String, StoreError> {
    Ok(serde_json::to_string(document)?)
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(text)?)
}

/// `SQLite` integers are signed.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_held_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        let first = Store::open(directory.path()).unwrap();
        assert!(matches!(Store::open(directory.path()), Err(StoreError::Directory { .. })));
        drop(first);
        // The thread that keeps the lease gives it back when the last handle is gone.
        let again = (0..100).find_map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            Store::open(directory.path()).ok()
        });
        assert!(again.is_some());
    }

    #[tokio::test]
    async fn what_the_first_version_has_sent_is_known_by_its_chunk() {
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection::open(directory.path().join("penstock.db")).unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let sql = "INSERT INTO attempts (plan_id, chunk_id, number, job_id, n, query_id, outcome, body) VALUES \
                   ('0123456789abcdef', 'fedcba9876543210', 1, 'one', 0, 'q', 'failed', '{\"generation\": 3}')";
        connection.execute(sql, []).unwrap();
        let store = Store::open(directory.path()).unwrap();
        let chunk = planner_core::digest::ChunkId::parse("fedcba9876543210").unwrap();
        let token = planner_core::digest::Token::parse(&"0".repeat(64)).unwrap();
        let sent = |job: &str| Sent { job: job.into(), chunk: chunk.clone(), token: token.clone() };
        assert_eq!(store.last_generation(sent("two")).await.unwrap(), Some(3));
        assert_eq!(store.last_generation(sent("one")).await.unwrap(), None, "its own");
    }

    #[tokio::test]
    async fn receipts_of_the_second_version_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection::open(directory.path().join("penstock.db")).unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.execute_batch(MIGRATIONS[1]).unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        let text = "{\"digest\":\"ab\",\"statement\":\"größer\"}";
        connection.execute("INSERT INTO receipts (job_id, body) VALUES ('one', ?1)", [text]).unwrap();
        let looked = Store::look(&directory.path().join("penstock.db")).unwrap().unwrap();
        assert_eq!(looked.receipt("one").await.unwrap().as_deref(), Some(text));
        assert_eq!(looked.receipt("two").await.unwrap(), None);
        drop(looked);
        let store = Store::open(directory.path()).unwrap();
        assert_eq!(store.receipt("one").await.unwrap().as_deref(), Some(text));
        assert_eq!(store.receipt("two").await.unwrap(), None);
    }

    #[test]
    fn a_store_of_a_later_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection::open(directory.path().join("penstock.db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Store::open(directory.path()), Err(StoreError::Newer { found: 99, known: 3 })));
    }
}
