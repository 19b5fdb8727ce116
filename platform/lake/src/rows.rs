//! Row runs: per data file one immutable sidecar in the tree `derived` with its rows once more, in blocks of a few, so
//! that rows that lie anywhere cost a block each and not a page of every column. Named by the file, valid for every
//! version; applies no policy. Can be thrown away at any time: rows are then read from the file itself.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::interleave::interleave_record_batch;
use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt as _};
use tokio::io::AsyncWriteExt as _;
use yiwang_files::refusal;
use yiwang_kernel::{Error, Result};

use crate::catalog::view::{DataFile, View};
use crate::lake::Lake;
use crate::parquet_files::{self, parquet_error};
use crate::scan::{self, arrow_error, to_usize};
use crate::types::Texts;

mod block;

/// Files of so few rows are quick to read as they are: one row group.
const ROWS_MAX_WITHOUT: u64 = 131_072;
const BLOCK_BYTES: usize = 16 << 10;
const ROWS_PER_BLOCK_MAX: usize = 256;
const TRAILER_BYTES: usize = 32;
const FORMAT: u64 = 1;

/// A row run that can be read by blocks.
pub(crate) struct RowRun {
    path: Path,
    schema: SchemaRef,
    /// The first row of each block.
    firsts: Vec<u32>,
    /// Where blocks begin, and where the last one ends.
    starts: Vec<u64>,
}

/// The row run of a file, if it is there.
pub(crate) async fn find(lake: &Lake, view: &View, file: &DataFile) -> Result<Option<Arc<RowRun>>> {
    if file.rows <= ROWS_MAX_WITHOUT {
        return Ok(None);
    }
    let path = path(view, file);
    if let Some(known) = lake.inside.row_runs.get(path.as_ref()) {
        return Ok(known);
    }
    let run = open(lake, &path).await?.map(Arc::new);
    lake.inside.row_runs.put(path.to_string(), run.clone());
    Ok(run)
}

/// Writes the row run of a file, if it has rows enough and there is none.
pub(crate) async fn build(lake: &Lake, view: &View, file: &DataFile) -> Result<()> {
    if file.rows <= ROWS_MAX_WITHOUT || find(lake, view, file).await?.is_some() {
        return Ok(());
    }
    let builder = parquet_files::open(lake, scan::path(view, &file.path), Texts::Plain).await?;
    let schema = Arc::clone(builder.schema());
    let mut batches = builder.with_batch_size(scan::ROWS_PER_BATCH).build().map_err(parquet_error)?;
    let path = path(view, file);
    let mut target = BufWriter::new(Arc::clone(&lake.inside.derived), path.clone());
    let mut encoder = block::Encoder::new()?;
    let (mut firsts, mut starts, mut row) = (Vec::new(), vec![0_u64], 0_usize);
    while let Some(batch) = batches.try_next().await.map_err(parquet_error)? {
        let rows = rows_per_block(&batch);
        for at in (0..batch.num_rows()).step_by(rows) {
            let part = batch.slice(at, rows.min(batch.num_rows() - at));
            let bytes = encoder.encode(&part)?;
            firsts.extend_from_slice(&u32::try_from(row + at).unwrap_or(u32::MAX).to_le_bytes());
            starts.push(starts.last().copied().unwrap_or(0) + bytes.len() as u64);
            target.put(bytes.into()).await.map_err(refusal)?;
        }
        row += batch.num_rows();
        tokio::task::yield_now().await;
    }
    let tail = tail(&firsts, &starts, &block::schema_bytes(&schema));
    target.put(tail.into()).await.map_err(refusal)?;
    target.shutdown().await.map_err(|error| Error::internal("writing a row run", error))?;
    lake.inside.row_runs.put(path.to_string(), open(lake, &path).await?.map(Arc::new));
    Ok(())
}

/// Removes every row run of a table.
pub(crate) async fn forget(lake: &Lake, table_name: &str) -> Result<()> {
    let below = below(table_name);
    lake.inside.row_runs.forget_below(&format!("{below}/"));
    let listed: Vec<_> = lake.inside.derived.list(Some(&below)).try_collect().await.map_err(refusal)?;
    for sidecar in listed {
        lake.inside.derived.delete(&sidecar.location).await.map_err(refusal)?;
    }
    Ok(())
}

