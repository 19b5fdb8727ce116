//! What the writer and all readers of one open log share; turns entries into sealed drafts. Appends nothing itself.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use yiwang_kernel::{Clock, Error, Instant, Result};
use yiwang_seal::vrf::Label;
use yiwang_seal::{hex, hmac_sha256, sha256};

use crate::derived::Derived;
use crate::entry::{Entry, Identifier, Part, Receipt, salted};
use crate::epoch::EpochMap;
use crate::header::ListRoot;
use crate::keys::{Keys, write_durable};
use crate::ledger::{Ledger, Options};
use crate::sorted::{LABEL_BYTES, SortedTree, root_of_sorted};
use crate::state::State;
use crate::writer::{Draft, SealedPart};

/// Labels kept at hand; making one costs two scalar multiplications.
const LABELS_CACHED_MAX: usize = 200_000;
/// Fewer labels are not worth a thread.
const LABELS_PER_THREAD_MIN: usize = 64;
/// Lists whose trees are kept at hand, each with an open file.
const LISTS_CACHED_MAX: usize = 128;

/// One open log.
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) keys: Keys,
    pub(crate) derived: Derived,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) epoch_map: Mutex<Option<Arc<EpochMap>>>,
    pub(crate) reserve: Option<File>,
    /// Earlier logs that somebody read.
    pub(crate) earlier: Mutex<HashMap<String, Ledger>>,
    state: RwLock<State>,
    labels: Mutex<HashMap<[u8; 32], Label>>,
    list_trees: Mutex<HashMap<[u8; 32], Arc<SortedTree>>>,
    labels_key: [u8; 32],
    _lock: File,
}

/// The pieces of a log that is being opened.
pub(crate) struct Opened {
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) keys: Keys,
    pub(crate) derived: Derived,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) state: State,
    pub(crate) reserve: Option<File>,
    pub(crate) lock: File,
}

impl Shared {
    pub(crate) fn new(opened: Opened) -> Shared {
        let Opened { dir, options, keys, derived, clock, state, reserve, lock } = opened;
        let mut labels_key = [0u8; 32];
        yiwang_seal::random(&mut labels_key);
        let (state, labels, list_trees, epoch_map) =
            (RwLock::new(state), Mutex::default(), Mutex::default(), Mutex::default());
        Shared {
            dir,
            options,
            keys,
            derived,
            clock,
            epoch_map,
            reserve,
            earlier: Mutex::default(),
            state,
            labels,
            list_trees,
            labels_key,
            _lock: lock,
        }
    }

    /// The sum of all acknowledged entries.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the writer alone.
    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The label of an identifier. Remembered under a hash with a key of this process, never the value.
    pub(crate) fn label(&self, id: &Identifier) -> Label {
        let key = hmac_sha256(&self.labels_key, format!("{} {}{}", id.kind.len(), id.kind, id.value).as_bytes());
        let cached = || self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = cached().get(&key) {
            return *label;
        }
        let label = self.keys.labels.label(&id.kind, &id.value);
        let mut labels = cached();
        if labels.len() >= LABELS_CACHED_MAX {
            labels.clear();
        }
        labels.insert(key, label);
        label
    }

    /// Labels and seals an entry, and lays down its list; what remains is its number. Slow for long lists.
    pub(crate) fn prepare(&self, mut entry: Entry) -> Result<Draft> {
        entry.check()?;
        let list = entry.list.take().map(|list| self.write_list(&list)).transpose()?;
        let mut subjects: Vec<(Label, Vec<Part>)> = Vec::with_capacity(entry.subjects.len());
        for (id, part) in std::mem::take(&mut entry.subjects) {
            let label = self.label(&id);
            match subjects.iter_mut().find(|(known, _)| *known == label) {
                Some((_, parts)) => parts.push(part),
                None => subjects.push((label, vec![part])),
            }
        }
        self.draft(entry, self.clock.now().micros(), subjects, list)
    }

