//! A page of a sorted table by rank: the sorted runs of its files merged over their fences, the few blocks needed, then
//! the rows themselves by position. Only where nothing hides rows and the reader sees the column plainly; whatever it
//! does not take on is sorted from the scan, with the same answer.

pub(crate) mod rank;
pub(crate) mod run;
mod sidecar;

use std::sync::Arc;

use arrow_array::{RecordBatch, UInt64Array};
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use yiwang_gate::Sort;
use yiwang_kernel::{Error, Result};

use crate::catalog::view::{DataFile, View};
use crate::derive;
use crate::lake::Lake;
use crate::read::Reading;
use crate::scan::{Scan, Slice, arrow_error, to_usize};
use crate::types::Column;
use rank::Source;
use run::Values;
use sidecar::Ordering;
pub(crate) use sidecar::{Live, Run};

/// Tables of more files are sorted from the scan until they are compacted.
const FILES_MAX: usize = 256;
/// More rows in the database are sorted from the scan until they are compacted.
const INLINED_ROWS_MAX: u64 = 50_000;
/// Sidecars for so many rows are built while the reader waits; for more, in the background.
const ROWS_AT_ONCE_MAX: u64 = 100_000;
const READS_AT_ONCE: usize = 8;

/// A row by its run and its position there.
pub(crate) type Place = (usize, u32);

/// The rows of a page in order; none where ranks cannot answer, or not yet.
pub(crate) async fn page(reading: &Reading, sort: &Sort, offset: u64, rows: u64) -> Result<Option<Vec<RecordBatch>>> {
    if !reading.ranks || reading.view.files.len() > FILES_MAX || reading.inlined_rows() > INLINED_ROWS_MAX {
        return Ok(None);
    }
    match ranked(reading, sort, offset, rows).await {
        // The tree `derived` may be emptied at any time: what was remembered of it goes too.
        Err(Error::NotFound(_)) => {
            sidecar::forget_remembered(&reading.lake, &reading.view.table.name);
            Ok(None)
        }
        ranked => ranked,
    }
}

