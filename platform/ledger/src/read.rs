//! Reading a log: by filter for auditors, by subject for the person, and the proofs that go with it. Decrypts common
//! parts with the month's key and subject parts with the subject's; a part whose key is destroyed is simply not there.

use std::fs::File;
use std::os::unix::fs::FileExt;

use yiwang_kernel::{Cursor, Error, Instant, PageRequest, Result};
use yiwang_seal::VerifyingKey;
use yiwang_seal::vrf::Label;

use crate::cbor::Reader;
use crate::entry::{Common, Identifier, Part, unsalted};
use crate::header::{Header, Kind};
use crate::keys::io;
use crate::ledger::Ledger;
use crate::merkle::{Hash, consistency_path, included, inclusion_path, leaf_hash, range_root, root_of};
use crate::note::Head;
use crate::scan::split_entry;
use crate::segment::{RECORD_BYTES_MAX, segment_path};
use crate::shared::{Shared, common_context, part_context};
use crate::sorted::SortedProof;

/// Entries one request looks at, at most; the page says how far back it came.
const SEARCHED_MAX: u64 = 50_000;

/// What an auditor looks for; all given conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Who acted, as the entry writes it.
    pub who: Option<String>,
    /// The resource, by code; one of several where an entry names them joined by `, `.
    pub resource: Option<String>,
    /// The kind of entry.
    pub kind: Option<Kind>,
    /// At or after.
    pub from: Option<Instant>,
    /// Before.
    pub until: Option<Instant>,
}

/// An entry as readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The header, whose hash is the leaf.
    pub header: Header,
    /// The batch it came with.
    pub batch: u64,
    /// Who, why, what; none when the month's key is destroyed.
    pub common: Option<Common>,
}

/// One page of entries, newest first.
#[derive(Debug, Clone)]
pub struct EntryPage {
    /// The entries.
    pub rows: Vec<Logged>,
    /// Where to go on; none when the beginning of the log was reached.
    pub next: Option<Cursor>,
    /// Entries looked at.
    pub searched: u64,
}

/// An entry of one subject's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectEntry {
    /// The entry.
    pub entry: Logged,
    /// What of the subject was read; none when its key is destroyed or the entry says nothing of rows.
    pub parts: Option<Vec<Part>>,
}

/// One page of a subject's chain, newest first.
#[derive(Debug, Clone)]
pub struct SubjectPage {
    /// The subject.
    pub label: Label,
    /// Entries in its chain.
    pub total: u64,
    /// The entries of this page.
    pub rows: Vec<SubjectEntry>,
    /// Where to go on.
    pub next: Option<Cursor>,
}

/// Whether a hit list or bulk delivery touched a subject, with proof either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAnswer {
    /// The entry with the list; its header holds the list's root.
    pub entry: Logged,
    /// Whether the subject is in it.
    pub member: bool,
    /// Membership or absence.
    pub proof: SortedProof,
}

/// One page of list entries, newest first.
#[derive(Debug, Clone)]
pub struct ListPage {
    /// The answers of this page.
    pub rows: Vec<ListAnswer>,
    /// Entries with a list in the log.
    pub total: u64,
    /// Where to go on.
    pub next: Option<Cursor>,
}

/// Proves that an entry stands in the log a head signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry's number.
    pub index: u64,
    /// The entry's header, as it is hashed.
    pub header: Vec<u8>,
    /// Siblings up to the root, lowest first.
    pub path: Vec<Hash>,
    /// The signed head.
    pub head: String,
}

impl InclusionProof {
    /// Whether the head is signed by this key and its tree holds the header at its number.
    pub fn holds(&self, key: &VerifyingKey) -> bool {
        Head::open(&self.head, key)
            .is_some_and(|head| included(&leaf_hash(&self.header), self.index, head.size, &self.path, &head.root))
    }
}

impl Ledger {
    /// Entries that match, newest first. Looks at 50,000 entries at most; the page's cursor goes on from there.
    pub async fn read(&self, filter: Filter, page: PageRequest) -> Result<EntryPage> {
        self.blocking(move |shared| shared.search(&filter, &page)).await
    }

    /// One entry.
    pub async fn entry(&self, index: u64) -> Result<Logged> {
        self.blocking(move |shared| shared.logged(index).map(|(entry, _)| entry)).await
    }

    /// The chain of one subject, newest first.
    pub async fn subject_entries(&self, subject: Identifier, page: PageRequest) -> Result<SubjectPage> {
        self.blocking(move |shared| shared.chain(&subject, &page)).await
    }

