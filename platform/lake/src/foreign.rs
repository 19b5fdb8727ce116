//! Parquet files that people send: looked over before the library reads them (marks, footer, nesting, sizes), then read
//! row group by row group as flat columns. Such a file is not of the lake; nothing of it is kept or remembered here.

mod columns;
mod thrift;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use yiwang_files::{Blob, Files};
use yiwang_gate::{COLUMNS_MAX, Decoded, RowStream};
use yiwang_kernel::{Error, Id, Result};

use crate::lake::Lake;
use crate::serve::serve;
use thrift::Layout;

/// What a blob was handed in for that may be opened here.
const PURPOSE: &str = "uploads";
const MARK: &[u8] = b"PAR1";
const MARK_ENCRYPTED: &[u8] = b"PARE";
/// Bytes before the footer's end: its length and the mark.
const TAIL_BYTES: u64 = 8;
const FOOTER_BYTES_MAX: u64 = 16 << 20;
/// Bytes of one row group as it lies in the file: it is held while it is read.
const ROW_GROUP_BYTES_MAX: u64 = 512 << 20;
/// Bytes of the largest pages of a row group's columns, unfolded: one of each column is held at once.
const PAGES_BYTES_MAX: u64 = 1 << 30;
const ROWS_PER_BATCH: usize = 4_096;

/// Opens an upload.
pub(crate) async fn decode(lake: &Lake, blob: Id) -> Result<Decoded> {
    let files = &lake.inside.files;
    let blob = files.find(blob).await?;
    if blob.purpose != PURPOSE {
        return Err(Error::not_found("file-unknown"));
    }
    let footer = footer(files, &blob).await?;
    let metadata = parse(&footer)?;
    for group in metadata.row_groups() {
        check(group, blob.bytes)?;
    }
    let rows_total = metadata.row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum();
    let metadata = as_arrow(metadata)?;
    let schema = columns::schema(metadata.schema())?;
    let reader = BlobReader { files: files.clone(), blob };
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata);
    let batches = builder.with_batch_size(ROWS_PER_BATCH).build().map_err(fault)?;
    let handed_on = Arc::clone(&schema);
    let work =
        async move { Ok(batches.map(move |batch| columns::handed_on(&batch.map_err(fault)?, &handed_on)).boxed()) };
    Ok(Decoded { schema, rows: counted(serve(lake, work, None), rows_total) })
}

/// The footer of a file whose marks and columns are in order.
async fn footer(files: &Files, blob: &Blob) -> Result<Bytes> {
    if blob.bytes < TAIL_BYTES + 4 {
        return Err(broken());
    }
    let tail = files.read_range(blob, blob.bytes - TAIL_BYTES..blob.bytes).await?;
    let (length, mark) = tail.split_at(4);
    if mark == MARK_ENCRYPTED {
        return Err(Error::invalid("file", "load-parquet-encrypted"));
    }
    let length: [u8; 4] = length.try_into().map_err(|_| broken())?;
    let length = u64::from(u32::from_le_bytes(length));
    if mark != MARK || length > blob.bytes - TAIL_BYTES {
        return Err(broken());
    }
    if length > FOOTER_BYTES_MAX {
        return Err(Error::invalid("file", "load-parquet-footer").with("limit", "16 MiB"));
    }
    let end = blob.bytes - TAIL_BYTES;
    let footer = files.read_range(blob, end - length..end).await?;
    match thrift::layout(&footer).ok_or_else(broken)? {
        Layout::Nested(name) => Err(Error::invalid(name, "load-parquet-nested")),
        Layout::Flat(0) => Err(Error::invalid("file", "load-no-rows")),
        Layout::Flat(given) if given > COLUMNS_MAX as u64 => {
            Err(Error::invalid("file", "load-too-wide").with("given", given).with("limit", COLUMNS_MAX))
        }
        Layout::Flat(_) => Ok(footer),
    }
}

/// Reads the footer; the library's assertions about damaged files are errors here.
fn parse(footer: &Bytes) -> Result<ParquetMetaData> {
    let parsed = catch_unwind(AssertUnwindSafe(|| ParquetMetaDataReader::decode_metadata(footer)));
    parsed.map_err(|_| broken())?.map_err(fault)
}

fn as_arrow(metadata: ParquetMetaData) -> Result<ArrowReaderMetadata> {
    let metadata = Arc::new(metadata);
    let read = |options: ArrowReaderOptions| {
        let read = catch_unwind(AssertUnwindSafe(|| ArrowReaderMetadata::try_new(Arc::clone(&metadata), options)));
        read.map_err(|_| broken())?.map_err(fault)
    };
    // What a writer noted of its own types is not believed: the file's types are.
    let first = read(ArrowReaderOptions::new().with_skip_arrow_metadata(true))?;
    read(ArrowReaderOptions::new().with_schema(columns::lean(first.schema())))
}

/// Refuses a row group that lies outside the file or is too large to be held.
fn check(group: &RowGroupMetaData, file_bytes: u64) -> Result<()> {
    if group.num_rows() < 0 {
        return Err(broken());
    }
    let mut total = 0u64;
    for column in group.columns() {
        let dictionary = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let start = u64::try_from(dictionary.min(column.data_page_offset())).map_err(|_| broken())?;
        let length = u64::try_from(column.compressed_size()).map_err(|_| broken())?;
        if start.checked_add(length).is_none_or(|end| end > file_bytes) {
            return Err(broken());
        }
        total = total.saturating_add(length);
    }
    if total > ROW_GROUP_BYTES_MAX {
        return Err(Error::invalid("file", "load-parquet-groups").with("limit", "512 MiB"));
    }
    Ok(())
}

/// A stream that ends early is a damaged file, not a short one.
fn counted(rows: RowStream, rows_total: u64) -> RowStream {
    Box::pin(stream::try_unfold((rows, rows_total), |(mut rows, left)| async move {
        match rows.next().await {
            Some(batch) => {
                let batch = batch?;
                let left = left.checked_sub(batch.num_rows() as u64).ok_or_else(broken)?;
                Ok(Some((batch, (rows, left))))
            }
            None if left == 0 => Ok(None),
            None => Err(broken()),
        }
    }))
}

/// Bytes of an upload, by ranges; a row group whose pages unfold too far is refused before they are unfolded.
struct BlobReader {
    files: Files,
    blob: Blob,
}

impl AsyncFileReader for BlobReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move { self.files.read_range(&self.blob, range).await.map_err(carried) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            let (mut chunks, mut held) = (Vec::with_capacity(ranges.len()), 0u64);
            for range in ranges {
                let chunk = self.get_bytes(range).await?;
                held = held.saturating_add(thrift::held_bytes(&chunk).ok_or_else(|| carried(broken()))?);
                if held > PAGES_BYTES_MAX {
                    return Err(carried(Error::invalid("file", "load-ratio")));
                }
                chunks.push(chunk);
            }
            Ok(chunks)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async { Err(carried(broken())) }.boxed()
    }
}

/// An error of ours on its way through the library.
fn carried(error: Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

fn fault(error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => source.downcast::<Error>().map_or_else(|_| broken(), |error| *error),
        other => {
            tracing::warn!(error = %other, "an uploaded table file does not read");
            broken()
        }
    }
}

fn broken() -> Error {
    Error::invalid("file", "load-format-broken").with("format", "parquet")
}
