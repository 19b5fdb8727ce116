//! Work of the engine as a stream for the gate: it runs on the engine's threads, at most two batches ahead of the
//! reader, within its wall time, and ends when the reader goes away.

use std::time::Duration;

use arrow_array::RecordBatch;
use futures::stream;
use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use yiwang_gate::{QueueClass, RowStream};
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
    let there = lake.clone();
    let pump = async move {
        if let Err(error) = paced(&there, work, &sender, wall).await {
            sender.send(Err(error)).await.ok();
        }
        Ok(())
    };
    let task = AbortOnDrop(lake.inside.threads.handle.spawn(pump));
    Box::pin(received(receiver, task))
}

async fn paced(
    lake: &Lake,
    work: impl Future<Output = Result<Batches>>,
    sender: &mpsc::Sender<Result<RecordBatch>>,
    wall: Option<Duration>,
) -> Result<()> {
    let Some(wall) = wall else { return pump(work, sender).await };
    let _turn = lake.inside.admission.turn(QueueClass::Interactive).await?;
    tokio::time::timeout(wall, pump(work, sender)).await.unwrap_or(Err(Error::Timeout))
}

async fn pump(work: impl Future<Output = Result<Batches>>, sender: &mpsc::Sender<Result<RecordBatch>>) -> Result<()> {
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
