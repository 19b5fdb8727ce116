//! Order sidecars: per data file, column and direction one immutable sorted run in the tree `derived`, named by the
//! file. Holds every row of its file; which of them are still there is counted once per delete file and remembered.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt as _};
use yiwang_files::refusal;
use yiwang_kernel::{Error, Result};

use super::run::{self, ENTRIES_PER_FENCE, Entries, Fences, TRAILER_BYTES, Values};
use crate::catalog::view::{DataFile, View};
use crate::lake::Lake;
use crate::scan;
use crate::types::Column;

/// Values of one file longer than this together are not kept in order.
const VALUES_BYTES_MAX: usize = 64 << 20;
const BLOCKS_PER_READ: usize = 64;

/// A column and a direction.
#[derive(Debug, Clone)]
pub(crate) struct Ordering {
    pub(crate) column: Column,
    pub(crate) descending: bool,
}

/// A sorted run that can be read by blocks.
pub(crate) struct Run {
    pub(crate) fences: Fences,
    stored: Stored,
}

enum Stored {
    At(Path),
    Held(Bytes),
}

/// What is still there of a run.
pub(crate) struct Live {
    /// Live entries before each block, and all of them.
    pub(crate) before: Vec<u64>,
    removed: Vec<u64>,
}

impl Run {
    /// Of values that are at hand, kept in memory.
    pub(crate) fn held(values: &Values, descending: bool) -> Result<Run> {
        let bytes = Bytes::from(run::encode(values, descending, ENTRIES_PER_FENCE)?);
        let trailer = &bytes[bytes.len().saturating_sub(TRAILER_BYTES)..];
        let fences_at = Fences::place(trailer).map_or(0, scan::to_usize);
        Ok(Run { fences: Fences::parse(&bytes[fences_at..])?, stored: Stored::Held(bytes) })
    }

    /// The entries of these blocks that are still there.
    pub(crate) async fn read(&self, lake: &Lake, blocks: &Range<usize>, live: &Live) -> Result<Entries> {
        if blocks.is_empty() {
            return Ok(Entries::default());
        }
        let bytes = self.bytes(lake, blocks).await?;
        self.fences.read(blocks, &bytes, |row| live.holds(row))
    }

    async fn bytes(&self, lake: &Lake, blocks: &Range<usize>) -> Result<Bytes> {
        let range = self.fences.bytes_of(blocks);
        match &self.stored {
            Stored::At(path) => {
                let read = lake.inside.derived.get_ranges(path, std::slice::from_ref(&range)).await;
                Ok(read.map_err(refusal)?.into_iter().next().unwrap_or_default())
            }
            Stored::Held(bytes) => Ok(bytes.slice(scan::to_usize(range.start)..scan::to_usize(range.end))),
        }
    }
}

impl Live {
    /// Everything.
    pub(crate) fn all(run: &Run) -> Live {
        Live { before: run.fences.entries_before(), removed: Vec::new() }
    }

    /// What a view has not removed; counted by reading the run through, once.
    pub(crate) async fn of(lake: &Lake, view: &View, file: &DataFile, run: &Run) -> Result<Arc<Live>> {
        let (Some(deletes), Stored::At(path)) = (&file.deletes, &run.stored) else {
            return Ok(Arc::new(Live::all(run)));
        };
        let name = format!("{path} {}", deletes.path);
        if let Some(known) = lake.inside.live_orders.get(&name) {
            return Ok(known);
        }
        let removed = scan::deleted_positions(lake, view, file).await?;
        let mut live = Live { before: vec![0], removed };
        let blocks = run.fences.blocks();
        for first in (0..blocks).step_by(BLOCKS_PER_READ) {
            let part = first..(first + BLOCKS_PER_READ).min(blocks);
            let bytes = run.bytes(lake, &part).await?;
            for count in run.fences.kept(&part, &bytes, |row| live.holds(row))? {
                live.before.push(live.before.last().copied().unwrap_or(0) + count);
            }
        }
        let live = Arc::new(live);
        lake.inside.live_orders.put(name, Arc::clone(&live));
        Ok(live)
    }

