//! Files copied with their hash on the way, made durable, read back against a hash. Knows no meaning of a file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use yiwang_seal::{Sha256, hex};

use super::manifest::FilePart;
use crate::city::{refusal, sync_folder};

const PIECE_BYTES: usize = 1 << 20;

/// Told of bytes done so far, of so many in all.
pub(crate) type Tell = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// A file to be copied.
pub(crate) struct Job {
    /// Where it is.
    pub(crate) source: PathBuf,
    /// Its path in the copy.
    pub(crate) path: String,
    /// So many bytes from its beginning; all of it where none.
    pub(crate) bytes: Option<u64>,
    /// May be gone, and is not missed then.
    pub(crate) passing: bool,
}

/// What was copied.
#[derive(Default)]
pub(crate) struct Copied {
    /// The files.
    pub(crate) files: Vec<FilePart>,
    /// Paths of files that were not there.
    pub(crate) missing: Vec<String>,
}

/// Copies these files below `to`, each durable; the folders made for them too.
pub(crate) fn copy_all(jobs: Vec<Job>, to: &Path, tell: &Tell) -> Result<Copied> {
    let size = |job: &Job| job.bytes.or_else(|| std::fs::metadata(&job.source).map(|found| found.len()).ok());
    let whole: u64 = jobs.iter().filter_map(size).sum();
    let mut done = 0;
    let mut copied = Copied::default();
    for job in jobs {
        let target = to.join(&job.path);
        make_folders(to, &target)?;
        let source = match File::open(&job.source) {
            Ok(source) => source,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !job.passing {
                    copied.missing.push(job.path);
                }
                continue;
            }
            Err(error) => return Err(refusal(&job.source, &error).into()),
        };
        let source = source.take(job.bytes.unwrap_or(u64::MAX));
        let (bytes, sha256) = copy(source, &job.source, &target, |count| {
            done += count;
            tell(done, whole.max(done));
        })?;
        copied.files.push(FilePart { path: job.path, bytes, sha256 });
    }
    sync_tree(to)?;
    Ok(copied)
}

/// Copies one file to a place where there is none; its length and SHA-256.
pub(crate) fn copy(source: impl Read, from: &Path, to: &Path, mut told: impl FnMut(u64)) -> Result<(u64, String)> {
    let refused = |error: std::io::Error| refusal(to, &error);
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(refused)?;
    let hashed = read_through(source, from, |piece| {
        target.write_all(piece).map_err(refused)?;
        told(piece.len() as u64);
        Ok(())
    })?;
    target.sync_all().map_err(refused)?;
    Ok(hashed)
}

/// The length and SHA-256 of a file.
pub(crate) fn hash(path: &Path, mut told: impl FnMut(u64)) -> Result<(u64, String)> {
    let file = File::open(path).map_err(|error| refusal(path, &error))?;
    read_through(file, path, |piece| {
        told(piece.len() as u64);
        Ok(())
    })
}

/// Makes the folders of this file below `root`.
pub(crate) fn make_folders(root: &Path, file: &Path) -> Result<()> {
    let folder = file.parent().unwrap_or(root);
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| refusal(folder, &error).into())
}

/// Makes the names in every folder of a tree durable.
pub(crate) fn sync_tree(folder: &Path) -> Result<()> {
    for found in std::fs::read_dir(folder).map_err(|error| refusal(folder, &error))? {
        let path = found.map_err(|error| refusal(folder, &error))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        }
    }
    sync_folder(folder)
}

fn read_through(
    mut source: impl Read,
    from: &Path,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<(u64, String)> {
    let mut piece = vec![0u8; PIECE_BYTES];
    let (mut sha256, mut bytes) = (Sha256::new(), 0u64);
    loop {
        let count = match source.read(&mut piece) {
            Ok(0) => return Ok((bytes, hex(&sha256.finish()))),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(refusal(from, &error).into()),
        };
        sha256.update(&piece[..count]);
        bytes += count as u64;
        each(&piece[..count])?;
    }
}
