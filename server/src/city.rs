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

/// Format of a data directory that this program writes.
pub(crate) const FORMAT: u32 = 1;
const MARK: &str = "city.toml";
/// The file whose lock says who owns the directory.
pub(crate) const LOCK: &str = "LOCK";
/// The folder of tables' files.
const LAKE: &str = "lake";
const FOLDERS: [&str; 6] = [LAKE, "files", "ledger", "out", "in", "derived"];

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
    /// The version of the program that made the directory; empty where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) written_by: String,
    /// The folder in which `lake/` lies, where that is not the data directory; chosen at birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lake: Option<PathBuf>,
    /// The backup it was made of, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) restored: Option<Restoration>,
}

/// That a city was made of a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Restoration {
    /// Microseconds since 1970 UTC when it was restored.
    pub(crate) at: i64,
    /// When the backup was begun.
    pub(crate) made_at: i64,
    /// The log up to the backup.
    pub(crate) log: String,
    /// Entries of it that came back.
    pub(crate) entries: u64,
}

/// A data directory held by this process.
pub(crate) struct Directory {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says about itself.
    pub(crate) mark: Mark,
    /// The key ring that opens it.
    pub(crate) master: MasterKey,
    /// Whether its key file was made with it.
    pub(crate) keys_made: bool,
    /// Thrown away soon: its ledger reserves no disk.
    pub(crate) is_passing: bool,
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
        let written_by = env!("CARGO_PKG_VERSION").to_owned();
        let region = region.to_owned();
        Mark { format: FORMAT, name, region, demo, sealed, written_by, restored: None, lake: None }
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
            return Err(Error::conflict("city-format").with("format", mark.format).into());
        }
        Ok(Some(mark))
    }
}

impl Directory {
    /// Makes an empty directory a city's: folders and keys. Refuses one that holds anything. It is a city once its mark
    /// is written ([`Directory::write_mark`]).
    pub(crate) fn create(shared: &Shared, mark: Mark) -> Result<Directory> {
        let (path, lake) = (&shared.data, shared.lake_place()?);
        std::fs::create_dir_all(path).map_err(|error| refusal(path, &error))?;
        Directory::require_empty(path)?;
        let (lock, keys) = (lock(path)?, shared.keys_path());
        // Once more under the lock: another process may have made a city here a moment ago.
        Directory::require_empty(path)?;
        let keys_made = !keys.exists();
        match fill(path, &keys, lake.as_deref()) {
            Ok(master) => {
                let mark = Mark { lake, ..mark };
                Ok(Directory { path: path.clone(), mark, master, keys_made, is_passing: false, _lock: lock })
            }
            Err(error) => {
                empty(path)?;
                if keys_made && keys.exists() {
                    std::fs::remove_file(&keys).map_err(|error| refusal(&keys, &error))?;
                }
                Err(error)
            }
        }
    }

    /// Folders and lock in an empty directory, under keys that are there; a city only once it is marked.
    pub(crate) fn prepare(shared: &Shared, mark: Mark, master: MasterKey) -> Result<Directory> {
        let (path, lake) = (&shared.data, shared.lake_place()?);
        Directory::require_empty(path)?;
        std::fs::create_dir_all(path).map_err(|error| refusal(path, &error))?;
        let lock = lock(path)?;
        folders(path, lake.as_deref())?;
        sync_folder(path)?;
        let mark = Mark { lake, ..mark };
        Ok(Directory { path: path.clone(), mark, master, keys_made: false, is_passing: false, _lock: lock })
    }

    /// Makes the directory a city: from now on it is never made anew.
    pub(crate) fn write_mark(&self) -> Result<()> {
        let text = toml::to_string(&self.mark).context("writing the mark")?;
        write_durable(&self.path.join(MARK), text.as_bytes(), 0o644)?;
        sync_folder(&self.path)
    }

    /// Empties a directory that was to become a city and did not.
    pub(crate) fn unmake(shared: &Shared, keys_made: bool) -> Result<()> {
        empty(&shared.data)?;
        if let Some(place) = shared.lake_place()? {
            std::fs::remove_dir_all(place.join(LAKE)).map_err(|error| refusal(&place, &error))?;
        }
        if keys_made {
            let keys = shared.keys_path();
            std::fs::remove_file(&keys).map_err(|error| refusal(&keys, &error))?;
        }
        Ok(())
    }

    /// The folder in which `lake/` lies.
    pub(crate) fn lake_base(&self) -> &Path {
        self.mark.lake.as_deref().unwrap_or(&self.path)
    }

