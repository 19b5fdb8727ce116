//! Ranks over several sorted runs: which blocks of each hold the places asked for, by their fences alone; then, among
//! the entries of those blocks, the places themselves. Pure: opens nothing.

use std::cmp::Ordering;
use std::ops::Range;

use super::run::{Entries, Key};

/// One run as far as ranks go.
pub(crate) struct Source<'a> {
    /// The first entry of each block.
    pub(crate) firsts: &'a Entries,
    /// Live entries before each block, and all of them.
    pub(crate) before: &'a [u64],
}

/// For each run the blocks that hold the entries from place `skip` on, `take` of them, and how many live entries all
/// runs have before those blocks.
pub(crate) fn spans(sources: &[Source<'_>], descending: bool, skip: u64, take: u64) -> (Vec<Range<usize>>, u64) {
    let order = Order { sources, descending };
    let end = skip.saturating_add(take);
    let from = order.last_fence(|fence| order.live_before(fence).1 <= skip);
    let to = order.first_fence(|fence| order.live_before(fence).0 >= end);
    let mut before = 0;
    let mut spans = Vec::with_capacity(sources.len());
    for (place, source) in sources.iter().enumerate() {
        let first = from.map_or(0, |from| order.fences_until(place, &from).saturating_sub(1));
        let last = to.map_or(source.firsts.len(), |to| order.fences_before(place, &to));
        before += source.before[first];
        spans.push(first..last.max(first));
    }
    (spans, before)
}

/// From sorted entries of each run, those from place `skip` on, `take` of them: run and row.
pub(crate) fn select(entries: &[Entries], descending: bool, skip: u64, take: usize) -> Vec<(usize, u32)> {
    let rank = |key: &Key<'_>| {
        let before = entries.iter().enumerate().map(|(source, run)| {
            bisect(run.len(), |place| run.key(place, source).compare(key, descending) == Ordering::Less)
        });
        before.sum::<usize>() as u64
    };
    let start = |(source, run): (usize, &Entries)| bisect(run.len(), |place| rank(&run.key(place, source)) < skip);
    let mut next: Vec<usize> = entries.iter().enumerate().map(start).collect();
    let mut selected = Vec::new();
    while selected.len() < take {
        let heads = entries.iter().enumerate().filter(|(source, run)| next[*source] < run.len());
        let heads = heads.map(|(source, run)| run.key(next[source], source));
        let Some(least) = heads.min_by(|one, other| one.compare(other, descending)) else { break };
        selected.push((least.source, least.row));
        next[least.source] += 1;
    }
    selected
}

struct Order<'a> {
    sources: &'a [Source<'a>],
    descending: bool,
}

impl<'a> Order<'a> {
    /// The last fence of all for which this holds; it holds up to some fence and for none after it.
    fn last_fence(&self, holds: impl Fn(&Key<'a>) -> bool) -> Option<Key<'a>> {
        let last = |(source, run): (usize, &Source<'a>)| {
            let after = bisect(run.firsts.len(), |block| holds(&run.firsts.key(block, source)));
            after.checked_sub(1).map(|block| run.firsts.key(block, source))
        };
        let lasts = self.sources.iter().enumerate().filter_map(last);
        lasts.max_by(|one, other| one.compare(other, self.descending))
    }

    /// The first fence of all for which this holds; it holds from some fence on.
    fn first_fence(&self, holds: impl Fn(&Key<'a>) -> bool) -> Option<Key<'a>> {
        let first = |(source, run): (usize, &Source<'a>)| {
            let block = bisect(run.firsts.len(), |block| !holds(&run.firsts.key(block, source)));
            (block < run.firsts.len()).then(|| run.firsts.key(block, source))
        };
        let firsts = self.sources.iter().enumerate().filter_map(first);
        firsts.min_by(|one, other| one.compare(other, self.descending))
    }

    /// How many live entries come before a key, at least and at most: fences say it to within a block of each run.
    fn live_before(&self, key: &Key<'_>) -> (u64, u64) {
        let (mut least, mut most) = (0, 0);
        for (place, source) in self.sources.iter().enumerate() {
            let fences = self.fences_before(place, key);
            least += source.before[fences.saturating_sub(1)];
            most += source.before[fences];
        }
        (least, most)
    }

    fn fences_before(&self, source: usize, key: &Key<'_>) -> usize {
        self.fences(source, |fence| fence.compare(key, self.descending) == Ordering::Less)
    }

    fn fences_until(&self, source: usize, key: &Key<'_>) -> usize {
        self.fences(source, |fence| fence.compare(key, self.descending) != Ordering::Greater)
    }

    fn fences(&self, source: usize, holds: impl Fn(Key<'_>) -> bool) -> usize {
        let firsts = self.sources[source].firsts;
        bisect(firsts.len(), |block| holds(firsts.key(block, source)))
    }
}

/// The first place for which this does not hold; it holds for all before that place and none after.
fn bisect(length: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