    /// For each hit list and bulk delivery, newest first, whether this subject was in it.
    pub async fn subject_lists(&self, subject: Identifier, page: PageRequest) -> Result<ListPage> {
        self.blocking(move |shared| shared.lists(&subject, &page)).await
    }

    /// Proves an entry to the last head.
    pub async fn proof(&self, index: u64) -> Result<InclusionProof> {
        self.blocking(move |shared| shared.inclusion(index)).await
    }

    /// The root of the tree over the log's first entries; of none, the hash of nothing.
    pub async fn root_at(&self, size: u64) -> Result<Hash> {
        self.blocking(move |shared| shared.root_at(size)).await
    }

    /// Proves that the log of now begins with the log of `old` entries (RFC 9162, 2.1.4), up to the last head.
    pub async fn consistency(&self, old: u64) -> Result<(String, Vec<Hash>)> {
        self.blocking(move |shared| shared.consistency(old)).await
    }
}

/// A record as it stands in its segment.
pub(crate) struct Record {
    pub(crate) header: Header,
    pub(crate) batch: u64,
    header_bytes: Vec<u8>,
    body: Vec<u8>,
}

impl Shared {
    /// Reads one durable entry.
    pub(crate) fn record(&self, index: u64) -> Result<Record> {
        if index >= self.state().size() {
            return Err(Error::not_found("ledger-entry"));
        }
        let position = self.derived.position(index)?;
        let file = File::open(segment_path(&self.dir, position.segment)).map_err(io("opening a ledger segment"))?;
        let mut frame = [0u8; 8];
        file.read_exact_at(&mut frame, position.offset).map_err(io("reading a ledger entry"))?;
        let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        let altered = || Error::broken("a ledger entry is altered");
        if length == 0 || length > RECORD_BYTES_MAX {
            return Err(altered());
        }
        let mut record = vec![0u8; length];
        file.read_exact_at(&mut record, position.offset + 8).map_err(io("reading a ledger entry"))?;
        let (header_bytes, body) = split_entry(&record[1..]).ok_or_else(altered)?;
        let header = Header::decode(header_bytes).filter(|header| header.index == index).ok_or_else(altered)?;
        Ok(Record { header, batch: position.batch, header_bytes: header_bytes.to_vec(), body: body.to_vec() })
    }

    fn search(&self, filter: &Filter, page: &PageRequest) -> Result<EntryPage> {
        let size = self.state().size();
        let before = number_of(page)?.map_or(size, |before| before.min(size));
        let mut found = EntryPage { rows: Vec::new(), next: None, searched: 0 };
        for index in (0..before).rev() {
            found.searched += 1;
            let record = self.record(index)?;
            if filter.fits_header(&record.header) {
                let common = self.common(&record)?;
                if filter.fits_common(common.as_ref()) {
                    found.rows.push(Logged { header: record.header, batch: record.batch, common });
                }
            }
            if index > 0 && (found.rows.len() == page.rows() || found.searched == SEARCHED_MAX) {
                found.next = Some(cursor_at(index));
                break;
            }
        }
        Ok(found)
    }

    fn chain(&self, subject: &Identifier, page: &PageRequest) -> Result<SubjectPage> {
        let label = self.label(subject);
        let chain = self.state().chains.get(&label).copied();
        let mut found =
            SubjectPage { label, total: chain.map_or(0, |chain| chain.count), rows: Vec::new(), next: None };
        let mut at = match number_of(page)? {
            Some(given) => Some(given),
            None => chain.map(|chain| chain.last),
        };
        while let Some(index) = at {
            if found.rows.len() == page.rows() {
                found.next = Some(cursor_at(index));
                break;
            }
            let (entry, record) = self.logged(index)?;
            let place = entry.header.links.iter().position(|link| link.label == label);
            let place = place.ok_or_else(|| Error::invalid("after", "cursor-format"))?;
            at = entry.header.links[place].previous;
            let parts = self.parts(&record, place)?;
            found.rows.push(SubjectEntry { entry, parts });
        }
        Ok(found)
    }

    fn lists(&self, subject: &Identifier, page: &PageRequest) -> Result<ListPage> {
        let label = self.label(subject);
        let before = number_of(page)?.unwrap_or(u64::MAX);
        let (total, indices) = {
            let state = self.state();
            let older = state.lists.iter().rev().filter(|index| **index < before);
            (state.lists.len() as u64, older.copied().take(page.rows() + 1).collect::<Vec<_>>())
        };
        let mut found = ListPage { rows: Vec::new(), total, next: None };
        for index in indices {
            if found.rows.len() == page.rows() {
                found.next = found.rows.last().map(|last: &ListAnswer| cursor_at(last.entry.header.index));
                break;
            }
            let (entry, _) = self.logged(index)?;
            let root = entry.header.list.ok_or_else(|| Error::broken("a list entry without its list"))?;
            let proof = self.list_tree(&root)?.prove(&label)?;
            let member = matches!(proof, SortedProof::Member(_));
            found.rows.push(ListAnswer { entry, member, proof });
        }
        Ok(found)
    }

