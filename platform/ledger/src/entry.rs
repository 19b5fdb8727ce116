//! What callers hand in and get back: entries with a common part (who, why, what) and subject parts (whose, which row),
//! and receipts. Knows no file and no key.

use serde::{Deserialize, Serialize};
use yiwang_kernel::{Actor, Error, Id, Instant, Result};
use yiwang_seal::{Sha256, hex};

use crate::header::{Follows, Kind};
use crate::merkle::Hash;

/// Subjects named one by one in an entry; more are given as a list.
pub const SUBJECTS_MAX: usize = 100;
/// Identifiers in one list at most.
pub const LIST_MAX: usize = 5_000_000;
const COMMON_BYTES_MAX: usize = 64 * 1024;
const IDENTIFIER_BYTES_MAX: usize = 200;

/// What kind of read an entry records; decides what the person sees of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadKind {
    /// The person's own record.
    Own,
    /// Filling a form of the person's own application.
    Prefill,
    /// One person's or firm's file opened.
    File,
    /// A search with hits.
    Hits,
    /// A yes or no.
    Verify,
    /// Many rows delivered.
    Bulk,
    /// Counts and sums; no row leaves.
    Statistics,
}

/// The part of an entry that auditors read; sealed under the key of its month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// Who acts, as `kernel::Actor` writes itself.
    pub who: String,
    /// The actor's department, by code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// On whose behalf, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_whom: Option<String>,
    /// The kind of read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<ReadKind>,
    /// The purpose, by its word.
    pub purpose: String,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The case it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The legal basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Grants used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// The resource, by code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The resource's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Fields given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// A decision's or system act's own word, such as `resource.published`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// A decision: microseconds since 1970 UTC when it was made, for it is entered after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<i64>,
    /// How a read ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// How a streamed read ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why it ended.
    pub end: End,
    /// Rows given; at most so many when `end` is [`End::Cut`].
    pub rows: u64,
    /// Bytes given; of the rows in memory where no bytes left, but rows went to the platform's own work.
    pub bytes: u64,
    /// SHA-256 of the bytes given, in hexadecimal; none where no bytes left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Why a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All was given.
    Complete,
    /// The client went away.
    Client,
    /// A grant ended meanwhile.
    Revoked,
    /// It failed.
    Failed,
    /// The process ended: an open without close found at start.
    Cut,
}

/// What a stream gave so far, for its closing entry.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    rows: u64,
    bytes: u64,
    hash: Option<Sha256>,
}

/// Whose data: an identifier as read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// `citizen`, `credit-code`, `account` ...
    pub kind: String,
    /// The value as read; never stored in clear.
    pub value: String,
}

/// What of a subject was read; sealed under the subject's own key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The row, by its key or number.
    pub row: String,
    /// Fields given of it.
    pub fields: Vec<String>,
}

/// An entry to append.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(crate) kind: Kind,
    pub(crate) common: Common,
    pub(crate) subjects: Vec<(Identifier, Part)>,
    pub(crate) list: Option<Vec<Identifier>>,
    pub(crate) rows_max: Option<u64>,
    pub(crate) refers: Option<u64>,
    pub(crate) event: Option<Id>,
    pub(crate) follows: Option<Follows>,
}

/// Says where an entry stands; with the entry's inclusion proof it convinces a third party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's sequence number.
    pub index: u64,
    /// The batch whose head first covered it.
    pub batch: u64,
    /// The entry's leaf hash.
    pub leaf: Hash,
    /// When it was written down.
    pub time: Instant,
}

impl Tally {
    /// For what leaves as bytes: those are counted and hashed.
    pub fn of_bytes() -> Tally {
        Tally { hash: Some(Sha256::new()), ..Tally::default() }
    }

    /// So many rows more, so large in memory.
    pub fn rows(&mut self, rows: u64, bytes: u64) {
        self.rows += rows;
        if self.hash.is_none() {
            self.bytes += bytes;
        }
    }

    /// This piece more.
    pub fn piece(&mut self, piece: &[u8]) {
        if let Some(hash) = &mut self.hash {
            hash.update(piece);
            self.bytes += piece.len() as u64;
        }
    }

    /// What the closing entry says.
    pub fn outcome(self, end: End) -> Outcome {
        let sha256 = self.hash.map(|hash| hex(&hash.finish()));
        Outcome { end, rows: self.rows, bytes: self.bytes, sha256 }
    }
}

