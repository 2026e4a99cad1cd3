//! One process at a time owns a data directory.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::EngineError;
use crate::files::Layout;

/// A predecessor that was just killed or asked to stop gets this long to let go.
const PATIENCE: Duration = Duration::from_secs(3);

/// Held by the parent from before it writes the configuration until the engine is ready: two starts at once cannot
/// read each other's files.
#[derive(Debug)]
pub(crate) struct StartLock(#[expect(dead_code, reason = "the lock lasts as long as the open file")] File);

impl StartLock {
    pub(crate) fn take(layout: &Layout, data_dir: &Path) -> Result<Self, EngineError> {
        let path = layout.run.join("start.lock");
        let file = File::create(&path).map_err(EngineError::io(format!("create {}", path.display())))?;
        wait_for(&file, data_dir, || "another one is starting there".to_owned())?;
        Ok(Self(file))
    }
}

/// ClickHouse locks its `status` file for life, so a lock that can be had means nobody runs there.
pub(crate) fn wait_until_free(layout: &Layout, data_dir: &Path) -> Result<(), EngineError> {
    let Ok(file) = File::open(&layout.status) else { return Ok(()) };
    wait_for(&file, data_dir, || holder(&layout.status))
}

fn wait_for(file: &File, data_dir: &Path, holder: impl Fn() -> String) -> Result<(), EngineError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(EngineError::DataDirInUse { dir: data_dir.to_owned(), holder: holder() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(EngineError::Io { what: format!("lock {}", data_dir.display()), source });
            }
        }
    }
}

/// The status file's own words: "PID: 1234, Started at: …".
fn holder(status: &Path) -> String {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let words: Vec<&str> = text.lines().take(2).map(str::trim).filter(|line| !line.is_empty()).collect();
    if words.is_empty() { "its process id is unknown".to_owned() } else { words.join(", ") }
}
