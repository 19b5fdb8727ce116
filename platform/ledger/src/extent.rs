//! A copy of the log as far as its last head, taken while it is written to: which files belong to it and how much of
//! each. Copies nothing itself. Also signs what vouches for such a copy, apart from heads.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use yiwang_kernel::{Error, Result};
use yiwang_seal::{MasterKey, VerifyingKey, hex, unhex};

use crate::keys::{io, read_log, require_master};
use crate::ledger::Ledger;
use crate::note::verifier_key;
use crate::segment::{HEAD, list_segments, segment_name, segment_path};
use crate::shared::Shared;
use crate::succession;

/// The first line of every statement that is signed and is no head; no log has it as its origin.
pub(crate) const STATEMENT: &str = "yiwang-statement-1";
const FRAME_BYTES: u64 = 8;
const ENDINGS: [&str; 4] = [".labels", ".map", ".key", ".keys"];
/// Bytes of one batch at most, with room to spare.
const BATCH_BYTES_MAX: u64 = 64 << 20;

/// A log as far as its last head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The log, 32 hexadecimal digits.
    pub log: String,
    /// Entries under the head.
    pub entries: u64,
    /// The head as a signed note, to be written as `checkpoint`; empty while the log is.
    pub head: String,
    /// The files, the logs before this one included; `checkpoint` of the log itself is not among them.
    pub pieces: Vec<Piece>,
}

/// A file that belongs to a copy of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its path below the ledger's directory.
    pub path: String,
    /// So many bytes from its beginning; all of it where none.
    pub bytes: Option<u64>,
    /// May be gone by the time it is copied, and is not missed then.
    pub passing: bool,
}

impl Ledger {
    /// What a copy of the log up to this moment's head consists of. Entries that come while it is copied lie behind.
    pub async fn extent(&self) -> Result<Extent> {
        self.blocking(extent).await
    }

    /// Signs a statement of this kind, by the log's key; hexadecimal. It can never be taken for a head.
    pub fn sign(&self, kind: &str, text: &[u8]) -> String {
        hex(&self.shared().keys.signing.sign(&statement(kind, text)))
    }
}

/// Whether the statement of this kind is signed by this key.
pub fn statement_holds(key: &VerifyingKey, kind: &str, text: &[u8], signature: &str) -> bool {
    let signature = unhex(signature.trim()).and_then(|bytes| bytes.try_into().ok());
    signature.is_some_and(|signature| key.verify(&statement(kind, text), &signature).is_ok())
}

/// Refuses a ring of master keys that does not open the log in `dir`, or does not belong to the key it states.
pub fn opens(dir: &Path, master: &MasterKey) -> Result<()> {
    require_master(dir, master)
}

/// The verifier key that the log in `dir` states, as C2SP writes one: to be kept elsewhere.
pub fn verifier(dir: &Path) -> Result<String> {
    read_log(dir).map(|(identity, _)| verifier_key(&identity.origin, &identity.public))
}

fn statement(kind: &str, text: &[u8]) -> Vec<u8> {
    [STATEMENT.as_bytes(), b"\n", kind.as_bytes(), b"\n", text].concat()
}

fn extent(shared: &Shared) -> Result<Extent> {
    let (entries, head) = {
        let state = shared.state();
        (state.size(), state.note.clone())
    };
    let mut pieces = vec![Piece::whole("log".to_owned())];
    if let Some(last) = entries.checked_sub(1) {
        let place = shared.derived.position(last)?;
        let firsts = list_segments(&shared.dir).map_err(io("listing ledger segments"))?;
        for first in firsts.into_iter().filter(|first| *first <= place.segment) {
            let is_last = first == place.segment;
            let bytes = if is_last { Some(end_of_batch(&shared.dir, first, place.offset)?) } else { None };
            pieces.push(Piece { bytes, ..Piece::whole(format!("segments/{}", segment_name(first))) });
        }
    }
    parts(&shared.dir, "", &mut pieces)?;
    for earlier in succession::earlier(&shared.dir)? {
        let name = earlier.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let below = format!("earlier/{name}/");
        pieces.extend(["log", "checkpoint"].map(|file| Piece::whole(format!("{below}{file}"))));
        let firsts = list_segments(&earlier).map_err(io("listing ledger segments"))?;
        pieces.extend(firsts.into_iter().map(|first| Piece::whole(format!("{below}segments/{}", segment_name(first)))));
        parts(&earlier, &below, &mut pieces)?;
    }
    Ok(Extent { log: hex(&shared.keys.identity.log), entries, head, pieces })
}

/// Lists, the last epoch's map and the wrapped keys.
fn parts(dir: &Path, below: &str, pieces: &mut Vec<Piece>) -> Result<()> {
    // An epoch's map goes when the next epoch is made.
    for (part, passing) in [("lists", false), ("epochs", true), ("keys", false)] {
        let listed = match std::fs::read_dir(dir.join(part)) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io("listing the ledger's files")(error)),
        };
        for found in listed {
            let name = found.map_err(io("listing the ledger's files"))?.file_name().to_string_lossy().into_owned();
            // Others are files in the making.
            if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                pieces.push(Piece { passing, ..Piece::whole(format!("{below}{part}/{name}")) });
            }
        }
    }
    Ok(())
}

/// Where the batch ends whose last entry begins at `offset`: behind the head that follows it.
fn end_of_batch(dir: &Path, segment: u64, offset: u64) -> Result<u64> {
    let file = File::open(segment_path(dir, segment)).map_err(io("opening a ledger segment"))?;
    let mut frame = [0u8; FRAME_BYTES as usize + 1];
    let mut at = offset;
    loop {
        file.read_exact_at(&mut frame, at).map_err(io("reading a ledger segment"))?;
        at += FRAME_BYTES + u64::from(u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]));
        match frame[FRAME_BYTES as usize] {
            HEAD => return Ok(at),
            _ if at > offset + BATCH_BYTES_MAX => return Err(Error::broken("a batch of the ledger without its head")),
            _ => {}
        }
    }
}

impl Piece {
    fn whole(path: String) -> Piece {
        Piece { path, bytes: None, passing: false }
    }
}
