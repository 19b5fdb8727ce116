//! What came and went between two versions: whole files by their names, removed positions of files both versions have,
//! inlined rows by their ids. Each version is read through the same policy.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use futures::{StreamExt as _, stream};
use yiwang_gate::{Answered, At, ChangesQuery, Permit, Policy};
use yiwang_kernel::{Error, Result};

use crate::catalog::inlined;
use crate::catalog::view::{DataFile, View};
use crate::filter::Conditions;
use crate::lake::Lake;
use crate::masking::Masking;
use crate::read;
use crate::scan::{self, Batches, Scan, Slice};
use crate::serve::serve;
use crate::types;

const CHANGE_COLUMN: &str = "_change";

/// Rows removed and added after one version up to another.
pub(crate) async fn changes(lake: &Lake, permit: &Permit, query: &ChangesQuery) -> Result<Answered> {
    let policy = read::policy_of(permit, &query.resource)?;
    let to = read::view_at(lake, &query.resource, query.to.map_or(At::Latest, At::Version)).await?;
    let from = match query.from {
        0 => None,
        version => Some(read::view_at(lake, &query.resource, At::Version(version)).await?),
    };
    if from.as_ref().is_some_and(|from| from.columns != to.columns) {
        return Err(Error::refused("lake-changes-columns").with("resource", &query.resource));
    }
    let schema = with_change(&Masking::compile(lake, &to, policy, &[], false).await?.schema);
    let versions = vec![(query.resource.clone(), to.version)];
    let (engine, policy, out) = (lake.clone(), policy.clone(), Arc::clone(&schema));
    let work = async move {
        let mut parts: Vec<Batches> = Vec::new();
        if let Some(from) = &from {
            let gone = only_in(&engine, from, &to).await?;
            parts.push(marked(&engine, gone, &policy, &out, "delete").await?);
        }
        let come = match &from {
            Some(from) => only_in(&engine, &to, from).await?,
            None => Difference::all(&to),
        };
        parts.push(marked(&engine, come, &policy, &out, "insert").await?);
        let batches: Batches = stream::iter(parts).flatten().boxed();
        Ok(batches)
    };
    let rows = serve(lake, work, None);
    Ok(Answered { schema, versions, total: None, next: None, rows, subjects: Vec::new() })
}

/// Rows one view has and another has not: views that hold just them, and positions in files both have.
struct Difference {
    view: Arc<View>,
    places: Vec<(DataFile, Vec<u64>)>,
    inlined: Option<HashSet<i64>>,
}

impl Difference {
    fn all(view: &Arc<View>) -> Difference {
        Difference { view: Arc::clone(view), places: Vec::new(), inlined: None }
    }
}

async fn only_in(lake: &Lake, view: &Arc<View>, other: &View) -> Result<Difference> {
    let mut bare = View { files: Vec::new(), ..(**view).clone() };
    let mut places = Vec::new();
    for file in &view.files {
        let Some(there) = other.files.iter().find(|there| there.path == file.path) else {
            bare.files.push(file.clone());
            continue;
        };
        let here_deleted = scan::deleted_positions(lake, view, file).await?;
        let there_deleted = scan::deleted_positions(lake, other, there).await?;
        let kept: Vec<u64> =
            there_deleted.into_iter().filter(|position| here_deleted.binary_search(position).is_err()).collect();
        if !kept.is_empty() {
            places.push((file.clone(), kept));
        }
    }
    let theirs: HashSet<i64> = inlined_ids(lake, other).await?.into_iter().collect();
    let ours = inlined_ids(lake, view).await?;
    bare.rows = bare.files.iter().map(DataFile::live_rows).sum::<u64>() + ours.len() as u64;
    let inlined = ours.into_iter().filter(|id| !theirs.contains(id)).collect();
    Ok(Difference { view: Arc::new(bare), places, inlined: Some(inlined) })
}

async fn inlined_ids(lake: &Lake, view: &View) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for table in &view.inlined {
        let mut after = -1;
        loop {
            let rows = inlined::read(&lake.inside.db, table, view.snapshot, after).await?;
            let Some((last, _)) = rows.last() else { break };
            after = *last;
            ids.extend(rows.iter().map(|(id, _)| *id));
        }
    }
    Ok(ids)
}

async fn marked(lake: &Lake, part: Difference, policy: &Policy, out: &SchemaRef, mark: &str) -> Result<Batches> {
    let masking = Arc::new(Masking::compile(lake, &part.view, policy, &[], false).await?);
    let mut view = (*part.view).clone();
    view.only_inlined = part.inlined.map(Arc::new);
    let view = Arc::new(view);
    let scan = Arc::new(Scan::new(lake, Arc::clone(&view), &masking.raw, None).await?);
    let mut parts: Vec<Batches> = vec![Arc::clone(&scan).stream(Slice::ALL)];
    for (file, positions) in &part.places {
        parts.push(Arc::clone(&scan).positions(file, positions).await?);
    }
    let (out, mark) = (Arc::clone(out), mark.to_owned());
    let mark_batch = move |raw: Result<RecordBatch>| {
        let batch = read::seen(&masking, &Conditions::default(), &raw?)?;
        let marks: ArrayRef = Arc::new(StringArray::from(vec![mark.as_str(); batch.num_rows()]));
        let columns = batch.columns().iter().cloned().chain([marks]).collect();
        types::batch_of(&out, columns, batch.num_rows())
    };
    Ok(stream::iter(parts).flatten().map(mark_batch).boxed())
}

fn with_change(schema: &SchemaRef) -> SchemaRef {
    let change = Arc::new(Field::new(CHANGE_COLUMN, DataType::Utf8, false));
    Arc::new(Schema::new(schema.fields().iter().cloned().chain([change]).collect::<Vec<_>>()))
}
