//! Reading the live rows of a view in their fixed order: data files by row id, then inlined rows. Removed and erased
//! rows are left out here, for every reader and version. Policies are not applied here.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use yiwang_kernel::{Error, Result};
use yiwang_seal::{DataKey, blind_index, unhex};

use crate::catalog::inlined;
use crate::catalog::view::{DataFile, InlinedTable, View};
use crate::lake::Lake;
use crate::parquet_files::{self, parquet_error};
use crate::prune::Pruner;
use crate::types::{self, Column, Texts};
use crate::{rows, runs};

pub(crate) const ROWS_PER_BATCH: usize = 8_192;
/// So many rows are read from a row run rather than from pages of every column.
const FEW_ROWS: u64 = 1_000;

/// Batches as they come.
pub(crate) type Batches = BoxStream<'static, Result<RecordBatch>>;

/// A reading of some columns of a view.
pub(crate) struct Scan {
    lake: Lake,
    pub(crate) view: Arc<View>,
    /// Columns wanted, then those tombstones need.
    columns: Vec<Column>,
    wanted: usize,
    /// The schema of what comes out.
    pub(crate) schema: SchemaRef,
    raw_schema: SchemaRef,
    texts: Texts,
    pruner: Option<Arc<Pruner>>,
    blinding: Option<DataKey>,
}

/// A part of the live rows, by their place in the fixed order (before erased ones are left out).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) skip: u64,
    pub(crate) take: u64,
}

impl Slice {
    /// All rows.
    pub(crate) const ALL: Slice = Slice { skip: 0, take: u64::MAX };
}

enum Piece {
    File { place: usize, slice: Slice },
    Inlined { slice: Slice },
}

impl Scan {
    /// Columns by their place in the view.
    pub(crate) async fn new(lake: &Lake, view: Arc<View>, columns: &[usize], pruner: Option<Pruner>) -> Result<Scan> {
        let mut needed: Vec<Column> = columns.iter().map(|place| view.columns[*place].clone()).collect();
        let wanted = needed.len();
        for tombstone in &view.tombstones {
            let column = view.columns.iter().find(|column| column.name == tombstone.field);
            if let Some(column) = column.filter(|column| !needed.contains(column)) {
                needed.push(column.clone());
            }
        }
        let blinding = if view.tombstones.is_empty() { None } else { Some(lake.blinding_key().await?) };
        Ok(Scan {
            lake: lake.clone(),
            schema: types::schema(&needed[..wanted])?,
            raw_schema: types::schema(&needed)?,
            columns: needed,
            wanted,
            view,
            texts: Texts::Plain,
            pruner: pruner.map(Arc::new),
            blinding,
        })
    }

    /// With texts as views, the form SQL works on.
    pub(crate) fn with_views(self) -> Scan {
        let (schema, raw_schema) = (types::with_views(&self.schema), types::with_views(&self.raw_schema));
        Scan { schema, raw_schema, texts: Texts::Views, ..self }
    }

    /// The rows of a slice.
    pub(crate) fn stream(self: Arc<Scan>, slice: Slice) -> Batches {
        let pieces = self.pieces(slice);
        let open = move |piece| {
            let scan = Arc::clone(&self);
            async move { scan.open(piece).await }
        };
        stream::iter(pieces).then(open).try_flatten().boxed()
    }

