//! Rows by key, without a plan and beside the engine's threads: the key's hash, the sidecars of the files, the few rows
//! of inlined tables.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use yiwang_gate::{Answered, Lookup, Permit, Subject};
use yiwang_kernel::Result;

use crate::catalog::view::View;
use crate::keys;
use crate::lake::Lake;
use crate::masking::{self, Masking};
use crate::read;
use crate::replace::{self, KeyHash};
use crate::scan::{self, Batches, Scan, Slice, arrow_error};

/// Rows by key.
pub(crate) async fn lookup(lake: &Lake, permit: &Permit, lookup: &Lookup) -> Result<Answered> {
    let policy = read::policy_of(permit, &lookup.resource)?;
    let view = read::view_at(lake, &lookup.resource, lookup.at).await?;
    let keys = lookup.keys.iter().map(|key| replace::typed_key_hash(&view, key));
    let keys = keys.collect::<Result<HashSet<KeyHash>>>()?;
    let masking = Masking::compile(lake, &view, policy, &lookup.fields, true).await?;
    let rows = found(lake, &view, &masking, &keys).await?;
    let kind = view.table.subject.as_ref().map(|subject| subject.kind.clone()).unwrap_or_default();
    let (mut batches, mut subjects) = (Vec::new(), Vec::new());
    for raw in rows {
        let (batch, of) = masking::split_subject(&masking.apply(&raw)?)?;
        batches.push(batch);
        subjects.extend(of.into_iter().map(|value| Subject { kind: kind.clone(), value }));
    }
    let empty = masking::split_subject(&RecordBatch::new_empty(Arc::clone(&masking.schema)))?.0;
    let (schema, version) = (empty.schema(), view.version);
    let total = batches.iter().map(|batch| batch.num_rows() as u64).sum();
    Ok(Answered {
        schema,
        versions: vec![(lookup.resource.clone(), version)],
        total: Some(total),
        next: None,
        rows: stream::iter(batches.into_iter().map(Ok)).boxed(),
        subjects,
    })
}

/// The raw rows with these keys, in the columns the masking wants.
async fn found(
    lake: &Lake,
    view: &Arc<View>,
    masking: &Masking,
    wanted_keys: &HashSet<KeyHash>,
) -> Result<Vec<RecordBatch>> {
    let key_places =
        view.table.key.iter().filter_map(|name| view.columns.iter().position(|column| column.name == *name));
    let columns: Vec<usize> = masking.raw.iter().copied().chain(key_places).collect();
    let scan = Arc::new(Scan::new(lake, Arc::clone(view), &columns, None).await?);
    let hashes: Vec<KeyHash> = wanted_keys.iter().copied().collect();
    let mut parts: Vec<Batches> = Vec::new();
    let mut in_files = 0;
    for file in &view.files {
        in_files += file.live_rows();
        let mut positions = keys::find(lake, view, file, &hashes).await?;
        if positions.is_empty() {
            continue;
        }
        let deleted = scan::deleted_positions(lake, view, file).await?;
        positions.retain(|position| deleted.binary_search(position).is_err());
        if positions.is_empty() {
            continue;
        }
        parts.push(Arc::clone(&scan).positions(file, &positions).await?);
    }
    if view.rows > in_files {
        parts.push(scan.stream(Slice { skip: in_files, take: u64::MAX }));
    }
    let wanted: Vec<usize> = (0..masking.raw.len()).collect();
    let mut batches = stream::iter(parts).flatten();
    let mut rows = Vec::new();
    while let Some(batch) = batches.try_next().await? {
        let hashes = replace::key_hashes(&batch, &view.table.key)?;
        let held: BooleanArray = hashes.iter().map(|hash| Some(wanted_keys.contains(hash))).collect();
        if held.true_count() > 0 {
            let kept = filter_record_batch(&batch, &held).map_err(arrow_error)?;
            rows.push(kept.project(&wanted).map_err(arrow_error)?);
        }
    }
    Ok(rows)
}
