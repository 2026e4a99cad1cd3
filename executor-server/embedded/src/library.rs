use std::env::consts::{ARCH, OS};
use std::path::{Path, PathBuf};

use crate::error::EngineError;

/// The environment variable that names the library's file.
pub const LIBRARY_VARIABLE: &str = "PENSTOCK_LIBCHDB";

const FILE_NAME: &str = "libchdb.so";

/// Finds libchdb: `hint`, else the file named by [`LIBRARY_VARIABLE`], else the npm package of this platform in a
/// `node_modules` of `search_from` or a directory above it, else beside the executable.
///
/// A hint or variable that names no file is an error: it is never passed over in silence.
pub fn find_library(hint: Option<&Path>, search_from: &Path) -> Result<PathBuf, EngineError> {
    let named = hint.map(Path::to_owned).or_else(|| std::env::var_os(LIBRARY_VARIABLE).map(PathBuf::from));
    let candidates = match named {
        Some(path) => vec![path],
        None => default_places(search_from),
    };
    candidates.iter().find(|path| path.is_file()).cloned().ok_or_else(|| EngineError::LibraryMissing {
        variable: LIBRARY_VARIABLE,
        looked_at: candidates.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
    })
}

fn default_places(search_from: &Path) -> Vec<PathBuf> {
    let from = std::path::absolute(search_from).unwrap_or_else(|_| search_from.to_owned());
    let packaged = Path::new("node_modules/@chdb").join(package_name()).join(FILE_NAME);
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(FILE_NAME)));
    from.ancestors().map(|dir| dir.join(&packaged)).chain(beside).collect()
}

/// The npm package of this platform, below `@chdb`.
fn package_name() -> String {
    let arch = if ARCH == "aarch64" { "arm64" } else { "x64" };
    if OS == "macos" { format!("lib-darwin-{arch}") } else { format!("lib-linux-{arch}-gnu") }
}
