//! The one writer of a log, on a thread of its own. It takes whatever waits as a batch: one write, one sync, one signed
//! head, and only then the answers. A batch that cannot be made durable is cut off again and nobody is answered.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use yiwang_kernel::{Error, Instant, Result};
use yiwang_seal::sha256;
use yiwang_seal::vrf::Label;

use crate::cbor;
use crate::derived::Rows;
use crate::entry::{Common, Entry, Receipt};
use crate::header::{EpochRoots, Follows, Header, Kind, ListRoot};
use crate::keys::{sync_dir, unavailable};
use crate::merkle::{Hash, leaf_hash};
use crate::note::Head;
use crate::scan::Position;
use crate::segment::{ENTRY, HEAD, HEADER_BYTES, RECORD_BYTES_MAX, SegmentHeader, frame, segment_path};
use crate::shared::Shared;
use crate::state::{Batch, State};

/// Entries one head covers anew at most.
pub(crate) const ENTRIES_PER_BATCH_MAX: usize = 1024;
/// Requests taken into one batch; leaves room for entries the writer adds itself.
const REQUESTS_PER_BATCH_MAX: usize = ENTRIES_PER_BATCH_MAX / 2;
/// Sealed bytes taken into one batch, give or take one entry.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// A clock that goes back by more than this is an entry of its own.
const CLOCK_JUMP_MICROS: i64 = 60_000_000;

/// An entry with its parts sealed, waiting for its number.
pub(crate) struct Draft {
    pub(crate) time: i64,
    pub(crate) kind: Kind,
    pub(crate) common_hash: Hash,
    pub(crate) common: Vec<u8>,
    pub(crate) subjects: Vec<(Label, Option<SealedPart>)>,
    pub(crate) list: Option<ListRoot>,
    pub(crate) rows_max: Option<u64>,
    pub(crate) refers: Option<u64>,
    pub(crate) event: Option<[u8; 16]>,
    pub(crate) epoch: Option<EpochRoots>,
    pub(crate) follows: Option<Follows>,
}

/// A subject part: the hash of its salted content, and the content under the subject's key.
pub(crate) struct SealedPart {
    pub(crate) hash: Hash,
    pub(crate) sealed: Vec<u8>,
}

/// A draft and who waits for its receipt.
pub(crate) struct Request {
    pub(crate) draft: Draft,
    pub(crate) reply: oneshot::Sender<Result<Receipt>>,
}

/// Appends to the log's last segment.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    segment: Option<OpenSegment>,
    /// After a failed write: the segment and where its durable part ends, still to be cut back.
    uncut: Option<(u64, u64)>,
    checkpoint: File,
}

/// The segment being written; `end` is where its durable part ends.
struct OpenSegment {
    file: File,
    first: u64,
    end: u64,
}

impl Writer {
    /// A writer that goes on where the last segment's good part ends; whatever lies behind is cut off.
    pub(crate) fn resume(shared: Arc<Shared>, last: Option<(u64, u64)>) -> Result<Writer> {
        let checkpoint = File::options().write(true).create(true).truncate(false).open(shared.dir.join("checkpoint"));
        let checkpoint = checkpoint.map_err(unavailable("opening the checkpoint"))?;
        let mut writer = Writer { shared, segment: None, uncut: last, checkpoint };
        if last.is_some() {
            writer.cut_back()?;
            writer.publish()?;
        }
        Ok(writer)
    }

