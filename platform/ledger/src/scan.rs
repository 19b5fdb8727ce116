//! Reads a log from front to back and checks everything that can be checked without secret keys: framing, canonical
//! headers, numbers, chains, tree, heads. Opening and verifying are this one walk, so a log that opens is whole.

use std::path::Path;

use yiwang_kernel::{Error, Result};
use yiwang_seal::{VerifyingKey, sha256};

use crate::epoch_check::EpochCheck;
use crate::header::{Header, ListRoot};
use crate::merkle::Hash;
use crate::note::Head;
use crate::segment::{ENTRY, HEAD, HEADER_BYTES, Next, SegmentReader, list_segments, segment_name, segment_path};
use crate::state::{Batch, Changes, State};
use crate::verify::{Difference, Fault};
use crate::writer::ENTRIES_PER_BATCH_MAX;

/// Who wrote the log: what every head and segment must say.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) log: [u8; 16],
    pub(crate) origin: String,
    pub(crate) public: VerifyingKey,
}

/// A head known from elsewhere, which the log must contain.
pub(crate) struct Known {
    pub(crate) head: Head,
    /// What it means when the log does not contain it.
    pub(crate) fault: Fault,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// First entry of its segment, which names the file.
    pub(crate) segment: u64,
    /// Where its record begins in the file.
    pub(crate) offset: u64,
    /// The batch it came with.
    pub(crate) batch: u64,
}

/// Told of each entry: its number, its place and the tree nodes it completes.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(u64, Position, &[(u32, u64, Hash)]) -> Result<()>;

/// What a walk found.
pub(crate) struct Scanned {
    /// The sum of all entries up to the last good head.
    pub(crate) state: State,
    /// First entries of the segments walked.
    pub(crate) segments: Vec<u64>,
    /// Where the last segment's good part ends.
    pub(crate) end: u64,
    /// Bytes of records walked.
    pub(crate) bytes: u64,
    /// Lists met.
    pub(crate) lists: Vec<(u64, ListRoot)>,
    /// What the epochs met state, where they are checked.
    pub(crate) epochs: Option<EpochCheck>,
    /// The first thing that is not as it must be; the walk ended there.
    pub(crate) difference: Option<Difference>,
}

struct Walk<'a> {
    dir: &'a Path,
    identity: &'a Identity,
    known: &'a [Known],
    known_met: usize,
    visit: Visit<'a>,
    found: Scanned,
}

enum Step {
    Batch(Box<Changes>, String),
    End,
    Fault { entry: u64, offset: u64, fault: Fault },
}

/// Walks the log in `dir`. Differences are findings, not errors; errors are about reading files at all. Epochs are
/// checked where `epochs` is given, which costs memory.
pub(crate) fn scan(
    dir: &Path,
    identity: &Identity,
    known: &[Known],
    epochs: Option<EpochCheck>,
    visit: Visit<'_>,
) -> Result<Scanned> {
    let segments = list_segments(dir).map_err(|error| Error::internal("listing ledger segments", error))?;
    let found = Scanned {
        state: State::default(),
        segments,
        end: HEADER_BYTES,
        bytes: 0,
        lists: Vec::new(),
        epochs,
        difference: None,
    };
    let mut walk = Walk { dir, identity, known, known_met: 0, visit, found };
    for at in 0..walk.found.segments.len() {
        walk.segment(at)?;
        if walk.found.difference.is_some() {
            return Ok(walk.found);
        }
    }
    if let Some(missing) = known.iter().find(|known| known.head.size > walk.found.state.size()) {
        let offset = walk.found.end;
        walk.differ(walk.last_segment(), walk.found.state.size(), offset, missing.fault);
    } else if walk.known_met < known.len() {
        walk.differ(walk.last_segment(), walk.found.state.size(), walk.found.end, Fault::Witness);
    }
    Ok(walk.found)
}

