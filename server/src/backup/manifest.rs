//! What a backup says it is: `manifest.json`, written last but for `manifest.sig`, the signature of the ledger's key
//! over it. Reads and writes these two files; looks at no other.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use yiwang_kernel::Error;
use yiwang_ledger::{parse_key, statement_holds};
use yiwang_seal::VerifyingKey;

use crate::city::{Mark, sync_folder, write_durable};

/// Format of a backup that this program writes; it reads every one from [`READS_FROM`] on.
pub(crate) const FORMAT: u32 = 1;
/// The oldest format this program reads.
pub(crate) const READS_FROM: u32 = 1;
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.sig";
const KIND: &str = "backup-1";
/// Bytes of a manifest at most: about a million files.
const MANIFEST_BYTES_MAX: u64 = 256 << 20;

/// The store's place in a backup.
pub(crate) const STORE: &str = "store.db";
/// The ledger's place.
pub(crate) const LEDGER: &str = "ledger";
/// The mark's place.
pub(crate) const MARK: &str = "city.toml";

/// What a backup says it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Format of the backup.
    pub(crate) format: u32,
    /// The oldest format a program has to know to read it.
    pub(crate) readable_from: u32,
    /// The version of the program that wrote it.
    pub(crate) written_by: String,
    /// Microseconds since 1970 UTC when it was begun.
    pub(crate) made_at: i64,
    /// The same for people.
    pub(crate) made: String,
    /// Whose it is.
    pub(crate) city: Mark,
    /// The database the store was in: `sqlite` or `postgres`. The copy has one form.
    pub(crate) store: String,
    /// The ledger as far as it was copied.
    pub(crate) ledger: LedgerPart,
    /// Numbers of the master keys that open it; the keys themselves are never here.
    pub(crate) master_keys: Vec<u32>,
    /// Every file, by its path.
    pub(crate) files: Vec<FilePart>,
    /// Files that the store names and that were not there.
    pub(crate) missing: Vec<String>,
}

/// The ledger as far as it was copied.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LedgerPart {
    /// The log, 32 hexadecimal digits.
    pub(crate) log: String,
    /// Its verifier key.
    pub(crate) verifier: String,
    /// Entries copied.
    pub(crate) entries: u64,
    /// The head over them, as a signed note.
    pub(crate) head: String,
}

/// One file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FilePart {
    /// Its path in the backup.
    pub(crate) path: String,
    /// Its length.
    pub(crate) bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub(crate) sha256: String,
}

impl Manifest {
    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Writes manifest and signature into the finished backup; only now it is one.
    pub(crate) fn write(&self, to: &Path, sign: impl Fn(&str, &[u8]) -> String) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self).context("writing the manifest")?;
        text.push(b'\n');
        write_durable(&to.join(MANIFEST), &text, 0o600)?;
        sync_folder(to)?;
        write_durable(&to.join(SIGNATURE), format!("{}\n", sign(KIND, &text)).as_bytes(), 0o600)?;
        sync_folder(to)
    }

    /// Reads the manifest of a backup and checks its signature against the key it states, which is the second value:
    /// whether that is the city's key is for the caller to check.
    pub(crate) fn read(from: &Path) -> Result<(Manifest, VerifyingKey)> {
        let unfinished = || Error::refused("backup-unfinished").with("path", from.display());
        let (path, signature) = (from.join(MANIFEST), from.join(SIGNATURE));
        if !from.is_dir() {
            return Err(Error::refused("backup-none").with("path", from.display()).into());
        }
        if !path.is_file() || !signature.is_file() {
            return Err(unfinished().into());
        }
        let altered = |_| altered(MANIFEST);
        let length = std::fs::metadata(&path).context("reading the manifest")?.len();
        if length > MANIFEST_BYTES_MAX {
            return Err(Error::refused("backup-altered").with("file", MANIFEST).into());
        }
        let text = std::fs::read(&path).context("reading the manifest")?;
        let signature = std::fs::read_to_string(&signature).map_err(|_| Error::refused("backup-unsigned"))?;
        let manifest: serde_json::Value = serde_json::from_slice(&text).map_err(altered)?;
        let readable_from = manifest["readable_from"].as_u64().unwrap_or(0);
        if readable_from > u64::from(FORMAT) {
            return Err(Error::conflict("backup-newer").with("format", readable_from).into());
        }
        let manifest: Manifest = serde_json::from_value(manifest).map_err(altered)?;
        if manifest.format < READS_FROM {
            return Err(Error::conflict("backup-older").with("format", manifest.format).into());
        }
        let key = parse_key(&manifest.ledger.verifier)?;
        if !statement_holds(&key, KIND, &text, &signature) {
            return Err(Error::refused("backup-unsigned").into());
        }
        manifest.check_paths()?;
        Ok((manifest, key))
    }

    fn check_paths(&self) -> Result<()> {
        let is_plain = |file: &FilePart| {
            let path = Path::new(&file.path);
            !file.path.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)))
        };
        match self.files.iter().find(|file| !is_plain(file)) {
            Some(file) => Err(altered(&file.path).into()),
            None => Ok(()),
        }
    }
}

/// Where a file of a backup lies in the city made of it: the ledger as an earlier one, the store not among them.
pub(crate) fn place(path: &str, log: &str) -> Option<PathBuf> {
    let ledger = path.strip_prefix(LEDGER).and_then(|path| path.strip_prefix('/'));
    match ledger {
        Some(below) if below.starts_with("earlier/") => Some(Path::new(LEDGER).join(below)),
        Some(below) => Some(Path::new(LEDGER).join("earlier").join(log).join(below)),
        None if path == STORE || path == MARK => None,
        None => Some(PathBuf::from(path)),
    }
}

/// A file is not what the manifest says.
pub(crate) fn altered(file: &str) -> Error {
    Error::refused("backup-altered").with("file", file)
}
