//! `events/<plan_id>.ndjson`: every event, one a line. Appended and synced; it never says anything else than the database.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{StateError, file};

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens the file, which should hold the first of `lines`, and adds the rest. What a crash tore is cut off; a file that
    /// holds anything else is set aside and made again. Says what was found.
    pub(super) fn open(path: &Path, lines: &[String]) -> Result<(Self, Vec<String>), StateError> {
        file::make_folder_of(path)?;
        let found = file::read(path)?.unwrap_or_default();
        let whole = found.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let complete = found.get(..whole).unwrap_or_default();
        let known = complete.split(|byte| *byte == b'\n').count() - 1;
        let expected: String = lines.iter().take(known).flat_map(|line| [line.as_str(), "\n"]).collect();
        let mut notices = Vec::new();
        let shown = path.display();
        let kept = if expected.as_bytes() == complete {
            if found.len() > whole {
                notices.push(format!("{shown}: the last line was torn; it was cut off and written again from the database"));
            }
            known
        } else {
            let aside = file::set_aside(path)?;
            notices.push(format!("{shown} did not hold the run's events; it was moved to {aside} and written again from the database"));
            0
        };
        let denied = |error: std::io::Error| StateError::of(path, &error);
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(denied)?;
        if kept == known && found.len() > whole {
            file.set_len(whole as u64).map_err(denied)?;
        }
        let mut journal = Self { file, path: path.to_owned() };
        journal.append(lines.get(kept..).unwrap_or_default())?;
        Ok((journal, notices))
    }

    /// Adds lines; they are on disk when this returns.
    pub(super) fn append(&mut self, lines: &[String]) -> Result<(), StateError> {
        if lines.is_empty() {
            return Ok(());
        }
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data()).map_err(|error| StateError::of(&self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn whatever_was_there_the_file_holds_the_events_and_nothing_is_thrown_away() {
        let check = |before: &str, notices: usize, aside: bool| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events/a.ndjson");
            if !before.is_empty() {
                file::make_folder_of(&path).unwrap();
                std::fs::write(&path, before).unwrap();
            }
            let (mut journal, found) = Journal::open(&path, &lines(&["one", "two"])).unwrap();
            journal.append(&lines(&["three"])).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n", "{before:?}");
            assert_eq!(found.len(), notices, "{before:?}: {found:?}");
            let kept = path.with_file_name("a.ndjson.damaged-1");
            assert_eq!(kept.exists().then(|| std::fs::read_to_string(kept).unwrap()), aside.then(|| before.to_owned()));
        };
        check("", 0, false);
        check("one\n", 0, false);
        check("one\ntwo\n", 0, false);
        check("one\ntw", 1, false);
        check("on", 1, false);
        check("one\ntwo\nmore\n", 1, true);
        check("eins\n", 1, true);
        check("\n", 1, true);
    }
}
