//! What a log's entries add up to: the tree's edge, the chains of subjects, reads still open, decisions known.
//! The writer and the scanner share it, so what is written and what is accepted can never differ.

use std::collections::{BTreeMap, HashMap};

use yiwang_seal::vrf::Label;

use crate::header::{Follows, Header, Link};
use crate::merkle::{Frontier, Hash};
use crate::verify::Fault;

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Entries in it.
    pub(crate) count: u64,
    /// Its last entry.
    pub(crate) last: u64,
}

/// The sum of all acknowledged entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) frontier: Frontier,
    pub(crate) batches: u64,
    /// SHA-256 of the last head's note.
    pub(crate) head_hash: Hash,
    /// The last head's note; empty before the first.
    pub(crate) note: String,
    /// Time of the last entry.
    pub(crate) time: i64,
    pub(crate) chains: HashMap<Label, Chain>,
    /// Streamed reads not yet closed, with the rows they may give at most.
    pub(crate) opens: BTreeMap<u64, u64>,
    pub(crate) events: HashMap<[u8; 16], u64>,
    /// Entries that carry a list.
    pub(crate) lists: Vec<u64>,
    /// The last epoch.
    pub(crate) epoch: Option<EpochPlace>,
    /// The log before this one, where the first entry names one.
    pub(crate) follows: Option<Follows>,
}

/// An epoch's entry and how many entries it covers: those that came while it was made are the next one's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EpochPlace {
    pub(crate) index: u64,
    pub(crate) covers: u64,
}

/// A batch being put together on top of a state, which stays as it is until the batch is durable.
pub(crate) struct Batch<'a> {
    state: &'a State,
    changes: Changes,
}

/// What a batch changes.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) headers: Vec<Header>,
    pub(crate) frontier: Frontier,
    chains: HashMap<Label, Chain>,
    closed: Vec<u64>,
    events: HashMap<[u8; 16], u64>,
}

impl Changes {
    /// The subjects whose chains grow.
    pub(crate) fn chains(&self) -> impl Iterator<Item = &Label> {
        self.chains.keys()
    }
}

impl State {
    /// Entries acknowledged.
    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Takes over a durable batch, whose head is `note`.
    pub(crate) fn apply(&mut self, changes: Changes, note: String) {
        for header in &changes.headers {
            self.time = header.time;
            if header.index == 0 {
                self.follows = header.follows;
            }
            if let Some(rows_max) = header.rows_max {
                self.opens.insert(header.index, rows_max);
            }
            if header.list.is_some() {
                self.lists.push(header.index);
            }
            if let Some((_, covers, _)) = header.epoch.as_ref().and_then(|epoch| epoch.heads.first()) {
                self.epoch = Some(EpochPlace { index: header.index, covers: *covers });
            }
        }
        self.chains.extend(changes.chains);
        self.events.extend(changes.events);
        for open in changes.closed {
            self.opens.remove(&open);
        }
        self.frontier = changes.frontier;
        self.batches += 1;
        self.head_hash = yiwang_seal::sha256(note.as_bytes());
        self.note = note;
    }
}

impl<'a> Batch<'a> {
    pub(crate) fn new(state: &'a State) -> Batch<'a> {
        Batch { state, changes: Changes { frontier: state.frontier.clone(), ..Changes::default() } }
    }

    /// The next entry's number.
    pub(crate) fn next(&self) -> u64 {
        self.changes.frontier.size()
    }

    /// The place a new entry takes in this subject's chain.
    pub(crate) fn link(&self, label: Label, part: Option<Hash>) -> Link {
        let chain = self.chain(&label);
        let number = chain.map_or(1, |chain| chain.count + 1);
        Link { label, number, previous: chain.map(|chain| chain.last), part }
    }

    /// The entry that already records this event.
    pub(crate) fn event(&self, event: &[u8; 16]) -> Option<u64> {
        self.changes.events.get(event).or_else(|| self.state.events.get(event)).copied()
    }

    /// Whether a streamed read with this number waits for its close.
    pub(crate) fn is_open(&self, index: u64) -> bool {
        if self.changes.closed.contains(&index) {
            return false;
        }
        let here = || self.changes.headers.iter().any(|header| header.index == index && header.rows_max.is_some());
        self.state.opens.contains_key(&index) || here()
    }

    /// Takes the entry in if it continues log and chains; tells each node of the tree it completes.
    pub(crate) fn admit(
        &mut self,
        header: Header,
        leaf: Hash,
        completed: &mut dyn FnMut(u32, u64, Hash),
    ) -> Result<(), Fault> {
        if header.index != self.next() {
            return Err(Fault::Sequence);
        }
        if header.follows.is_some() && header.index != 0 {
            return Err(Fault::Follows);
        }
        for link in &header.links {
            if *link != self.link(link.label, link.part) {
                return Err(Fault::Chain);
            }
            let chain = Chain { count: link.number, last: header.index };
            self.changes.chains.insert(link.label, chain);
        }
        if let Some(open) = header.refers {
            if !self.is_open(open) {
                return Err(Fault::Close);
            }
            self.changes.closed.push(open);
        }
        if let Some(event) = header.event {
            if self.event(&event).is_some() {
                return Err(Fault::Event);
            }
            self.changes.events.insert(event, header.index);
        }
        self.changes.frontier.push(leaf, completed);
        self.changes.headers.push(header);
        Ok(())
    }

    /// The header of an entry taken into this batch.
    pub(crate) fn header(&self, index: u64) -> Option<&Header> {
        self.changes.headers.iter().find(|header| header.index == index)
    }

    /// Entries taken in so far.
    pub(crate) fn len(&self) -> usize {
        self.changes.headers.len()
    }

    /// The tree's root with the batch.
    pub(crate) fn root(&self) -> Hash {
        self.changes.frontier.root()
    }

    /// What to apply once the batch is durable.
    pub(crate) fn finish(self) -> Changes {
        self.changes
    }

    fn chain(&self, label: &Label) -> Option<Chain> {
        self.changes.chains.get(label).or_else(|| self.state.chains.get(label)).copied()
    }
}
