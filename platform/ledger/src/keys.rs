//! The ledger's keys, each wrapped by the master key: the signing key and label secret of the log, a key per month for
//! common parts, a key per subject for subject parts. Destroying a subject's key is what erasure means here.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use yiwang_kernel::{Error, Instant, Result};
use yiwang_seal::vrf::{Label, VrfPublic, VrfSecret};
use yiwang_seal::{DataKey, MasterKey, SigningKey, hex, unhex};

use crate::extent::STATEMENT;
use crate::note::{parse_verifier_key, verifier_key};
use crate::scan::Identity;
use crate::segment::crc32;

const WRAPPED_BYTES: usize = 65;
/// Label, wrapped key, CRC-32 of both: a record torn by a power cut is no key.
const SUBJECT_RECORD_BYTES: usize = 32 + WRAPPED_BYTES + 4;
const LOG_FORMAT: &str = "yiwang-ledger-1";

/// All keys of a log.
pub(crate) struct Keys {
    pub(crate) identity: Identity,
    pub(crate) signing: SigningKey,
    pub(crate) labels: VrfSecret,
    dir: PathBuf,
    master: MasterKey,
    context: String,
    months: Mutex<HashMap<String, DataKey>>,
    subjects: Mutex<Subjects>,
    subjects_unsynced: AtomicBool,
}

struct Subjects {
    file: File,
    records: u64,
    /// The record that holds a subject's living key.
    living: HashMap<Label, u64>,
}

impl Keys {
    /// Reads the keys of the log in `dir`, or makes a new log with this origin.
    pub(crate) fn open(dir: &Path, master: MasterKey, origin: &str) -> Result<Keys> {
        let keys = dir.join("keys");
        std::fs::create_dir_all(&keys).map_err(io("making the ledger's key directory"))?;
        if !dir.join("log").exists() {
            Keys::create(dir, &keys, &master, origin)?;
        }
        let (identity, public) = read_log(dir)?;
        let context = format!("ledger/{}", hex(&identity.log));
        let signing = unwrap(&master, &keys.join("signing.key"), &format!("{context}/signing"))?;
        let labels = unwrap(&master, &keys.join("labels.key"), &format!("{context}/labels"))?;
        let signing = SigningKey::from_bytes(signing.as_bytes());
        let labels = VrfSecret::from_bytes(labels.as_bytes());
        if signing.verifying_key() != identity.public || labels.public() != public {
            return Err(Error::broken("the ledger's keys are of another log"));
        }
        let subjects = Mutex::new(Subjects::open(&keys.join("subjects.keys"))?);
        let (months, subjects_unsynced) = (Mutex::default(), AtomicBool::new(false));
        Ok(Keys { identity, signing, labels, dir: keys, master, context, months, subjects, subjects_unsynced })
    }

    fn create(dir: &Path, keys: &Path, master: &MasterKey, origin: &str) -> Result<()> {
        let fits = !origin.is_empty() && origin.len() <= 200 && !origin.contains([' ', '+', '\n', '\r']);
        let fits = fits && origin != STATEMENT;
        if !fits {
            return Err(Error::invalid("origin", "ledger-origin"));
        }
        let mut log = [0u8; 16];
        yiwang_seal::random(&mut log);
        let context = format!("ledger/{}", hex(&log));
        let (signing, labels) = (SigningKey::generate(), VrfSecret::generate());
        let signing_key = DataKey::from_bytes(*signing.to_bytes());
        let labels_key = DataKey::from_bytes(*labels.to_bytes());
        write_durable(&keys.join("signing.key"), &master.wrap(&signing_key, &format!("{context}/signing")))?;
        write_durable(&keys.join("labels.key"), &master.wrap(&labels_key, &format!("{context}/labels")))?;
        write_durable(&keys.join("subjects.keys"), &[])?;
        let verifier = verifier_key(origin, &signing.verifying_key());
        let text = format!("{LOG_FORMAT}\n{}\n{verifier}\n{}\n", hex(&log), hex(&labels.public().to_bytes()));
        write_durable(&dir.join("log"), text.as_bytes())
    }

