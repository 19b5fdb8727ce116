//! Streams on their way out: the first rows are held back until the ledger has the read, later ones are watched for
//! grants that end meanwhile and counted for the closing entry; bytes made of them are counted and hashed. Holds no
//! policy of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use futures::{StreamExt, stream};
use yiwang_kernel::{Ctx, Error, Instant, Result};
use yiwang_ledger::{End, Outcome, Tally};
use yiwang_store::Db;

use crate::journal::{Journal, Read};
use crate::policies;
use crate::{ByteStream, Policy, Receipt, RowStream, Why};

/// Rows an answer may hold in memory; one with no more needs no closing entry.
pub(crate) const BUFFERED_ROWS_MAX: u64 = 1_000;
const WATCH_EVERY_S: i64 = 1;

/// The first batches of a stream, and what follows them.
pub(crate) struct Head {
    batches: VecDeque<RecordBatch>,
    rest: RowStream,
    /// Rows in the batches held.
    pub(crate) rows: u64,
    /// Whether they are all.
    pub(crate) ended: bool,
}

/// Reads until the stream ends or more rows than may be held are there.
pub(crate) async fn head(mut rest: RowStream) -> Result<Head> {
    let mut batches = VecDeque::new();
    let mut rows = 0;
    while rows <= BUFFERED_ROWS_MAX {
        match rest.next().await {
            Some(batch) => {
                let batch = batch?;
                rows += batch.num_rows() as u64;
                batches.push_back(batch);
            }
            None => return Ok(Head { batches, rest, rows, ended: true }),
        }
    }
    Ok(Head { batches, rest, rows, ended: false })
}

impl Head {
    /// The stream from its start.
    pub(crate) fn into_stream(self) -> RowStream {
        let first = stream::iter(self.batches.into_iter().map(Ok));
        if self.ended { Box::pin(first) } else { Box::pin(first.chain(self.rest)) }
    }
}

/// Ends the stream with a refusal once a grant it rests on no longer holds.
pub(crate) fn watched(db: Db, ctx: Ctx, why: Why, policies: Vec<Policy>, rows: RowStream) -> RowStream {
    if policies.iter().all(|policy| policy.whole) {
        return rows;
    }
    let start = Watch { checked: ctx.now(), db, ctx, why, policies, rows };
    Box::pin(stream::try_unfold(start, |mut watch| async move {
        let Some(batch) = watch.rows.next().await else { return Ok(None) };
        let batch = batch?;
        watch.check().await?;
        Ok(Some((batch, watch)))
    }))
}

struct Watch {
    db: Db,
    ctx: Ctx,
    why: Why,
    policies: Vec<Policy>,
    rows: RowStream,
    checked: Instant,
}

impl Watch {
    async fn check(&mut self) -> Result<()> {
        let now = self.ctx.now();
        if now < self.checked.plus_s(WATCH_EVERY_S) {
            return Ok(());
        }
        self.checked = now;
        for policy in &self.policies {
            let still = policies::find(&self.db, &self.ctx, &self.why, &policy.resource).await;
            if !still.is_ok_and(|still| still.grants == policy.grants) {
                return Err(Error::gone("gate-grant-revoked").with("resource", &policy.resource));
            }
        }
        Ok(())
    }
}

/// The closing entry of a stream, shared by its rows and the bytes made of them; written once.
#[derive(Clone)]
pub(crate) struct Closing(Arc<Mutex<Account>>);

struct Account {
    journal: Journal,
    ctx: Ctx,
    receipt: Receipt,
    /// None once the entry is on its way.
    read: Option<Read>,
    tally: Tally,
    /// Whether bytes leave: then the entry waits for the last of them.
    as_bytes: bool,
    /// How the rows ended, where bytes leave.
    rows_ended: Option<End>,
}

/// Bytes made of an answer's rows, before they leave: they pass [`Sending::over`] on their way, or the answer was not
/// given.
#[must_use = "what leaves is counted for the ledger only if it passes through `over`"]
pub struct Sending(Option<Closing>);

impl Closing {
    /// Of a read that was opened with this receipt.
    pub(crate) fn new(journal: Journal, ctx: Ctx, read: Read, receipt: Receipt) -> Closing {
        let (read, tally) = (Some(read), Tally::default());
        Closing(Arc::new(Mutex::new(Account { journal, ctx, receipt, read, tally, as_bytes: false, rows_ended: None })))
    }

