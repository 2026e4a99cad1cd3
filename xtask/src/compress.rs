//! Compresses files once, so that the server only hands them out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Result;

/// Bytes of all files of a folder, as they are and compressed.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) raw: usize,
    pub(crate) brotli: usize,
    pub(crate) gzip: usize,
}

/// Writes `<file>.br` and `<file>.gz` beside every file below `dir`, at the highest levels.
pub(crate) fn folder(dir: &Path) -> Result<Sizes> {
    let mut sizes = Sizes::default();
    for file in files_below(dir)? {
        let one = compress(&file).map_err(|error| format!("cannot compress {}: {error}", file.display()))?;
        sizes.raw += one.raw;
        sizes.brotli += one.brotli;
        sizes.gzip += one.gzip;
    }
    Ok(sizes)
}

fn compress(file: &Path) -> std::io::Result<Sizes> {
    let raw = fs::read(file)?;
    let mut brotli = Vec::new();
    let params = BrotliEncoderParams { quality: 11, size_hint: raw.len(), ..BrotliEncoderParams::default() };
    brotli::BrotliCompress(&mut raw.as_slice(), &mut brotli, &params)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&raw)?;
    let gzip = gzip.finish()?;
    fs::write(with_suffix(file, ".br"), &brotli)?;
    fs::write(with_suffix(file, ".gz"), &gzip)?;
    Ok(Sizes { raw: raw.len(), brotli: brotli.len(), gzip: gzip.len() })
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", dir.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if !path.extension().is_some_and(|extension| extension == "br" || extension == "gz") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
