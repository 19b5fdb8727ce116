//! Work of the engine as a stream for the gate: it runs on the engine's threads, at most two batches ahead of the
//! reader, within its wall time, and ends when the reader goes away.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use futures::stream;
use futures::{Stream, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use yiwang_gate::RowStream;
use yiwang_kernel::{Error, Result};

use crate::lake::{AbortOnDrop, Lake};
use crate::scan::Batches;

const BATCHES_AHEAD: usize = 2;

/// Streams what `work` yields; with a wall time it also waits for its turn among interactive queries.
pub(crate) fn serve(
    lake: &Lake,
    work: impl Future<Output = Result<Batches>> + Send + 'static,
    wall: Option<Duration>,
) -> RowStream {
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let turns = Arc::clone(&lake.inside.interactive);
    let pump = async move {
        let turn = match wall {
            Some(_) => turns.acquire_owned().await.ok(),
            None => None,
        };
        let done = match wall {
            Some(wall) => tokio::time::timeout(wall, pump(work, &sender, turn)).await.unwrap_or(Err(Error::Timeout)),
            None => pump(work, &sender, turn).await,
        };
        if let Err(error) = done {
            sender.send(Err(error)).await.ok();
        }
        Ok(())
    };
    let task = AbortOnDrop(lake.inside.threads.handle.spawn(pump));
    Box::pin(received(receiver, task))
}

async fn pump(
    work: impl Future<Output = Result<Batches>>,
    sender: &mpsc::Sender<Result<RecordBatch>>,
    _turn: Option<OwnedSemaphorePermit>,
) -> Result<()> {
    let mut batches = work.await?;
    while let Some(batch) = batches.next().await {
        if sender.send(Ok(batch?)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// The task ends with the stream that holds it.
fn received(
    mut receiver: mpsc::Receiver<Result<RecordBatch>>,
    task: AbortOnDrop<()>,
) -> impl Stream<Item = Result<RecordBatch>> + Send {
    stream::poll_fn(move |context| {
        let _held = &task;
        receiver.poll_recv(context)
    })
}
