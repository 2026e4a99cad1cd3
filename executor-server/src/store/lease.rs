//! Who may write: one executor at a time.
//!
//! ```text
//!   Claim ──free, or its holder is dead──► Lease(fence n) ──every write asks: is n still the store's fence?──► written
//!     │ held: look again                        │ no: somebody else has taken over
//!     └◄──────────────────────────────────────  └──► StoreError::Fenced, for good
//! ```
//! No clock is compared with another. The holder counts a beat up; who waits measures by its own monotonic clock for how
//! long the beat has stood still. A wall clock that jumps changes nothing; a clock that stands still, as in a machine that
//! is suspended, only makes the wait longer. What keeps rows safe is not the time but the fence, which every write
//! compares within its transaction: a holder that was paused for too long finds another number there, whatever its clock
//! says.
//!
//! The kernel's lock on the file `lock` shortens the wait after a death: it goes with its process, so whoever gets it,
//! on the machine where the holder had it, knows that the holder is dead. A paused process keeps it, and is waited for.
//! `SQLite` in WAL mode asks that all processes run on one machine; a volume may move between machines.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::watch;

use super::{Store, StoreError, connect};

/// How long the beat may stand still before somebody else takes over.
pub const EXPIRY: Duration = Duration::from_secs(10);
/// How often the holder counts it up.
const RENEWAL: Duration = Duration::from_millis(2500);

/// The lease as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// Grows with each taking.
    fence: i64,
    /// Grows with each renewal.
    beat: i64,
    /// Who holds it, for people; none when it was given back.
    holder: Option<String>,
    /// Boot id of the machine on which the holder also holds the kernel's lock; empty where it does not.
    locked_on: String,
}

/// Somebody who wants the store.
pub struct Claim {
    connection: Connection,
    files: Files,
    me: String,
    vigil: Vigil,
    started: Instant,
}

/// The database, and the file that carries the kernel's lock.
#[derive(Clone)]
struct Files {
    database: PathBuf,
    lock: PathBuf,
}

/// What came of a look.
pub enum Look {
    /// The store is ours.
    Taken(Store),
    /// Somebody else has it: who, for people.
    Held(Box<Claim>, String),
}

impl Claim {
    /// Stakes it on the store of a state directory; `me` tells others who this is.
    pub fn new(state_dir: &Path, me: &str) -> Result<Self, StoreError> {
        let directory = |error: std::io::Error| StoreError::Directory { path: state_dir.display().to_string(), reason: error.to_string() };
        std::fs::create_dir_all(state_dir).map_err(directory)?;
        let files = Files { database: state_dir.join("penstock.db"), lock: state_dir.join("lock") };
        let connection = ready(&files.database)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        Ok(Self { connection, files, me: me.to_owned(), vigil: Vigil::default(), started: Instant::now() })
    }

    /// Looks, and takes the store where nobody holds it, its holder is dead, or the beat has stood still for [`EXPIRY`].
    pub fn look(mut self) -> Result<Look, StoreError> {
        let lock = kernel_lock(&self.files.lock)?;
        let boot = lock.as_ref().map(|_| boot_id()).unwrap_or_default();
        let found = match taken(&mut self.connection, &mut self.vigil, self.started.elapsed(), &self.me, &boot) {
            Ok(found) => found,
            // A holder that was paused within a transaction keeps others out until it goes on or dies.
            Err(StoreError::Sqlite(error)) if busy(&error) => Err("another penstock, which is writing".into()),
            Err(error) => return Err(error),
        };
        match found {
            Ok(fence) => {
                let lease = Lease::new(fence, lock, self.files.lock.clone());
                Ok(Look::Taken(Store::start(&self.files.database, lease)?))
            }
            Err(holder) => Ok(Look::Held(Box::new(self), holder)),
        }
    }
}

/// A connection to a database that has the lease's table: apart from the migrations, which only the holder may apply.
fn ready(database: &Path) -> Result<Connection, StoreError> {
    let connection = connect(database)?;
    connection.execute_batch(include_str!("lease.sql"))?;
    Ok(connection)
}