    fn holds(&self, row: u32) -> bool {
        self.removed.is_empty() || self.removed.binary_search(&u64::from(row)).is_err()
    }
}

/// The sidecar of a file, if it is there.
pub(crate) async fn find(lake: &Lake, view: &View, file: &DataFile, by: &Ordering) -> Result<Option<Arc<Run>>> {
    let path = path(view, file, by);
    if let Some(known) = lake.inside.orders.get(path.as_ref()) {
        return Ok(Some(known));
    }
    let store = &lake.inside.derived;
    let size = match store.head(&path).await {
        Ok(meta) => meta.size,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(refusal(error)),
    };
    let trailer_at = size.saturating_sub(TRAILER_BYTES as u64);
    let trailer = store.get_range(&path, trailer_at..size).await.map_err(refusal)?;
    let Some(fences_at) = Fences::place(&trailer).filter(|at| *at <= trailer_at) else { return Ok(None) };
    let tail = store.get_range(&path, fences_at..size).await.map_err(refusal)?;
    let run = Arc::new(Run { fences: Fences::parse(&tail)?, stored: Stored::At(path.clone()) });
    lake.inside.orders.put(path.to_string(), Arc::clone(&run));
    Ok(Some(run))
}

/// Writes the sidecar of a file.
pub(crate) async fn build(lake: &Lake, view: &View, file: &DataFile, by: &Ordering) -> Result<Arc<Run>> {
    let mut batches = scan::file_rows(lake, view, file, std::slice::from_ref(&by.column), None).await?;
    let mut values = Values::default();
    while let Some(batch) = batches.try_next().await? {
        values.extend(batch.column(0))?;
        if values.size_bytes() > VALUES_BYTES_MAX {
            break;
        }
    }
    let fits = values.size_bytes() <= VALUES_BYTES_MAX;
    let bytes = if fits { run::encode(&values, by.descending, ENTRIES_PER_FENCE)? } else { run::encode_unfit() };
    drop(values);
    let path = path(view, file, by);
    lake.inside.derived.put(&path, bytes.into()).await.map_err(refusal)?;
    let written = find(lake, view, file, by).await?;
    written.ok_or_else(|| Error::broken("a sidecar is gone after it was written"))
}

/// Whether every file of a view has a sidecar for each of these.
pub(crate) async fn all_there(lake: &Lake, view: &View, orderings: &[Ordering]) -> Result<bool> {
    let below = below(&view.table.name);
    let name = format!("{below}/{} {}", view.snapshot, orderings.len());
    if lake.inside.ordered.get(&name).is_some() {
        return Ok(true);
    }
    let listed: Vec<_> = lake.inside.derived.list(Some(&below)).try_collect().await.map_err(refusal)?;
    let there: HashSet<Path> = listed.into_iter().map(|meta| meta.location).collect();
    let all = view.files.iter().all(|file| orderings.iter().all(|by| there.contains(&path(view, file, by))));
    if all {
        lake.inside.ordered.put(name, ());
    }
    Ok(all)
}

/// Forgets what is remembered of a table's sidecars.
pub(crate) fn forget_remembered(lake: &Lake, table_name: &str) {
    let below = format!("{}/", below(table_name));
    lake.inside.orders.forget_below(&below);
    lake.inside.live_orders.forget_below(&below);
    lake.inside.ordered.forget_below(&below);
}

/// Removes every order sidecar of a table.
pub(crate) async fn forget(lake: &Lake, table_name: &str) -> Result<()> {
    forget_remembered(lake, table_name);
    let listed = lake.inside.derived.list(Some(&below(table_name)));
    let listed: Vec<_> = listed.try_collect().await.map_err(refusal)?;
    for sidecar in listed {
        lake.inside.derived.delete(&sidecar.location).await.map_err(refusal)?;
    }
    Ok(())
}

fn below(table_name: &str) -> Path {
    Path::from(format!("order/{table_name}"))
}

fn path(view: &View, file: &DataFile, by: &Ordering) -> Path {
    let direction = if by.descending { "down" } else { "up" };
    Path::from(format!("{}/{}-{}-{direction}.order", below(&view.table.name), file.path, by.column.id))
}
