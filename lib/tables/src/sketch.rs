//! Sketches that merge: how many distinct values (HyperLogLog) and which are frequent (Space-Saving in its mergeable
//! form: counts less what pruning may have lost). Both are approximate and say so.

use std::collections::HashMap;

const REGISTERS_BITS: u32 = 12;
const REGISTERS: usize = 1 << REGISTERS_BITS;
const SLOTS: usize = 1024;
const SLOTS_USED_MAX: usize = 640;
const KEPT_MAX: usize = 256;
/// A column whose table was pruned so often, and where nothing stood out, has no frequent values in this chunk.
const PRUNINGS_MAX: u32 = 6;

/// A 64-bit hash of a value; fixed for ever, so that sketches of different files can be compared.
#[inline]
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = (bytes.len() as u64).wrapping_mul(FACTOR);
    let words = bytes.chunks_exact(8);
    let rest = words.remainder();
    for word in words {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        state = (state ^ word).wrapping_mul(FACTOR);
        state ^= state >> 32;
    }
    let mut tail = 0;
    for byte in rest {
        tail = tail << 8 | u64::from(*byte);
    }
    state = (state ^ tail).wrapping_mul(FACTOR);
    state = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state ^ (state >> 32)
}

/// How many distinct values there are, to about 1.6 %.
#[derive(Debug, Clone)]
pub(crate) struct Distinct(Vec<u8>);

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct(vec![0; REGISTERS])
    }
}

impl Distinct {
    #[inline]
    pub(crate) fn add(&mut self, hash: u64) {
        let register = &mut self.0[(hash >> (64 - REGISTERS_BITS)) as usize];
        let rank = ((hash << REGISTERS_BITS) | (1 << (REGISTERS_BITS - 1))).leading_zeros() as u8 + 1;
        *register = rank.max(*register);
    }

    pub(crate) fn merge(&mut self, other: &Distinct) {
        for (mine, other) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*other);
        }
    }

    pub(crate) fn estimate(&self) -> u64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|rank| 0.5f64.powi(i32::from(*rank))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.0.iter().filter(|rank| **rank == 0).count();
        let estimate =
            if raw <= 2.5 * registers && empty > 0 { registers * (registers / empty as f64).ln() } else { raw };
        estimate.round() as u64
    }
}

/// The frequent values of one chunk, by hash and the row they were first seen in.
pub(crate) struct Frequent {
    slots: Vec<Slot>,
    used: usize,
    lost: u32,
    prunings: u32,
    given_up: bool,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    count: u32,
    row: u32,
}

impl Default for Frequent {
    fn default() -> Frequent {
        Frequent { slots: vec![Slot::default(); SLOTS], used: 0, lost: 0, prunings: 0, given_up: false }
    }
}

impl Frequent {
    #[inline]
    pub(crate) fn add(&mut self, hash: u64, row: usize) {
        if self.given_up {
            return;
        }
        self.put(Slot { hash, count: 1, row: row as u32 });
        if self.used > SLOTS_USED_MAX {
            self.prune();
        }
    }

    #[inline]
    fn put(&mut self, given: Slot) {
        let mut at = given.hash as usize % SLOTS;
        loop {
            let slot = &mut self.slots[at];
            if slot.count == 0 {
                *slot = given;
                self.used += 1;
                return;
            }
            if slot.hash == given.hash {
                slot.count += given.count;
                return;
            }
            at = (at + 1) % SLOTS;
        }
    }

    /// Takes the median count off all; those with nothing left go.
    fn prune(&mut self) {
        let mut counts: Vec<u32> = self.slots.iter().map(|slot| slot.count).filter(|count| *count > 0).collect();
        let middle = counts.len() / 2;
        let median = *counts.select_nth_unstable(middle).1;
        let kept: Vec<Slot> = self.slots.iter().filter(|slot| slot.count > median).copied().collect();
        self.slots.fill(Slot::default());
        self.used = 0;
        for slot in kept {
            self.put(Slot { count: slot.count - median, ..slot });
        }
        self.lost += median;
        self.prunings += 1;
        self.given_up = self.prunings >= PRUNINGS_MAX && self.used < 8;
    }

    /// The most frequent with their counts and rows, and what a count may lack.
    pub(crate) fn best(&self) -> (Vec<(u32, u32)>, u64) {
        let worth = if self.lost > 0 { 2 } else { 1 };
        let mut best: Vec<(u32, u32)> =
            self.slots.iter().filter(|slot| slot.count >= worth).map(|slot| (slot.count, slot.row)).collect();
        best.sort_unstable_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        let cut = u64::from(best.len() > KEPT_MAX);
        best.truncate(KEPT_MAX);
        (if self.given_up { Vec::new() } else { best }, u64::from(self.lost) + cut)
    }
}

/// Frequent values over many chunks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    counts: HashMap<String, u64>,
    lost: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, value: &str, count: u64) {
        match self.counts.get_mut(value) {
            Some(known) => *known += count,
            None => {
                self.counts.insert(value.to_owned(), count);
            }
        }
    }

    /// What each count may lack.
    pub(crate) fn lose(&mut self, lost: u64) {
        self.lost += lost;
    }

    pub(crate) fn merge(&mut self, other: &Counts) {
        for (value, count) in &other.counts {
            self.add(value, *count);
        }
        self.lost += other.lost;
        if self.counts.len() > SLOTS {
            let mut counts: Vec<u64> = self.counts.values().copied().collect();
            let middle = counts.len() / 2;
            let median = *counts.select_nth_unstable(middle).1;
            self.counts.retain(|_, count| *count > median);
            self.lost += median;
        }
    }

    /// How many distinct values there are, where none was ever lost.
    pub(crate) fn exact_distinct(&self) -> Option<u64> {
        (self.lost == 0 && !self.counts.is_empty()).then_some(self.counts.len() as u64)
    }

    /// The most frequent, most first, and whether counts may lack something.
    pub(crate) fn best(&self, most: usize) -> (Vec<(String, u64)>, bool) {
        let mut best: Vec<(String, u64)> = self.counts.iter().map(|(value, count)| (value.clone(), *count)).collect();
        best.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        best.truncate(most);
        (best, self.lost > 0)
    }
}
