//! Epochs: an entry that states where the log and every chain stand, so that a person can be shown "these are all".
//! Made on demand; appending goes on meanwhile, since the map is built from a copy of the chains.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use yiwang_kernel::{Error, Instant, Result};
use yiwang_seal::hex;
use yiwang_seal::vrf::Label;

use crate::entry::{Common, Entry, Identifier, Receipt};
use crate::header::{EpochRoots, Kind, ListRoot};
use crate::keys::{io, write_durable};
use crate::ledger::Ledger;
use crate::shared::Shared;
use crate::sorted::{CHAIN_BYTES, SortedProof, SortedTree, root_of_sorted};
use crate::state::Chain;
use crate::writer::Draft;

/// An epoch, as made.
#[derive(Debug, Clone)]
pub struct Epoch {
    /// Its entry.
    pub receipt: Receipt,
    /// What it states.
    pub roots: EpochRoots,
}

/// A subject's place in the map of the last epoch.
#[derive(Debug, Clone)]
pub struct MapProof {
    /// The subject.
    pub label: Label,
    /// The epoch's entry.
    pub epoch: u64,
    /// When it was made: the answer is complete up to here.
    pub time: Instant,
    /// The map's count and root, as the epoch's header states them.
    pub map: ListRoot,
    /// The record (label, count, last entry; numbers of eight bytes, big-endian), or its absence.
    pub proof: SortedProof,
}

/// The map of the last epoch, ready for proofs.
pub(crate) struct EpochMap {
    index: u64,
    time: Instant,
    tree: SortedTree,
}

impl Ledger {
    /// States where everything stands. Gives nothing if the log is empty or nothing came since the last epoch.
    pub async fn epoch(&self) -> Result<Option<Epoch>> {
        let made = self.blocking(|shared| shared.epoch_draft()).await?;
        let Some((draft, roots)) = made else { return Ok(None) };
        let receipt = self.send(draft).await?;
        let map = roots.map;
        self.blocking(move |shared| shared.drop_old_maps(&map)).await?;
        Ok(Some(Epoch { receipt, roots }))
    }

    /// Proves how many entries a subject's chain had at the last epoch, and which was its last.
    pub async fn map_proof(&self, subject: Identifier) -> Result<MapProof> {
        self.blocking(move |shared| shared.map_proof(&subject)).await
    }
}

impl Shared {
    /// An epoch of the log as it stands, not yet appended; its map lies ready.
    pub(crate) fn epoch_draft(&self) -> Result<Option<(Draft, EpochRoots)>> {
        let (head, lists, chains) = {
            let state = self.state();
            let last = state.epoch.unwrap_or_default();
            let nothing_since = state.epoch.is_some() && last.covers == last.index && last.index + 1 == state.size();
            if state.size() == 0 || nothing_since {
                return Ok(None);
            }
            let since = state.lists.partition_point(|index| *index < last.covers);
            let head = (self.keys.identity.log, state.size(), state.frontier.root());
            let chains: Vec<(Label, Chain)> = state.chains.iter().map(|(label, chain)| (*label, *chain)).collect();
            (head, state.lists[since..].to_vec(), chains)
        };
        let records = map_records(chains);
        let roots = EpochRoots { heads: vec![head], map: root_of_sorted(&records, CHAIN_BYTES), lists };
        write_durable(&self.map_path(&roots.map), &records)?;
        let common = Common { who: "system:ledger".into(), purpose: "epoch".into(), ..Common::default() };
        let mut draft = self.draft(Entry::system(common), self.clock.now().micros(), Vec::new(), None)?;
        draft.kind = Kind::Epoch;
        draft.epoch = Some(roots.clone());
        Ok(Some((draft, roots)))
    }

    /// Proofs are always to the newest epoch; older maps can be rebuilt from the log.
    fn drop_old_maps(&self, kept: &ListRoot) -> Result<()> {
        let kept = self.map_path(kept);
        for found in std::fs::read_dir(self.dir.join("epochs")).map_err(io("listing epoch maps"))? {
            let path = found.map_err(io("listing epoch maps"))?.path();
            if path != kept {
                std::fs::remove_file(path).map_err(io("removing an old epoch map"))?;
            }
        }
        Ok(())
    }

    fn map_proof(&self, subject: &Identifier) -> Result<MapProof> {
        let map = self.last_map()?;
        let label = self.label(subject);
        let proof = map.tree.prove(&label)?;
        Ok(MapProof { label, epoch: map.index, time: map.time, map: map.tree.root(), proof })
    }

    fn last_map(&self) -> Result<Arc<EpochMap>> {
        let mut kept = self.epoch_map.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.state().epoch.ok_or_else(|| Error::not_found("ledger-epoch"))?.index;
        if let Some(map) = kept.as_ref().filter(|map| map.index == last) {
            return Ok(map.clone());
        }
        let header = self.record(last)?.header;
        let roots = header.epoch.ok_or_else(|| Error::broken("an epoch entry without its roots"))?;
        let time = Instant::from_micros(header.time);
        let tree = SortedTree::open(&self.map_path(&roots.map), CHAIN_BYTES)?;
        let map = Arc::new(EpochMap { index: last, time, tree });
        *kept = Some(map.clone());
        Ok(map)
    }

    fn map_path(&self, map: &ListRoot) -> PathBuf {
        self.dir.join("epochs").join(format!("{}.map", hex(&map.root)))
    }
}

/// The records of a map: label, count, last entry, sorted by label.
pub(crate) fn map_records(mut chains: Vec<(Label, Chain)>) -> Vec<u8> {
    chains.sort_unstable_by_key(|(label, _)| *label);
    let mut records = Vec::with_capacity(chains.len() * CHAIN_BYTES);
    for (label, chain) in chains {
        records.extend_from_slice(&label.0);
        records.extend_from_slice(&chain.count.to_be_bytes());
        records.extend_from_slice(&chain.last.to_be_bytes());
    }
    records
}
