//! Sorted Merkle trees over records of fixed width that begin with a label: the lists of hit lists and bulk deliveries,
//! and an epoch's map. Being sorted, they prove absence as well: two neighbours with nothing between them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use yiwang_kernel::{Error, Result};
use yiwang_seal::vrf::Label;

use crate::header::ListRoot;
use crate::merkle::{Hash, included, inclusion_path, leaf_hash, root_of};

/// A label alone.
pub(crate) const LABEL_BYTES: usize = 32;
/// Label, count and last entry of a chain, numbers big-endian.
pub(crate) const CHAIN_BYTES: usize = 48;

/// Records hashed as one piece of the tree; a power of two, so pieces are subtrees of it.
const RECORDS_PER_BLOCK: u64 = 1024;

/// A record of the tree with the proof that it stands at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its place in the order, from 0.
    pub position: u64,
    /// The record; its first 32 bytes are the label.
    pub record: Vec<u8>,
    /// Siblings up to the root, lowest first.
    pub path: Vec<Hash>,
}

/// Whether a label stands in a sorted tree, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortedProof {
    /// It does, here.
    Member(Neighbour),
    /// It does not: it would stand between these two; one is missing at an end, both if the tree is empty.
    Absent {
        /// The last record before it.
        before: Option<Neighbour>,
        /// The first record after it.
        after: Option<Neighbour>,
    },
}

impl SortedProof {
    /// The record of this label, nothing if it is proved absent; an error if the proof does not hold.
    pub fn check(&self, tree: &ListRoot, label: &Label) -> Result<Option<&[u8]>> {
        let stands = |neighbour: &Neighbour| {
            let leaf = leaf_hash(&neighbour.record);
            included(&leaf, neighbour.position, tree.count, &neighbour.path, &tree.root)
        };
        let key = |neighbour: &Neighbour| neighbour.record.first_chunk::<32>().copied();
        let holds = match self {
            SortedProof::Member(member) => stands(member) && key(member) == Some(label.0),
            SortedProof::Absent { before, after } => {
                let lower = before.as_ref().map_or(0, |before| before.position + 1);
                let upper = after.as_ref().map_or(tree.count, |after| after.position);
                let below = |before: &Neighbour| stands(before) && key(before).is_some_and(|key| key < label.0);
                let above = |after: &Neighbour| stands(after) && key(after).is_some_and(|key| key > label.0);
                lower == upper && before.iter().all(below) && after.iter().all(above)
            }
        };
        match self {
            _ if !holds => Err(Error::refused("ledger-proof")),
            SortedProof::Member(member) => Ok(Some(&member.record)),
            SortedProof::Absent { .. } => Ok(None),
        }
    }
}

/// A sorted tree whose records lie in a file.
pub(crate) struct SortedTree {
    file: File,
    width: usize,
    count: u64,
    blocks: Vec<Hash>,
}

impl SortedTree {
    /// Reads the records once and keeps a hash for each 1,024 of them; refuses records out of order.
    pub(crate) fn open(path: &Path, width: usize) -> Result<SortedTree> {
        let reading = |error| Error::internal("reading a sorted list of the ledger", error);
        let file = File::open(path).map_err(reading)?;
        let bytes = file.metadata().map_err(reading)?.len();
        if !bytes.is_multiple_of(width as u64) {
            return Err(Error::broken("a sorted list of the ledger is cut"));
        }
        let mut tree = SortedTree { file, width, count: bytes / width as u64, blocks: Vec::new() };
        let mut last = None;
        for block in 0..tree.count.div_ceil(RECORDS_PER_BLOCK) {
            let records = tree.block(block)?;
            for record in records.chunks_exact(width) {
                let label: [u8; 32] = *record.first_chunk().expect("a record begins with a label");
                if last.replace(label).is_some_and(|last| last >= label) {
                    return Err(Error::broken("a sorted list of the ledger is out of order"));
                }
            }
            tree.blocks.push(root_of(&leaves(&records, width)));
        }
        Ok(tree)
    }

    /// Count and root.
    pub(crate) fn root(&self) -> ListRoot {
        ListRoot { count: self.count, root: root_of(&self.blocks) }
    }

    /// Proves that the label stands here or that it does not.
    pub(crate) fn prove(&self, label: &Label) -> Result<SortedProof> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.label(middle)? < label.0 { low = middle + 1 } else { high = middle }
        }
        if low < self.count && self.label(low)? == label.0 {
            return self.neighbour(low).map(SortedProof::Member);
        }
        let before = low.checked_sub(1).map(|position| self.neighbour(position)).transpose()?;
        let after = (low < self.count).then(|| self.neighbour(low)).transpose()?;
        Ok(SortedProof::Absent { before, after })
    }

    fn neighbour(&self, position: u64) -> Result<Neighbour> {
        let (block, within) = (position / RECORDS_PER_BLOCK, position % RECORDS_PER_BLOCK);
        let records = self.block(block)?;
        let hashes = leaves(&records, self.width);
        let mut path = path_among(&hashes, within)?;
        path.extend(path_among(&self.blocks, block)?);
        let start = within as usize * self.width;
        Ok(Neighbour { position, record: records[start..start + self.width].to_vec(), path })
    }

    fn label(&self, position: u64) -> Result<[u8; 32]> {
        let mut label = [0u8; 32];
        let read = self.file.read_exact_at(&mut label, position * self.width as u64);
        read.map_err(|error| Error::internal("reading a sorted list of the ledger", error))?;
        Ok(label)
    }

    fn block(&self, block: u64) -> Result<Vec<u8>> {
        let first = block * RECORDS_PER_BLOCK;
        let count = RECORDS_PER_BLOCK.min(self.count - first) as usize;
        let mut records = vec![0u8; count * self.width];
        let read = self.file.read_exact_at(&mut records, first * self.width as u64);
        read.map_err(|error| Error::internal("reading a sorted list of the ledger", error))?;
        Ok(records)
    }
}

/// Count and root of records already sorted, without a file.
pub(crate) fn root_of_sorted(records: &[u8], width: usize) -> ListRoot {
    let blocks = records.chunks(width * RECORDS_PER_BLOCK as usize).map(|block| root_of(&leaves(block, width)));
    let blocks = blocks.collect::<Vec<_>>();
    ListRoot { count: (records.len() / width) as u64, root: root_of(&blocks) }
}

fn leaves(records: &[u8], width: usize) -> Vec<Hash> {
    records.chunks_exact(width).map(leaf_hash).collect()
}

fn path_among(hashes: &[Hash], index: u64) -> Result<Vec<Hash>> {
    let root = |start: u64, end: u64| Ok(root_of(&hashes[start as usize..end as usize]));
    inclusion_path(index, hashes.len() as u64, &root)
}
