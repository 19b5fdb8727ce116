//! Logs that follow one another: after a restore a new log is opened whose first entry names the one before; the old
//! one lies whole below `earlier/<log id>/`, is read and checked, never appended to.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use yiwang_kernel::{Clock, Error, Result};
use yiwang_seal::{MasterKey, VerifyingKey, hex};

use crate::header::{Follows, Header, Kind};
use crate::keys::{io, read_log};
use crate::ledger::{ERASED, Ledger};
use crate::merkle::Frontier;
use crate::note::Head;
use crate::read::Logged;
use crate::scan::split_entry;
use crate::segment::{ENTRY, Next, SegmentReader, list_segments, segment_path};
use crate::verify::{Difference, Fault, Report, public_key, verify};

/// Logs looked at in one ledger at most.
const LOGS_MAX: usize = 1_000;

/// Decisions named after a restore at most.
const UNDONE_MAX: usize = 10_000;

/// What a log holds beyond a backup of it.
#[derive(Debug, Clone)]
pub struct Undone {
    /// Its last head, as a signed note.
    pub head: String,
    /// Its decisions and erasures, oldest first, 10,000 at most.
    pub entries: Vec<Logged>,
}

/// What somebody kept of a ledger elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Keys of its logs.
    pub keys: Vec<VerifyingKey>,
    /// Heads of its logs, as signed notes.
    pub heads: Vec<String>,
}

/// One log of a ledger, as checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was found.
    pub report: Report,
    /// Whether its key is one that was kept elsewhere; else it was checked against the key it states itself.
    pub key_kept: bool,
}

/// The directories of a ledger's logs, newest first; `dir` is the newest.
pub fn logs(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut waiting = earlier(dir)?;
    let mut logs = vec![dir.to_owned()];
    let mut newest = first_follows(dir);
    while let Some(follows) = newest {
        let name = hex(&follows.log);
        let Some(place) = waiting.iter().position(|log| log.file_name().is_some_and(|file| *file == *name)) else {
            break;
        };
        let log = waiting.remove(place);
        newest = first_follows(&log);
        logs.push(log);
    }
    // What nobody names is checked all the same.
    logs.append(&mut waiting);
    Ok(logs)
}

/// Checks every log of the ledger in `dir`, newest first: each by itself, that each follows the one it names, and that
/// they hold what was kept elsewhere. Differences are in the reports; an error means the files could not be read.
pub fn verify_all(dir: &Path, kept: &Kept) -> Result<Vec<Checked>> {
    if kept.heads.iter().any(|head| !Head::is_note(head)) {
        return Err(Error::invalid("head", "ledger-head"));
    }
    let mut unknown_heads = kept.heads.clone();
    let mut unknown_keys = kept.keys.clone();
    let mut found: Vec<Checked> = Vec::new();
    let mut successor: Option<Follows> = None;
    for log in logs(dir)? {
        let key = public_key(&log)?;
        let lost = successor.and_then(|follows| Some((follows.size, follows.witnessed?.0)));
        let mut heads = Vec::new();
        unknown_heads.retain(|note| match Head::open(note, &key) {
            // On record as lost by the log that follows.
            Some(head) if lost.is_some_and(|(from, to)| head.size > from && head.size <= to) => false,
            Some(_) => {
                heads.push(note.clone());
                false
            }
            None => true,
        });
        let key_kept = kept.keys.contains(&key);
        unknown_keys.retain(|unknown| *unknown != key);
        let report = verify(&log, &key, &heads)?;
        if let (Some(follows), Some(before)) = (successor, found.last_mut())
            && !is_as_named(&report, &key, &follows)
        {
            before.report.differ(Fault::Follows);
        }
        successor = report.follows;
        found.push(Checked { report, key_kept });
    }
    let last_named = successor.is_some();
    if let Some(last) = found.last_mut().filter(|_| last_named) {
        last.report.differ(Fault::Follows);
    }
    if let Some(newest) = found.first_mut() {
        if !unknown_keys.is_empty() {
            newest.report.differ(Fault::Key);
        }
        if !unknown_heads.is_empty() {
            newest.report.differ(Fault::Witness);
        }
    }
    Ok(found)
}

impl Ledger {
    /// Checks every log of this ledger, newest first, while it is written to, against what was kept elsewhere. A batch
    /// that is just being written is no difference.
    pub async fn verify_all(&self, kept: Kept) -> Result<Vec<Checked>> {
        self.blocking(move |shared| {
            let size = shared.state().size();
            let mut found = verify_all(&shared.dir, &kept)?;
            if let Some(newest) = found.first_mut() {
                let is_new = |difference: &Difference| difference.fault == Fault::Tail && newest.report.entries >= size;
                if newest.report.difference.as_ref().is_some_and(is_new) {
                    newest.report.difference = None;
                }
            }
            Ok(found)
        })
        .await
    }

    /// The ids of the logs before this one, newest first.
    pub async fn earlier(&self) -> Result<Vec<String>> {
        self.blocking(|shared| {
            let name = |log: &PathBuf| log.file_name().map(|name| name.to_string_lossy().into_owned());
            Ok(logs(&shared.dir)?.iter().skip(1).filter_map(name).collect())
        })
        .await
    }