    /// What wraps them.
    pub(crate) fn master(&self) -> &MasterKey {
        &self.master
    }

    /// The key of the month this instant lies in (China's calendar), made when first needed.
    pub(crate) fn month(&self, time: Instant) -> Result<DataKey> {
        let (year, month, _) = time.date().parts();
        let name = format!("{year:04}-{month:02}");
        let mut months = lock(&self.months);
        if let Some(key) = months.get(&name) {
            return Ok(key.clone());
        }
        let path = self.dir.join(format!("month-{name}.key"));
        let context = format!("{}/month/{name}", self.context);
        let key = if path.exists() {
            unwrap(&self.master, &path, &context)?
        } else {
            let key = DataKey::generate();
            write_durable(&path, &self.master.wrap(&key, &context))?;
            key
        };
        months.insert(name, key.clone());
        Ok(key)
    }

    /// The key of the month this instant lies in, unless it was destroyed at the end of the legal term.
    pub(crate) fn month_if_kept(&self, time: Instant) -> Result<Option<DataKey>> {
        let (year, month, _) = time.date().parts();
        let kept = self.dir.join(format!("month-{year:04}-{month:02}.key")).exists();
        if kept { self.month(time).map(Some) } else { Ok(None) }
    }

    /// The subject's living key, if there is one.
    pub(crate) fn subject(&self, label: &Label) -> Result<Option<DataKey>> {
        let subjects = lock(&self.subjects);
        let Some(record) = subjects.living.get(label) else { return Ok(None) };
        let mut bytes = [0u8; SUBJECT_RECORD_BYTES];
        let read = subjects.file.read_exact_at(&mut bytes, record * SUBJECT_RECORD_BYTES as u64);
        read.map_err(io("reading a subject key"))?;
        drop(subjects);
        self.unwrap_subject(label, &bytes[32..32 + WRAPPED_BYTES]).map(Some)
    }

    /// The subject's living key, made when first needed; the next [`Keys::sync`] makes it durable.
    pub(crate) fn subject_or_new(&self, label: &Label) -> Result<DataKey> {
        if let Some(key) = self.subject(label)? {
            return Ok(key);
        }
        let mut subjects = lock(&self.subjects);
        if subjects.living.contains_key(label) {
            drop(subjects);
            return self.subject_or_new(label);
        }
        let key = DataKey::generate();
        let wrapped = self.master.wrap(&key, &self.subject_context(label));
        let mut record = [label.0.as_slice(), &wrapped].concat();
        record.extend_from_slice(&crc32(&record).to_be_bytes());
        let number = subjects.records;
        let written = subjects.file.write_all_at(&record, number * SUBJECT_RECORD_BYTES as u64);
        written.map_err(unavailable("writing a subject key"))?;
        subjects.records += 1;
        subjects.living.insert(*label, number);
        self.subjects_unsynced.store(true, Ordering::Release);
        Ok(key)
    }

    /// Makes all subject keys handed out so far durable.
    pub(crate) fn sync(&self) -> Result<()> {
        if !self.subjects_unsynced.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let file = lock(&self.subjects).file.try_clone().map_err(unavailable("sharing the key file"))?;
        file.sync_data().map_err(|error| {
            self.subjects_unsynced.store(true, Ordering::Release);
            unavailable("syncing subject keys")(error)
        })
    }

    /// Overwrites the subject's key, durably; false if there was none.
    pub(crate) fn erase(&self, label: &Label) -> Result<bool> {
        let mut subjects = lock(&self.subjects);
        let Some(record) = subjects.living.get(label).copied() else { return Ok(false) };
        let at = record * SUBJECT_RECORD_BYTES as u64 + 32;
        let written =
            subjects.file.write_all_at(&[0u8; WRAPPED_BYTES + 4], at).and_then(|()| subjects.file.sync_data());
        written.map_err(unavailable("erasing a subject key"))?;
        subjects.living.remove(label);
        Ok(true)
    }

