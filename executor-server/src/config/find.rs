//! The configuration file: the one that is named, or the nearest `penstock.toml` from the working directory upward.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const NAME: &str = "penstock.toml";

/// A configuration file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative paths in it count from here.
    pub folder: PathBuf,
    /// How it is named in messages.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl File {
    /// Reads the file that was named, or looks for one; none where there is none.
    pub fn find(named: Option<&Path>, from: &Path) -> Result<Option<Self>, String> {
        if let Some(path) = named {
            return read(path).map(Some).map_err(|error| format!("{}: {error}", path.display()));
        }
        for folder in from.ancestors() {
            let path = folder.join(NAME);
            match read(&path) {
                Ok(found) => {
                    let name = if folder == from { NAME.to_owned() } else { found.name };
                    return Ok(Some(Self { name, ..found }));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // Seen by somebody else: not ours, as long as nobody names it.
                Err(error) if error.kind() == ErrorKind::PermissionDenied && folder != from => {}
                Err(error) => return Err(format!("{}: {error}", path.display())),
            }
        }
        Ok(None)
    }
}

fn read(path: &Path) -> std::io::Result<File> {
    let text = std::fs::read_to_string(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned);
    Ok(File { folder, name: path.display().to_string(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_upward_is_found_and_a_named_one_wins() {
        let top = tempfile::tempdir().unwrap();
        let (above, below) = (top.path().join("a"), top.path().join("a/b/c"));
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(top.path().join(NAME), "top").unwrap();
        std::fs::write(above.join(NAME), "above").unwrap();
        let found = File::find(None, &below).unwrap().unwrap();
        assert_eq!((found.text.as_str(), found.folder), ("above", above.clone()));
        assert_eq!(File::find(None, &above).unwrap().unwrap().name, NAME);
        assert_eq!(File::find(Some(&top.path().join(NAME)), &below).unwrap().unwrap().text, "top");
        assert!(File::find(Some(&below.join("none.toml")), &below).unwrap_err().contains("none.toml"));
    }
}
