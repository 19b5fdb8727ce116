//! Heads: signed statements of the tree's size and root, in the form of C2SP tlog-checkpoint over signed-note, with
//! one extension line that chains each head to the one before. Does no IO.

use std::fmt::Write;

use data_encoding::BASE64;
use yiwang_kernel::{Error, Result};
use yiwang_seal::{SigningKey, VerifyingKey, sha256};

use crate::merkle::Hash;

const EXTENSION: &str = "yiwang-head-1";
const ED25519: u8 = 0x01;
pub(crate) const NOTE_BYTES_MAX: usize = 4096;

/// A head of the log, one per batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Names the log, the same in all its heads.
    pub origin: String,
    /// Entries the head covers.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// The batch it ends, from 1.
    pub batch: u64,
    /// Microseconds since 1970 UTC when it was signed.
    pub time: i64,
    /// SHA-256 of the note before it; zeros in the first.
    pub previous: Hash,
}

impl Head {
    /// The signed note.
    pub(crate) fn sign(&self, key: &SigningKey) -> String {
        let mut text = self.text();
        let signature = key.sign(text.as_bytes());
        let blob = [key_hash(&self.origin, &key.verifying_key()).as_slice(), &signature].concat();
        write!(text, "\n— {} {}\n", self.origin, BASE64.encode(&blob)).expect("a string takes any text");
        text
    }

    /// The head of a note with a signature by this key; further signatures (witnesses) are passed over.
    pub fn open(note: &str, key: &VerifyingKey) -> Option<Head> {
        if note.len() > NOTE_BYTES_MAX {
            return None;
        }
        let (text, signatures) = note.split_once("\n\n")?;
        let text = &note[..text.len() + 1];
        let head = Head::parse(text)?;
        let expected = key_hash(&head.origin, key);
        let signed = |line: &str| {
            let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
            let blob = BASE64.decode(blob.as_bytes()).ok()?;
            let (hash, signature) = blob.split_first_chunk::<4>()?;
            let ours = name == head.origin && *hash == expected;
            ours.then(|| key.verify(text.as_bytes(), signature.try_into().ok()?).ok()).flatten()
        };
        signatures.ends_with('\n').then_some(())?;
        signatures.lines().any(|line| signed(line).is_some()).then_some(head)
    }

    /// Whether this has the form of a head, whoever signed it.
    pub fn is_note(note: &str) -> bool {
        let parts = note.split_once("\n\n").filter(|_| note.len() <= NOTE_BYTES_MAX);
        parts
            .is_some_and(|(text, signatures)| Head::parse(&format!("{text}\n")).is_some() && signatures.ends_with('\n'))
    }

    /// The note's text, without signatures.
    fn text(&self) -> String {
        let (root, previous) = (BASE64.encode(&self.root), BASE64.encode(&self.previous));
        let Head { origin, size, batch, time, .. } = self;
        format!("{origin}\n{size}\n{root}\n{EXTENSION} {batch} {time} {previous}\n")
    }

    fn parse(text: &str) -> Option<Head> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let mut extension = lines.next()?.strip_prefix(EXTENSION)?.strip_prefix(' ')?.split(' ');
        let (batch, time, previous) = (extension.next()?, extension.next()?, extension.next()?);
        let head = Head {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: base64_hash(root)?,
            batch: batch.parse().ok()?,
            time: time.parse().ok()?,
            previous: base64_hash(previous)?,
        };
        (head.text() == text).then_some(head)
    }
}

/// The public key as C2SP's verifier key: `<origin>+<key hash>+<base64 of type and key>`.
pub(crate) fn verifier_key(origin: &str, key: &VerifyingKey) -> String {
    let hash = yiwang_seal::hex(&key_hash(origin, key));
    let typed = [&[ED25519], key.to_bytes().as_slice()].concat();
    format!("{origin}+{hash}+{}", BASE64.encode(&typed))
}

/// The key of a verifier key as `log` states it in its third line, kept elsewhere.
pub fn parse_key(text: &str) -> Result<VerifyingKey> {
    let key = parse_verifier_key(text.trim()).map(|(_, key)| key);
    key.ok_or_else(|| Error::invalid("key", "ledger-key"))
}

/// Reads what [`verifier_key`] wrote.
pub(crate) fn parse_verifier_key(text: &str) -> Option<(String, VerifyingKey)> {
    let mut parts = text.splitn(3, '+');
    let (origin, hash, typed) = (parts.next()?, parts.next()?, parts.next()?);
    let typed = BASE64.decode(typed.as_bytes()).ok()?;
    let (&ED25519, bytes) = typed.split_first()? else { return None };
    let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
    let ours = hash == yiwang_seal::hex(&key_hash(origin, &key));
    ours.then(|| (origin.to_owned(), key))
}

fn key_hash(origin: &str, key: &VerifyingKey) -> [u8; 4] {
    let named = [origin.as_bytes(), &[b'\n', ED25519], &key.to_bytes()].concat();
    *sha256(&named).first_chunk().expect("4 of 32 bytes")
}

fn base64_hash(text: &str) -> Option<Hash> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok()
}