    /// Seals the parts of an entry whose subjects are labels already; no parts, no sealed part.
    pub(crate) fn draft(
        &self,
        entry: Entry,
        time: i64,
        subjects: Vec<(Label, Vec<Part>)>,
        list: Option<ListRoot>,
    ) -> Result<Draft> {
        let plain = salted(&entry.common)?;
        let common_hash = sha256(&plain);
        let common = self.keys.month(Instant::from_micros(time))?.seal(&common_context(&common_hash), &plain);
        let seal = |(label, parts): (Label, Vec<Part>)| -> Result<(Label, Option<SealedPart>)> {
            if parts.is_empty() {
                return Ok((label, None));
            }
            let plain = salted(&parts)?;
            let hash = sha256(&plain);
            let sealed = self.keys.subject_or_new(&label)?.seal(&part_context(&label, &hash), &plain);
            Ok((label, Some(SealedPart { hash, sealed })))
        };
        let subjects = subjects.into_iter().map(seal).collect::<Result<Vec<_>>>()?;
        let (kind, rows_max, refers) = (entry.kind, entry.rows_max, entry.refers);
        let event = entry.event.map(|event| *event.as_bytes());
        let (epoch, follows) = (None, entry.follows);
        Ok(Draft { time, kind, common_hash, common, subjects, list, rows_max, refers, event, epoch, follows })
    }

    /// The receipt of an entry that is durable.
    pub(crate) fn receipt(&self, index: u64) -> Result<Receipt> {
        let entry = self.record(index)?;
        let time = Instant::from_micros(entry.header.time);
        Ok(Receipt { index, batch: entry.batch, leaf: entry.header.leaf(), time })
    }

    /// Does something that needs disk space; on a full disk once more, with space from the reserve.
    pub(crate) fn or_from_reserve(&self, work: impl Fn() -> std::io::Result<File>) -> std::io::Result<File> {
        let error = match work() {
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => error,
            done => return done,
        };
        let left = self.reserve_bytes_left();
        let Some(reserve) = self.reserve.as_ref().filter(|_| left > 0) else { return Err(error) };
        tracing::error!(bytes_left = left, "the disk is full: the ledger draws on its reserve");
        reserve.set_len(left.saturating_sub(self.options.segment_bytes))?;
        reserve.sync_all()?;
        work()
    }

    /// Bytes still reserved for a full disk.
    pub(crate) fn reserve_bytes_left(&self) -> u64 {
        self.reserve.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len())
    }

    /// The labels of a list, made on all cores: each takes two scalar multiplications.
    fn labels_of(&self, list: &[Identifier]) -> Vec<Label> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = list.len().div_ceil(threads).max(LABELS_PER_THREAD_MIN);
        std::thread::scope(|scope| {
            let work = |ids: &'_ [Identifier]| ids.iter().map(|id| self.label(id)).collect::<Vec<_>>();
            let started: Vec<_> = list.chunks(share).map(|ids| scope.spawn(move || work(ids))).collect();
            started.into_iter().flat_map(|thread| thread.join().expect("making labels does not panic")).collect()
        })
    }

    /// The tree of a list, kept for the next who asks.
    pub(crate) fn list_tree(&self, root: &ListRoot) -> Result<Arc<SortedTree>> {
        let kept = || self.list_trees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tree) = kept().get(&root.root) {
            return Ok(tree.clone());
        }
        let tree = Arc::new(SortedTree::open(&self.dir.join("lists").join(list_name(root)), LABEL_BYTES)?);
        let mut trees = kept();
        if trees.len() >= LISTS_CACHED_MAX {
            trees.clear();
        }
        trees.insert(root.root, tree.clone());
        Ok(tree)
    }

    /// Lays down the sorted labels of a list, durably, under the name of their root.
    fn write_list(&self, list: &[Identifier]) -> Result<ListRoot> {
        let mut labels = self.labels_of(list);
        labels.sort_unstable();
        labels.dedup();
        let records: Vec<u8> = labels.iter().flat_map(|label| label.0).collect();
        let root = root_of_sorted(&records, LABEL_BYTES);
        let path = self.dir.join("lists").join(list_name(&root));
        if !path.exists() {
            write_durable(&path, &records)?;
        }
        Ok(root)
    }
}

/// The file that holds a list's labels.
pub(crate) fn list_name(root: &ListRoot) -> String {
    format!("{}.labels", hex(&root.root))
}

pub(crate) fn common_context(hash: &[u8; 32]) -> Vec<u8> {
    [b"common".as_slice(), hash].concat()
}

pub(crate) fn part_context(label: &Label, hash: &[u8; 32]) -> Vec<u8> {
    [b"subject".as_slice(), &label.0, hash].concat()
}

/// The log can be opened once at a time.
pub(crate) fn lock_log(dir: &std::path::Path) -> Result<File> {
    let file = File::options().write(true).create(true).truncate(false).open(dir.join("lock"));
    let file = file.map_err(|error| Error::internal("opening the ledger's lock", error))?;
    file.try_lock().map_err(|_| Error::unavailable("ledger-locked"))?;
    Ok(file)
}
