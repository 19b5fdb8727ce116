//! Key indexes: one immutable sidecar per data file, a sorted run of (hash of the key, row) with a fence every 1,024
//! entries. Holds hashes, never keys; removed rows are checked by whoever asks. Can be thrown away at any time.

use std::sync::Arc;

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt as _};
use yiwang_files::refusal;
use yiwang_kernel::{Error, Result};

use crate::catalog::view::{DataFile, View};
use crate::lake::Lake;
use crate::replace::{self, KeyHash};
use crate::scan;

const ENTRIES_PER_FENCE: usize = 1_024;
const HASH_BYTES: usize = 16;
const ENTRY_BYTES: usize = HASH_BYTES + 4;
const TRAILER_BYTES: u64 = 8;

/// The fences of a sidecar; its blocks stay where they are until asked for.
pub(crate) struct KeyIndex {
    path: Path,
    entries: usize,
    fences: Vec<KeyHash>,
}

/// Rows of a file that may have one of these keys, ascending; removed ones included.
pub(crate) async fn find(lake: &Lake, view: &View, file: &DataFile, keys: &[KeyHash]) -> Result<Vec<u64>> {
    let index = open(lake, view, file).await?;
    let mut rows = Vec::new();
    for key in keys {
        // A run of equal hashes may begin in the block before the first fence that reaches them.
        let first = index.fences.partition_point(|fence| fence < key).saturating_sub(1);
        let after = index.fences.partition_point(|fence| fence <= key);
        for block in first..after.max(first + 1).min(index.fences.len()) {
            let bytes = index.block(lake, block).await?;
            let matching = bytes.chunks_exact(ENTRY_BYTES).filter(|entry| entry[..HASH_BYTES] == key[..]);
            rows.extend(matching.map(|entry| u64::from(row_of(entry))));
        }
    }
    rows.sort_unstable();
    rows.dedup();
    Ok(rows)
}

/// Removes every sidecar of a table.
pub(crate) async fn forget(lake: &Lake, table_name: &str) -> Result<()> {
    let below = Path::from(format!("keys/{table_name}"));
    lake.inside.key_indexes.forget_below(&format!("{below}/"));
    let listed: Vec<_> = lake.inside.derived.list(Some(&below)).try_collect().await.map_err(refusal)?;
    for sidecar in listed {
        lake.inside.derived.delete(&sidecar.location).await.map_err(refusal)?;
    }
    Ok(())
}

/// The sidecar of a file; built if there is none, while whoever asks waits.
async fn open(lake: &Lake, view: &View, file: &DataFile) -> Result<Arc<KeyIndex>> {
    let path = path(view, file);
    if let Some(known) = lake.inside.key_indexes.get(path.as_ref()) {
        return Ok(known);
    }
    let index = match read(lake, &path).await? {
        Some(index) => index,
        None => {
            let (there, view, file) = (lake.clone(), view.clone(), file.clone());
            lake.interactive(async move { build_if_missing(&there, &view, &file).await }).await?;
            read(lake, &path).await?.ok_or_else(|| Error::broken("a sidecar is gone after it was written"))?
        }
    };
    let index = Arc::new(index);
    lake.inside.key_indexes.put(path.to_string(), Arc::clone(&index));
    Ok(index)
}

/// Writes the sidecar of a file where there is none.
pub(crate) async fn build_if_missing(lake: &Lake, view: &View, file: &DataFile) -> Result<()> {
    let path = path(view, file);
    match lake.inside.derived.head(&path).await {
        Ok(_) => Ok(()),
        Err(StoreError::NotFound { .. }) => build(lake, view, file, &path).await,
        Err(error) => Err(refusal(error)),
    }
}

fn path(view: &View, file: &DataFile) -> Path {
    let columns = yiwang_seal::hex(&yiwang_seal::sha256(view.table.key.join(",").as_bytes())[..4]);
    Path::from(format!("keys/{}/{}-{columns}.keys", view.table.name, file.path))
}

impl KeyIndex {
    async fn block(&self, lake: &Lake, block: usize) -> Result<bytes::Bytes> {
        let first = block * ENTRIES_PER_FENCE;
        let end = (first + ENTRIES_PER_FENCE).min(self.entries);
        let range = (first * ENTRY_BYTES) as u64..(end * ENTRY_BYTES) as u64;
        let read = lake.inside.derived.get_ranges(&self.path, std::slice::from_ref(&range)).await;
        Ok(read.map_err(refusal)?.into_iter().next().unwrap_or_default())
    }
}

async fn read(lake: &Lake, path: &Path) -> Result<Option<KeyIndex>> {
    let store = &lake.inside.derived;
    let size = match store.head(path).await {
        Ok(meta) => meta.size,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(refusal(error)),
    };
    let trailer = store.get_range(path, size.saturating_sub(TRAILER_BYTES)..size).await.map_err(refusal)?;
    let entries = trailer.as_ref().try_into().map(u64::from_le_bytes).unwrap_or(0);
    let entries = scan::to_usize(entries);
    let fences = (entries * ENTRY_BYTES) as u64..size.saturating_sub(TRAILER_BYTES);
    if fences.is_empty() {
        return Ok(Some(KeyIndex { path: path.clone(), entries, fences: Vec::new() }));
    }
    let bytes = store.get_range(path, fences).await.map_err(refusal)?;
    let fence = |bytes: &[u8]| {
        let mut hash = KeyHash::default();
        hash.copy_from_slice(bytes);
        hash
    };
    let fences = bytes.chunks_exact(HASH_BYTES).map(fence).collect();
    Ok(Some(KeyIndex { path: path.clone(), entries, fences }))
}

async fn build(lake: &Lake, view: &View, file: &DataFile, path: &Path) -> Result<()> {
    let columns = replace::key_columns(view, &view.table.key)?;
    let mut batches = scan::file_rows(lake, view, file, &columns, None).await?;
    let mut entries: Vec<(KeyHash, u32)> = Vec::with_capacity(scan::to_usize(file.rows));
    while let Some(batch) = batches.try_next().await? {
        for hash in replace::key_hashes(&batch, &view.table.key)? {
            let row = u32::try_from(entries.len()).map_err(|_| Error::broken("a data file with too many rows"))?;
            entries.push((hash, row));
        }
    }
    entries.sort_unstable();
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY_BYTES + 64);
    for (hash, row) in &entries {
        bytes.extend_from_slice(hash);
        bytes.extend_from_slice(&row.to_le_bytes());
    }
    for (hash, _) in entries.iter().step_by(ENTRIES_PER_FENCE) {
        bytes.extend_from_slice(hash);
    }
    bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    lake.inside.derived.put(path, bytes.into()).await.map_err(refusal)?;
    Ok(())
}

fn row_of(entry: &[u8]) -> u32 {
    entry[HASH_BYTES..].try_into().map(u32::from_le_bytes).unwrap_or(u32::MAX)
}
