//! Snapshots by digest.

use executor_api::plan::SnapshotAnswer;
use planner_core::canonical;
use planner_core::digest::Digest;
use planner_core::quantity::UnixMillis;
use planner_core::snapshot::Snapshot;
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, from_json};

impl Store {
    /// Keeps a snapshot. The first time that one is stored counts as when it was taken.
    pub async fn put_snapshot(&self, snapshot: Snapshot, now: UnixMillis) -> Result<SnapshotAnswer, StoreError> {
        let digest = snapshot.digest();
        let body = canonical::to_string(&snapshot);
        let name = digest.to_string();
        let taken_at = self
            .write(move |tx| {
                tx.execute("INSERT OR IGNORE INTO snapshots (digest, taken_at, body) VALUES (?1, ?2, ?3)", params![name, now.0, body])?;
                Ok(tx.query_row("SELECT taken_at FROM snapshots WHERE digest = ?1", [&name], |row| row.get(0))?)
            })
            .await?;
        Ok(SnapshotAnswer { digest, snapshot, taken_at: UnixMillis(taken_at) })
    }

    /// A snapshot by its digest.
    pub async fn snapshot(&self, digest: &Digest) -> Result<Option<SnapshotAnswer>, StoreError> {
        let digest = digest.clone();
        self.read(move |db| {
            let found: Option<(i64, String)> = db
                .query_row("SELECT taken_at, body FROM snapshots WHERE digest = ?1", [digest.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let Some((taken_at, body)) = found else { return Ok(None) };
            Ok(Some(SnapshotAnswer { digest, snapshot: from_json(&body)?, taken_at: UnixMillis(taken_at) }))
        })
        .await
    }
}
