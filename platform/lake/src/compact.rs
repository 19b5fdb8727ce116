//! Fewer files for the same rows: a table with more than 8 files and one per million rows, or many inlined rows, is
//! rewritten and its newest version pointed at the result. Erased and removed rows are left behind for good.

use std::sync::Arc;

use futures::TryStreamExt as _;
use yiwang_gate::QueueClass;
use yiwang_kernel::{Ctx, Error, Id, Result};

use crate::catalog::change;
use crate::catalog::loads::NewFile;
use crate::catalog::view::{DataFile, View};
use crate::lake::Lake;
use crate::load::{self, INLINED_ROWS_MAX};
use crate::parquet_files::FileWriter;
use crate::scan::{Scan, Slice, table_path};
use crate::types;

const FILES_MAX: u64 = 8;
const ROWS_PER_FILE: u64 = 1_000_000;

/// Rewrites the newest version where it has too many parts; whether it did.
pub(crate) async fn compact(lake: &Lake, ctx: &Ctx, resource: &str) -> Result<bool> {
    let none = || Error::not_found("lake-table-none").with("resource", resource);
    let view = load::base_view(lake, resource).await?.ok_or_else(none)?;
    if !is_scattered(&view) {
        return Ok(false);
    }
    let (engine, ctx_there, source) = (lake.clone(), ctx.clone(), Arc::clone(&view));
    let work = async move { rewrite(&engine, &ctx_there, source).await };
    let files = lake.in_turn(QueueClass::Background, work).await?;
    let (view, files) = (&view, &files);
    lake.inside.db.tx(|tx| Box::pin(change::swap(tx, ctx, view, files))).await?;
    Ok(true)
}

fn is_scattered(view: &View) -> bool {
    let in_files: u64 = view.files.iter().map(DataFile::live_rows).sum();
    let files_max = FILES_MAX + view.rows / ROWS_PER_FILE;
    view.files.len() as u64 > files_max
        || view.rows.saturating_sub(in_files) >= INLINED_ROWS_MAX
        || !view.tombstones.is_empty()
}

async fn rewrite(lake: &Lake, ctx: &Ctx, view: Arc<View>) -> Result<Vec<NewFile>> {
    let every: Vec<usize> = (0..view.columns.len()).collect();
    let schema = types::file_schema(&view.columns)?;
    let scan = Arc::new(Scan::new(lake, Arc::clone(&view), &every, None).await?);
    let mut batches = scan.stream(Slice::ALL);
    let mut files = Vec::new();
    let mut current: Option<(String, FileWriter)> = None;
    while let Some(batch) = batches.try_next().await? {
        let (name, mut writer) = match current.take() {
            Some(current) => current,
            None => {
                let name = format!("{}.parquet", Id::new(ctx));
                let path = table_path(&view.table.name, &name);
                let store = Arc::clone(&lake.inside.objects);
                (name, FileWriter::new(store, path, Arc::clone(&schema))?)
            }
        };
        writer.write(&types::conform(&batch, &schema)?).await?;
        if writer.rows >= ROWS_PER_FILE {
            files.push(finished(&view, name, writer).await?);
        } else {
            current = Some((name, writer));
        }
    }
    if let Some((name, writer)) = current {
        files.push(finished(&view, name, writer).await?);
    }
    Ok(files)
}

async fn finished(view: &View, path: String, writer: FileWriter) -> Result<NewFile> {
    let written = writer.finish().await?;
    Ok(NewFile {
        path,
        rows: written.rows,
        size_bytes: written.size_bytes,
        footer_bytes: written.footer_bytes,
        statistics: written.statistics(view.columns.iter().map(|column| column.id)),
        deletes: None,
    })
}
