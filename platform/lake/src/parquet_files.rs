//! Parquet files of the lake: written in row groups of 128 Ki rows with page positions, read by row ranges. Everything
//! goes through the object store it is given, so sealing is not its business.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use yiwang_files::refusal;
use yiwang_kernel::{Error, Result};

use crate::catalog::loads::ColumnCounts;
use crate::lake::Lake;
use crate::types::{self, Texts};

const ROWS_PER_ROW_GROUP: usize = 131_072;
const ROWS_PER_PAGE: usize = 8_192;
const FOOTER_HINT_BYTES: usize = 65_536;

/// A Parquet file being written.
pub(crate) struct FileWriter {
    writer: AsyncArrowWriter<BufWriter>,
    store: Arc<dyn ObjectStore>,
    path: Path,
    pub(crate) rows: u64,
}

/// A Parquet file as written.
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) size_bytes: u64,
    pub(crate) footer_bytes: u64,
    /// Per column, in order: bytes, values, nulls.
    pub(crate) columns: Vec<(i64, i64, i64)>,
}

impl FileWriter {
    /// Begins a file.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, path: Path, schema: SchemaRef) -> Result<FileWriter> {
        let level = ZstdLevel::try_new(1).map_err(|error| Error::internal("choosing a compression", error))?;
        let properties = WriterProperties::builder()
            .set_created_by("yiwang".to_owned())
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(ROWS_PER_ROW_GROUP))
            .set_data_page_row_count_limit(ROWS_PER_PAGE)
            .set_write_batch_size(ROWS_PER_PAGE)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        let target = BufWriter::new(Arc::clone(&store), path.clone());
        let writer = AsyncArrowWriter::try_new(target, schema, Some(properties)).map_err(parquet_error)?;
        Ok(FileWriter { writer, store, path, rows: 0 })
    }

    /// Adds rows.
    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).await.map_err(parquet_error)
    }

    /// Makes the file durable.
    pub(crate) async fn finish(mut self) -> Result<Written> {
        let metadata = self.writer.finish().await.map_err(parquet_error)?;
        let size_bytes = self.store.head(&self.path).await.map_err(refusal)?.size;
        let tail = self.store.get_range(&self.path, size_bytes.saturating_sub(8)..size_bytes).await.map_err(refusal)?;
        let footer: [u8; 4] = tail.get(..4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        let mut columns: BTreeMap<usize, (i64, i64, i64)> = BTreeMap::new();
        for group in metadata.row_groups() {
            for (place, chunk) in group.columns().iter().enumerate() {
                let nulls = chunk.statistics().and_then(|found| found.null_count_opt()).unwrap_or(0);
                let counts = columns.entry(place).or_default();
                counts.0 += chunk.compressed_size();
                counts.1 += group.num_rows();
                counts.2 += i64::try_from(nulls).unwrap_or(0);
            }
        }
        Ok(Written {
            rows: self.rows,
            size_bytes,
            footer_bytes: u64::from(u32::from_le_bytes(footer)),
            columns: columns.into_values().collect(),
        })
    }
}

impl Written {
    /// The counts under the columns' ids.
    pub(crate) fn statistics(&self, column_ids: impl Iterator<Item = i64>) -> Vec<ColumnCounts> {
        let counts = column_ids.zip(&self.columns);
        let counts = counts.map(|(column_id, (size_bytes, values, nulls))| ColumnCounts {
            column_id,
            size_bytes: *size_bytes,
            values: *values,
            nulls: *nulls,
        });
        counts.collect()
    }
}

/// Opens a file of the lake; its footer is remembered, for files never change.
pub(crate) async fn open(lake: &Lake, path: Path, texts: Texts) -> Result<ParquetRecordBatchStreamBuilder<Reader>> {
    let store = Arc::clone(&lake.inside.objects);
    let mut reader = Reader { store, path };
    let name = reader.path.to_string();
    let known = lake.inside.footers.get(&name);
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let footer = match known {
        Some(footer) => footer,
        None => {
            let footer = reader.footer().await.map_err(parquet_error)?;
            lake.inside.footers.put(name, Arc::clone(&footer));
            footer
        }
    };
    let plain = ArrowReaderMetadata::try_new(Arc::clone(&footer), options.clone()).map_err(parquet_error)?;
    let metadata = match texts {
        Texts::Plain => plain,
        Texts::Views => {
            let options = options.with_schema(types::with_views(plain.schema()));
            ArrowReaderMetadata::try_new(footer, options).map_err(parquet_error)?
        }
    };
    Ok(ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata))
}

/// Bytes of one file, by ranges.
pub(crate) struct Reader {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl Reader {
    async fn footer(&mut self) -> ParquetResult<Arc<ParquetMetaData>> {
        let size = self.store.head(&self.path).await.map_err(|error| ParquetError::External(Box::new(error)))?.size;
        let reader = ParquetMetaDataReader::new()
            .with_offset_index_policy(PageIndexPolicy::Optional)
            .with_prefetch_hint(Some(FOOTER_HINT_BYTES));
        Ok(Arc::new(reader.load_and_finish(self, size).await?))
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            let bytes = self.store.get_ranges(&self.path, std::slice::from_ref(&range)).await;
            let bytes = bytes.map_err(|error| ParquetError::External(Box::new(error)))?;
            Ok(bytes.into_iter().next().unwrap_or_default())
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            let bytes = self.store.get_ranges(&self.path, &ranges).await;
            bytes.map_err(|error| ParquetError::External(Box::new(error)))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        self.footer().boxed()
    }
}

/// What the Parquet library says, in the closed list of errors: what storage said under it comes through.
pub(crate) fn parquet_error(error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<object_store::Error>() {
            Ok(error) => refusal(*error),
            Err(source) => match source.downcast::<std::io::Error>() {
                Ok(error) => io_error(*error),
                Err(source) => Error::internal("a file of the lake", ParquetError::External(source)),
            },
        },
        other => Error::internal("a file of the lake", other),
    }
}

fn io_error(error: std::io::Error) -> Error {
    let carried = object_store::Error::Generic { store: "lake", source: Box::new(error) };
    refusal(carried)
}
