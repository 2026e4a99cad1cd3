//! Files that are there whole or not at all, and locks that end with their process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;

use super::StateError;

/// A lock. It ends with this value, or with the process.
#[derive(Debug)]
pub struct Held(File);

impl Held {
    /// The file that carries the lock.
    pub(super) fn into_file(self) -> File {
        self.0
    }
}

/// Makes the folder of a file.
pub(super) fn make_folder_of(path: &Path) -> Result<(), StateError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| StateError::of(folder, &error))
}

/// Replaces a file: whoever reads sees the old one or the new one, also after a power cut.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    make_folder_of(path)?;
    let new = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        sync_folder_of(path)
    };
    write().map_err(|error| {
        // What is left of it is nobody's; a disk that cannot remove it keeps it, and the next write replaces it.
        let _ = std::fs::remove_file(&new);
        StateError::of(path, &error)
    })
}

/// What was written into a folder is found again after a power cut.
pub(super) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Reads a file; none where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    // A pipe would never end, and some devices neither.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(StateError::of(path, &std::io::Error::new(std::io::ErrorKind::AlreadyExists, "not a regular file")));
    }
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::of(path, &error)),
    }
}

/// Moves a damaged file out of the way; says where it is now.
pub(super) fn set_aside(path: &Path) -> Result<String, StateError> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let free = (1..=u32::MAX).map(|number| path.with_file_name(format!("{name}.damaged-{number}"))).find(|path| !path.exists());
    let free = free.unwrap_or_else(|| path.with_extension("damaged"));
    std::fs::rename(path, &free).map_err(|error| StateError::of(path, &error))?;
    Ok(free.display().to_string())
}

/// Takes a lock; none while another process has it.
pub(super) fn try_lock(path: &Path) -> Result<Option<Held>, StateError> {
    make_folder_of(path)?;
    let file = open_lock(path).map_err(|error| StateError::of(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Held(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StateError::of(path, &error)),
    }
}

/// Waits for a lock that nobody holds for long.
pub(super) fn lock(path: &Path) -> Result<Held, StateError> {
    make_folder_of(path)?;
    let file = open_lock(path).and_then(|file| file.lock().map(|()| file)).map_err(|error| StateError::of(path, &error))?;
    Ok(Held(file))
}

/// Whether another process holds a lock.
pub(super) fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_what_a_dead_process_left_is_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/a.json");
        replace(&path, b"one").unwrap();
        std::fs::write(path.with_extension("new"), "half of tw").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"one");
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        assert!(!path.with_extension("new").exists());
        assert_eq!(read(&folder.path().join("none")).unwrap(), None);
    }

    #[test]
    fn a_lock_is_had_once_and_seen_from_outside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        assert!(!is_locked(&path));
        let held = try_lock(&path).unwrap();
        assert!(held.is_some() && is_locked(&path) && try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(!is_locked(&path) && try_lock(&path).unwrap().is_some());
    }
}