    fn pieces(&self, slice: Slice) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (mut skip, mut take) = (slice.skip, slice.take);
        let mut part = |rows: u64| {
            let skipped = skip.min(rows);
            skip -= skipped;
            let taken = take.min(rows - skipped);
            take -= taken;
            Slice { skip: skipped, take: taken }
        };
        let mut in_files = 0;
        for (place, file) in self.view.files.iter().enumerate() {
            in_files += file.live_rows();
            let slice = part(file.live_rows());
            if slice.take > 0 {
                pieces.push(Piece::File { place, slice });
            }
        }
        let slice = part(self.view.rows.saturating_sub(in_files));
        if slice.take > 0 {
            pieces.push(Piece::Inlined { slice });
        }
        pieces
    }

    /// Every live row with its number: rows of files in the order of the files, removed ones counted, then rows in the
    /// database. Not for tables with erased rows.
    pub(crate) fn placed(self: Arc<Scan>) -> BoxStream<'static, Result<(RecordBatch, Vec<u32>)>> {
        let pieces = self.pieces(Slice::ALL);
        let open = move |piece| {
            let scan = Arc::clone(&self);
            async move {
                let files = &scan.view.files;
                let (batches, first, taken) = match piece {
                    Piece::File { place, slice } => {
                        let (batches, taken) = scan.file(place, slice).await?;
                        (batches, files[..place].iter().map(|file| file.rows).sum::<u64>(), taken)
                    }
                    Piece::Inlined { slice } => {
                        let all = std::iter::once(0..u64::MAX).collect();
                        (scan.inlined(slice).await?, files.iter().map(|file| file.rows).sum(), all)
                    }
                };
                let mut numbers = taken.into_iter().flatten();
                let mut placed = move |batch: RecordBatch| {
                    let here = numbers.by_ref().take(batch.num_rows()).map(|row| u32::try_from(first + row));
                    let here = here.collect::<Result<Vec<u32>, _>>();
                    Ok((batch, here.map_err(|_| Error::broken("a table with more rows than are counted"))?))
                };
                Ok::<_, Error>(batches.map(move |batch| batch.and_then(&mut placed)))
            }
        };
        stream::iter(pieces).then(open).try_flatten().boxed()
    }

    async fn open(self: Arc<Scan>, piece: Piece) -> Result<Batches> {
        let batches = match piece {
            Piece::File { place, slice } => self.file(place, slice).await?.0,
            Piece::Inlined { slice } => self.inlined(slice).await?,
        };
        Ok(self.cleaned(batches))
    }

    /// Rows of one file at these ascending positions, erased ones left out.
    pub(crate) async fn positions(self: Arc<Scan>, file: &DataFile, positions: &[u64]) -> Result<Batches> {
        let batches = match self.rows_of_run(file, positions).await? {
            Some(batch) => stream::iter([Ok(batch)]).boxed(),
            None => file_rows(&self.lake, &self.view, file, &self.columns, Some(positions)).await?,
        };
        Ok(self.cleaned(batches))
    }

    async fn rows_of_run(&self, file: &DataFile, positions: &[u64]) -> Result<Option<RecordBatch>> {
        let Some(run) = rows::find(&self.lake, &self.view, file).await? else { return Ok(None) };
        let (roots, places) = projection(run.schema(), &self.columns);
        if roots.is_empty() {
            return Ok(None);
        }
        let batch = run.read(&self.lake, positions, &roots).await?;
        batch.map(|batch| arranged(&self.raw_schema, &places, &batch)).transpose()
    }

    fn cleaned(self: Arc<Scan>, batches: Batches) -> Batches {
        if self.columns.len() == self.wanted && self.blinding.is_none() {
            return batches;
        }
        batches.map(move |batch| self.without_erased(batch?)).boxed()
    }

    /// Rows of one file, and where they stand in it.
    async fn file(&self, place: usize, slice: Slice) -> Result<(Batches, Vec<Range<u64>>)> {
        let file = &self.view.files[place];
        let deleted = deleted_positions(&self.lake, &self.view, file).await?;
        let mut runs = runs::live_runs(file.rows, &deleted, slice);
        if slice.take <= FEW_ROWS {
            let taken = runs::taken(&runs);
            let positions: Vec<u64> = taken.iter().cloned().flatten().collect();
            if let Some(batch) = self.rows_of_run(file, &positions).await? {
                return Ok((stream::iter([Ok(batch)]).boxed(), taken));
            }
        }
        let builder = parquet_files::open(&self.lake, path(&self.view, &file.path), self.texts).await?;
        if let Some(pruner) = &self.pruner {
            runs = pruner.cut(builder.metadata(), builder.schema(), runs);
        }
        if !runs.iter().any(|run| !run.skip) {
            return Ok((stream::empty().boxed(), Vec::new()));
        }
        let taken = runs::taken(&runs);
        let (roots, places) = projection(builder.schema(), &self.columns);
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let rows = runs::choose(builder, runs).with_projection(mask).with_batch_size(ROWS_PER_BATCH).build();
        let rows = rows.map_err(parquet_error)?;
        let schema = Arc::clone(&self.raw_schema);
        Ok((rows.map(move |batch| arranged(&schema, &places, &batch.map_err(parquet_error)?)).boxed(), taken))
    }

    async fn inlined(&self, slice: Slice) -> Result<Batches> {
        let key = self.lake.cell_key(&self.view.table.name).await?;
        let (mut skip, mut take) = (to_usize(slice.skip), to_usize(slice.take));
        let mut batches = Vec::new();
        for table in &self.view.inlined {
            let mut after = -1;
            while take > 0 {
                let db = &self.lake.inside.db;
                let rows = match self.view.staged {
                    Some(_) if after >= 0 => break,
                    Some(load) => inlined::read_staged(db, load).await?,
                    None => inlined::read(db, table, self.view.snapshot, after).await?,
                };
                let Some((last, _)) = rows.last() else { break };
                after = *last;
                let skipped = skip.min(rows.len());
                skip -= skipped;
                let taken = take.min(rows.len() - skipped);
                take -= taken;
                let mut part = rows[skipped..skipped + taken].to_vec();
                if let Some(only) = &self.view.only_inlined {
                    part.retain(|(id, _)| only.contains(id));
                }
                if !part.is_empty() {
                    batches.push(Ok(inlined_batch(&self.raw_schema, &self.columns, table, key.as_ref(), &part)?));
                }
            }
        }
        Ok(stream::iter(batches).boxed())
    }

    fn without_erased(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let Some(key) = &self.blinding else { return Ok(batch) };
        let mut kept = vec![true; batch.num_rows()];
        for tombstone in &self.view.tombstones {
            let Some(column) = batch.column_by_name(&tombstone.field) else { continue };
            let texts = types::texts(column)?;
            let kind = blinding_kind(&self.view.table.resource, &tombstone.field);
            for (row, keep) in kept.iter_mut().enumerate().filter(|(row, _)| texts.is_valid(*row)) {
                *keep &= blind_index(key, &kind, texts.value(row)).as_slice() != tombstone.blind;
            }
        }
        let batch = filter_record_batch(&batch, &BooleanArray::from(kept)).map_err(arrow_error)?;
        let columns = batch.columns()[..self.wanted].to_vec();
        types::batch_of(&self.schema, columns, batch.num_rows())
    }
}

