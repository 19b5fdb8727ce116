//! The header of an entry: the only bytes a leaf commits to, with nothing personal in clear. Format version 1.
//! docs/operate/verify.md lists the fields for outsiders; a change here is a new version beside this one.

use yiwang_seal::vrf::Label;

use crate::cbor::{Reader, Writer};
use crate::merkle::{Hash, leaf_hash};

/// The format this crate writes.
pub(crate) const VERSION: u64 = 1;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A read begins; durable before its first byte leaves.
    Open,
    /// A streamed read ended.
    Close,
    /// A decision of the store, relayed from its ledger request.
    Decision,
    /// The platform's own act: erasure, clock jump, gap after a restore.
    System,
    /// The state of all chains at a point.
    Epoch,
}

/// An entry's place in the chain of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The subject.
    pub label: Label,
    /// Running number within the chain, from 1.
    pub number: u64,
    /// The chain's entry before this one.
    pub previous: Option<u64>,
    /// Hash of the salted subject part, where there is one.
    pub part: Option<Hash>,
}

/// The sorted tree of labels a hit list or bulk delivery touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListRoot {
    /// Distinct labels.
    pub count: u64,
    /// Root over the sorted labels.
    pub root: Hash,
}

/// What an epoch states about the log before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochRoots {
    /// Size and root of each log, by log id.
    pub heads: Vec<([u8; 16], u64, Hash)>,
    /// The sorted tree of (label, count, last entry).
    pub map: ListRoot,
    /// Entries with a list since the epoch before.
    pub lists: Vec<u64>,
}

/// The log before this one, as the first entry after a restore names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// The log before.
    pub log: [u8; 16],
    /// Entries of it that were restored.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Size and root of a later head of it that somebody kept: the entries between are lost, and that is on record.
    pub witnessed: Option<(u64, Hash)>,
}

/// A header; `index` is the entry's sequence number, from 0 without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The log.
    pub log: [u8; 16],
    /// Sequence number in the log.
    pub index: u64,
    /// Microseconds since 1970 UTC; order is by index, never by time.
    pub time: i64,
    /// What it is about.
    pub kind: Kind,
    /// Hash of the salted common part.
    pub common: Hash,
    /// Hash of the sealed parts as they stand in the segment.
    pub body: Hash,
    /// Its place in the chains of its subjects.
    pub links: Vec<Link>,
    /// The list of labels, for hit lists and bulk deliveries.
    pub list: Option<ListRoot>,
    /// An open that streams: rows it may give at most; a close will follow.
    pub rows_max: Option<u64>,
    /// A close: the open it ends.
    pub refers: Option<u64>,
    /// A decision: the store's event id.
    pub event: Option<[u8; 16]>,
    /// An epoch's statement.
    pub epoch: Option<EpochRoots>,
    /// The first entry of a log that follows another.
    pub follows: Option<Follows>,
}

impl Kind {
    /// The word in the header.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Open => "open",
            Kind::Close => "close",
            Kind::Decision => "decision",
            Kind::System => "system",
            Kind::Epoch => "epoch",
        }
    }

    fn parse(word: &str) -> Option<Kind> {
        [Kind::Open, Kind::Close, Kind::Decision, Kind::System, Kind::Epoch]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

impl Header {
    /// Canonical CBOR: a map with the keys 1 to 14 in rising order, absent where there is nothing.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(192));
        let optional = [self.list.is_some(), self.rows_max.is_some(), self.refers.is_some(), self.event.is_some()];
        let statements = [self.epoch.is_some(), self.follows.is_some(), !self.links.is_empty()];
        let optional = optional.into_iter().chain(statements);
        out.map(7 + optional.filter(|present| *present).count());
        out.uint(1);
        out.uint(VERSION);
        out.uint(2);
        out.bytes(&self.log);
        out.uint(3);
        out.uint(self.index);
        out.uint(4);
        out.int(self.time);
        out.uint(5);
        out.text(self.kind.word());
        out.uint(6);
        out.bytes(&self.common);
        out.uint(7);
        out.bytes(&self.body);
        self.encode_optional(&mut out);
        out.0
    }

    fn encode_optional(&self, out: &mut Writer) {
        if !self.links.is_empty() {
            out.uint(8);
            out.array(self.links.len());
            self.links.iter().for_each(|link| link.encode(out));
        }
        if let Some(list) = &self.list {
            out.uint(9);
            list.encode(out);
        }
        if let Some(rows_max) = self.rows_max {
            out.uint(10);
            out.uint(rows_max);
        }
        if let Some(refers) = self.refers {
            out.uint(11);
            out.uint(refers);
        }
        if let Some(event) = &self.event {
            out.uint(12);
            out.bytes(event);
        }
        if let Some(epoch) = &self.epoch {
            out.uint(13);
            epoch.encode(out);
        }
        if let Some(follows) = &self.follows {
            out.uint(14);
            follows.encode(out);
        }
    }

    /// Reads one header; nothing if the bytes are not exactly the canonical form.
    pub fn decode(bytes: &[u8]) -> Option<Header> {
        let mut from = Reader(bytes);
        let mut left = from.map()?.checked_sub(7)?;
        let version = keyed(&mut from, 1)?.uint()?;
        if version != VERSION {
            return None;
        }
        let mut header = Header {
            log: keyed(&mut from, 2)?.fixed()?,
            index: keyed(&mut from, 3)?.uint()?,
            time: keyed(&mut from, 4)?.int()?,
            kind: Kind::parse(keyed(&mut from, 5)?.text()?)?,
            common: keyed(&mut from, 6)?.fixed()?,
            body: keyed(&mut from, 7)?.fixed()?,
            links: Vec::new(),
            list: None,
            rows_max: None,
            refers: None,
            event: None,
            epoch: None,
            follows: None,
        };
        let mut before = 7;
        while left > 0 {
            let key = from.uint()?;
            if key <= before {
                return None;
            }
            match key {
                8 => header.links = Link::decode_some(&mut from)?,
                9 => header.list = Some(ListRoot::decode(&mut from)?),
                10 => header.rows_max = Some(from.uint()?),
                11 => header.refers = Some(from.uint()?),
                12 => header.event = Some(from.fixed()?),
                13 => header.epoch = Some(EpochRoots::decode(&mut from)?),
                14 => header.follows = Some(Follows::decode(&mut from)?),
                _ => return None,
            }
            before = key;
            left -= 1;
        }
        from.is_empty().then_some(header)
    }

    /// What the tree holds for this entry.
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}

