//! Streams on their way out: the first rows are held back until the ledger has the read, later ones are watched for
//! grants that end meanwhile and counted for the closing entry. Holds no policy of its own.

use std::collections::VecDeque;

use arrow_array::RecordBatch;
use futures::{StreamExt, stream};
use yiwang_kernel::{Ctx, Error, Instant, Result};
use yiwang_ledger::End;
use yiwang_store::Db;

use crate::journal::{Journal, Read, outcome};
use crate::policies;
use crate::{Policy, Receipt, RowStream, Why};

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

/// Writes the closing entry when the stream ends, fails or is dropped.
pub(crate) fn closing(journal: Journal, ctx: Ctx, read: Read, receipt: Receipt, rows: RowStream) -> RowStream {
    let start = Closing { journal, ctx, read: Some(read), receipt, rows, seen: 0, seen_bytes: 0 };
    Box::pin(stream::try_unfold(start, |mut closing| async move {
        match closing.rows.next().await {
            Some(Ok(batch)) => {
                closing.seen += batch.num_rows() as u64;
                closing.seen_bytes += batch.get_array_memory_size() as u64;
                Ok(Some((batch, closing)))
            }
            Some(Err(error)) => {
                let ended = if matches!(error, Error::Gone(_)) { End::Revoked } else { End::Failed };
                closing.end(ended).await?;
                Err(error)
            }
            None => {
                closing.end(End::Complete).await?;
                Ok(None)
            }
        }
    }))
}

struct Closing {
    journal: Journal,
    ctx: Ctx,
    read: Option<Read>,
    receipt: Receipt,
    rows: RowStream,
    seen: u64,
    seen_bytes: u64,
}

impl Closing {
    async fn end(&mut self, end: End) -> Result<()> {
        match self.read.take() {
            Some(read) => {
                let outcome = outcome(end, self.seen, self.seen_bytes, None);
                self.journal.close(&self.ctx, &read, &self.receipt, outcome).await
            }
            None => Ok(()),
        }
    }
}

/// The reader went away: the entry is written by a task of its own, for a drop cannot wait.
impl Drop for Closing {
    fn drop(&mut self) {
        let (Some(read), Ok(runtime)) = (self.read.take(), tokio::runtime::Handle::try_current()) else { return };
        let (journal, ctx, receipt) = (self.journal.clone(), self.ctx.clone(), self.receipt.clone());
        let (seen, seen_bytes) = (self.seen, self.seen_bytes);
        runtime.spawn(async move {
            let closed = journal.close(&ctx, &read, &receipt, outcome(End::Client, seen, seen_bytes, None)).await;
            if let Err(error) = closed {
                tracing::warn!(read = %read.id, %error, "a read that was cut short has no closing entry");
            }
        });
    }
}