    /// Refuses a directory that holds anything but its lock; one that is not there yet is empty.
    pub(crate) fn require_empty(path: &Path) -> Result<()> {
        let mut entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(refusal(path, &error).into()),
        };
        if entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != LOCK)) {
            return Err(Error::conflict("city-directory-not-empty").with("path", path.display()).into());
        }
        Ok(())
    }

    /// Opens the directory of a city and holds it until dropped.
    pub(crate) fn open(shared: &Shared) -> Result<Directory> {
        let path = &shared.data;
        let mark = Mark::read(path)?.ok_or_else(|| Error::not_found("city-none").with("path", path.display()))?;
        let lock = lock(path)?;
        let place = shared.lake_place()?;
        if place.is_some() && place != mark.lake {
            let there = mark.lake.as_ref().unwrap_or(path).display();
            return Err(Error::conflict("city-lake-elsewhere").with("path", there).into());
        }
        let keys = shared.keys_path();
        let master =
            read_keys(&keys)?.ok_or_else(|| Error::unavailable("keys-missing").with("path", keys.display()))?;
        Ok(Directory { path: path.clone(), mark, master, keys_made: false, is_passing: false, _lock: lock })
    }
}

/// Folders, keys, and the lake where that lies elsewhere; the last of it is what cannot be tried twice.
fn fill(path: &Path, keys: &Path, lake: Option<&Path>) -> Result<MasterKey> {
    let master = match read_keys(keys)? {
        Some(master) => master,
        None => write_keys(keys)?,
    };
    folders(path, lake)?;
    Ok(master)
}

/// The folders of a city; the lake's last where it lies elsewhere.
fn folders(path: &Path, lake: Option<&Path>) -> Result<()> {
    for folder in FOLDERS.iter().filter(|folder| **folder != LAKE || lake.is_none()) {
        std::fs::create_dir_all(path.join(folder)).map_err(|error| refusal(path, &error))?;
    }
    lake.map_or(Ok(()), create_lake)
}

/// Removes everything in a directory that was empty before this process came to it.
fn empty(path: &Path) -> Result<()> {
    for entry in std::fs::read_dir(path).map_err(|error| refusal(path, &error))?.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let entry = entry.path();
        let removed = if is_folder { std::fs::remove_dir_all(&entry) } else { std::fs::remove_file(&entry) };
        removed.map_err(|error| refusal(&entry, &error))?;
    }
    Ok(())
}

/// Makes the folder of tables where it is to lie, its own: two cities never share one.
fn create_lake(place: &Path) -> Result<()> {
    std::fs::create_dir_all(place).map_err(|error| refusal(place, &error))?;
    match std::fs::create_dir(place.join(LAKE)) {
        Ok(()) => sync_folder(place),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Error::conflict("city-lake-taken").with("path", place.display()).into())
        }
        Err(error) => Err(refusal(place, &error).into()),
    }
}

/// Removes a demo directory with its keys; refuses anything else.
pub(crate) fn remove_demo(shared: &Shared) -> Result<()> {
    let path = &shared.data;
    if !path.exists() {
        return Ok(());
    }
    let mark = Mark::read(path)?.filter(|mark| mark.demo);
    let Some(mark) = mark else { return Err(Error::conflict("city-not-a-demo").with("path", path.display()).into()) };
    drop(lock(path)?);
    if let Some(place) = mark.lake {
        std::fs::remove_dir_all(place.join(LAKE)).map_err(|error| refusal(&place, &error))?;
    }
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

/// Puts a file in the place of the one there, whole before and after a power cut.
pub(crate) fn replace_durable(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(refusal(&beside, &error).into()),
        _ => {}
    }
    write_durable(&beside, bytes, 0o644)?;
    std::fs::rename(&beside, path).map_err(|error| refusal(path, &error))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn lock(path: &Path) -> Result<File> {
    let file = path.join(LOCK);
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&file);
    let lock = lock.map_err(|error| refusal(&file, &error))?;
    let held = flock(&lock, FlockOperation::NonBlockingLockExclusive);
    held.map_err(|_| Error::conflict("city-held").with("path", path.display()))?;
    Ok(lock)
}

/// The ring of master keys in this file; none where there is no file.
pub(crate) fn read_keys(path: &Path) -> Result<Option<MasterKey>> {
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

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| refusal(path, &error).into())
}

/// What the disk refused, in the product's words.
pub(crate) fn refusal(path: &Path, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => "directory-full",
        std::io::ErrorKind::ReadOnlyFilesystem => "directory-readonly",
        std::io::ErrorKind::PermissionDenied => "directory-denied",
        _ => "disk-refused",
    };
    Error::unavailable(code).with("path", path.display()).with("reason", error)
}