impl Link {
    fn encode(&self, out: &mut Writer) {
        out.array(4);
        out.bytes(&self.label.0);
        out.uint(self.number);
        match self.previous {
            Some(previous) => out.uint(previous),
            None => out.null(),
        }
        match &self.part {
            Some(part) => out.bytes(part),
            None => out.null(),
        }
    }

    /// At least one: an entry without links leaves the key out.
    fn decode_some(from: &mut Reader<'_>) -> Option<Vec<Link>> {
        let count = from.array().filter(|count| *count > 0)?;
        (0..count).map(|_| Link::decode(from)).collect()
    }

    fn decode(from: &mut Reader<'_>) -> Option<Link> {
        if from.array()? != 4 {
            return None;
        }
        let (label, number) = (Label(from.fixed()?), from.uint()?);
        let previous = if from.null() { None } else { Some(from.uint()?) };
        let part = if from.null() { None } else { Some(from.fixed()?) };
        Some(Link { label, number, previous, part })
    }
}

impl ListRoot {
    fn encode(&self, out: &mut Writer) {
        out.array(2);
        out.uint(self.count);
        out.bytes(&self.root);
    }

    fn decode(from: &mut Reader<'_>) -> Option<ListRoot> {
        if from.array()? != 2 {
            return None;
        }
        Some(ListRoot { count: from.uint()?, root: from.fixed()? })
    }
}

impl EpochRoots {
    fn encode(&self, out: &mut Writer) {
        out.array(3);
        out.array(self.heads.len());
        for (log, size, root) in &self.heads {
            out.array(3);
            out.bytes(log);
            out.uint(*size);
            out.bytes(root);
        }
        self.map.encode(out);
        out.array(self.lists.len());
        self.lists.iter().for_each(|index| out.uint(*index));
    }

    fn decode(from: &mut Reader<'_>) -> Option<EpochRoots> {
        if from.array()? != 3 {
            return None;
        }
        let head = |from: &mut Reader<'_>| {
            if from.array()? != 3 {
                return None;
            }
            Some((from.fixed()?, from.uint()?, from.fixed()?))
        };
        let heads = (0..from.array()?).map(|_| head(from)).collect::<Option<_>>()?;
        let map = ListRoot::decode(from)?;
        let lists = (0..from.array()?).map(|_| from.uint()).collect::<Option<_>>()?;
        Some(EpochRoots { heads, map, lists })
    }
}

impl Follows {
    fn encode(&self, out: &mut Writer) {
        out.array(4);
        out.bytes(&self.log);
        out.uint(self.size);
        out.bytes(&self.root);
        match &self.witnessed {
            Some((size, root)) => {
                out.array(2);
                out.uint(*size);
                out.bytes(root);
            }
            None => out.null(),
        }
    }

    fn decode(from: &mut Reader<'_>) -> Option<Follows> {
        if from.array()? != 4 {
            return None;
        }
        let (log, size, root) = (from.fixed()?, from.uint()?, from.fixed()?);
        if from.null() {
            return Some(Follows { log, size, root, witnessed: None });
        }
        if from.array()? != 2 {
            return None;
        }
        Some(Follows { log, size, root, witnessed: Some((from.uint()?, from.fixed()?)) })
    }
}

/// The reader behind the key, if the key is the one expected.
fn keyed<'a, 'b>(from: &'b mut Reader<'a>, key: u64) -> Option<&'b mut Reader<'a>> {
    (from.uint()? == key).then_some(from)
}
