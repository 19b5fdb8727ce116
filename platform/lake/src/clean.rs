//! Housekeeping: versions past what is kept are forgotten, files out of use are deleted with their sidecars. A file
//! that went out of use stays an hour for whoever is still reading it, unless its rows may not be there any more.

use std::collections::HashSet;

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt as _};
use yiwang_files::refusal;
use yiwang_gate::{Cleaned, Keep};
use yiwang_kernel::{Ctx, Result};

use crate::catalog::change::snapshot_time;
use crate::catalog::retention;
use crate::lake::Lake;

/// Seconds a file out of use stays.
const GRACE_S: i64 = 3_600;
/// Seconds after which a file that nothing ever named belongs to no load under way.
const ORPHAN_S: i64 = 7 * 24 * 3_600;

/// Forgets versions of a resource that are not kept, and deletes what is due.
pub(crate) async fn clean(lake: &Lake, ctx: &Ctx, resource: &str, keep: &Keep) -> Result<Cleaned> {
    let forget = lake.inside.db.tx(|tx| Box::pin(retention::forget_versions(tx, ctx, resource, keep)));
    let versions = forget.await?;
    Ok(Cleaned { versions, files: delete_due(lake, ctx).await? })
}

/// Deletes what is due, and files that nothing names and nothing can name any more: those of loads that died.
pub(crate) async fn sweep(lake: &Lake, ctx: &Ctx) -> Result<u64> {
    let mut deleted = delete_due(lake, ctx).await?;
    let before = ctx.now().plus_s(-ORPHAN_S).micros();
    let objects = lake.inside.objects.list(Some(&Path::from("main")));
    let old = objects.try_filter(|object| std::future::ready(object.last_modified.timestamp_micros() < before));
    let old: Vec<Path> = old.map_ok(|object| object.location).try_collect().await.map_err(refusal)?;
    if old.is_empty() {
        return Ok(deleted);
    }
    let named = retention::named_files(&lake.inside.db).await?;
    for path in old.iter().filter(|path| !named.contains(path.as_ref())) {
        delete(lake, path).await?;
        deleted += 1;
    }
    Ok(deleted)
}

async fn delete_due(lake: &Lake, ctx: &Ctx) -> Result<u64> {
    let until = snapshot_time(ctx.now().plus_s(-GRACE_S));
    let due = retention::due(&lake.inside.db, &until).await?;
    let mut tables = HashSet::new();
    let mut files = HashSet::new();
    for file in &due {
        let path = Path::from(file.path.as_str());
        delete(lake, &path).await?;
        retention::struck_off(&lake.inside.db, file).await?;
        let parts: Vec<_> = path.parts().collect();
        if let [_, table, name] = parts.as_slice() {
            tables.insert(table.as_ref().to_owned());
            files.insert(name.as_ref().to_owned());
        }
    }
    for table in tables {
        delete_sidecars(lake, &table, &files).await?;
    }
    Ok(due.len() as u64)
}

/// The names of sidecars begin with the name of their file.
async fn delete_sidecars(lake: &Lake, table: &str, files: &HashSet<String>) -> Result<()> {
    for kind in ["keys", "order", "rows"] {
        let below = Path::from(format!("{kind}/{table}"));
        let listed = lake.inside.derived.list(Some(&below)).map_ok(|object| object.location);
        let listed: Vec<Path> = listed.try_collect().await.map_err(refusal)?;
        let is_of = |path: &&Path| {
            let name = path.filename().unwrap_or_default();
            files.iter().any(|file| name.starts_with(file.as_str()))
        };
        for path in listed.iter().filter(is_of) {
            lake.inside.key_indexes.forget_below(path.as_ref());
            lake.inside.orders.forget_below(path.as_ref());
            lake.inside.live_orders.forget_below(path.as_ref());
            lake.inside.row_runs.forget_below(path.as_ref());
            match lake.inside.derived.delete(path).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(refusal(error)),
            }
        }
    }
    Ok(())
}

async fn delete(lake: &Lake, path: &Path) -> Result<()> {
    lake.inside.footers.forget_below(path.as_ref());
    match lake.inside.objects.delete(path).await {
        Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(refusal(error)),
    }
}