    fn inclusion(&self, index: u64) -> Result<InclusionProof> {
        let header = self.record(index)?.header_bytes;
        let (size, head) = {
            let state = self.state();
            (state.size(), state.note.clone())
        };
        let path = inclusion_path(index, size, &|start, end| self.range(start, end))?;
        Ok(InclusionProof { index, header, path, head })
    }

    fn root_at(&self, size: u64) -> Result<Hash> {
        let here = self.state().size();
        match size {
            0 => Ok(root_of(&[])),
            size if size > here => Err(Error::invalid("size", "ledger-size").with("limit", here)),
            size => self.range(0, size),
        }
    }

    fn consistency(&self, old: u64) -> Result<(String, Vec<Hash>)> {
        let (size, head) = {
            let state = self.state();
            (state.size(), state.note.clone())
        };
        if old == 0 || old > size {
            return Err(Error::invalid("size", "ledger-size").with("limit", size));
        }
        Ok((head, consistency_path(old, size, &|start, end| self.range(start, end))?))
    }

    fn range(&self, start: u64, end: u64) -> Result<Hash> {
        range_root(start, end, &|level, at| self.derived.node(level, at))
    }

    pub(crate) fn logged(&self, index: u64) -> Result<(Logged, Record)> {
        let record = self.record(index)?;
        let common = self.common(&record)?;
        Ok((Logged { header: record.header.clone(), batch: record.batch, common }, record))
    }

    fn common(&self, record: &Record) -> Result<Option<Common>> {
        let sealed = body_common(&record.body).ok_or_else(|| Error::broken("a ledger entry is altered"))?;
        let Some(key) = self.keys.month_if_kept(Instant::from_micros(record.header.time))? else { return Ok(None) };
        let plain = key.open(&common_context(&record.header.common), sealed);
        let plain = plain.map_err(|error| Error::internal("opening a common part", error))?;
        unsalted(&plain).map(Some)
    }

    fn parts(&self, record: &Record, place: usize) -> Result<Option<Vec<Part>>> {
        let link = &record.header.links[place];
        let sealed = body_part(&record.body, place).ok_or_else(|| Error::broken("a ledger entry is altered"))?;
        let (Some(sealed), Some(hash)) = (sealed, link.part) else { return Ok(None) };
        let Some(key) = self.keys.subject(&link.label)? else { return Ok(None) };
        // A key made after an erasure does not open what was sealed before it.
        key.open(&part_context(&link.label, &hash), sealed).ok().map(|plain| unsalted(&plain)).transpose()
    }
}

impl Filter {
    fn fits_header(&self, header: &Header) -> bool {
        self.kind.is_none_or(|kind| kind == header.kind)
            && self.from.is_none_or(|from| header.time >= from.micros())
            && self.until.is_none_or(|until| header.time < until.micros())
    }

    fn fits_common(&self, common: Option<&Common>) -> bool {
        let who = self.who.as_ref().is_none_or(|who| common.is_some_and(|common| common.who == *who));
        let names = |common: &Common, resource: &str| {
            let named = common.resource.as_deref().unwrap_or_default();
            named.split(", ").any(|named| named == resource)
        };
        let of = |resource: &String| common.is_some_and(|common| names(common, resource));
        who && self.resource.as_ref().is_none_or(of)
    }
}

fn body_common(body: &[u8]) -> Option<&[u8]> {
    let mut from = Reader(body);
    from.array().filter(|items| *items == 2)?;
    from.bytes()
}

/// The sealed part at this place: the outer nothing means an altered body, the inner one a place without a part.
fn body_part(body: &[u8], place: usize) -> Option<Option<&[u8]>> {
    let mut from = Reader(body);
    from.array().filter(|items| *items == 2)?;
    from.bytes()?;
    let count = from.array()?;
    let mut part = None;
    for _ in 0..=place.min(count.checked_sub(1)?) {
        part = if from.null() { None } else { Some(from.bytes()?) };
    }
    Some(part)
}

fn cursor_at(index: u64) -> Cursor {
    Cursor(vec![index.to_string()])
}

fn number_of(page: &PageRequest) -> Result<Option<u64>> {
    let Some(cursor) = &page.after else { return Ok(None) };
    let number = cursor.0.first().and_then(|value| value.parse().ok());
    number.map(Some).ok_or_else(|| Error::invalid("after", "cursor-format"))
}
