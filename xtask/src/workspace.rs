use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Result;

/// Where things are.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
}

impl Workspace {
    pub(crate) fn of_this_crate() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: here.parent().unwrap_or(here).to_owned() }
    }

    /// Where cargo builds for this machine.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }

    /// Tools and the records of what is done.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("target/tools")
    }

    /// wasm is built apart, so that neither build throws away the other's work.
    pub(crate) fn console_target(&self) -> PathBuf {
        self.root.join("target/console")
    }

    /// Must be what Trunk.toml says.
    pub(crate) fn console_dist(&self) -> PathBuf {
        self.console_target().join("dist")
    }

    pub(crate) fn node_modules(&self) -> PathBuf {
        self.root.join("node_modules")
    }

    /// PATH with our own tools first.
    pub(crate) fn path_with_tools(&self) -> Result<OsString> {
        let ours = [self.tools().join("bin"), self.node_modules().join(".bin")];
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&inherited)))
            .map_err(|error| format!("PATH cannot be extended: {error}"))
    }

    /// The version of a package in Cargo.lock.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let lock = read(&self.root.join("Cargo.lock"))?;
        let entry = format!("name = \"{package}\"\nversion = \"");
        lock.split_once(&entry)
            .and_then(|(_, rest)| rest.split('"').next())
            .map(ToOwned::to_owned)
            .ok_or_else(|| format!("{package} is not in Cargo.lock"))
    }
}

pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