    /// Serves requests until nobody can send any more.
    pub(crate) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.blocking_recv() {
            let mut bytes = request.draft.bytes();
            let mut batch = vec![request];
            while batch.len() < REQUESTS_PER_BATCH_MAX && bytes < BATCH_BYTES_MAX {
                let Ok(request) = requests.try_recv() else { break };
                bytes += request.draft.bytes();
                batch.push(request);
            }
            let (drafts, replies): (Vec<Draft>, Vec<_>) =
                batch.into_iter().map(|request| (request.draft, request.reply)).unzip();
            let count = replies.len();
            let answers = self.commit(drafts).unwrap_or_else(|error| vec![Err(error); count]);
            for (reply, answer) in replies.into_iter().zip(answers) {
                // A caller that went away has its entry all the same.
                let _ = reply.send(answer);
            }
        }
    }

    /// Makes these entries durable under one head; an answer for each, or one error and nothing written.
    pub(crate) fn commit(&mut self, drafts: Vec<Draft>) -> Result<Vec<Result<Receipt>>> {
        self.cut_back()?;
        let shared = self.shared.clone();
        let state = shared.state();
        let mut placing =
            Placing { shared: &shared, batch: Batch::new(&state), rows: Rows::default(), bytes: Vec::new() };
        let segment = match self.segment.take() {
            Some(segment) if segment.end < shared.options.segment_bytes => segment,
            full => OpenSegment::create(&shared, full, state.size())?,
        };
        let (first, end) = (segment.first, segment.end);
        self.segment = Some(segment);
        let at = Position { segment: first, offset: end, batch: state.batches + 1 };
        placing.note_clock_jump(&state, drafts.first(), at)?;
        let answers = drafts.into_iter().map(|draft| placing.place(draft, at)).collect::<Vec<_>>();
        if placing.batch.len() == 0 {
            return Ok(answers);
        }
        let (size, root) = (placing.batch.next(), placing.batch.root());
        let time = shared.clock.now().micros();
        let origin = shared.keys.identity.origin.clone();
        let note =
            Head { origin, size, root, batch: at.batch, time, previous: state.head_hash }.sign(&shared.keys.signing);
        let Placing { batch, mut rows, mut bytes, .. } = placing;
        frame(HEAD, &[note.as_bytes()], &mut bytes);
        let changes = batch.finish();
        drop(state);
        if let Err(error) = self.write(&bytes, &mut rows) {
            self.uncut = self.segment.take().map(|segment| (segment.first, segment.end));
            return Err(error);
        }
        shared.state_mut().apply(changes, note);
        if let Err(error) = self.publish() {
            tracing::warn!(%error, "the checkpoint file is behind the log");
        }
        Ok(answers)
    }

    fn write(&mut self, bytes: &[u8], rows: &mut Rows) -> Result<()> {
        self.shared.derived.write(rows)?;
        self.shared.keys.sync()?;
        let segment = self.segment.as_mut().ok_or_else(|| Error::unavailable("ledger-unavailable"))?;
        segment.file.write_all_at(bytes, segment.end).map_err(unavailable("writing a ledger batch"))?;
        segment.file.sync_data().map_err(unavailable("syncing a ledger batch"))?;
        segment.end += bytes.len() as u64;
        Ok(())
    }

    /// Cuts the last segment back to its durable part, where that is still to be done.
    fn cut_back(&mut self) -> Result<()> {
        if let Some((first, end)) = self.uncut {
            self.segment = Some(OpenSegment::resume(&self.shared, first, end)?);
            self.uncut = None;
        }
        Ok(())
    }

    /// Shows the last head to readers of files; always after the log itself is durable.
    fn publish(&mut self) -> Result<()> {
        let state = self.shared.state();
        let (bytes, what) = (state.note.as_bytes(), "writing the checkpoint");
        self.checkpoint.write_all_at(bytes, 0).map_err(unavailable(what))?;
        self.checkpoint.set_len(bytes.len() as u64).map_err(unavailable(what))
    }
}

/// A batch on its way from drafts to bytes.
struct Placing<'a> {
    shared: &'a Shared,
    batch: Batch<'a>,
    rows: Rows,
    bytes: Vec<u8>,
}

