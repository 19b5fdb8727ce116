//! Things withdrawn but still in the committed index. Asked at every query, written to disk before `withdraw` returns.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use yiwang_kernel::{Error, Result};

/// The withdrawn ids, each with the operation number of its withdrawal.
#[derive(Debug)]
pub(crate) struct Tombstones {
    path: PathBuf,
    ids: BTreeMap<String, u64>,
}

impl Tombstones {
    /// Those left by an earlier run stand with operation number 0.
    pub(crate) fn open(dir: &Path) -> Result<Tombstones> {
        let path = dir.join("WITHDRAWN");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::internal("read the withdrawn list of the search index", error)),
        };
        let ids = text.lines().map(|line| (line.to_owned(), 0)).collect();
        Ok(Tombstones { path, ids })
    }

    /// All withdrawn ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.keys().map(String::as_str)
    }

    /// Adds one, durable when this returns.
    pub(crate) fn add(&mut self, id: &str, operation: u64) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            file.write_all(format!("{}\n", id.replace('\n', " ")).as_bytes())?;
            file.sync_data()
        };
        write().map_err(|error| Error::internal("write the withdrawn list of the search index", error))?;
        self.ids.insert(id.to_owned(), operation);
        Ok(())
    }

    /// Forgets those that a commit has taken out of the index: operations up to and including `operation`.
    pub(crate) fn committed(&mut self, operation: u64) -> Result<()> {
        if self.ids.is_empty() {
            return Ok(());
        }
        self.ids.retain(|_, withdrawn| *withdrawn > operation);
        let text = self.ids.keys().fold(String::new(), |text, id| text + id + "\n");
        let write = || -> std::io::Result<()> {
            let next = self.path.with_extension("next");
            let mut file = File::create(&next)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            std::fs::rename(&next, &self.path)
        };
        write().map_err(|error| Error::internal("shorten the withdrawn list of the search index", error))
    }
}
