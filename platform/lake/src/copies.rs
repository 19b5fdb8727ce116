//! Plain copies under `out/`: what a grant shows, as a Delta table a resource that Spark, Trino, Polars and DuckDB
//! open. Never sealed, for that is what they are for; derived, for each can be made again. Who may have one is not
//! asked here.

mod delta;
mod folder;

use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::Schema;
use async_trait::async_trait;
use futures::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use yiwang_gate::{At, Copies, CopyRows, CopySpec, PlainCopy, RowStream, StagedCopy, TableFile};
use yiwang_kernel::{Ctx, Error, Id, Result};

use crate::lake::Lake;
use crate::{plain, read};
use delta::Stand;
pub(crate) use folder::Folder;
use folder::{refused, remove_file};

#[async_trait]
impl Copies for Lake {
    async fn is_current(&self, copy: &CopySpec, basis: &str) -> Result<bool> {
        let view = read::view_at(self, &copy.resource, At::Latest).await?;
        let erased = view.tombstones.len();
        let resource = copy.resource.clone();
        let newest = self.with_out(move |out| out.newest(&resource)).await?;
        let stand = newest.and_then(|newest| newest.stand);
        Ok(stand.is_some_and(|stand| {
            stand.version == view.version && stand.basis == stamp(basis, erased) && stand.shape.ends_with(&quiet(copy))
        }))
    }

    async fn stage(&self, ctx: &Ctx, copy: &CopySpec, basis: &str, given: CopyRows) -> Result<StagedCopy> {
        let erased = read::view_at(self, &copy.resource, At::Latest).await?.tombstones.len();
        let id = Id::new(ctx);
        let draft = self.with_out(move |out| Ok(out.draft(id))).await?;
        let file = TableFile { quiet: copy.quiet.clone(), ..TableFile::named(Arc::clone(&given.schema)) };
        let counts = Arc::new(Mutex::new((0u64, vec![0u64; given.schema.fields().len()])));
        let rows = counted(given.rows, Arc::clone(&counts));
        let written = write(self, &draft, &file, rows).await;
        if written.is_err() {
            remove_file(&draft)?;
        }
        let size_bytes = written?;
        let (rows, nulls) = counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (version, schema, basis) = (given.version, given.schema, stamp(basis, erased));
        Ok(StagedCopy { id, copy: copy.clone(), basis, version, schema, rows, nulls, size_bytes })
    }

    async fn publish(&self, ctx: &Ctx, staged: &StagedCopy) -> Result<()> {
        let stand = Stand {
            version: staged.version,
            basis: staged.basis.clone(),
            shape: format!("{}{}", columns(&staged.schema), quiet(&staged.copy)),
            rows: staged.rows,
            size_bytes: staged.size_bytes,
            file: format!("{:08}-{}.parquet", staged.version, staged.id),
            earlier: None,
        };
        let (staged, now) = (staged.clone(), ctx.now());
        self.with_out(move |out| out.publish(&staged, stand, now)).await
    }

    async fn discard(&self, staged: &StagedCopy) -> Result<()> {
        let id = staged.id;
        self.with_out(move |out| remove_file(&out.draft(id))).await
    }

    async fn keep(&self, resource: &str, basis: Option<&str>) -> Result<()> {
        let wanted = match basis {
            Some(basis) => match read::view_at(self, resource, At::Latest).await {
                Ok(view) => Some(stamp(basis, view.tombstones.len())),
                Err(_) => None,
            },
            None => None,
        };
        let resource = resource.to_owned();
        self.with_out(move |out| {
            let stand = out.newest(&resource)?.and_then(|newest| newest.stand);
            match (stand, wanted) {
                (Some(stand), Some(wanted)) if stand.basis == wanted => Ok(()),
                _ => out.remove(&resource),
            }
        })
        .await
    }

    async fn list(&self) -> Result<Vec<PlainCopy>> {
        self.with_out(|out| {
            let mut found = Vec::new();
            for resource in out.resources()? {
                let stand = out.newest(&resource).ok().flatten().and_then(|newest| newest.stand);
                let of = |count: fn(&Stand) -> u64| stand.as_ref().map_or(0, count);
                let (version, rows) = (of(|stand| stand.version), of(|stand| stand.rows));
                found.push(PlainCopy { resource, version, rows, size_bytes: of(|stand| stand.size_bytes) });
            }
            Ok(found)
        })
        .await
    }
}

impl Lake {
    /// Works on the folder on a thread that may wait for the disk.
    async fn with_out<T: Send + 'static>(&self, work: impl FnOnce(&Folder) -> Result<T> + Send + 'static) -> Result<T> {
        let out = self.inside.out.clone().ok_or_else(|| Error::broken("there is no folder of plain copies"))?;
        let done = tokio::task::spawn_blocking(move || work(&out)).await;
        done.map_err(|error| Error::internal("writing a plain copy", error))?
    }
}

/// Writes the file, durably; its bytes.
async fn write(lake: &Lake, draft: &std::path::Path, file: &TableFile, rows: RowStream) -> Result<u64> {
    let mut parts = plain::encode(lake, file, rows)?;
    let mut target = tokio::fs::File::create_new(draft).await.map_err(refused)?;
    let mut size_bytes = 0;
    while let Some(part) = parts.next().await {
        let part = part?;
        size_bytes += part.len() as u64;
        target.write_all(&part).await.map_err(refused)?;
    }
    target.flush().await.map_err(refused)?;
    target.sync_all().await.map_err(refused)?;
    Ok(size_bytes)
}

/// Rows and empty cells a column, as they pass.
fn counted(rows: RowStream, counts: Arc<Mutex<(u64, Vec<u64>)>>) -> RowStream {
    Box::pin(rows.inspect(move |batch| {
        let Ok(batch) = batch else { return };
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.0 += batch.num_rows() as u64;
        for (sum, column) in counts.1.iter_mut().zip(batch.columns()) {
            *sum += column.null_count() as u64;
        }
    }))
}

/// What a copy rests on: the policies, and what is erased.
fn stamp(basis: &str, erased: usize) -> String {
    yiwang_seal::hex(&yiwang_seal::sha256(format!("{erased} {basis}").as_bytes()))
}

fn columns(schema: &Schema) -> String {
    let names: Vec<String> = schema.fields().iter().map(|field| format!("{field:?}")).collect();
    yiwang_seal::hex(&yiwang_seal::sha256(names.join("\n").as_bytes()))
}

fn quiet(copy: &CopySpec) -> String {
    yiwang_seal::hex(&yiwang_seal::sha256(copy.quiet.join("\n").as_bytes()))
}
