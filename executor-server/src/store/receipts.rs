//! Comparisons and receipts.

use std::io;

use executor_api::receipt::Comparison;
use planner_core::digest::Digest;
use rusqlite::{Connection, OptionalExtension as _, Row, Rows, Transaction, params};
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use super::{Store, StoreError, TaskRecord, from_json};
use crate::receipt::{Head, Tally};

/// Most bytes of a receipt that are stored and read at a time.
const PIECE: usize = 1 << 18;

/// Version of the store from which on receipts are kept in pieces.
const IN_PIECES: u32 = 3;

const COMPARISONS: &str = "SELECT body FROM comparisons WHERE job_id = ?1 ORDER BY n";

/// Where a receipt's pieces are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    job: String,
    digest: String,
    /// How many there are.
    pub number: i64,
    /// Bytes of all together.
    pub bytes: u64,
}

impl Store {
    /// How a job's comparisons came out.
    pub async fn tally(&self, job: &str) -> Result<Tally, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut tally = Tally::default();
            let mut statement = db.prepare_cached(COMPARISONS)?;
            let mut rows = statement.query([job])?;
            while let Some(row) = rows.next()? {
                tally.add(document(row, 0)?);
            }
            Ok(tally)
        })
        .await
    }

    /// The pieces of a job's receipt, if it has one.
    pub async fn receipt_pieces(&self, job: &str) -> Result<Option<Pieces>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| pieces(db, job)).await
    }

    /// One piece, from 0; none when another receipt has taken its place.
    pub async fn receipt_piece(&self, of: &Pieces, part: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let of = of.clone();
        self.read(move |db| piece(db, &of, part)).await
    }

    /// A job's receipt as it was stored: canonical JSON.
    pub async fn receipt(&self, job: &str) -> Result<Option<String>, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            // Pieces as of one moment: another receipt may take their place meanwhile.
            let db = db.unchecked_transaction()?;
            if db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? < IN_PIECES {
                // Looked at without being changed.
                return Ok(db.query_row("SELECT body FROM receipts WHERE job_id = ?1", [job], |row| row.get(0)).optional()?);
            }
            let Some(found) = pieces(&db, job)? else { return Ok(None) };
            let mut text = Vec::new();
            for part in 0..found.number {
                text.extend(piece(&db, &found, part)?.unwrap_or_default());
            }
            Ok(Some(String::from_utf8(text).map_err(serde_json::Error::custom)?))
        })
        .await
    }
}

/// Writes a job's receipt from what is stored of it.
pub(super) fn put(tx: &Transaction<'_>, head: &Head) -> Result<(), StoreError> {
    forget(tx, &head.job)?;
    let to = |digest: &Digest| io::BufWriter::with_capacity(PIECE, Writer { tx, job: &head.job, digest: digest.to_string(), part: 0 });
    Ok(head.write(&Comparisons { tx, head }, &Proofs { tx, head }, to)?)
}

/// Removes it.
pub(super) fn forget(tx: &Transaction<'_>, job: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM receipt_pieces WHERE job_id = ?1", [job])?;
    Ok(())
}

fn pieces(db: &Connection, job: String) -> Result<Option<Pieces>, StoreError> {
    let sql = "SELECT digest, count(*), sum(length(body)) FROM receipt_pieces WHERE job_id = ?1 GROUP BY digest";
    let found = db.query_row(sql, [&job], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?))).optional()?;
    Ok(found.map(|(digest, number, bytes)| Pieces { job, digest, number, bytes: u64::try_from(bytes).unwrap_or_default() }))
}

fn piece(db: &Connection, of: &Pieces, part: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT body FROM receipt_pieces WHERE job_id = ?1 AND digest = ?2 AND part = ?3";
    Ok(db.prepare_cached(sql)?.query_row(params![of.job, of.digest, part], |row| row.get(0)).optional()?)
}

fn document<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    from_json(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

/// Stores each write as a piece.
struct Writer<'a> {
    tx: &'a Transaction<'a>,
    job: &'a str,
    digest: String,
    part: i64,
}

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sql = "INSERT INTO receipt_pieces (job_id, digest, part, body) VALUES (?1, ?2, ?3, ?4)";
        let stored = self.tx.prepare_cached(sql).and_then(|mut insert| insert.execute(params![self.job, self.digest, self.part, bytes]));
        stored.map_err(io::Error::other)?;
        self.part += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A job's comparisons in plan order, read while they are written.
