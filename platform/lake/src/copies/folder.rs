//! The folder of plain copies: a folder a resource, each a Delta table of one file. What is being written lies aside
//! and appears whole; what goes, goes whole. Blocking: for threads that may wait for the disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use yiwang_gate::StagedCopy;
use yiwang_kernel::{Error, Instant, Result};

use super::delta::{self, Stand};

const LOG: &str = "_delta_log";
/// Where files lie that are being written and folders that are going; no copy's name begins with a point.
const ASIDE: &str = ".aside";
/// Commits after which a table begins anew, so that its log stays short.
const COMMITS_MAX: u64 = 100;
const COMMIT_BYTES_MAX: u64 = 64 << 20;

/// The folder of plain copies.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// A copy's newest commit.
pub(super) struct Newest {
    pub(super) number: u64,
    /// None where it is not one of ours.
    pub(super) stand: Option<Stand>,
}

impl Folder {
    /// Opens the folder, making it where it is missing, and sweeps what a stop left aside.
    pub(crate) fn open(root: PathBuf) -> Result<Folder> {
        let folder = Folder { root };
        let aside = folder.root.join(ASIDE);
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(refused)?;
        }
        fs::create_dir_all(&aside).map_err(refused)?;
        Ok(folder)
    }

    /// Where a staged file is written.
    pub(super) fn draft(&self, id: yiwang_kernel::Id) -> PathBuf {
        self.root.join(ASIDE).join(format!("{id}.parquet"))
    }

    /// The newest commit of a resource's copy.
    pub(super) fn newest(&self, resource: &str) -> Result<Option<Newest>> {
        let log = self.of(resource)?.join(LOG);
        let mut newest = None;
        for name in names(&log)? {
            newest = newest.max(delta::commit_number(&name));
        }
        let Some(number) = newest else { return Ok(None) };
        let path = log.join(delta::commit_name(number));
        let known = fs::metadata(&path).map_err(refused)?;
        let text =
            if known.len() > COMMIT_BYTES_MAX { String::new() } else { fs::read_to_string(&path).map_err(refused)? };
        Ok(Some(Newest { number, stand: delta::stand(&text) }))
    }

    /// The resources that have a folder here.
    pub(super) fn resources(&self) -> Result<Vec<String>> {
        let mut found = names(&self.root)?;
        found.retain(|name| !name.starts_with('.'));
        found.sort();
        Ok(found)
    }

    /// Makes a staged file the resource's copy.
    pub(super) fn publish(&self, staged: &StagedCopy, mut stand: Stand, now: Instant) -> Result<()> {
        let folder = self.of(&staged.copy.resource)?;
        let newest = self.newest(&staged.copy.resource)?;
        let goes_on = newest.as_ref().and_then(|newest| {
            let earlier = newest.stand.as_ref()?;
            let same = earlier.basis == stand.basis && earlier.shape == stand.shape;
            (same && newest.number + 1 < COMMITS_MAX).then_some((newest.number + 1, earlier))
        });
        let number = match goes_on {
            Some((number, earlier)) => {
                stand.earlier = Some(earlier.file.clone());
                number
            }
            None => {
                self.remove(&staged.copy.resource)?;
                0
            }
        };
        let log = folder.join(LOG);
        fs::create_dir_all(&log).map_err(refused)?;
        fs::rename(self.draft(staged.id), folder.join(&stand.file)).map_err(refused)?;
        sync(&folder)?;
        let text = delta::commit(staged, &stand, number == 0, now)?;
        self.put_if_absent(staged, &log.join(delta::commit_name(number)), &text)?;
        sync(&log)?;
        sync(&self.root)?;
        // Readers of the commit before may still be at its file; of the one before that, nobody should be.
        if let Some(gone) = goes_on.and_then(|(_, earlier)| earlier.earlier.as_ref()) {
            remove_file(&folder.join(gone))?;
        }
        Ok(())
    }

    /// Takes a copy away: first its name, at once and for good, then its bytes.
    pub(super) fn remove(&self, resource: &str) -> Result<()> {
        let folder = self.of(resource)?;
        let going = self.root.join(ASIDE).join(format!("{resource}.going"));
        if going.exists() {
            fs::remove_dir_all(&going).map_err(refused)?;
        }
        match fs::rename(&folder, &going) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(refused)?,
        }
        sync(&self.root)?;
        fs::remove_dir_all(&going).map_err(refused)
    }

    /// A link fails where the name is taken, and the text behind it is whole.
    fn put_if_absent(&self, staged: &StagedCopy, path: &Path, text: &str) -> Result<()> {
        let draft = self.root.join(ASIDE).join(format!("{}.json", staged.id));
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::hard_link(&draft, path)
        };
        let written = write();
        remove_file(&draft)?;
        match written {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::conflict("exists")),
            other => other.map_err(refused),
        }
    }

    /// A resource's folder; a code that is no plain name has none.
    fn of(&self, resource: &str) -> Result<PathBuf> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        let sound = !resource.starts_with('.') && !resource.is_empty() && resource.len() <= 200;
        match sound && resource.chars().all(plain) {
            true => Ok(self.root.join(resource)),
            false => Err(Error::invalid("resource", "resource-code")),
        }
    }
}

/// Removes a file; one that is gone already is no error.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(refused),
    }
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(refused)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(refused)?.file_name().into_string());
    }
    Ok(names)
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused)
}

/// What the disk says, in the closed list.
pub(super) fn refused(error: io::Error) -> Error {
    yiwang_files::refusal(object_store::Error::Generic { store: "out", source: Box::new(error) })
}