    /// From now on bytes are what leaves.
    pub(crate) fn sending(self) -> Sending {
        {
            let mut account = self.account();
            account.as_bytes = true;
            account.tally = Tally::of_bytes();
        }
        Sending(Some(self))
    }

    /// These bytes are all there is: no rows end before them.
    pub(crate) fn sending_blob(self) -> Sending {
        self.account().rows_ended = Some(End::Complete);
        self.sending()
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, batch: &RecordBatch) {
        self.account().tally.rows(batch.num_rows() as u64, batch.get_array_memory_size() as u64);
    }

    /// The rows ended; the entry is written unless bytes made of them still leave.
    async fn rows_end(&self, end: End) -> Result<()> {
        {
            let mut account = self.account();
            account.rows_ended = Some(end);
            if account.as_bytes {
                return Ok(());
            }
        }
        self.end(end).await
    }

    /// The bytes ended. They are complete when the rows were.
    async fn bytes_end(&self, failed: bool) -> Result<()> {
        let rows_ended = self.account().rows_ended.unwrap_or(End::Failed);
        let end = if failed && rows_ended == End::Complete { End::Failed } else { rows_ended };
        self.end(end).await
    }

    async fn end(&self, end: End) -> Result<()> {
        match self.closed(end) {
            Some((journal, ctx, read, receipt, outcome)) => journal.close(&ctx, &read, &receipt, outcome).await,
            None => Ok(()),
        }
    }

    /// The reader went away: the entry is written by a task of its own, for a drop cannot wait.
    fn leave(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let Some((journal, ctx, read, receipt, outcome)) = self.closed(End::Client) else { return };
        runtime.spawn(async move {
            if let Err(error) = journal.close(&ctx, &read, &receipt, outcome).await {
                tracing::warn!(read = %read.id, %error, "a read that was cut short has no closing entry");
            }
        });
    }

    fn closed(&self, end: End) -> Option<(Journal, Ctx, Read, Receipt, Outcome)> {
        let mut account = self.account();
        let read = account.read.take()?;
        let outcome = std::mem::take(&mut account.tally).outcome(end);
        Some((account.journal.clone(), account.ctx.clone(), read, account.receipt.clone(), outcome))
    }
}

impl Sending {
    /// What left needs no closing entry.
    pub(crate) fn nothing() -> Sending {
        Sending(None)
    }

    /// The bytes as they leave, counted and hashed; the closing entry says how they ended.
    pub fn over(mut self, bytes: ByteStream) -> ByteStream {
        let Some(closing) = self.0.take() else { return bytes };
        let start = (Leaving { closing, as_bytes: true }, bytes);
        Box::pin(stream::try_unfold(start, |(leaving, mut bytes)| async move {
            match bytes.next().await {
                Some(Ok(piece)) => {
                    leaving.closing.account().tally.piece(&piece);
                    Ok(Some((piece, (leaving, bytes))))
                }
                Some(Err(error)) => {
                    leaving.closing.bytes_end(true).await?;
                    Err(error)
                }
                None => {
                    leaving.closing.bytes_end(false).await?;
                    Ok(None)
                }
            }
        }))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(closing) = &self.0 {
            closing.leave();
        }
    }
}

/// Counts rows, and writes the closing entry when the stream ends, fails or is dropped.
pub(crate) fn closing(closing: &Closing, rows: RowStream) -> RowStream {
    let start = (Leaving { closing: closing.clone(), as_bytes: false }, rows);
    Box::pin(stream::try_unfold(start, |(leaving, mut rows)| async move {
        match rows.next().await {
            Some(Ok(batch)) => {
                leaving.closing.count(&batch);
                Ok(Some((batch, (leaving, rows))))
            }
            Some(Err(error)) => {
                let end = if matches!(error, Error::Gone(_)) { End::Revoked } else { End::Failed };
                leaving.closing.rows_end(end).await?;
                Err(error)
            }
            None => {
                leaving.closing.rows_end(End::Complete).await?;
                Ok(None)
            }
        }
    }))
}

/// Held by a stream: what is dropped before its end was left by its reader.
struct Leaving {
    closing: Closing,
    as_bytes: bool,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        // Rows of which bytes are made may go before the bytes do.
        let is_last = self.closing.account().as_bytes == self.as_bytes;
        if is_last {
            self.closing.leave();
        }
    }
}
