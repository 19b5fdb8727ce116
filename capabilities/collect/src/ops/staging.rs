//! Raw files on their way in and out: sealed as they arrive, kept for the retention time, opened again for reading.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::io::AsyncReadExt;
use tokio_util::io::{ReaderStream, StreamReader, SyncIoBridge};
use yiwang_files::{Blob, Files};
use yiwang_gate::Gate;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Instant, Result};

use super::running::Running;
use crate::model::State;
use crate::read::{Decode, DecodedRows, OpenRaw};
use crate::store;

/// Bytes one uploaded file may have; larger ones are loaded at the machine.
pub const UPLOAD_BYTES_MAX: u64 = 8 << 30;
/// Bytes one file of this machine may have.
const PATH_BYTES_MAX: u64 = 1 << 40;
/// Days a raw file is kept.
const RAW_DAYS: i64 = 90;
/// What the files are kept for.
const PURPOSE: &str = "uploads";
const READ_BYTES: usize = 1 << 20;

/// Keeps an upload as it comes in, sealed; [`crate::ops::load`] takes it from there.
pub async fn stage(platform: &Platform, ctx: &Ctx, bytes: BoxStream<'_, Result<Bytes>>) -> Result<Blob> {
    let blob = platform.files.put(ctx, PURPOSE, bytes, UPLOAD_BYTES_MAX).await?;
    keep(platform, ctx, &blob).await?;
    Ok(blob)
}

/// Keeps a file of this machine that another process reads for us: as [`stage`], without its limit.
pub async fn stage_of_machine(platform: &Platform, ctx: &Ctx, bytes: BoxStream<'_, Result<Bytes>>) -> Result<Blob> {
    let blob = platform.files.put(ctx, PURPOSE, bytes, PATH_BYTES_MAX).await?;
    keep(platform, ctx, &blob).await?;
    Ok(blob)
}

/// Keeps a file of this machine.
pub(super) async fn stage_path(platform: &Platform, ctx: &Ctx, path: &Path) -> Result<Blob> {
    let missing = |_| Error::invalid("file", "load-file-missing");
    let file = tokio::fs::File::open(path).await.map_err(missing)?;
    if !file.metadata().await.map_err(missing)?.is_file() {
        return Err(Error::invalid("file", "load-file-missing"));
    }
    stage_file(platform, ctx, file).await
}

/// Keeps an opened file of this machine.
pub(super) async fn stage_file(platform: &Platform, ctx: &Ctx, file: tokio::fs::File) -> Result<Blob> {
    let stream = ReaderStream::with_capacity(file.take(PATH_BYTES_MAX), READ_BYTES);
    let stream = stream.map(|read| read.map_err(|source| Error::internal("a file was not read", source)));
    let blob = platform.files.put(ctx, PURPOSE, stream.boxed(), PATH_BYTES_MAX).await?;
    keep(platform, ctx, &blob).await?;
    Ok(blob)
}

async fn keep(platform: &Platform, ctx: &Ctx, blob: &Blob) -> Result<()> {
    if blob.bytes == 0 {
        platform.files.delete(blob.id).await?;
        return Err(Error::invalid("file", "load-file-empty"));
    }
    platform.files.keep_until(blob.id, Some(raw_until(ctx))).await
}

/// Until when a raw file that arrives now is kept.
pub(super) fn raw_until(ctx: &Ctx) -> Instant {
    ctx.now().plus_s(RAW_DAYS * 24 * 3600)
}

/// Opens a kept file as blocking readers ask for it; only for threads that may block.
pub(super) fn opener(files: &Files, blob: Id) -> OpenRaw {
    let files = files.clone();
    let runtime = tokio::runtime::Handle::current();
    Arc::new(move || {
        let opened = runtime.block_on(files.open(blob)).map_err(std::io::Error::other)?;
        let reader = StreamReader::new(opened.map(|bytes| bytes.map_err(std::io::Error::other)));
        Ok(Box::new(SyncIoBridge::new_with_handle(reader, runtime.clone())) as Box<dyn Read + Send>)
    })
}

/// Opens a kept file's rows in the types it declares, as [`opener`] opens its bytes.
pub(super) fn decoder(gate: &Gate, blob: Id) -> Decode {
    let gate = gate.clone();
    let runtime = tokio::runtime::Handle::current();
    Arc::new(move || {
        let decoded = runtime.block_on(gate.decode(blob))?;
        let (mut rows, runtime) = (decoded.rows, runtime.clone());
        let batches = std::iter::from_fn(move || runtime.block_on(rows.next()));
        Ok(DecodedRows { schema: decoded.schema, batches: Box::new(batches) })
    })
}

/// Deletes raw files whose time is over; how many. For a daily job.
pub async fn forget_raw(platform: &Platform, ctx: &Ctx) -> Result<usize> {
    platform.require_sure_clock(ctx).await?;
    let over = store::raw_over(&platform.db, ctx.now()).await?;
    for (load, raw) in &over {
        platform.files.delete(*raw).await?;
        store::raw_gone(&platform.db, *load).await?;
    }
    Ok(over.len())
}

/// Marks loads that a stop of the platform cut off; how many. For the start of the one process that owns the directory.
pub async fn settle_cut_off(platform: &Platform, running: &Running) -> Result<usize> {
    let mut count = 0;
    for line in store::running(&platform.db).await? {
        let Ok(_place) = running.enter(line.id) else { continue };
        let mut report = line.report;
        report.state = State::Cancelled;
        report.verdict = Some("interrupted".to_owned());
        let report = &report;
        platform
            .db
            .tx(|tx| Box::pin(async move { store::settle(tx, line.id, &[State::Running], report).await }))
            .await?;
        count += 1;
    }
    Ok(count)
}