/// Takes the lease where that may be: its fence. Else who holds it.
fn taken(connection: &mut Connection, vigil: &mut Vigil, now: Duration, me: &str, boot: &str) -> Result<Result<i64, String>, StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let row = read(&tx)?;
    let free = row.holder.is_none();
    let dead = !boot.is_empty() && row.locked_on == boot;
    if !free && !dead && !vigil.expired(&row, now) {
        return Ok(Err(row.holder.unwrap_or_default()));
    }
    let fence = row.fence.saturating_add(1);
    tx.execute("UPDATE lease SET fence = ?1, beat = beat + 1, holder = ?2, locked_on = ?3", params![fence, me, boot])?;
    tx.commit()?;
    if let (false, Some(holder)) = (free, row.holder) {
        tracing::warn!(holder, fence, killed = dead, "the store is taken over; its last holder did not give it back");
    }
    Ok(Ok(fence))
}

/// The same for somebody who has the kernel's lock and does not queue: waits until the beat has stood still for long
/// enough, as it does after the machine was started anew, or has moved: then its holder lives elsewhere. `wait` waits a
/// moment and gives the time, which is monotonic.
fn insist(
    connection: &mut Connection,
    me: &str,
    boot: &str,
    mut wait: impl FnMut() -> Duration,
) -> Result<Result<i64, String>, StoreError> {
    let mut vigil = Vigil::default();
    let mut now = Duration::ZERO;
    loop {
        match taken(connection, &mut vigil, now, me, boot)? {
            Err(_) if !vigil.moved => now = wait(),
            found => return Ok(found),
        }
    }
}

/// For how long a lease has stood still, by the clock of who waits. Pure.
#[derive(Default)]
struct Vigil {
    seen: Option<(Row, Duration)>,
    /// Whether it has been seen to move: its holder lives.
    moved: bool,
}

impl Vigil {
    /// Whether the lease has been seen unchanged for [`EXPIRY`]; `now` is monotonic.
    fn expired(&mut self, row: &Row, now: Duration) -> bool {
        match &self.seen {
            Some((seen, since)) if seen.fence == row.fence && seen.beat == row.beat => now.saturating_sub(*since) >= EXPIRY,
            before @ (Some(_) | None) => {
                self.moved = before.is_some();
                self.seen = Some((row.clone(), now));
                false
            }
        }
    }
}

/// A lease that was taken. The store's writer keeps it.
pub(super) struct Lease {
    fence: i64,
    lock: Option<File>,
    lock_path: PathBuf,
    renewed: Instant,
    lost: watch::Sender<Option<String>>,
}

impl Lease {
    fn new(fence: i64, lock: Option<File>, lock_path: PathBuf) -> Self {
        Self { fence, lock, lock_path, renewed: Instant::now(), lost: watch::Sender::new(None) }
    }

    /// Takes the lease of a database for somebody who holds the kernel's lock that goes with it; refused where it has a
    /// holder on another machine who lives. Waits for [`EXPIRY`] where that is not known.
    pub(super) fn take(database: &Path, lock: File, me: &str) -> Result<Self, StoreError> {
        let started = Instant::now();
        let wait = || {
            std::thread::sleep(Duration::from_millis(250));
            started.elapsed()
        };
        match insist(&mut ready(database)?, me, &boot_id(), wait)? {
            Ok(fence) => Ok(Self::new(fence, Some(lock), database.with_extension("lock"))),
            Err(holder) => Err(in_use(database, &holder)),
        }
    }

    /// The same for somebody who has no lock yet; refused at once where the kernel's lock is taken.
    pub(super) fn take_unlocked(state_dir: &Path, me: &str) -> Result<Self, StoreError> {
        let Claim { connection, files, .. } = Claim::new(state_dir, me)?;
        match kernel_lock(&files.lock)? {
            Some(lock) => Ok(Self { lock_path: files.lock, ..Self::take(&files.database, lock, me)? }),
            None => Err(in_use(state_dir, &read(&connection)?.holder.unwrap_or_else(|| "another penstock".into()))),
        }
    }

    /// Follows whether it is lost: to whom.
    pub(super) fn lost(&self) -> watch::Receiver<Option<String>> {
        self.lost.subscribe()
    }

