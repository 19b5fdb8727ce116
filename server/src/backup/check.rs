//! Checking a backup from its files alone: signature, every length and hash, the ledger. Changes nothing and needs no
//! master key; whoever has one, or a key kept elsewhere, also learns whether it is the city's own.

use std::path::Path;

use anyhow::Result;
use yiwang_kernel::Error;
use yiwang_ledger::{Kept, Report, verify_all};

use super::copying::{Tell, hash};
use super::manifest::{LEDGER, Manifest, altered};

/// A backup that is whole.
pub(crate) struct Checked {
    /// What it says it is.
    pub(crate) manifest: Manifest,
    /// Its ledger's logs, newest first.
    pub(crate) logs: Vec<yiwang_ledger::Checked>,
}

/// Reads every file of the backup and compares; a difference is refused naming the file.
pub(crate) fn check(from: &Path, kept: &Kept, tell: &Tell) -> Result<Checked> {
    let (manifest, key) = Manifest::read(from)?;
    let (whole, mut done) = (manifest.bytes(), 0);
    for file in &manifest.files {
        let path = from.join(&file.path);
        let found = std::fs::metadata(&path).map_err(|_| Error::refused("backup-missing").with("file", &file.path))?;
        if found.len() != file.bytes {
            return Err(altered(&file.path).into());
        }
        let (_, sha256) = hash(&path, |count| {
            done += count;
            tell(done, whole);
        })?;
        if sha256 != file.sha256 {
            return Err(altered(&file.path).into());
        }
    }
    let kept = Kept { heads: kept.heads.iter().chain(head(&manifest)).cloned().collect(), keys: kept.keys.clone() };
    let logs = verify_all(&from.join(LEDGER), &kept)?;
    let is_signed_by_it = logs.first().is_some_and(|newest| newest.report.verifier == manifest.ledger.verifier);
    if !is_signed_by_it || yiwang_ledger::public_key(&from.join(LEDGER))? != key {
        return Err(Error::refused("backup-unsigned").into());
    }
    Ok(Checked { manifest, logs })
}

impl Checked {
    /// The first log that differs from what it must be.
    pub(crate) fn broken(&self) -> Option<&Report> {
        self.logs.iter().map(|log| &log.report).find(|report| !report.is_whole())
    }
}

fn head(manifest: &Manifest) -> Option<&String> {
    Some(&manifest.ledger.head).filter(|head| !head.is_empty())
}
