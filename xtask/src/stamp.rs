//! Records of what is done, by a hash over what it was made of.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::workspace::Workspace;

/// One record: present with the same inputs means done.
#[derive(Debug)]
pub(crate) struct Stamp {
    file: PathBuf,
    inputs: String,
}

impl Stamp {
    /// Hashes the contents and names of `inputs`, files or folders, and the words of `more`.
    pub(crate) fn over(workspace: &Workspace, name: &str, inputs: &[&str], more: &str) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        more.hash(&mut hasher);
        for input in inputs {
            hash_tree(&workspace.root.join(input), &mut hasher)?;
        }
        let file = workspace.tools().join("stamps").join(name);
        Ok(Self { file, inputs: format!("{:016x}", hasher.finish()) })
    }

    pub(crate) fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|inputs| inputs == self.inputs)
    }

    /// Before the work: when it is broken off, nothing claims it was done.
    pub(crate) fn clear(&self) {
        let _ = fs::remove_file(&self.file);
    }

    pub(crate) fn write(&self) -> Result {
        let dir = self.file.parent().unwrap_or(&self.file);
        fs::create_dir_all(dir)
            .and_then(|()| fs::write(&self.file, &self.inputs))
            .map_err(|error| format!("cannot write {}: {error}", self.file.display()))
    }
}

fn hash_tree(path: &Path, hasher: &mut DefaultHasher) -> Result {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    path.hash(hasher);
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path).map_err(failed)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        entries.iter().try_for_each(|entry| hash_tree(entry, hasher))
    } else if path.is_file() {
        fs::read(path).map_err(failed)?.hash(hasher);
        Ok(())
    } else {
        Ok(())
    }
}