    /// Whether the store is still ours, within a transaction that keeps it so.
    pub(super) fn check(&self, tx: &Connection) -> Result<(), StoreError> {
        let row = read(tx)?;
        if row.fence == self.fence {
            return Ok(());
        }
        let given_back = row.holder.is_none();
        let holder = row.holder.unwrap_or_else(|| "nobody: it was given back".into());
        if self.lost.borrow().is_none() && !given_back {
            tracing::error!(
                holder,
                fence = row.fence,
                own_fence = self.fence,
                "the store was taken over; this process writes nothing more"
            );
        }
        self.lost.send_replace(Some(holder.clone()));
        Err(StoreError::Fenced { holder })
    }

    /// How long until the next renewal.
    pub(super) fn due_in(&self) -> Duration {
        RENEWAL.saturating_sub(self.renewed.elapsed())
    }

    /// Counts the beat up, if that is due. A store that cannot be written is tried again later: whoever takes over
    /// meanwhile changes the fence, and then nothing is written here any more.
    pub(super) fn renew(&mut self, connection: &mut Connection) {
        if !self.due_in().is_zero() || self.lost.borrow().is_some() {
            return;
        }
        self.renewed = Instant::now();
        if self.lock.is_none() {
            self.lock = kernel_lock(&self.lock_path).ok().flatten();
        }
        let locked_on = self.lock.as_ref().map(|_| boot_id()).unwrap_or_default();
        let renewed = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from).and_then(|tx| {
            self.check(&tx)?;
            tx.execute("UPDATE lease SET beat = beat + 1, locked_on = ?1", [locked_on])?;
            Ok(tx.commit()?)
        });
        match renewed {
            Ok(()) | Err(StoreError::Fenced { .. }) => {}
            Err(error) => tracing::warn!(%error, "the lease on the store cannot be renewed; trying on"),
        }
    }

    /// Gives it back, so that nobody has to wait. Nothing is written through it any more.
    pub(super) fn release(&self, connection: &Connection) {
        let sql = "UPDATE lease SET fence = fence + 1, holder = NULL, locked_on = '' WHERE fence = ?1";
        if let Err(error) = connection.execute(sql, [self.fence]) {
            tracing::debug!(%error, "the lease is not given back; the next one waits for its expiry");
        }
    }
}

fn in_use(path: &Path, holder: &str) -> StoreError {
    let reason = format!("{holder} is using it; stop that one, or choose another state directory");
    StoreError::Directory { path: path.display().to_string(), reason }
}

fn read(connection: &Connection) -> Result<Row, StoreError> {
    let row = connection
        .query_row("SELECT fence, beat, holder, locked_on FROM lease", [], |row| {
            Ok(Row { fence: row.get(0)?, beat: row.get(1)?, holder: row.get(2)?, locked_on: row.get(3)? })
        })
        .optional()?;
    row.ok_or(StoreError::Sqlite(rusqlite::Error::QueryReturnedNoRows))
}

fn busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

/// The kernel's lock, where it is to be had.
fn kernel_lock(path: &Path) -> Result<Option<File>, StoreError> {
    let failed = |error: std::io::Error| StoreError::Directory { path: path.display().to_string(), reason: error.to_string() };
    let file = File::options().create(true).write(true).truncate(false).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        // A file system without locks: only the beat tells who is alive.
        Err(std::fs::TryLockError::WouldBlock | std::fs::TryLockError::Error(_)) => Ok(None),
    }
}

