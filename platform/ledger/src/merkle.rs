//! Tree hashing and proofs of RFC 9162, section 2.1, over SHA-256. Pure: where hashes are kept is the caller's matter,
//! so the same functions serve the log's level files, the sorted trees and the verifier.

use yiwang_kernel::Result;
use yiwang_seal::Sha256;

/// A node of a tree.
pub type Hash = [u8; 32];

/// Gives the root over the leaves from the first number to before the second.
type RangeRoot<'a> = &'a dyn Fn(u64, u64) -> Result<Hash>;

/// SHA-256(0x00 ‖ content).
pub fn leaf_hash(content: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(&[0x00]);
    hash.update(content);
    hash.finish()
}

/// SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(&[0x01]);
    hash.update(left);
    hash.update(right);
    hash.finish()
}

/// The root of these leaf hashes; of none, the hash of nothing.
pub(crate) fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(*leaf, &mut |_, _, _| ());
    }
    frontier.root()
}

/// The roots of the perfect subtrees a growing tree consists of, largest first: all that appending needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// Leaves so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf hash and tells each node it completes: level (0 for the leaf), number within the level, hash.
    pub(crate) fn push(&mut self, leaf: Hash, completed: &mut dyn FnMut(u32, u64, Hash)) {
        let mut node = leaf;
        let mut level = 0;
        completed(level, self.size, node);
        while (self.size >> level) & 1 == 1 {
            let left = self.roots.pop().expect("a set bit of the size stands for a subtree");
            node = node_hash(&left, &node);
            level += 1;
            completed(level, self.size >> level, node);
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// The root over all leaves.
    pub(crate) fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return yiwang_seal::sha256(b"") };
        roots.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The root over leaves `start..end` from kept nodes; `start` is a multiple of the largest power of two in the range.
pub(crate) fn range_root(start: u64, end: u64, node: &dyn Fn(u32, u64) -> Result<Hash>) -> Result<Hash> {
    let count = end - start;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return node(level, start >> level);
    }
    let left = split(count);
    Ok(node_hash(&range_root(start, start + left, node)?, &range_root(start + left, end, node)?))
}

/// PATH(index, D) of section 2.1.3.1 for a tree of `size` leaves, lowest sibling first.
pub(crate) fn inclusion_path(index: u64, size: u64, root: RangeRoot<'_>) -> Result<Vec<Hash>> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(root(middle, end)?);
            end = middle;
        } else {
            path.push(root(start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// PROOF(old, D) of section 2.1.4.1 between sizes `0 < old <= new`.
pub(crate) fn consistency_path(old: u64, new: u64, root: RangeRoot<'_>) -> Result<Vec<Hash>> {
    let (mut start, mut end, mut whole) = (0, new, true);
    let mut path = Vec::new();
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(root(middle, end)?);
            end = middle;
        } else {
            path.push(root(start, middle)?);
            start = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(root(start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether the leaf stands at `index` in the tree of this size and root (section 2.1.3.2).
pub fn included(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut position, mut last, mut node) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            node = node_hash(sibling, &node);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && node == *root
}

/// Whether the tree of `new` leaves begins with the tree of `old` leaves (section 2.1.4.2).
pub fn consistent(old: u64, old_root: &Hash, new: u64, new_root: &Hash, path: &[Hash]) -> bool {
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 || old > new {
        return false;
    }
    let mut path = path.iter();
    let seed = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(seed) = seed else { return false };
    let (mut position, mut last) = (old - 1, new - 1);
    while position & 1 == 1 {
        position >>= 1;
        last >>= 1;
    }
    let (mut from_old, mut from_new) = (*seed, *seed);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            from_old = node_hash(sibling, &from_old);
            from_new = node_hash(sibling, &from_new);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && from_old == *old_root && from_new == *new_root
}

/// The largest power of two smaller than `count`, for `count > 1`.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}
