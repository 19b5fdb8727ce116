//! The handle others hold: opens a log, appends to it, hands out receipts and proofs. Reading lives in `read`, epochs
//! in `epoch`; the writing itself in `writer`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use yiwang_kernel::{Clock, Error, Id, Result};
use yiwang_seal::vrf::{Label, Proof};
use yiwang_seal::{MasterKey, VerifyingKey, hex};

use crate::derived::{Derived, Rows};
use crate::entry::{Common, End, Entry, Identifier, Outcome, Receipt};
use crate::keys::{Keys, io, sync_dir, unavailable};
use crate::note::{Head, verifier_key};
use crate::scan::{Known, Scanned, scan};
use crate::segment::segment_path;
use crate::shared::{Opened, Shared, lock_log};
use crate::succession;
use crate::verify::{Difference, Fault, Report, verify};
use crate::writer::{Draft, Request, Writer, reserve};

/// Entries that may wait for the writer.
const WAITING_MAX: usize = 4096;
/// Who finds no place among the waiting for so long is told to come back.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// Cut reads closed at start under one head.
const CLOSES_PER_BATCH: usize = 256;

/// The act of an entry that says a subject's key was destroyed.
pub(crate) const ERASED: &str = "subject.erased";

/// How a log uses its disk.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names the log to outsiders, for example `yiwang.example/ledger`; fixed when the log is made.
    pub origin: String,
    /// Space claimed for each segment file.
    pub segment_bytes: u64,
    /// Space kept for a full disk.
    pub reserve_bytes: u64,
}

impl Options {
    /// A city's: segments of 64 MiB, 1 GiB in reserve.
    pub fn city(origin: impl Into<String>) -> Options {
        Options { origin: origin.into(), segment_bytes: 64 << 20, reserve_bytes: 1 << 30 }
    }

    /// A demonstration's or a test's: segments of 1 MiB, no reserve.
    pub fn small(origin: impl Into<String>) -> Options {
        Options { origin: origin.into(), segment_bytes: 1 << 20, reserve_bytes: 0 }
    }
}

/// How a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Entries acknowledged.
    pub entries: u64,
    /// Batches, each with a signed head.
    pub batches: u64,
    /// Subjects with a chain.
    pub subjects: u64,
    /// Streamed reads not yet closed.
    pub opens: u64,
    /// Space still kept for a full disk; alarm below a fifth of what the options ask.
    pub reserve_bytes_left: u64,
}

