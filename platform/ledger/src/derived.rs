//! Where entries stand and the nodes of the tree, as plain files of fixed records: derived from the segments, rebuilt
//! at every start, never synced, never trusted by the verifier. They make any proof a few positioned reads.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use yiwang_kernel::{Error, Result};

use crate::keys::unavailable;
use crate::merkle::Hash;
use crate::scan::Position;

const POSITION_BYTES: u64 = 24;
const HASH_BYTES: u64 = 32;
const BUFFERED_BYTES_MAX: usize = 1 << 20;

/// The derived files of a log, open for reading.
pub(crate) struct Derived {
    dir: PathBuf,
    positions: File,
    levels: RwLock<Vec<File>>,
}

/// Rows on their way to the files, gathered so that a batch costs few writes.
#[derive(Default)]
pub(crate) struct Rows {
    positions: Option<(u64, Vec<u8>)>,
    levels: BTreeMap<u32, (u64, Vec<u8>)>,
    bytes: usize,
}

impl Derived {
    /// Starts anew and empty.
    pub(crate) fn create(dir: &Path) -> Result<Derived> {
        let dir = dir.join("derived");
        let making = |error| Error::internal("making the ledger's derived files", error);
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(making)?;
        }
        std::fs::create_dir_all(&dir).map_err(making)?;
        let positions = create(&dir.join("positions"))?;
        Ok(Derived { dir, positions, levels: RwLock::default() })
    }

    /// Writes the rows gathered and empties them.
    pub(crate) fn write(&self, rows: &mut Rows) -> Result<()> {
        let writing = unavailable("writing the ledger's derived files");
        if let Some((first, bytes)) = rows.positions.take() {
            self.positions.write_all_at(&bytes, first * POSITION_BYTES).map_err(&writing)?;
        }
        for (level, (first, bytes)) in std::mem::take(&mut rows.levels) {
            let known = self.levels.read().unwrap_or_else(PoisonError::into_inner).len();
            for missing in known..=level as usize {
                let file = create(&self.dir.join(format!("tree-{missing:02}")))?;
                self.levels.write().unwrap_or_else(PoisonError::into_inner).push(file);
            }
            let levels = self.levels.read().unwrap_or_else(PoisonError::into_inner);
            levels[level as usize].write_all_at(&bytes, first * HASH_BYTES).map_err(&writing)?;
        }
        rows.bytes = 0;
        Ok(())
    }

    /// Where this entry stands.
    pub(crate) fn position(&self, index: u64) -> Result<Position> {
        let mut bytes = [0u8; POSITION_BYTES as usize];
        let read = self.positions.read_exact_at(&mut bytes, index * POSITION_BYTES);
        read.map_err(|error| Error::internal("reading a ledger position", error))?;
        let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        Ok(Position { segment: number(0), offset: number(8), batch: number(16) })
    }

    /// A complete node of the tree.
    pub(crate) fn node(&self, level: u32, at: u64) -> Result<Hash> {
        let levels = self.levels.read().unwrap_or_else(PoisonError::into_inner);
        let file = levels.get(level as usize).ok_or_else(|| Error::broken("the ledger's tree lacks a level"))?;
        let mut hash = Hash::default();
        let read = file.read_exact_at(&mut hash, at * HASH_BYTES);
        read.map_err(|error| Error::internal("reading a ledger tree node", error))?;
        Ok(hash)
    }
}

impl Rows {
    /// Adds an entry's place and the nodes it completes; entries come in order.
    pub(crate) fn push(&mut self, index: u64, position: Position, nodes: &[(u32, u64, Hash)]) {
        let (_, places) = self.positions.get_or_insert_with(|| (index, Vec::new()));
        for number in [position.segment, position.offset, position.batch] {
            places.extend_from_slice(&number.to_be_bytes());
        }
        for (level, at, node) in nodes {
            let (_, hashes) = self.levels.entry(*level).or_insert_with(|| (*at, Vec::new()));
            hashes.extend_from_slice(node);
        }
        self.bytes += POSITION_BYTES as usize + nodes.len() * HASH_BYTES as usize;
    }

    /// Whether it is time to write.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes > BUFFERED_BYTES_MAX
    }
}

fn create(path: &Path) -> Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
    file.map_err(unavailable("making a derived ledger file"))
}
