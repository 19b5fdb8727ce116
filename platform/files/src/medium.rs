//! The few calls by which the disk store changes a directory tree, so that a test can pull the plug between any two.
//! Reading needs no such care and goes to the file system directly.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::Result;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// A directory tree to write to.
pub trait Medium: Debug + Send + Sync {
    /// A new file; fails when it exists.
    fn create(&self, path: &Path) -> Result<File>;
    /// Writes all bytes at this offset; not durable yet.
    fn write_at(&self, path: &Path, file: &File, offset: u64, bytes: &[u8]) -> Result<()>;
    /// Makes the bytes of the file durable.
    fn sync(&self, path: &Path, file: &File) -> Result<()>;
    /// A second name for the file; fails when the name is taken. Not durable yet.
    fn link(&self, from: &Path, to: &Path) -> Result<()>;
    /// Another name for the file, in place of what had it. Not durable yet.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Takes a name away; not durable yet.
    fn remove(&self, path: &Path) -> Result<()>;
    /// A new directory inside an existing one; not durable yet.
    fn create_directory(&self, path: &Path) -> Result<()>;
    /// Makes the names in the directory durable.
    fn sync_directory(&self, path: &Path) -> Result<()>;
}

/// The file system as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Direct;

impl Medium for Direct {
    fn create(&self, path: &Path) -> Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    fn write_at(&self, _path: &Path, file: &File, offset: u64, bytes: &[u8]) -> Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync(&self, _path: &Path, file: &File) -> Result<()> {
        file.sync_all()
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        std::fs::remove_file(path)
    }

    fn create_directory(&self, path: &Path) -> Result<()> {
        std::fs::create_dir(path)
    }

    fn sync_directory(&self, path: &Path) -> Result<()> {
        File::open(path)?.sync_all()
    }
}