impl Walk<'_> {
    fn segment(&mut self, at: usize) -> Result<()> {
        let first = self.found.segments[at];
        let is_last = at + 1 == self.found.segments.len();
        let reading = |error| Error::internal("reading a ledger segment", error);
        let (mut reader, header) = SegmentReader::open(&segment_path(self.dir, first)).map_err(reading)?;
        self.found.end = HEADER_BYTES;
        let size = self.found.state.size();
        match header {
            None if is_last && self.is_unacknowledged() => self.differ(first, size, 0, Fault::Tail),
            None => self.differ(first, size, 0, Fault::SegmentHeader),
            Some(header) if header.log != self.identity.log || header.first != first => {
                self.differ(first, size, 0, Fault::SegmentHeader);
            }
            Some(_) if first != size => self.differ(first, size, 0, Fault::SegmentMissing),
            Some(_) => (),
        }
        while self.found.difference.is_none() {
            match self.batch(&mut reader, first)? {
                Step::Batch(changes, note) => {
                    self.found.end = reader.offset;
                    self.take(*changes, note, first);
                }
                Step::End => break,
                Step::Fault { entry, offset, fault } => {
                    let torn = is_last && self.is_unacknowledged() && matches!(fault, Fault::Record | Fault::Tail);
                    self.differ(first, entry, offset, if torn { Fault::Tail } else { fault });
                }
            }
        }
        self.found.bytes += self.found.end;
        Ok(())
    }

    /// Reads entries up to and with the head that ends them.
    fn batch(&mut self, reader: &mut SegmentReader, segment: u64) -> Result<Step> {
        let reading = |error| Error::internal("reading a ledger segment", error);
        let mut batch = Batch::new(&self.found.state);
        loop {
            let (entry, offset) = (batch.next(), reader.offset);
            let fault = |fault| Ok(Step::Fault { entry, offset, fault });
            match reader.next().map_err(reading)? {
                Next::End if batch.len() == 0 => return Ok(Step::End),
                Next::End => return fault(Fault::Tail),
                Next::Broken => return fault(Fault::Record),
                Next::Record(ENTRY) if batch.len() < ENTRIES_PER_BATCH_MAX => {
                    let (header, leaf) = match check_entry(reader.payload(), self.identity) {
                        Ok(checked) => checked,
                        Err(found) => return fault(found),
                    };
                    if let Some(list) = header.list {
                        self.found.lists.push((header.index, list));
                    }
                    let mut nodes = Vec::new();
                    if let Err(found) = batch.admit(header, leaf, &mut |level, at, node| nodes.push((level, at, node)))
                    {
                        return fault(found);
                    }
                    let position = Position { segment, offset, batch: self.found.state.batches + 1 };
                    (self.visit)(entry, position, &nodes)?;
                }
                Next::Record(HEAD) if batch.len() > 0 => {
                    return match check_head(reader.payload(), self.identity, &self.found.state, &batch) {
                        Ok(note) => Ok(Step::Batch(Box::new(batch.finish()), note)),
                        Err(found) => fault(found),
                    };
                }
                Next::Record(_) => return fault(Fault::Record),
            }
        }
    }

    fn take(&mut self, changes: Changes, note: String, segment: u64) {
        let is_right = self.found.epochs.as_mut().is_none_or(|epochs| epochs.before(&self.found.state, &changes));
        if !is_right {
            return self.differ(segment, self.found.state.size(), self.found.end, Fault::Epoch);
        }
        self.found.state.apply(changes, note);
        let (size, root) = (self.found.state.size(), self.found.state.frontier.root());
        for known in self.known.iter().filter(|known| known.head.size == size) {
            if known.head.root == root {
                self.known_met += 1;
            } else {
                let offset = self.found.end;
                self.found.difference =
                    Some(Difference { segment: segment_name(segment), entry: size, offset, fault: known.fault });
            }
        }
    }

    /// Whether everything ever acknowledged, as far as is known, was met already.
    fn is_unacknowledged(&self) -> bool {
        self.known.iter().all(|known| known.head.size <= self.found.state.size())
    }

    fn last_segment(&self) -> u64 {
        self.found.segments.last().copied().unwrap_or_default()
    }

    fn differ(&mut self, segment: u64, entry: u64, offset: u64, fault: Fault) {
        self.found.difference = Some(Difference { segment: segment_name(segment), entry, offset, fault });
    }
}

/// The parts of an entry record: header, then the sealed parts in CBOR.
pub(crate) fn split_entry(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = payload.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

fn check_entry(payload: &[u8], identity: &Identity) -> Result<(Header, Hash), Fault> {
    let (bytes, body) = split_entry(payload).ok_or(Fault::Header)?;
    let header = Header::decode(bytes).ok_or(Fault::Header)?;
    if header.log != identity.log {
        return Err(Fault::Header);
    }
    if sha256(body) != header.body {
        return Err(Fault::Body);
    }
    let leaf = crate::merkle::leaf_hash(bytes);
    Ok((header, leaf))
}

fn check_head(payload: &[u8], identity: &Identity, state: &State, batch: &Batch<'_>) -> Result<String, Fault> {
    let note = std::str::from_utf8(payload).map_err(|_| Fault::HeadSignature)?;
    let head = Head::open(note, &identity.public).ok_or(Fault::HeadSignature)?;
    if head.origin != identity.origin || head.batch != state.batches + 1 || head.previous != state.head_hash {
        return Err(Fault::HeadChain);
    }
    if head.size != batch.next() || head.root != batch.root() {
        return Err(Fault::HeadRoot);
    }
    Ok(note.to_owned())
}
