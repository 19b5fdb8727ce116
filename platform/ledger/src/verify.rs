//! Checking a log from its files and its public key alone, as an outsider would; and a copy with one byte changed,
//! to show that the check can fail. Needs no master key, opens nothing for writing, takes no lock.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use yiwang_kernel::{Error, Result};
use yiwang_seal::VerifyingKey;

use crate::epoch_check::EpochCheck;
use crate::header::{Follows, ListRoot};
use crate::keys::{io, read_log};
use crate::note::{Head, verifier_key};
use crate::scan::{Identity, Known, scan};
use crate::segment::{HEADER_BYTES, list_segments, segment_name, segment_path};
use crate::shared::list_name;
use crate::sorted::{LABEL_BYTES, SortedTree};

/// What is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A segment's first 64 bytes are altered, or of another log.
    SegmentHeader,
    /// Entries between two segments are missing.
    SegmentMissing,
    /// A record's length or CRC-32 does not fit.
    Record,
    /// A header is not in canonical form, or of another log.
    Header,
    /// The sealed parts are not those the header commits to.
    Body,
    /// An entry's number does not follow.
    Sequence,
    /// A subject's chain does not continue.
    Chain,
    /// A close ends no open read.
    Close,
    /// A decision is recorded twice.
    Event,
    /// A head is not signed by the log's key.
    HeadSignature,
    /// A head does not follow the one before.
    HeadChain,
    /// A head states another tree than the entries make.
    HeadRoot,
    /// Bytes after the last head: an unacknowledged batch, cut at the next start; or damage.
    Tail,
    /// The log ends before, or differs from, the head in its own checkpoint file.
    Checkpoint,
    /// The log ends before, or differs from, a head known from elsewhere.
    Witness,
    /// An epoch states another tree or other chains than the entries make.
    Epoch,
    /// A list of labels is missing or not the one its entry commits to.
    List,
    /// The log before, as the first entry names it, is missing or another; or an entry that is not the first names one.
    Follows,
    /// No log here states the key kept elsewhere.
    Key,
}

/// Where a log first differs from what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The file, by name.
    pub segment: String,
    /// The entry at which it shows.
    pub entry: u64,
    /// Where its record begins in the file.
    pub offset: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The log, 32 hexadecimal digits.
    pub log: String,
    /// Its verifier key as C2SP writes one: origin, hash, key. Kept elsewhere, it finds a forged log.
    pub verifier: String,
    /// The log before it, where it follows one.
    pub follows: Option<Follows>,
    /// Entries under good heads.
    pub entries: u64,
    /// Heads checked.
    pub heads: u64,
    /// Segment files.
    pub segments: usize,
    /// Bytes checked.
    pub bytes: u64,
    /// Subjects with a chain.
    pub subjects: u64,
    /// Lists of labels checked.
    pub lists: usize,
    /// The last epoch, if its map was checked against the chains.
    pub epoch: Option<u64>,
    /// The last good head; empty if there is none.
    pub head: String,
    /// The first difference; none: the log is whole.
    pub difference: Option<Difference>,
}

/// The byte that [`tamper_copy`] changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tampered {
    /// The file, by name.
    pub segment: String,
    /// The byte's place in it.
    pub offset: u64,
}

impl Fault {
    /// The word of the fault; its text in both languages is `ledger-fault-<word>`.
    pub fn word(self) -> &'static str {
        match self {
            Fault::SegmentHeader => "segment-header",
            Fault::SegmentMissing => "segment-missing",
            Fault::Record => "record",
            Fault::Header => "header",
            Fault::Body => "body",
            Fault::Sequence => "sequence",
            Fault::Chain => "chain",
            Fault::Close => "close",
            Fault::Event => "event",
            Fault::HeadSignature => "head-signature",
            Fault::HeadChain => "head-chain",
            Fault::HeadRoot => "head-root",
            Fault::Tail => "tail",
            Fault::Checkpoint => "checkpoint",
            Fault::Witness => "witness",
            Fault::Epoch => "epoch",
            Fault::List => "list",
            Fault::Follows => "follows",
            Fault::Key => "key",
        }
    }
}

impl Report {
    /// Whether nothing differs.
    pub fn is_whole(&self) -> bool {
        self.difference.is_none()
    }
}

/// The public key that the log in `dir` states; a check against it finds damage, a check against a key kept elsewhere
/// finds a forged log as well.
pub fn public_key(dir: &Path) -> Result<VerifyingKey> {
    read_log(dir).map(|(identity, _)| identity.public)
}

