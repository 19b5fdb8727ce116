//! Rows as a plain Parquet file, streamed while it is written: for downloads and for copies that other programs open.
//! Sees only rows that were handed out; keeps no more of them than a row group.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::async_writer::AsyncFileWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use tokio::sync::mpsc;
use yiwang_gate::{ByteStream, RowStream, TableFile};
use yiwang_kernel::{Error, Result};

use crate::lake::{AbortOnDrop, Lake};
use crate::parquet_files::parquet_error;
use crate::scan::arrow_error;

const ROWS_PER_ROW_GROUP: usize = 131_072;
const PARTS_AHEAD: usize = 4;

/// The file of these rows, as it is written. A stream that fails, or ends without having said so, is no whole file.
pub(crate) fn encode(lake: &Lake, file: &TableFile, rows: RowStream) -> Result<ByteStream> {
    let fields = file.schema.fields().iter().zip(&file.headers);
    let fields = fields.map(|(field, header)| Field::new(header, field.data_type().clone(), true));
    let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let (parts, received) = mpsc::channel(PARTS_AHEAD);
    // Types are told in Parquet's own words alone: a program that knows no Arrow reads the same.
    let options = ArrowWriterOptions::new().with_properties(properties(file)?).with_skip_arrow_metadata(true);
    let target = Parts(parts.clone());
    let writer = AsyncArrowWriter::try_new_with_options(target, Arc::clone(&schema), options).map_err(parquet_error)?;
    let pump = async move {
        // Nothing at the end says that it is the end; a reader that went away is told nothing.
        let last = write(writer, &schema, rows).await.map(|()| Bytes::new());
        parts.send(last).await.ok();
        Ok(())
    };
    let task = AbortOnDrop(lake.inside.threads.handle.spawn(pump));
    Ok(Box::pin(stream::try_unfold((received, task), |(mut received, task)| async move {
        match received.recv().await {
            Some(Ok(part)) if part.is_empty() => Ok(None),
            Some(Ok(part)) => Ok(Some((part, (received, task)))),
            Some(Err(error)) => Err(error),
            None => Err(Error::broken("a file's writer ended before the file")),
        }
    })))
}

fn properties(file: &TableFile) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(3).map_err(|error| Error::internal("choosing a compression", error))?;
    let mut properties = WriterProperties::builder()
        .set_created_by("yiwang".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROWS_PER_ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for (field, header) in file.schema.fields().iter().zip(&file.headers) {
        if file.quiet.contains(field.name()) {
            let column = ColumnPath::new(vec![header.clone()]);
            properties = properties.set_column_statistics_enabled(column, EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}

async fn write(mut writer: AsyncArrowWriter<Parts>, schema: &SchemaRef, mut rows: RowStream) -> Result<()> {
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        let batch = RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec()).map_err(arrow_error)?;
        writer.write(&batch).await.map_err(parquet_error)?;
    }
    writer.finish().await.map(drop).map_err(parquet_error)
}

/// Where the library writes to.
struct Parts(mpsc::Sender<Result<Bytes>>);

impl AsyncFileWriter for Parts {
    fn write(&mut self, part: Bytes) -> BoxFuture<'_, ParquetResult<()>> {
        async move {
            if part.is_empty() {
                return Ok(());
            }
            let gone = |_| ParquetError::General("the reader went away".to_owned());
            self.0.send(Ok(part)).await.map_err(gone)
        }
        .boxed()
    }

    fn complete(&mut self) -> BoxFuture<'_, ParquetResult<()>> {
        async { Ok(()) }.boxed()
    }
}