impl Placing<'_> {
    /// Numbers the draft and adds its record; an event already known answers with its first entry.
    fn place(&mut self, draft: Draft, at: Position) -> Result<Receipt> {
        if let Some(known) = draft.event.and_then(|event| self.batch.event(&event)) {
            return self.known(known, at);
        }
        if draft.refers.is_some_and(|open| !self.batch.is_open(open)) {
            return Err(Error::refused("ledger-close-unknown"));
        }
        if draft.follows.is_some() && self.batch.next() != 0 {
            return Err(Error::conflict("ledger-not-new"));
        }
        let body = draft.body();
        let header = Header {
            log: self.shared.keys.identity.log,
            index: self.batch.next(),
            time: draft.time,
            kind: draft.kind,
            common: draft.common_hash,
            body: sha256(&body),
            links: self.links(&draft),
            list: draft.list,
            rows_max: draft.rows_max,
            refers: draft.refers,
            event: draft.event,
            epoch: draft.epoch,
            follows: draft.follows,
        };
        let encoded = header.encode();
        if encoded.len() + body.len() + 16 > RECORD_BYTES_MAX {
            return Err(Error::too_large("ledger-entry-size").with("limit", RECORD_BYTES_MAX));
        }
        let (index, time, leaf) = (header.index, Instant::from_micros(header.time), leaf_hash(&encoded));
        let mut nodes = Vec::new();
        let admitted = self.batch.admit(header, leaf, &mut |level, at, node| nodes.push((level, at, node)));
        admitted.map_err(|fault| Error::broken(format!("the ledger refuses its own entry: {fault:?}")))?;
        let position = Position { offset: at.offset + self.bytes.len() as u64, ..at };
        self.rows.push(index, position, &nodes);
        frame(ENTRY, &[&(encoded.len() as u32).to_be_bytes(), &encoded, &body], &mut self.bytes);
        Ok(Receipt { index, batch: at.batch, leaf, time })
    }

    /// One link a subject; the draft names each subject once.
    fn links(&self, draft: &Draft) -> Vec<crate::header::Link> {
        let link =
            |(label, part): &(Label, Option<SealedPart>)| self.batch.link(*label, part.as_ref().map(|part| part.hash));
        draft.subjects.iter().map(link).collect()
    }

    /// The receipt of an entry that stands already, in the log or in this batch.
    fn known(&self, index: u64, at: Position) -> Result<Receipt> {
        match self.batch.header(index) {
            Some(header) => {
                let time = Instant::from_micros(header.time);
                Ok(Receipt { index, batch: at.batch, leaf: header.leaf(), time })
            }
            None => self.shared.receipt(index),
        }
    }

    /// Order is by number, so a clock that goes back harms nothing; but it is said.
    fn note_clock_jump(&mut self, state: &State, first: Option<&Draft>, at: Position) -> Result<()> {
        let Some(time) = first.map(|draft| draft.time).filter(|time| state.time - time > CLOCK_JUMP_MICROS) else {
            return Ok(());
        };
        tracing::warn!(seconds = (state.time - time) / 1_000_000, "the clock went back");
        let common = Common { who: "system:ledger".into(), purpose: "clock".into(), ..Common::default() };
        let why = format!("the clock went back by {} s", (state.time - time) / 1_000_000);
        let entry = Entry::system(Common { why, act: Some("clock.jumped".into()), ..common });
        let draft = self.shared.draft(entry, time, Vec::new(), None)?;
        self.place(draft, at).map(|_| ())
    }
}

impl Draft {
    /// What the draft will take, about.
    fn bytes(&self) -> usize {
        let parts = self.subjects.iter().filter_map(|(_, part)| part.as_ref());
        self.common.len() + parts.map(|part| part.sealed.len()).sum::<usize>()
    }

    /// The sealed parts as they stand in the record: CBOR of [common, [part or null of each link]].
    fn body(&self) -> Vec<u8> {
        let mut out = cbor::Writer(Vec::with_capacity(self.common.len() + 16));
        out.array(2);
        out.bytes(&self.common);
        out.array(self.subjects.len());
        for (_, part) in &self.subjects {
            match part {
                Some(part) => out.bytes(&part.sealed),
                None => out.null(),
            }
        }
        out.0
    }
}

impl OpenSegment {
    /// Opens a segment to write on after `end`, its space reserved again.
    fn resume(shared: &Shared, first: u64, end: u64) -> Result<OpenSegment> {
        let cut = || {
            let file = File::options().write(true).open(segment_path(&shared.dir, first))?;
            file.set_len(end)?;
            reserve(&file, shared.options.segment_bytes)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = shared.or_from_reserve(cut).map_err(unavailable("cutting back a ledger segment"))?;
        Ok(OpenSegment { file, first, end })
    }

    /// Begins the next segment and gives back the space the full one did not use.
    fn create(shared: &Shared, full: Option<OpenSegment>, first: u64) -> Result<OpenSegment> {
        if let Some(full) = full {
            let trimmed = full.file.set_len(full.end).and_then(|()| full.file.sync_all());
            trimmed.map_err(unavailable("finishing a ledger segment"))?;
        }
        let path = segment_path(&shared.dir, first);
        let made = shared.or_from_reserve(|| begin(shared, &path, first));
        let file = made.map_err(unavailable("beginning a ledger segment"))?;
        Ok(OpenSegment { file, first, end: HEADER_BYTES })
    }
}

fn begin(shared: &Shared, path: &Path, first: u64) -> std::io::Result<File> {
    let file = File::options().write(true).create(true).truncate(true).open(path)?;
    let header = SegmentHeader { log: shared.keys.identity.log, first }.encode();
    reserve(&file, shared.options.segment_bytes)?;
    file.write_all_at(&header, 0)?;
    file.sync_all()?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))?;
    Ok(file)
}

/// Claims the disk space now, so that a full disk is met between batches and not inside one.
pub(crate) fn reserve(file: &File, bytes: u64) -> std::io::Result<()> {
    if file.metadata()?.len() >= bytes {
        return Ok(());
    }
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
