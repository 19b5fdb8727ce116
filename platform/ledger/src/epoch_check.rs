//! Checks what epochs state while a log is walked: every epoch's tree head at once, and at the end the map of the last
//! epoch, from the chains as they stood where it was made.

use std::collections::HashMap;

use yiwang_seal::vrf::Label;

use crate::epoch::map_records;
use crate::header::{EpochRoots, ListRoot};
use crate::merkle::Hash;
use crate::sorted::{CHAIN_BYTES, root_of_sorted};
use crate::state::{Chain, Changes, State};

/// Changes remembered at most; an epoch further back than they reach is not checked.
const UNDO_MAX: usize = 1_000_000;

/// What was true at each head since the place the last epoch covers.
#[derive(Default)]
pub(crate) struct EpochCheck {
    /// Tree size before the batch, subject, its chain before the batch.
    undo: Vec<(u64, Label, Option<Chain>)>,
    /// Size and root of each head.
    heads: Vec<(u64, Hash)>,
    /// What lies before this size is forgotten.
    known_from: u64,
    /// The last epoch: its entry, the size it covers, its map.
    last: Option<(u64, u64, ListRoot)>,
}

impl EpochCheck {
    /// Takes note of a batch about to be applied to `state`; false if an epoch in it states another tree.
    pub(crate) fn before(&mut self, state: &State, changes: &Changes) -> bool {
        let size = state.size();
        if self.undo.len() > UNDO_MAX {
            self.forget(size);
        }
        let earlier = changes.chains().map(|label| (size, *label, state.chains.get(label).copied()));
        self.undo.extend(earlier);
        self.heads.push((size, state.frontier.root()));
        changes.headers.iter().all(|header| match &header.epoch {
            Some(epoch) => self.epoch(header.index, epoch),
            None => true,
        })
    }

    /// The last epoch's entry and whether its map is what the entries make; nothing if there is none to check.
    pub(crate) fn finish(self, state: &State) -> Option<(u64, bool)> {
        let (index, covers, stated) = self.last.filter(|(_, covers, _)| *covers >= self.known_from)?;
        let mut chains: HashMap<Label, Chain> = state.chains.clone();
        for (_, label, before) in self.undo.iter().rev().filter(|(size, ..)| *size >= covers) {
            match before {
                Some(chain) => chains.insert(*label, *chain),
                None => chains.remove(label),
            };
        }
        let records = map_records(chains.into_iter().collect());
        Some((index, root_of_sorted(&records, CHAIN_BYTES) == stated))
    }

    fn epoch(&mut self, index: u64, epoch: &EpochRoots) -> bool {
        let Some((_, covers, root)) = epoch.heads.first() else { return false };
        if *covers < self.known_from {
            return true;
        }
        let right = self.heads.iter().any(|head| head == &(*covers, *root));
        self.last = Some((index, *covers, epoch.map));
        self.forget(*covers);
        right
    }

    fn forget(&mut self, before: u64) {
        self.undo.retain(|(size, ..)| *size >= before);
        self.heads.retain(|(size, _)| *size >= before);
        self.known_from = before;
    }
}