/// Builds the sidecars of a file that are missing: every sortable column, both directions.
pub(crate) async fn build_if_missing(lake: &Lake, view: &View, file: &DataFile) -> Result<()> {
    for by in orderings(view) {
        if sidecar::find(lake, view, file, &by).await?.is_none() {
            sidecar::build(lake, view, file, &by).await?;
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// Whether sorted pages need no sorting: every sidecar is there, or is quickly made when it is asked for.
pub(crate) async fn is_ready(lake: &Lake, view: &View) -> Result<bool> {
    let rows: u64 = view.files.iter().map(|file| file.rows).sum();
    if view.table.sortable.is_empty() || rows <= ROWS_AT_ONCE_MAX || view.files.len() > FILES_MAX {
        return Ok(true);
    }
    sidecar::all_there(lake, view, &orderings(view)).await
}

/// Removes every sidecar of a table.
pub(crate) async fn forget(lake: &Lake, table_name: &str) -> Result<()> {
    sidecar::forget(lake, table_name).await
}

fn orderings(view: &View) -> Vec<Ordering> {
    let sortable = view.columns.iter().filter(|column| view.table.sortable.contains(&column.name));
    let both = |column: &Column| [false, true].map(|descending| Ordering { column: column.clone(), descending });
    sortable.flat_map(both).collect()
}

async fn ranked(reading: &Reading, sort: &Sort, offset: u64, rows: u64) -> Result<Option<Vec<RecordBatch>>> {
    let (lake, view) = (&reading.lake, &reading.view);
    let column = view.columns.iter().find(|column| column.name == sort.field);
    let column = column.ok_or_else(|| Error::invalid("sort", "field-unknown"))?.clone();
    let by = Ordering { column, descending: sort.descending };
    let Some(runs) = runs(reading, &by).await? else { return Ok(None) };
    let sources: Vec<Source<'_>> =
        runs.iter().map(|(run, live)| Source { firsts: &run.fences.firsts, before: &live.before }).collect();
    let (spans, before) = rank::spans(&sources, by.descending, offset, rows);
    let read = |((run, live), blocks): (&(Arc<Run>, Arc<Live>), _)| {
        let (run, live) = (Arc::clone(run), Arc::clone(live));
        async move { run.read(lake, &blocks, &live).await }
    };
    let reads: Vec<_> = runs.iter().zip(spans).map(read).collect();
    let entries: Vec<_> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
    let places = rank::select(&entries, by.descending, offset - before, to_usize(rows));
    Ok(Some(vec![fetch(reading, &places).await?]))
}

/// The runs of the view's files and, last, of its inlined rows.
async fn runs(reading: &Reading, by: &Ordering) -> Result<Option<Vec<(Arc<Run>, Arc<Live>)>>> {
    let (lake, view) = (&reading.lake, &reading.view);
    let mut found = Vec::with_capacity(view.files.len());
    for file in &view.files {
        found.push(sidecar::find(lake, view, file, by).await?);
    }
    let missing = view.files.iter().zip(&found).filter(|(_, found)| found.is_none());
    if missing.map(|(file, _)| file.rows).sum::<u64>() > ROWS_AT_ONCE_MAX {
        build_later(lake, view);
        return Ok(None);
    }
    let mut runs = Vec::with_capacity(found.len() + 1);
    for (file, found) in view.files.iter().zip(found) {
        let run = match found {
            Some(run) => run,
            None => {
                let (there, view, file, by) = (lake.clone(), Arc::clone(view), file.clone(), by.clone());
                lake.interactive(async move { sidecar::build(&there, &view, &file, &by).await }).await?
            }
        };
        if !run.fences.is_fit() {
            return Ok(None);
        }
        let live = Live::of(lake, view, file, &run).await?;
        runs.push((run, live));
    }
    if reading.inlined_rows() > 0 {
        let run = inlined(reading, by).await?;
        let live = Arc::new(Live::all(&run));
        runs.push((run, live));
    }
    Ok(Some(runs))
}

/// The inlined rows' run, remembered per snapshot.
async fn inlined(reading: &Reading, by: &Ordering) -> Result<Arc<Run>> {
    let (lake, view) = (&reading.lake, &reading.view);
    let name = format!("{}/{} {} {}", view.table.name, view.snapshot, by.column.id, by.descending);
    if let Some(known) = lake.inside.inlined_orders.get(&name) {
        return Ok(known);
    }
    let place = view.columns.iter().position(|column| column.id == by.column.id);
    let columns: Vec<usize> = place.into_iter().collect();
    let scan = Arc::new(Scan::new(lake, Arc::clone(view), &columns, None).await?);
    let mut batches = scan.stream(Slice { skip: reading.rows_in_files(), take: u64::MAX });
    let mut values = Values::default();
    while let Some(batch) = batches.try_next().await? {
        values.extend(batch.column(0))?;
    }
    let run = Arc::new(Run::held(&values, by.descending)?);
    lake.inside.inlined_orders.put(name, Arc::clone(&run));
    Ok(run)
}

/// What the job after a load does, where it has not come to it. One table at a time; who comes meanwhile is sorted from
/// the scan and may start the next.
fn build_later(lake: &Lake, view: &Arc<View>) {
    let Ok(turn) = Arc::clone(&lake.inside.building).try_acquire_owned() else { return };
    let (there, view) = (lake.clone(), Arc::clone(view));
    lake.inside.threads.handle.spawn(async move {
        let _turn = turn;
        let table = view.table.name.clone();
        if let Err(error) = derive::build(&there, view).await {
            tracing::warn!(table, %error, "the indexes of a table were not built");
        }
    });
}

/// The rows at these places, in their order, as the reader may see them.
pub(crate) async fn fetch(reading: &Reading, places: &[Place]) -> Result<RecordBatch> {
    let (lake, view) = (&reading.lake, &reading.view);
    let scan = Arc::new(Scan::new(lake, Arc::clone(view), &reading.masking.raw, None).await?);
    let mut in_table_order = places.to_vec();
    in_table_order.sort_unstable();
    let mut parts = Vec::new();
    for picked in in_table_order.chunk_by(|one, other| one.0 == other.0) {
        let file = picked.first().and_then(|(source, _)| view.files.get(*source)).cloned();
        let positions: Vec<u64> = picked.iter().map(|(_, row)| u64::from(*row)).collect();
        let (scan, skip) = (Arc::clone(&scan), reading.rows_in_files());
        parts.push(async move {
            match file {
                Some(file) => scan.positions(&file, &positions).await?.try_collect::<Vec<_>>().await,
                None => picked_inlined(scan, skip, &positions).await,
            }
        });
    }
    let parts: Vec<Vec<RecordBatch>> = stream::iter(parts).buffered(READS_AT_ONCE).try_collect().await?;
    let raw = concat_batches(&scan.schema, parts.iter().flatten()).map_err(arrow_error)?;
    let order = places.iter().map(|place| in_table_order.binary_search(place).map(|at| at as u64).ok());
    let order: Option<Vec<u64>> = order.collect();
    let order = order.filter(|order| order.len() == raw.num_rows());
    let order = UInt64Array::from(order.ok_or_else(|| Error::broken("a row by its position is not there"))?);
    reading.masking.apply(&take_record_batch(&raw, &order).map_err(arrow_error)?)
}

async fn picked_inlined(scan: Arc<Scan>, in_files: u64, positions: &[u64]) -> Result<Vec<RecordBatch>> {
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else { return Ok(Vec::new()) };
    let schema = Arc::clone(&scan.schema);
    let batches = scan.stream(Slice { skip: in_files + first, take: last - first + 1 });
    let batches: Vec<RecordBatch> = batches.try_collect().await?;
    let together = concat_batches(&schema, &batches).map_err(arrow_error)?;
    let picked = UInt64Array::from_iter_values(positions.iter().map(|position| position - first));
    Ok(vec![take_record_batch(&together, &picked).map_err(arrow_error)?])
}