    /// One of them, to be read and proved from like any log; what is appended to it is refused. Opened once and kept;
    /// the first time takes as long as reading it.
    pub async fn earlier_log(&self, log: &str) -> Result<Ledger> {
        let log = log.to_owned();
        self.blocking(move |shared| {
            let mut open = shared.earlier.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = open.get(&log) {
                return Ok(known.clone());
            }
            // Found among those there: what was asked for never becomes a path.
            let found =
                logs(&shared.dir)?.into_iter().skip(1).find(|dir| dir.file_name().is_some_and(|name| *name == *log));
            let dir = found.ok_or_else(|| Error::not_found("ledger-log"))?;
            let opened = Ledger::open_to_read(&dir, shared.keys.master(), shared.clock.clone())?;
            open.insert(log, opened.clone());
            Ok(opened)
        })
        .await
    }
}

/// The first thing that is not as it must be in the logs before one that says it follows this.
pub(crate) fn earlier_difference(dir: &Path, follows: Option<Follows>) -> Result<Option<Difference>> {
    let mut successor = follows;
    let other = || Difference { segment: "log".to_owned(), entry: 0, offset: 0, fault: Fault::Follows };
    for log in logs(dir)?.iter().skip(1) {
        let key = public_key(log)?;
        let report = verify(log, &key, &[])?;
        if report.difference.is_some() {
            return Ok(report.difference);
        }
        if successor.is_some_and(|follows| !is_as_named(&report, &key, &follows)) {
            return Ok(Some(other()));
        }
        successor = report.follows;
    }
    Ok(successor.map(|_| other()))
}

/// What the first entry says of a log that follows the one in `dir`. The last head known from elsewhere says how much
/// is lost: it must be signed by that log's key and be no shorter than what is here.
pub fn follow(dir: &Path, witnessed: Option<&str>) -> Result<Follows> {
    let (identity, _) = read_log(dir)?;
    let report = verify(dir, &identity.public, &[])?;
    if let Some(difference) = &report.difference {
        return Err(Error::refused("ledger-damaged")
            .with("segment", &difference.segment)
            .with("entry", difference.entry));
    }
    let root = root_of(&report, &identity.public);
    let head = |note: &str| Head::open(note, &identity.public).ok_or_else(|| Error::invalid("head", "ledger-head"));
    let witnessed = witnessed.map(head).transpose()?.filter(|head| head.size > report.entries);
    let witnessed = witnessed.map(|head| (head.size, head.root));
    Ok(Follows { log: identity.log, size: report.entries, root, witnessed })
}

/// What was decided and erased in the log in `dir` after its first `size` entries, oldest first: what a restore to that
/// size takes back, and has to be done again. The log must contain the head given; a torn tail is no matter. Its
/// derived files are made anew.
pub fn decided_after(dir: &Path, master: &MasterKey, clock: Arc<dyn Clock>, head: &str) -> Result<Undone> {
    let key = public_key(dir)?;
    let from = Head::open(head, &key).ok_or_else(|| Error::refused("ledger-other"))?;
    let report = verify(dir, &key, &[head.to_owned()])?;
    if let Some(difference) = report.difference.as_ref().filter(|difference| difference.fault != Fault::Tail) {
        let error = Error::refused("ledger-damaged").with("segment", &difference.segment);
        return Err(error.with("entry", difference.entry));
    }
    let log = Ledger::open_to_read(dir, master, clock)?;
    let mut entries = Vec::new();
    for index in from.size..report.entries {
        let (entry, _) = log.shared().logged(index)?;
        let is_erasure = entry.common.as_ref().is_some_and(|common| common.act.as_deref() == Some(ERASED));
        if entry.header.kind == Kind::Decision || is_erasure {
            entries.push(entry);
        }
        if entries.len() == UNDONE_MAX {
            break;
        }
    }
    Ok(Undone { head: report.head, entries })
}

/// The directories below `earlier/`, by name.
pub(crate) fn earlier(dir: &Path) -> Result<Vec<PathBuf>> {
    let listed = match std::fs::read_dir(dir.join("earlier")) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io("listing earlier logs")(error)),
    };
    let mut found = Vec::new();
    for entry in listed.take(LOGS_MAX) {
        let path = entry.map_err(io("listing earlier logs"))?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The log before, as the first entry names it; nothing where that cannot be read, which the check then says.
fn first_follows(dir: &Path) -> Option<Follows> {
    let first = *list_segments(dir).ok()?.first()?;
    let (mut reader, _) = SegmentReader::open(&segment_path(dir, first)).ok()?;
    match reader.next() {
        Ok(Next::Record(ENTRY)) => Header::decode(split_entry(reader.payload())?.0)?.follows,
        _ => None,
    }
}

fn is_as_named(report: &Report, key: &VerifyingKey, follows: &Follows) -> bool {
    report.log == hex(&follows.log) && report.entries == follows.size && root_of(report, key) == follows.root
}

fn root_of(report: &Report, key: &VerifyingKey) -> crate::merkle::Hash {
    Head::open(&report.head, key).map_or_else(|| Frontier::default().root(), |head| head.root)
}

impl Report {
    /// Adds a difference that shows outside the log's own entries, unless there is one already.
    fn differ(&mut self, fault: Fault) {
        let entry = if fault == Fault::Follows { 0 } else { self.entries };
        self.difference.get_or_insert(Difference { segment: "log".to_owned(), entry, offset: 0, fault });
    }
}