/// Checks the log in `dir`: framing, canonical headers, hashes of sealed parts, numbers, chains, tree, heads and their
/// signatures, epochs, lists; and that it contains each of the `witnessed` heads (signed notes kept elsewhere).
/// Differences are in the report; an error means the files could not be read.
pub fn verify(dir: &Path, public_key: &VerifyingKey, witnessed: &[String]) -> Result<Report> {
    let (stated, _) = read_log(dir)?;
    let identity = Identity { public: public_key.clone(), ..stated };
    let mut known = Vec::new();
    for note in witnessed {
        let head = Head::open(note, public_key).ok_or_else(|| Error::invalid("head", "ledger-head"))?;
        known.push(Known { head, fault: Fault::Witness });
    }
    let note = std::fs::read(dir.join("checkpoint")).unwrap_or_default();
    let note = String::from_utf8_lossy(&note);
    let checkpoint = Head::open(&note, public_key);
    let is_unreadable = checkpoint.is_none() && !note.is_empty();
    known.extend(checkpoint.map(|head| Known { head, fault: Fault::Checkpoint }));
    let mut scanned = scan(dir, &identity, &known, Some(EpochCheck::default()), &mut |_, _, _| Ok(()))?;
    let size = scanned.state.size();
    let differs = |file: &str, entry, fault| Difference { segment: file.to_owned(), entry, offset: 0, fault };
    let epochs = scanned.epochs.take().filter(|_| scanned.difference.is_none());
    let epoch = epochs.and_then(|epochs| epochs.finish(&scanned.state));
    let map = epoch.filter(|(_, is_right)| !is_right).map(|(index, _)| differs("segments", index, Fault::Epoch));
    let difference =
        scanned.difference.or_else(|| is_unreadable.then(|| differs("checkpoint", size, Fault::Checkpoint)));
    let difference = difference.or(map);
    let difference =
        difference.or_else(|| scanned.lists.iter().find_map(|(entry, list)| check_list(dir, *entry, list)));
    Ok(Report {
        log: yiwang_seal::hex(&identity.log),
        verifier: verifier_key(&identity.origin, public_key),
        follows: scanned.state.follows,
        entries: size,
        heads: scanned.state.batches,
        segments: scanned.segments.len(),
        bytes: scanned.bytes,
        subjects: scanned.state.chains.len() as u64,
        lists: scanned.lists.len(),
        epoch: epoch.map(|(index, _)| index),
        head: scanned.state.note,
        difference,
    })
}

/// Copies the log without its keys to `to`, which must not exist, and changes one bit in the middle of its entries.
pub fn tamper_copy(dir: &Path, to: &Path) -> Result<Tampered> {
    let segments = list_segments(dir).map_err(io("listing ledger segments"))?;
    let Some(middle) = segments.get(segments.len() / 2) else { return Err(Error::refused("ledger-empty")) };
    let exists = |_| Error::conflict("ledger-copy-exists");
    std::fs::create_dir(to).map_err(exists)?;
    for part in ["segments", "lists"] {
        std::fs::create_dir(to.join(part)).map_err(io("copying the ledger"))?;
        for found in std::fs::read_dir(dir.join(part)).map_err(io("copying the ledger"))? {
            let found = found.map_err(io("copying the ledger"))?;
            std::fs::copy(found.path(), to.join(part).join(found.file_name())).map_err(io("copying the ledger"))?;
        }
    }
    for file in ["log", "checkpoint"] {
        std::fs::copy(dir.join(file), to.join(file)).map_err(io("copying the ledger"))?;
    }
    let path = segment_path(to, *middle);
    let offset = middle_of_content(&path)?;
    let file = File::options().read(true).write(true).open(&path).map_err(io("opening the copy"))?;
    let mut byte = [0u8];
    file.read_exact_at(&mut byte, offset).map_err(io("reading the copy"))?;
    byte[0] ^= 1;
    file.write_all_at(&byte, offset).map_err(io("changing the copy"))?;
    Ok(Tampered { segment: segment_name(*middle), offset })
}

fn check_list(dir: &Path, entry: u64, list: &ListRoot) -> Option<Difference> {
    let name = list_name(list);
    let found = SortedTree::open(&dir.join("lists").join(&name), LABEL_BYTES);
    let whole = found.is_ok_and(|tree| tree.root() == *list);
    (!whole).then_some(Difference { segment: name, entry, offset: 0, fault: Fault::List })
}

/// Half way between the segment's header and its last byte that is not zero.
fn middle_of_content(path: &Path) -> Result<u64> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|mut file| file.read_to_end(&mut content));
    read.map_err(io("reading the copy"))?;
    let last = content.iter().rposition(|byte| *byte != 0).unwrap_or_default() as u64;
    if last <= HEADER_BYTES {
        return Err(Error::refused("ledger-empty"));
    }
    Ok(HEADER_BYTES + (last - HEADER_BYTES) / 2)
}