/// What a blinded value is a value of.
pub(crate) fn blinding_kind(resource: &str, field: &str) -> String {
    format!("{resource}/{field}")
}

/// Where a file of a table lies in the tree `lake`.
pub(crate) fn path(view: &View, file: &str) -> Path {
    table_path(&view.table.name, file)
}

/// Where a file of a table of this name lies.
pub(crate) fn table_path(table_name: &str, file: &str) -> Path {
    Path::from(format!("main/{table_name}/{file}"))
}

/// The positions removed from a file, ascending.
pub(crate) async fn deleted_positions(lake: &Lake, view: &View, file: &DataFile) -> Result<Vec<u64>> {
    let Some(deletes) = &file.deletes else { return Ok(Vec::new()) };
    let builder = parquet_files::open(lake, path(view, &deletes.path), Texts::Plain).await?;
    let batches: Vec<RecordBatch> =
        builder.build().map_err(parquet_error)?.try_collect().await.map_err(parquet_error)?;
    let mut positions = Vec::with_capacity(to_usize(deletes.count));
    for batch in &batches {
        let column = batch.column_by_name("pos").and_then(|array| array.as_any().downcast_ref());
        let column: &arrow_array::Int64Array =
            column.ok_or_else(|| Error::broken("a delete file without positions"))?;
        positions.extend(column.values().iter().map(|position| u64::try_from(*position).unwrap_or(0)));
    }
    positions.sort_unstable();
    Ok(positions)
}