impl RowRun {
    /// The columns of the file, with their ids.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Some columns of the rows at these ascending positions; none where the run is gone.
    pub(crate) async fn read(&self, lake: &Lake, positions: &[u64], roots: &[usize]) -> Result<Option<RecordBatch>> {
        let mut blocks: Vec<usize> = Vec::new();
        let mut places = Vec::with_capacity(positions.len());
        for position in positions {
            let block = self.firsts.partition_point(|first| u64::from(*first) <= *position).saturating_sub(1);
            if blocks.last() != Some(&block) {
                blocks.push(block);
            }
            let first = self.firsts.get(block).copied().unwrap_or(0);
            places.push((blocks.len() - 1, to_usize(position - u64::from(first))));
        }
        let ranges: Vec<_> = blocks.iter().map(|block| self.starts[*block]..self.starts[block + 1]).collect();
        let read: Vec<Bytes> = match lake.inside.derived.get_ranges(&self.path, &ranges).await {
            Ok(read) => read,
            Err(StoreError::NotFound { .. }) => {
                lake.inside.row_runs.forget_below(self.path.as_ref());
                return Ok(None);
            }
            Err(error) => return Err(refusal(error)),
        };
        let mut decoder = block::Decoder::new(&self.schema, roots)?;
        let batches = read.iter().map(|bytes| decoder.decode(bytes)).collect::<Result<Vec<_>>>()?;
        if places.iter().any(|(block, row)| batches.get(*block).is_none_or(|batch| *row >= batch.num_rows())) {
            return Err(Error::broken("a row run does not hold its file's rows"));
        }
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        if batches.is_empty() {
            return Ok(None);
        }
        interleave_record_batch(&batches, &places).map(Some).map_err(arrow_error)
    }
}

fn rows_per_block(batch: &RecordBatch) -> usize {
    let row_bytes = batch.get_array_memory_size() / batch.num_rows().max(1);
    (BLOCK_BYTES / row_bytes.max(1)).clamp(1, ROWS_PER_BLOCK_MAX)
}

/// Blocks' first rows, blocks' places, the schema, and how long these are.
fn tail(firsts: &[u8], starts: &[u64], schema: &[u8]) -> Vec<u8> {
    let mut bytes = firsts.to_vec();
    bytes.extend(starts.iter().flat_map(|start| start.to_le_bytes()));
    bytes.extend_from_slice(schema);
    let tail_at = starts.last().copied().unwrap_or(0);
    let trailer = [tail_at, (starts.len() - 1) as u64, schema.len() as u64, FORMAT];
    bytes.extend(trailer.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// None where there is no such run, or one of another format.
async fn open(lake: &Lake, path: &Path) -> Result<Option<RowRun>> {
    let store = &lake.inside.derived;
    let size = match store.head(path).await {
        Ok(meta) => meta.size,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(refusal(error)),
    };
    let trailer_at = size.saturating_sub(TRAILER_BYTES as u64);
    let trailer = numbers(&store.get_range(path, trailer_at..size).await.map_err(refusal)?);
    let [tail_at, blocks, schema_bytes, FORMAT] = trailer[..] else { return Ok(None) };
    let (blocks, schema_bytes) = (to_usize(blocks), to_usize(schema_bytes));
    let broken = || Error::broken("a row run is not one");
    let expected = blocks.checked_mul(12).and_then(|bytes| bytes.checked_add(8 + schema_bytes)).ok_or_else(broken)?;
    if tail_at >= trailer_at || to_usize(trailer_at - tail_at) != expected {
        return Err(broken());
    }
    let tail = store.get_range(path, tail_at..trailer_at).await.map_err(refusal)?;
    let (firsts, rest) = tail.split_at(blocks * 4);
    let (starts, schema) = rest.split_at((blocks + 1) * 8);
    let firsts = firsts.chunks_exact(4).map(|bytes| bytes.try_into().map_or(0, u32::from_le_bytes)).collect();
    Ok(Some(RowRun { path: path.clone(), schema: block::schema_of(schema)?, firsts, starts: numbers(starts) }))
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|bytes| bytes.try_into().map_or(0, u64::from_le_bytes)).collect()
}

fn below(table_name: &str) -> Path {
    Path::from(format!("rows/{table_name}"))
}

fn path(view: &View, file: &DataFile) -> Path {
    Path::from(format!("{}/{}.rows", below(&view.table.name), file.path))
}