struct Comparisons<'a> {
    tx: &'a Transaction<'a>,
    head: &'a Head,
}

impl Serialize for Comparisons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut statement = self.tx.prepare_cached(COMPARISONS).map_err(S::Error::custom)?;
        let mut rows = statement.query([&self.head.job]).map_err(S::Error::custom)?;
        serialize_read(serializer, || rows.next()?.map(|row| document::<Comparison>(row, 0)).transpose())
    }
}

/// A job's tasks with the query ids of their attempts, likewise.
struct Proofs<'a> {
    tx: &'a Transaction<'a>,
    head: &'a Head,
}

impl Serialize for Proofs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let prepare = |sql| self.tx.prepare_cached(sql).map_err(S::Error::custom);
        let mut tasks = prepare("SELECT body FROM tasks WHERE job_id = ?1 ORDER BY n")?;
        let mut attempts = prepare("SELECT n, query_id FROM attempts WHERE job_id = ?1 ORDER BY n, number")?;
        let mut tasks = tasks.query([&self.head.job]).map_err(S::Error::custom)?;
        let mut attempts = attempts.query([&self.head.job]).map_err(S::Error::custom)?;
        let mut ahead = sent(&mut attempts).map_err(S::Error::custom)?;
        serialize_read(serializer, || {
            let Some(row) = tasks.next()? else { return Ok(None) };
            let record: TaskRecord = document(row, 0)?;
            let mut query_ids = Vec::new();
            // Both stand in the order of tasks.
            while let Some((n, query_id)) = ahead.take_if(|(n, _)| *n <= record.task.n) {
                if n == record.task.n {
                    query_ids.push(query_id);
                }
                ahead = sent(&mut attempts)?;
            }
            Ok(Some(self.head.proof(record, query_ids)))
        })
    }
}

/// The next attempt: its task, and its query id.
fn sent(attempts: &mut Rows<'_>) -> Result<Option<(u64, String)>, StoreError> {
    let Some(row) = attempts.next()? else { return Ok(None) };
    Ok(Some((u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(), row.get(1)?)))
}

