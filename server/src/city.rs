//! A data directory opened: its mark, lock and keys, the store, files, lake, ledger and gate, put together as the
//! platform the capabilities run on. Decides nothing about data.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use yiwang_kernel::{Clock, Error, Random, SystemClock, SystemRandom, Text};
use yiwang_seal::MasterKey;

use crate::cli::Shared;

const FORMAT: u32 = 1;
const MARK: &str = "city.toml";
const FOLDERS: [&str; 6] = ["lake", "files", "ledger", "out", "in", "derived"];

/// What a directory says about itself, written once when it is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Format of the directory.
    pub(crate) format: u32,
    /// The city's name.
    pub(crate) name: Text,
    /// Its region code.
    pub(crate) region: String,
    /// A demo: roles can be switched, and it never becomes a city.
    pub(crate) demo: bool,
    /// Whether files are sealed; chosen at birth.
    pub(crate) sealed: bool,
}

/// A data directory held by this process.
pub(crate) struct Directory {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says about itself.
    pub(crate) mark: Mark,
    /// The key ring that opens it.
    pub(crate) master: MasterKey,
    _lock: File,
}

/// The runtime of HTTP, store and ledger; the engine brings threads of its own.
pub(crate) fn edge_runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("edge").enable_all().build().context("starting the runtime")
}

/// The machine's clock and randomness.
pub(crate) fn sources() -> (Arc<dyn Clock>, Arc<dyn Random>) {
    (Arc::new(SystemClock), Arc::new(SystemRandom))
}

impl Mark {
    /// The mark of a new directory.
    pub(crate) fn new(name: Text, region: &str, demo: bool, sealed: bool) -> Mark {
        Mark { format: FORMAT, name, region: region.to_owned(), demo, sealed }
    }

    /// The mark of the directory at `path`; none where there is no city.
    pub(crate) fn read(path: &Path) -> Result<Option<Mark>> {
        let text = match std::fs::read_to_string(path.join(MARK)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.join(MARK).display())),
        };
        let mark: Mark = toml::from_str(&text).with_context(|| format!("reading {}", path.join(MARK).display()))?;
        if mark.format > FORMAT {
            return Err(Error::refused("city-format").with("format", mark.format).into());
        }
        Ok(Some(mark))
    }
}

impl Directory {
    /// Makes an empty directory a city's: folders, keys, mark. Refuses one that holds anything.
    pub(crate) fn create(shared: &Shared, mark: Mark) -> Result<Directory> {
        let path = &shared.data;
        std::fs::create_dir_all(path).map_err(|error| refusal(path, &error))?;
        let mut entries = std::fs::read_dir(path).map_err(|error| refusal(path, &error))?;
        if entries.next().is_some() {
            return Err(Error::conflict("city-directory-not-empty").with("path", path.display()).into());
        }
        let lock = lock(path)?;
        for folder in FOLDERS {
            std::fs::create_dir_all(path.join(folder)).map_err(|error| refusal(path, &error))?;
        }
        let master = match read_keys(&shared.keys_path())? {
            Some(master) => master,
            None => write_keys(&shared.keys_path())?,
        };
        let text = toml::to_string(&mark).context("writing the mark")?;
        write_durable(&path.join(MARK), text.as_bytes(), 0o644)?;
        sync_folder(path)?;
        Ok(Directory { path: path.clone(), mark, master, _lock: lock })
    }

    /// Opens the directory of a city and holds it until dropped.
    pub(crate) fn open(shared: &Shared) -> Result<Directory> {
        let path = &shared.data;
        let mark = Mark::read(path)?.ok_or_else(|| Error::not_found("city-none").with("path", path.display()))?;
        let lock = lock(path)?;
        let keys = shared.keys_path();
        let master =
            read_keys(&keys)?.ok_or_else(|| Error::unavailable("keys-missing").with("path", keys.display()))?;
        Ok(Directory { path: path.clone(), mark, master, _lock: lock })
    }
}

/// Removes a demo directory with its keys; refuses anything else.
pub(crate) fn remove_demo(shared: &Shared) -> Result<()> {
    let path = &shared.data;
    if !path.exists() {
        return Ok(());
    }
    let is_demo = Mark::read(path)?.is_some_and(|mark| mark.demo);
    if !is_demo {
        return Err(Error::conflict("city-not-a-demo").with("path", path.display()).into());
    }
    drop(lock(path)?);
    std::fs::remove_dir_all(path).map_err(|error| refusal(path, &error))?;
    let keys = shared.keys_path();
    if keys.exists() {
        std::fs::remove_file(&keys).map_err(|error| refusal(&keys, &error))?;
    }
    Ok(())
}

/// Writes a file that is there, whole, after a power cut.
pub(crate) fn write_durable(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(|error| refusal(path, &error))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| refusal(path, &error).into())
}

fn lock(path: &Path) -> Result<File> {
    let file = path.join("LOCK");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&file);
    let lock = lock.map_err(|error| refusal(&file, &error))?;
    let held = flock(&lock, FlockOperation::NonBlockingLockExclusive);
    held.map_err(|_| Error::conflict("city-held").with("path", path.display()))?;
    Ok(lock)
}

fn read_keys(path: &Path) -> Result<Option<MasterKey>> {
    let mut text = String::new();
    match File::open(path) {
        Ok(file) => {
            file.take(1 << 16).read_to_string(&mut text).with_context(|| format!("reading {}", path.display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refusal(path, &error).into()),
    };
    let master =
        MasterKey::parse(&text).map_err(|_| Error::unavailable("keys-unreadable").with("path", path.display()))?;
    Ok(Some(master))
}

fn write_keys(path: &Path) -> Result<MasterKey> {
    let master = MasterKey::generate();
    write_durable(path, master.to_text().as_bytes(), 0o600)?;
    if let Some(folder) = path.parent() {
        sync_folder(folder)?;
    }
    Ok(master)
}

fn sync_folder(path: &Path) -> Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| refusal(path, &error).into())
}

/// What the disk refused, in the product's words.
fn refusal(path: &Path, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull => "disk-full",
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => "disk-readonly",
        _ => "disk-refused",
    };
    Error::unavailable(code).with("path", path.display()).with("reason", error)
}