/// Rows of one file at these ascending positions, or all of it, removed ones included.
pub(crate) async fn file_rows(
    lake: &Lake,
    view: &View,
    file: &DataFile,
    columns: &[Column],
    positions: Option<&[u64]>,
) -> Result<Batches> {
    let builder = parquet_files::open(lake, path(view, &file.path), Texts::Plain).await?;
    let (roots, places) = projection(builder.schema(), columns);
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let mut builder = builder.with_projection(mask).with_batch_size(ROWS_PER_BATCH);
    if let Some(positions) = positions {
        builder = runs::choose(builder, runs::runs_of(file.rows, positions));
    }
    let rows = builder.build().map_err(parquet_error)?;
    let schema = types::schema(columns)?;
    Ok(rows.map(move |batch| arranged(&schema, &places, &batch.map_err(parquet_error)?)).boxed())
}

/// Which root columns of the file to read, and for each wanted column its place among those read.
fn projection(file: &SchemaRef, columns: &[Column]) -> (Vec<usize>, Vec<Option<usize>>) {
    let root = |column: &Column| {
        let id = column.id.to_string();
        file.fields().iter().position(|field| field.metadata().values().any(|value| *value == id))
    };
    let found: Vec<Option<usize>> = columns.iter().map(root).collect();
    let mut roots: Vec<usize> = found.iter().flatten().copied().collect();
    roots.sort_unstable();
    roots.dedup();
    let place = |found: &Option<usize>| found.and_then(|root| roots.binary_search(&root).ok());
    let places = found.iter().map(place).collect();
    (roots, places)
}

fn arranged(schema: &SchemaRef, places: &[Option<usize>], batch: &RecordBatch) -> Result<RecordBatch> {
    let column = |(place, field): (&Option<usize>, &Arc<arrow_schema::Field>)| match place {
        Some(place) => types::convert(batch.column(*place), field.data_type()),
        None => Ok(arrow_array::new_null_array(field.data_type(), batch.num_rows())),
    };
    let columns = places.iter().zip(schema.fields()).map(column).collect::<Result<Vec<ArrayRef>>>()?;
    types::batch_of(schema, columns, batch.num_rows())
}

fn inlined_batch(
    schema: &SchemaRef,
    columns: &[Column],
    table: &InlinedTable,
    key: Option<&DataKey>,
    rows: &[(i64, Vec<Option<String>>)],
) -> Result<RecordBatch> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (column, field) in columns.iter().zip(schema.fields()) {
        let place = table.columns.iter().position(|kept| kept.id == column.id);
        let Some(place) = place else {
            arrays.push(arrow_array::new_null_array(field.data_type(), rows.len()));
            continue;
        };
        let texts = rows.iter().map(|(_, cells)| match cells.get(place).and_then(Option::as_ref) {
            Some(cell) => open_cell(key, column.id, cell).map(Some),
            None => Ok(None),
        });
        let texts: StringArray = texts.collect::<Result<Vec<Option<String>>>>()?.into();
        let texts: ArrayRef = Arc::new(texts);
        arrays.push(types::convert(&texts, field.data_type())?);
    }
    types::batch_of(schema, arrays, rows.len())
}

/// A cell as it stands in the database.
pub(crate) fn seal_cell(key: Option<&DataKey>, column_id: i64, text: &str) -> String {
    match key {
        Some(key) => yiwang_seal::hex(&key.seal(format!("cell/{column_id}").as_bytes(), text.as_bytes())),
        None => text.to_owned(),
    }
}

fn open_cell(key: Option<&DataKey>, column_id: i64, cell: &str) -> Result<String> {
    let Some(key) = key else { return Ok(cell.to_owned()) };
    let opened = unhex(cell).and_then(|sealed| key.open(format!("cell/{column_id}").as_bytes(), &sealed).ok());
    let text = opened.and_then(|plain| String::from_utf8(plain).ok());
    text.ok_or_else(|| Error::unavailable("file-altered"))
}

/// What Arrow's kernels say when they fail; never shown, for it may quote a value.
pub(crate) fn arrow_error(error: arrow_schema::ArrowError) -> Error {
    Error::internal("working on a batch", error)
}

pub(crate) fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