/// An open log. Clones share it; when the last is dropped the writer ends and the log may be opened again.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.requests.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Ledger {
    /// Opens the log in `dir`, or makes one. Checks all of it, cuts a torn tail, closes reads that were cut off. Takes
    /// as long as reading the log; call it off the async threads.
    pub fn open(dir: &Path, master: &MasterKey, clock: Arc<dyn Clock>, options: Options) -> Result<Ledger> {
        for part in ["segments", "lists", "epochs"] {
            std::fs::create_dir_all(dir.join(part)).map_err(io("making the ledger's directories"))?;
        }
        sync_dir(dir.parent().unwrap_or(dir)).map_err(unavailable("syncing the ledger's parent directory"))?;
        let lock = lock_log(dir)?;
        let keys = Keys::open(dir, master.clone(), &options.origin)?;
        let derived = Derived::create(dir)?;
        let scanned = scan_and_derive(dir, &keys, &derived)?;
        let last = scanned.last_segment();
        let reserve = hold_reserve(dir, options.reserve_bytes);
        let (dir, state) = (dir.to_owned(), scanned.state);
        let shared = Arc::new(Shared::new(Opened { dir, options, keys, derived, clock, state, reserve, lock }));
        let mut writer = Writer::resume(shared.clone(), last)?;
        close_cut_reads(&shared, &mut writer)?;
        let (requests, waiting) = mpsc::channel(WAITING_MAX);
        let thread = std::thread::Builder::new().name("ledger".into()).spawn(move || writer.run(waiting));
        let writer = Some(thread.map_err(io("starting the ledger's writer"))?);
        Ok(Ledger(Arc::new(Inner { shared, requests: Some(requests), writer })))
    }

    /// Opens a log that another follows, for reading alone: it has no writer, so nothing can be appended to it.
    pub(crate) fn open_to_read(dir: &Path, master: &MasterKey, clock: Arc<dyn Clock>) -> Result<Ledger> {
        let lock = lock_log(dir)?;
        let options = Options::small("");
        let keys = Keys::open(dir, master.clone(), &options.origin)?;
        let derived = Derived::create(dir)?;
        let state = scan_and_derive(dir, &keys, &derived)?.state;
        let dir = dir.to_owned();
        let shared = Arc::new(Shared::new(Opened { dir, options, keys, derived, clock, state, reserve: None, lock }));
        Ok(Ledger(Arc::new(Inner { shared, requests: None, writer: None })))
    }

    /// Appends an entry. It is durable and under a signed head when this returns; on an error the caller must not go
    /// on with what it wanted logged.
    pub async fn append(&self, entry: Entry) -> Result<Receipt> {
        let draft = if entry.list.is_some() {
            self.blocking(move |shared| shared.prepare(entry)).await?
        } else {
            self.shared().prepare(entry)?
        };
        self.send(draft).await
    }

    /// Appends a decision under the store's event id, once: a second time gives the first entry's receipt.
    pub async fn append_idempotent(&self, event: Id, entry: Entry) -> Result<Receipt> {
        self.append(Entry { event: Some(event), ..entry }).await
    }

    /// The entry of the decision with this event id, once it stands.
    pub fn decision(&self, event: Id) -> Option<u64> {
        self.shared().state().events.get(event.as_bytes()).copied()
    }

    /// Destroys the subject's key: what was read of it can never be shown again; that it was read, when and by whom
    /// stays, and the chain holds. The erasure is an entry of the subject's chain, made first: after an error, call
    /// again. Gives the entry's receipt.
    pub async fn erase_subject(&self, subject: Identifier, common: Common) -> Result<Receipt> {
        let common = Common { act: Some(ERASED.into()), ..common };
        let label = self.blocking(move |shared| Ok(shared.label(&subject))).await?;
        let time = self.shared().clock.now().micros();
        let draft = self.shared().draft(Entry::system(common), time, vec![(label, Vec::new())], None)?;
        let receipt = self.send(draft).await?;
        self.blocking(move |shared| shared.keys.erase(&label)).await?;
        Ok(receipt)
    }

    /// The label of an identifier with the proof for whoever knows the identifier.
    pub async fn prove_label(&self, subject: Identifier) -> Result<(Label, Proof)> {
        self.blocking(move |shared| Ok(shared.keys.labels.prove(&subject.kind, &subject.value))).await
    }

    /// Verifies the log while it is written to, and those before it: a batch just being written is no difference.
    pub async fn verify(&self, witnessed: Vec<String>) -> Result<Report> {
        self.blocking(move |shared| {
            let size = shared.state().size();
            let mut report = verify(&shared.dir, &shared.keys.identity.public, &witnessed)?;
            let is_new = |difference: &Difference| difference.fault == Fault::Tail && report.entries >= size;
            if report.difference.as_ref().is_some_and(is_new) {
                report.difference = None;
            }
            if report.is_whole() {
                report.difference = succession::earlier_difference(&shared.dir, report.follows)?;
            }
            Ok(report)
        })
        .await
    }

    /// The last head as a signed note; empty while the log is.
    pub fn head(&self) -> String {
        self.shared().state().note.clone()
    }

    /// The key that heads are checked with.
    pub fn public_key(&self) -> VerifyingKey {
        self.shared().keys.identity.public.clone()
    }

    /// The log's id, 32 hexadecimal digits.
    pub fn log(&self) -> String {
        hex(&self.shared().keys.identity.log)
    }

    /// The log's verifier key as C2SP writes one.
    pub fn verifier(&self) -> String {
        let identity = &self.shared().keys.identity;
        verifier_key(&identity.origin, &identity.public)
    }

    /// How the log stands.
    pub fn status(&self) -> Status {
        let shared = self.shared();
        let state = shared.state();
        Status {
            entries: state.size(),
            batches: state.batches,
            subjects: state.chains.len() as u64,
            opens: state.opens.len() as u64,
            reserve_bytes_left: shared.reserve_bytes_left(),
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// Runs slow work off the async threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = self.0.shared.clone();
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        done.map_err(|error| Error::internal("reading the ledger", error))?
    }

    pub(crate) async fn send(&self, draft: Draft) -> Result<Receipt> {
        let gone = || Error::unavailable("ledger-unavailable");
        let requests = self.0.requests.as_ref().ok_or_else(gone)?;
        let (reply, answer) = oneshot::channel();
        match requests.send_timeout(Request { draft, reply }, WAIT_MAX).await {
            Ok(()) => answer.await.map_err(|_| gone())?,
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(Error::unavailable("ledger-late")),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(gone()),
        }
    }
}