    fn unwrap_subject(&self, label: &Label, wrapped: &[u8]) -> Result<DataKey> {
        let key = self.master.unwrap(wrapped, &self.subject_context(label));
        key.map_err(|error| Error::internal("unwrapping a subject key", error))
    }

    fn subject_context(&self, label: &Label) -> String {
        format!("{}/subject/{}", self.context, hex(&label.0))
    }
}

impl Subjects {
    fn open(path: &Path) -> Result<Subjects> {
        let mut file = File::options().read(true).write(true).open(path).map_err(io("opening the subject keys"))?;
        let mut living = HashMap::new();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("reading the subject keys"))?;
        let records = bytes.chunks_exact(SUBJECT_RECORD_BYTES);
        let count = records.len() as u64;
        for (number, record) in records.enumerate() {
            let (content, check) = record.split_at(32 + WRAPPED_BYTES);
            let label = content.first_chunk().expect("a record is longer than a label");
            if crc32(content).to_be_bytes() == check {
                living.insert(Label(*label), number as u64);
            }
        }
        Ok(Subjects { file, records: count, living })
    }
}

/// Refuses a ring of master keys that does not open the keys of the log in `dir`.
pub(crate) fn require_master(dir: &Path, master: &MasterKey) -> Result<()> {
    let (identity, _) = read_log(dir)?;
    let wrapped = std::fs::read(dir.join("keys").join("signing.key")).map_err(io("reading a ledger key"))?;
    let key = master.unwrap(&wrapped, &format!("ledger/{}/signing", hex(&identity.log)));
    let key = key.map_err(|_| Error::unavailable("master-key-wrong"))?;
    if SigningKey::from_bytes(key.as_bytes()).verifying_key() != identity.public {
        return Err(Error::broken("the ledger's keys are of another log"));
    }
    Ok(())
}

/// What the file `log` says: who wrote the log and how its labels are proved.
pub(crate) fn read_log(dir: &Path) -> Result<(Identity, VrfPublic)> {
    let text = std::fs::read_to_string(dir.join("log")).map_err(io("reading the ledger's log file"))?;
    parse_log(&text).ok_or_else(|| Error::broken("the ledger's log file cannot be read"))
}

fn parse_log(text: &str) -> Option<(Identity, VrfPublic)> {
    let mut lines = text.lines();
    lines.next().filter(|line| *line == LOG_FORMAT)?;
    let log = unhex(lines.next()?)?.try_into().ok()?;
    let (origin, public) = parse_verifier_key(lines.next()?)?;
    let labels: [u8; 32] = unhex(lines.next()?)?.try_into().ok()?;
    Some((Identity { log, origin, public }, VrfPublic::from_bytes(&labels).ok()?))
}

/// Writes a new file beside, syncs it, puts it in place, syncs the directory.
pub(crate) fn write_durable(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut random = [0u8; 8];
    yiwang_seal::random(&mut random);
    let beside = path.with_extension(format!("new-{}", hex(&random)));
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        sync_dir(path.parent().unwrap_or(Path::new(".")))
    };
    write().map_err(unavailable("writing a ledger file"))
}

/// Makes the directory's entries durable.
pub(crate) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

/// An error while reading what should be there.
pub(crate) fn io(what: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::internal(what, error)
}

/// An error while writing: logged, and 503 for the caller, who must not go on unlogged.
pub(crate) fn unavailable(what: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| {
        tracing::error!(%error, "{what}");
        let full = error.kind() == std::io::ErrorKind::StorageFull;
        Error::unavailable(if full { "ledger-full" } else { "ledger-unavailable" })
    }
}

fn unwrap(master: &MasterKey, path: &Path, context: &str) -> Result<DataKey> {
    let wrapped = std::fs::read(path).map_err(io("reading a ledger key"))?;
    master.unwrap(&wrapped, context).map_err(|_| Error::unavailable("master-key-wrong"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