/// Serializes items as they are read.
fn serialize_read<S: Serializer, T: Serialize>(
    serializer: S,
    mut next: impl FnMut() -> Result<Option<T>, StoreError>,
) -> Result<S::Ok, S::Error> {
    let mut items = serializer.serialize_seq(None)?;
    while let Some(item) = next().map_err(S::Error::custom)? {
        items.serialize_element(&item)?;
    }
    items.end()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use executor_api::event::Event;
    use executor_api::receipt::{Fingerprint, Receipt, Verdict};
    use executor_api::task::{Attempt, Outcome};
    use planner_core::quantity::UnixMillis;
    use planner_core::{canonical, digest};

    use super::*;
    use crate::store::samples::{job, task};
    use crate::store::{AttemptRecord, Bulk, Change};

    fn change(id: u64, task: Option<TaskRecord>, attempt: Option<AttemptRecord>, bulk: Bulk) -> Arc<Change> {
        let event = Event {
            id,
            at: UnixMillis(1),
            kind: "test".into(),
            message: String::new(),
            job_state: job().state,
            task: None,
            task_state: None,
            query_id: None,
        };
        Arc::new(Change { event, job: job(), task, attempt, target_was_empty: Some(true), bulk })
    }

    fn attempt(n: u64, number: u32) -> AttemptRecord {
        let attempt = Attempt {
            number,
            query_id: format!("query-{n}-{number}"),
            server: None,
            generation: 0,
            started_at: UnixMillis(1),
            finished_at: None,
            outcome: Outcome::Written,
            error_code: None,
            message: None,
            rows: 0,
            bytes: 0,
        };
        AttemptRecord { attempt, server_time: None, token: None }
    }

    fn head(statement: &str) -> Bulk {
        Bulk::Receipt(Box::new(Head::new(&job(), Verdict::Exact, statement.into(), 9, BTreeMap::from([(2, true)]), UnixMillis(5))))
    }

    /// A job of so many tasks, every third sent twice, and all but the second compared.
    async fn compared(store: &Store, tasks: u64) -> u64 {
        let records: Vec<TaskRecord> = (0..tasks).map(task).collect();
        let plan = "INSERT INTO plans (digest, plan_id, answer, core, estimates) VALUES (?1, '', '', '', '')";
        store.write(|tx| Ok(tx.execute(plan, [job().plan_digest.as_str()])?)).await.unwrap();
        let first = change(1, None, None, Bulk::None);
        store.create_job("k".into(), "b".into(), job(), records, first.event.clone()).await.unwrap();
        let mut id = 1;
        for n in 0..tasks {
            for number in 1..=if n % 3 == 0 { 2 } else { 1 } {
                id += 1;
                store.record(change(id, Some(task(n)), Some(attempt(n, number)), Bulk::None)).await.unwrap();
            }
            if n != 1 {
                id += 1;
                let print = || Fingerprint { rows: n, sum: n.to_string(), xor: "7".into() };
                let comparison = crate::verify::compare(&format!("chunk \"{n}\""), Some(n), print(), print(), None);
                store.record(change(id, Some(task(n)), None, Bulk::Comparison(Box::new(comparison)))).await.unwrap();
            }
        }
        id
    }

    #[tokio::test]
    async fn a_receipt_is_what_is_stored_in_one_canonical_document() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let id = compared(&store, 7).await;
        assert_eq!(store.receipt(&job().id).await.unwrap(), None);
        store.record(change(id + 1, None, None, head("of the first"))).await.unwrap();
        store.record(change(id + 2, None, None, head("of the second"))).await.unwrap();

        let text = store.receipt(&job().id).await.unwrap().unwrap();
        assert!(canonical::is_canonical(&text), "{text}");
        let receipt: Receipt = serde_json::from_str(&text).unwrap();
        assert_eq!(canonical::to_string(&receipt), text);
        let bare = Receipt { digest: None, ..receipt.clone() };
        assert_eq!(receipt.digest, Some(digest::of_document("penstock-receipt", &bare)));

        assert_eq!((receipt.statement.as_str(), receipt.rows, receipt.verdict), ("of the second", 9, Verdict::Exact));
        let scopes: Vec<Option<u64>> = receipt.comparisons.iter().map(|comparison| comparison.task).collect();
        assert_eq!(scopes, [0, 2, 3, 4, 5, 6].map(Some));
        let sent: Vec<usize> = receipt.tasks.iter().map(|task| task.query_ids.len()).collect();
        assert_eq!(sent, [2, 1, 1, 2, 1, 1, 2]);
        assert_eq!(receipt.tasks[3].query_ids, ["query-3-1", "query-3-2"]);
        assert_eq!(receipt.tasks.iter().map(|task| task.one_block).collect::<Vec<_>>()[1..3], [None, Some(true)]);
    }

    #[tokio::test]
    async fn a_large_receipt_comes_in_pieces_of_one_document() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let id = compared(&store, 3).await;
        let long = "x".repeat(3 * PIECE);
        store.record(change(id + 1, None, None, head(&long))).await.unwrap();
        let pieces = store.receipt_pieces(&job().id).await.unwrap().unwrap();
        assert!(pieces.number > 1, "{pieces:?}");
        let mut read = Vec::new();
        for part in 0..pieces.number {
            read.extend(store.receipt_piece(&pieces, part).await.unwrap().unwrap());
        }
        assert_eq!(read.len() as u64, pieces.bytes);
        assert_eq!(String::from_utf8(read).unwrap(), store.receipt(&job().id).await.unwrap().unwrap());
        // Another takes its place: nothing of it is read as if it belonged to the first.
        store.record(change(id + 2, None, None, head("short"))).await.unwrap();
        assert_eq!(store.receipt_piece(&pieces, 0).await.unwrap(), None);
        store.record(change(id + 3, None, None, Bulk::Recompare(Vec::new()))).await.unwrap();
        assert_eq!(store.receipt_pieces(&job().id).await.unwrap(), None);
        assert_eq!(store.tally(&job().id).await.unwrap(), Tally::default());
    }
}