impl Identifier {
    /// An identifier of this kind.
    pub fn new(kind: impl Into<String>, value: impl Into<String>) -> Identifier {
        Identifier { kind: kind.into(), value: value.into() }
    }
}

impl Common {
    /// A common part saying who acts and for which purpose.
    pub fn of(actor: &Actor, purpose: impl Into<String>) -> Common {
        let why = match actor {
            Actor::Operator { reason } => reason.clone(),
            Actor::Stranger | Actor::Account(_) | Actor::System(_) => String::new(),
        };
        let department = actor.department().map(str::to_owned);
        Common { who: actor.to_string(), department, purpose: purpose.into(), why, ..Common::default() }
    }
}

impl Entry {
    /// A read begins. If it streams, say so with [`Entry::streaming`] and end it with a close.
    pub fn open(common: Common) -> Entry {
        Entry::new(Kind::Open, common)
    }

    /// The streamed read opened at `open` ended so.
    pub fn close(open: u64, common: Common, outcome: Outcome) -> Entry {
        let common = Common { outcome: Some(outcome), ..common };
        Entry { refers: Some(open), ..Entry::new(Kind::Close, common) }
    }

    /// A decision of the store; append it with `append_idempotent`.
    pub fn decision(common: Common) -> Entry {
        Entry::new(Kind::Decision, common)
    }

    /// The platform's own act.
    pub fn system(common: Common) -> Entry {
        Entry::new(Kind::System, common)
    }

    /// Names a subject, whose chain the entry joins. At most [`SUBJECTS_MAX`].
    #[must_use]
    pub fn about(mut self, subject: Identifier, part: Part) -> Entry {
        self.subjects.push((subject, part));
        self
    }

    /// Gives all subjects of a hit list or bulk delivery as a sorted tree of labels. At most [`LIST_MAX`].
    #[must_use]
    pub fn listing(self, subjects: Vec<Identifier>) -> Entry {
        Entry { list: Some(subjects), ..self }
    }

    /// A close will follow; rows it may give at most.
    #[must_use]
    pub fn streaming(self, rows_max: u64) -> Entry {
        Entry { rows_max: Some(rows_max), ..self }
    }

    /// The first entry of a log that takes the place of another.
    #[must_use]
    pub fn following(self, follows: Follows) -> Entry {
        Entry { follows: Some(follows), ..self }
    }

    fn new(kind: Kind, common: Common) -> Entry {
        let (subjects, list, rows_max, refers) = (Vec::new(), None, None, None);
        Entry { kind, common, subjects, list, rows_max, refers, event: None, follows: None }
    }

    /// Refuses what is over the limits; names the field.
    pub(crate) fn check(&self) -> Result<()> {
        if self.subjects.len() > SUBJECTS_MAX {
            return Err(Error::invalid("subjects", "ledger-entry-size").with("limit", SUBJECTS_MAX));
        }
        let list = self.list.as_deref().unwrap_or_default();
        if list.len() > LIST_MAX {
            return Err(Error::invalid("list", "ledger-entry-size").with("limit", LIST_MAX));
        }
        let too_long = |id: &Identifier| id.kind.len() + id.value.len() > IDENTIFIER_BYTES_MAX;
        if list.iter().any(too_long) || self.subjects.iter().any(|(id, _)| too_long(id)) {
            return Err(Error::invalid("identifier", "ledger-entry-size").with("limit", IDENTIFIER_BYTES_MAX));
        }
        Ok(())
    }
}

/// A part as it is sealed: 16 bytes of salt, then CBOR.
pub(crate) fn salted(part: &impl Serialize) -> Result<Vec<u8>> {
    let mut plain = vec![0u8; 16];
    yiwang_seal::random(&mut plain);
    ciborium::into_writer(part, &mut plain).map_err(|error| Error::internal("encoding a ledger part", error))?;
    if plain.len() > COMMON_BYTES_MAX {
        return Err(Error::invalid("common", "ledger-entry-size").with("limit", COMMON_BYTES_MAX));
    }
    Ok(plain)
}

/// Reads what [`salted`] wrote.
pub(crate) fn unsalted<T: for<'a> Deserialize<'a>>(plain: &[u8]) -> Result<T> {
    let cbor = plain.get(16..).ok_or_else(|| Error::broken("a ledger part without its salt"))?;
    ciborium::from_reader(cbor).map_err(|error| Error::internal("decoding a ledger part", error))
}
