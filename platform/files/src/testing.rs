//! A medium for tests that loses what was not synced. It writes to the real directory, fails every call after a given
//! number of steps, and [`Fault::lose_power`] then takes back un-synced bytes and un-synced names, chosen by the seed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use yiwang_kernel::SeededRandom;

use crate::medium::{Direct, Medium};

/// A medium whose power goes.
#[derive(Debug)]
pub struct Fault {
    root: PathBuf,
    shadow: PathBuf,
    random: SeededRandom,
    says: ErrorKind,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    steps_left: u64,
    steps: u64,
    /// Bytes that survive, by inode.
    synced: HashMap<u64, u64>,
    /// Changes of names not synced yet, oldest first.
    changes: Vec<Change>,
    shadows: u64,
}

#[derive(Debug)]
enum Change {
    Added { path: PathBuf },
    Moved { from: PathBuf, to: PathBuf, before: Option<PathBuf> },
    Removed { path: PathBuf, before: PathBuf },
    MadeDirectory { path: PathBuf },
}

impl Fault {
    /// Works below `root` for so many steps, then fails. `shadow` is an empty directory of the same file system.
    pub fn new(root: &Path, shadow: &Path, seed: u64, steps: u64) -> Result<Fault> {
        let state = State { steps_left: steps, steps: 0, synced: HashMap::new(), changes: Vec::new(), shadows: 0 };
        let (root, shadow) = (root.canonicalize()?, shadow.canonicalize()?);
        let random = SeededRandom::new(seed);
        Ok(Fault { root, shadow, random, says: ErrorKind::Other, state: Mutex::new(state) })
    }

    /// Fails with this kind of error: a full disk, a directory nobody may write to.
    #[must_use]
    pub fn saying(self, kind: ErrorKind) -> Fault {
        Fault { says: kind, ..self }
    }

    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Takes back what was not synced: of each directory the newest changes of names, of each file the newest bytes,
    /// how much of either is chosen at random. Every later call fails.
    pub fn lose_power(&self) -> Result<()> {
        let mut state = self.state();
        state.steps_left = 0;
        let mut kept: HashMap<PathBuf, u64> = HashMap::new();
        let mut seen: HashMap<PathBuf, u64> = HashMap::new();
        for change in &state.changes {
            *seen.entry(change.directory()).or_default() += 1;
        }
        for (directory, count) in &seen {
            kept.insert(directory.clone(), self.below(count + 1));
        }
        for change in std::mem::take(&mut state.changes).into_iter().rev() {
            let directory = change.directory();
            let place = seen.entry(directory.clone()).or_default();
            if *place > kept.get(&directory).copied().unwrap_or(0) {
                change.undo();
            }
            *place -= 1;
        }
        self.lose_bytes(&self.root.clone(), &state.synced)
    }

    fn lose_bytes(&self, directory: &Path, synced: &HashMap<u64, u64>) -> Result<()> {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                self.lose_bytes(&entry.path(), synced)?;
                continue;
            }
            let Some(safe) = synced.get(&metadata.ino()).copied().filter(|safe| *safe < metadata.len()) else {
                continue;
            };
            let left = safe + self.below(metadata.len() - safe + 1);
            let file = File::options().write(true).open(entry.path())?;
            file.set_len(left)?;
            if self.below(2) == 0 {
                // The length arrived, the bytes did not.
                file.set_len(metadata.len())?;
            }
        }
        Ok(())
    }

    fn step(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.steps_left == 0 {
            return Err(Error::from(self.says));
        }
        state.steps_left -= 1;
        state.steps += 1;
        Ok(state)
    }

    /// Keeps the file that has this name now under a shadow name.
    fn shadow(&self, state: &mut State, path: &Path) -> Result<PathBuf> {
        state.shadows += 1;
        let shadow = self.shadow.join(state.shadows.to_string());
        std::fs::hard_link(path, &shadow)?;
        Ok(shadow)
    }

    fn below(&self, bound: u64) -> u64 {
        self.random.next() % bound
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Change {
    fn directory(&self) -> PathBuf {
        let (Change::Added { path }
        | Change::Moved { to: path, .. }
        | Change::Removed { path, .. }
        | Change::MadeDirectory { path }) = self;
        path.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// Names that an earlier undo took away already are no error.
    fn undo(self) {
        match self {
            Change::Added { path } => drop(std::fs::remove_file(path)),
            Change::MadeDirectory { path } => drop(std::fs::remove_dir_all(path)),
            Change::Removed { path, before } => drop(std::fs::hard_link(before, path)),
            Change::Moved { from, to, before } => {
                drop(std::fs::rename(&to, from));
                drop(before.map(|before| std::fs::hard_link(before, to)));
            }
        }
    }
}

impl Medium for Fault {
    fn create(&self, path: &Path) -> Result<File> {
        let mut state = self.step()?;
        let file = Direct.create(path)?;
        state.synced.insert(file.metadata()?.ino(), 0);
        state.changes.push(Change::Added { path: path.to_owned() });
        Ok(file)
    }

    fn write_at(&self, path: &Path, file: &File, offset: u64, bytes: &[u8]) -> Result<()> {
        let state = self.step()?;
        let last = state.steps_left == 0;
        let share = if last { usize::try_from(self.below(bytes.len() as u64 + 1)).unwrap_or(0) } else { bytes.len() };
        Direct.write_at(path, file, offset, &bytes[..share])?;
        if last { Err(Error::from(self.says)) } else { Ok(()) }
    }

    fn sync(&self, _path: &Path, file: &File) -> Result<()> {
        let mut state = self.step()?;
        let metadata = file.metadata()?;
        state.synced.insert(metadata.ino(), metadata.len());
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.step()?;
        Direct.link(from, to)?;
        state.changes.push(Change::Added { path: to.to_owned() });
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.step()?;
        let before = if to.exists() { Some(self.shadow(&mut state, to)?) } else { None };
        Direct.rename(from, to)?;
        state.changes.push(Change::Moved { from: from.to_owned(), to: to.to_owned(), before });
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let mut state = self.step()?;
        let before = self.shadow(&mut state, path)?;
        Direct.remove(path)?;
        state.changes.push(Change::Removed { path: path.to_owned(), before });
        Ok(())
    }

    fn create_directory(&self, path: &Path) -> Result<()> {
        let mut state = self.step()?;
        Direct.create_directory(path)?;
        state.changes.push(Change::MadeDirectory { path: path.to_owned() });
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> Result<()> {
        let mut state = self.step()?;
        state.changes.retain(|change| change.directory() != path);
        Ok(())
    }
}