/// Names this start of this machine. Where the system does not tell, the kernel's lock is believed as it is.
fn boot_id() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    told.map_or_else(|_| "a machine that does not name its starts".into(), |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fence: i64, beat: i64) -> Row {
        Row { fence, beat, holder: Some("one".into()), locked_on: String::new() }
    }

    #[test]
    fn a_lease_expires_when_its_beat_stands_still_and_not_before() {
        let at = Duration::from_secs;
        let mut vigil = Vigil::default();
        // However late the first look: nothing is known before it.
        assert!(!vigil.expired(&row(1, 7), at(1000)));
        assert!(!vigil.expired(&row(1, 7), at(1009)));
        // A beat, just in time: measured anew.
        assert!(!vigil.expired(&row(1, 8), at(1010)));
        assert!(!vigil.expired(&row(1, 8), at(1019)));
        // Another holder with the same beat is another lease.
        assert!(!vigil.expired(&row(2, 8), at(1021)));
        // A clock that was set back makes the wait longer.
        assert!(!vigil.expired(&row(2, 8), at(3)));
        assert!(!vigil.expired(&row(2, 8), at(1030)));
        assert!(vigil.expired(&row(2, 8), at(1031)));
    }

    fn claim(directory: &Path, now: Duration, boot: &str, vigil: &mut Vigil) -> Result<i64, String> {
        let mut claim = Claim::new(directory, "claimant").unwrap();
        taken(&mut claim.connection, vigil, now, "claimant", boot).unwrap()
    }

    #[test]
    fn the_kernels_lock_speaks_only_of_the_machine_where_the_holder_had_it() {
        let directory = tempfile::tempdir().unwrap();
        let at = Duration::from_secs(0);
        assert_eq!(claim(directory.path(), at, "boot-a", &mut Vigil::default()), Ok(1));
        // The lock was got elsewhere, or not at all: the holder may live.
        assert!(claim(directory.path(), at, "boot-b", &mut Vigil::default()).is_err());
        assert!(claim(directory.path(), at, "", &mut Vigil::default()).is_err());
        // Got where the holder had it: the holder is dead.
        assert_eq!(claim(directory.path(), at, "boot-a", &mut Vigil::default()), Ok(2));
        // This holder never had the lock: getting it proves nothing.
        let mut vigil = Vigil::default();
        assert!(claim(directory.path(), at, "", &mut vigil).is_err());
        assert_eq!(claim(directory.path(), EXPIRY, "", &mut vigil), Ok(3));
        assert!(claim(directory.path(), at, "boot-a", &mut Vigil::default()).is_err());
    }

    #[test]
    fn after_a_new_start_of_the_machine_a_still_lease_is_waited_for_and_a_moving_one_respected() {
        let directory = tempfile::tempdir().unwrap();
        claim(directory.path(), Duration::ZERO, "boot-a", &mut Vigil::default()).unwrap();
        let mut connection = ready(&directory.path().join("penstock.db")).unwrap();
        let mut waited = 0;
        let still = insist(&mut connection, "claimant", "boot-b", || {
            waited += 1;
            Duration::from_secs(4 * waited)
        });
        assert_eq!((still.unwrap(), waited), (Ok(2), 3));

        let holder = ready(&directory.path().join("penstock.db")).unwrap();
        let mut waited = 0;
        let moving = insist(&mut connection, "claimant", "boot-c", || {
            waited += 1;
            holder.execute("UPDATE lease SET beat = beat + 1", []).unwrap();
            Duration::from_secs(4 * waited)
        });
        assert_eq!((moving.unwrap(), waited), (Err("claimant".into()), 1));
    }

    #[tokio::test]
    async fn whoever_was_taken_over_cannot_write_and_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        store.write(|_| Ok(())).await.unwrap();
        let mut claim = Claim::new(directory.path(), "the next one").unwrap();
        let row = read(&claim.connection).unwrap();
        let mut vigil = Vigil::default();
        assert!(!vigil.expired(&row, Duration::ZERO));
        taken(&mut claim.connection, &mut vigil, EXPIRY, "the next one", "").unwrap().unwrap();
        let touched =
            store.write(|tx| Ok(tx.execute("INSERT INTO idempotency_keys (key, body, job_id) VALUES ('a', 'b', 'c')", [])?)).await;
        assert!(matches!(touched, Err(StoreError::Fenced { holder }) if holder == "the next one"));
        let left: i64 = claim.connection.query_row("SELECT count(*) FROM idempotency_keys", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
        let mut lost = store.lost();
        assert_eq!(lost.wait_for(Option::is_some).await.unwrap().as_deref(), Some("the next one"));
        // Giving back what is not ours any more takes it from nobody.
        drop(store);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(read(&claim.connection).unwrap().holder.as_deref(), Some("the next one"));
    }
}