impl Scanned {
    /// The segment to write on in, and where; none if the next one is still to be made.
    fn last_segment(&self) -> Option<(u64, u64)> {
        let torn_at_its_head = self.difference.as_ref().is_some_and(|difference| difference.offset == 0);
        self.segments.last().filter(|_| !torn_at_its_head).map(|first| (*first, self.end))
    }
}

/// Walks the log and writes its derived files; a torn tail is fine, anything else is damage that stops the city.
fn scan_and_derive(dir: &Path, keys: &Keys, derived: &Derived) -> Result<Scanned> {
    let note = std::fs::read_to_string(dir.join("checkpoint")).unwrap_or_default();
    let checkpoint = Head::open(&note, &keys.identity.public);
    let known: Vec<Known> = checkpoint.map(|head| Known { head, fault: Fault::Checkpoint }).into_iter().collect();
    let mut rows = Rows::default();
    let scanned = scan(dir, &keys.identity, &known, None, &mut |index, position, nodes| {
        rows.push(index, position, nodes);
        if rows.is_full() { derived.write(&mut rows) } else { Ok(()) }
    })?;
    derived.write(&mut rows)?;
    match &scanned.difference {
        None => Ok(scanned),
        Some(difference) if difference.fault == Fault::Tail => {
            tracing::warn!(segment = difference.segment, entry = difference.entry, "cutting an unacknowledged tail");
            if difference.offset == 0 {
                let torn = segment_path(dir, scanned.segments.last().copied().unwrap_or_default());
                std::fs::remove_file(torn).map_err(unavailable("removing a torn ledger segment"))?;
            }
            Ok(scanned)
        }
        Some(difference) => {
            tracing::error!(?difference, "the ledger is damaged");
            let error = Error::unavailable("ledger-damaged").with("segment", &difference.segment);
            Err(error.with("entry", difference.entry))
        }
    }
}

/// Every open found without its close gets one: "cut, at most so many rows".
fn close_cut_reads(shared: &Shared, writer: &mut Writer) -> Result<()> {
    let opens: Vec<(u64, u64)> = shared.state().opens.iter().map(|(open, rows)| (*open, *rows)).collect();
    for opens in opens.chunks(CLOSES_PER_BATCH) {
        let close = |(open, rows): &(u64, u64)| {
            let common = Common { who: "system:ledger".into(), purpose: "recovery".into(), ..Common::default() };
            let outcome = Outcome { end: End::Cut, rows: *rows, bytes: 0, sha256: None };
            shared.prepare(Entry::close(*open, common, outcome))
        };
        let drafts = opens.iter().map(close).collect::<Result<Vec<_>>>()?;
        writer.commit(drafts)?.into_iter().collect::<Result<Vec<_>>>()?;
    }
    Ok(())
}

/// Claims space for a full disk, as much as there is; a log without reserve still works, so failing is only said.
fn hold_reserve(dir: &Path, bytes: u64) -> Option<File> {
    let path = dir.join("reserve");
    if bytes == 0 {
        return None;
    }
    let file = File::options().write(true).create(true).truncate(false).open(path).ok()?;
    if let Err(error) = reserve(&file, bytes) {
        tracing::warn!(%error, "no space for the ledger's reserve");
    }
    Some(file)
}
