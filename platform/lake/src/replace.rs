//! What a load by key takes away: earlier rows with the same key, in files by position, in the database by row id, and
//! within the load itself all but the last. Works on hashes of keys; the rows themselves are not kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::filter::filter_record_batch;
use futures::TryStreamExt as _;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use yiwang_gate::{DeleteKeys, Mode, Staged};
use yiwang_kernel::{Ctx, Error, Id, Result};

use crate::catalog::loads::{self, NewDeletes, Plan};
use crate::catalog::view::{DataFile, View};
use crate::lake::Lake;
use crate::load;
use crate::parquet_files::FileWriter;
use crate::scan::{self, Scan, Slice, arrow_error, table_path};
use crate::types::{self, Column};

/// The hash of a row's key.
pub(crate) type KeyHash = [u8; 16];

/// The keys of a load, each with its last row.
pub(crate) struct Replacement {
    key: Vec<String>,
    rows: HashMap<KeyHash, u64>,
    overtaken: Vec<u64>,
}

impl Replacement {
    /// By these columns.
    pub(crate) fn new(key: &[String]) -> Replacement {
        Replacement { key: key.to_vec(), rows: HashMap::new(), overtaken: Vec::new() }
    }

    /// Notes a batch whose first row has this number.
    pub(crate) fn note(&mut self, batch: &RecordBatch, first_row: u64) -> Result<()> {
        for (row, hash) in (first_row..).zip(key_hashes(batch, &self.key)?) {
            if let Some(earlier) = self.rows.insert(hash, row) {
                self.overtaken.push(earlier);
            }
        }
        Ok(())
    }

    /// The same batches without rows whose key a later row has.
    pub(crate) fn keep_last(&self, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>> {
        if self.overtaken.is_empty() {
            return Ok(batches);
        }
        let overtaken: HashSet<u64> = self.overtaken.iter().copied().collect();
        let mut first_row = 0;
        let mut kept = Vec::with_capacity(batches.len());
        for batch in batches {
            let keep = (first_row..first_row + batch.num_rows() as u64).map(|row| !overtaken.contains(&row));
            let keep = BooleanArray::from(keep.collect::<Vec<bool>>());
            first_row += batch.num_rows() as u64;
            kept.push(filter_record_batch(&batch, &keep).map_err(arrow_error)?);
        }
        Ok(kept)
    }
}

/// The hashes of the keys in a batch, row by row.
pub(crate) fn key_hashes(batch: &RecordBatch, key: &[String]) -> Result<Vec<KeyHash>> {
    let column = |name: &String| {
        let array = batch.column_by_name(name).ok_or_else(|| Error::invalid(name, "field-unknown"))?;
        types::texts(array)
    };
    let columns = key.iter().map(column).collect::<Result<Vec<StringArray>>>()?;
    let hash = |row: usize| {
        let cells = columns.iter().map(|column| column.is_valid(row).then(|| column.value(row)));
        key_hash(cells)
    };
    Ok((0..batch.num_rows()).map(hash).collect())
}

/// The hash of one key from its cells as text.
pub(crate) fn key_hash<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> KeyHash {
    let mut bytes = Vec::with_capacity(64);
    for cell in cells {
        match cell {
            Some(text) => {
                bytes.push(1);
                bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            None => bytes.push(0),
        }
    }
    let mut hash = KeyHash::default();
    hash.copy_from_slice(&yiwang_seal::sha256(&bytes)[..16]);
    hash
}

/// Writes down in the plan what the load's keys take away.
pub(crate) async fn finish(
    lake: &Lake,
    ctx: &Ctx,
    base: Option<&View>,
    replacement: &Replacement,
    plan: &mut Plan,
) -> Result<()> {
    plan.duplicates = replacement.overtaken.len() as u64;
    plan.rows -= plan.duplicates;
    let mut first_row = 0;
    for place in 0..plan.files.len() {
        let rows = plan.files[place].rows;
        let here = first_row..first_row + rows;
        let mut positions: Vec<u64> =
            replacement.overtaken.iter().filter(|row| here.contains(row)).map(|row| row - first_row).collect();
        first_row += rows;
        if !positions.is_empty() {
            positions.sort_unstable();
            let path = plan.files[place].path.clone();
            plan.files[place].deletes = Some(write_deletes(lake, ctx, &plan.table_name, 0, &path, &positions).await?);
        }
    }
    let Some(view) = base else { return Ok(()) };
    for file in &view.files {
        let (positions, fresh) = found_in_file(lake, view, file, replacement).await?;
        if fresh > 0 {
            plan.replaced += fresh;
            let deletes = write_deletes(lake, ctx, &plan.table_name, file.id, &file.path, &positions).await?;
            plan.deletes.push(deletes);
        }
    }
    plan.ended_rows = found_inlined(lake, view, replacement).await?;
    plan.replaced += plan.ended_rows.len() as u64;
    Ok(())
}

/// Prepares the removal of rows by key.
pub(crate) async fn delete_keys(lake: &Lake, ctx: &Ctx, delete: &DeleteKeys) -> Result<Staged> {
    let none = || Error::not_found("lake-table-none").with("resource", &delete.resource);
    let view = load::base_view(lake, &delete.resource).await?.ok_or_else(none)?;
    let table = &view.table;
    let mut replacement = Replacement::new(&table.key);
    for (row, key) in (0..).zip(&delete.keys) {
        replacement.rows.insert(typed_key_hash(&view, key)?, row);
    }
    let mut plan = Plan {
        resource: delete.resource.clone(),
        table_name: table.name.clone(),
        mode: Mode::Upsert,
        base_version: view.version,
        removes_only: true,
        columns: view.columns.clone(),
        columns_changed: false,
        key: table.key.clone(),
        sortable: table.sortable.clone(),
        subject: table.subject.clone(),
        reason: delete.reason.clone(),
        files: Vec::new(),
        deletes: Vec::new(),
        ended_rows: Vec::new(),
        inlined: 0,
        refused_path: None,
        rows: 0,
        refused: 0,
        replaced: 0,
        duplicates: 0,
    };
    finish(lake, ctx, Some(&view), &replacement, &mut plan).await?;
    loads::stage(&lake.inside.db, ctx, delete.load, &plan, &[]).await?;
    Ok(plan.staged(delete.load))
}

/// The hash of a key given as texts, after each was read as its column's type.
pub(crate) fn typed_key_hash(view: &View, key: &[String]) -> Result<KeyHash> {
    let names = &view.table.key;
    if names.is_empty() || names.len() != key.len() {
        return Err(Error::invalid("key", "lake-key-shape").with("columns", names.join(", ")));
    }
    let mut cells = Vec::with_capacity(key.len());
    for (name, text) in names.iter().zip(key) {
        let column = view.columns.iter().find(|column| column.name == *name);
        let column = column.ok_or_else(|| Error::invalid(name, "field-unknown"))?;
        let value = types::value_of(name, text, &column.data_type()?)?;
        cells.push(types::texts(&value)?.value(0).to_owned());
    }
    Ok(key_hash(cells.iter().map(|cell| Some(cell.as_str()))))
}

/// The columns of a view's key.
pub(crate) fn key_columns(view: &View, key: &[String]) -> Result<Vec<Column>> {
    let column = |name: &String| view.columns.iter().find(|column| column.name == *name).cloned();
    let columns = key.iter().map(|name| column(name).ok_or_else(|| Error::invalid(name, "field-unknown")));
    columns.collect()
}

/// All positions removed from the file afterwards, and how many of them are new.
async fn found_in_file(
    lake: &Lake,
    view: &View,
    file: &DataFile,
    replacement: &Replacement,
) -> Result<(Vec<u64>, u64)> {
    let columns = key_columns(view, &replacement.key)?;
    let earlier = scan::deleted_positions(lake, view, file).await?;
    let mut batches = scan::file_rows(lake, view, file, &columns, None).await?;
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(batch) = batches.try_next().await? {
        for hash in key_hashes(&batch, &replacement.key)? {
            if replacement.rows.contains_key(&hash) && earlier.binary_search(&position).is_err() {
                found.push(position);
            }
            position += 1;
        }
    }
    let fresh = found.len() as u64;
    found.extend(earlier);
    found.sort_unstable();
    Ok((found, fresh))
}

async fn found_inlined(lake: &Lake, view: &View, replacement: &Replacement) -> Result<Vec<i64>> {
    let in_files: u64 = view.files.iter().map(DataFile::live_rows).sum();
    if view.rows <= in_files {
        return Ok(Vec::new());
    }
    let places = replacement.key.iter().map(|name| view.columns.iter().position(|column| column.name == *name));
    let places: Option<Vec<usize>> = places.collect();
    let places = places.ok_or_else(|| Error::invalid("key", "field-unknown"))?;
    let mut bare = view.clone();
    bare.tombstones.clear();
    let scan = Arc::new(Scan::new(lake, Arc::new(bare), &places, None).await?);
    let mut batches = scan.stream(Slice { skip: in_files, take: u64::MAX });
    let mut found = Vec::new();
    while let Some(batch) = batches.try_next().await? {
        let held = key_hashes(&batch, &replacement.key)?.into_iter().map(|hash| replacement.rows.contains_key(&hash));
        found.extend(held);
    }
    let ids = inlined_row_ids(lake, view).await?;
    Ok(ids.into_iter().zip(found).filter(|(_, found)| *found).map(|(id, _)| id).collect())
}

async fn inlined_row_ids(lake: &Lake, view: &View) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for table in &view.inlined {
        let mut after = -1;
        loop {
            let rows = crate::catalog::inlined::read(&lake.inside.db, table, view.snapshot, after).await?;
            let Some((last, _)) = rows.last() else { break };
            after = *last;
            ids.extend(rows.iter().map(|(id, _)| *id));
        }
    }
    Ok(ids)
}

async fn write_deletes(
    lake: &Lake,
    ctx: &Ctx,
    table_name: &str,
    data_file_id: i64,
    data_path: &str,
    positions: &[u64],
) -> Result<NewDeletes> {
    let name = format!("{}-delete.parquet", Id::new(ctx));
    let field = |name: &str, data_type, id: &str| {
        let id = [(PARQUET_FIELD_ID_META_KEY.to_owned(), id.to_owned())];
        Field::new(name, data_type, true).with_metadata(id.into())
    };
    let fields = vec![field("file_path", DataType::Utf8, "2147483646"), field("pos", DataType::Int64, "2147483645")];
    let schema = Arc::new(Schema::new(fields));
    let store = Arc::clone(&lake.inside.objects);
    let mut writer = FileWriter::new(store, table_path(table_name, &name), Arc::clone(&schema))?;
    let of_file = format!("lake/main/{table_name}/{data_path}");
    for chunk in positions.chunks(65_536) {
        let paths: ArrayRef = Arc::new(StringArray::from(vec![of_file.as_str(); chunk.len()]));
        let places = chunk.iter().map(|position| i64::try_from(*position).unwrap_or(i64::MAX));
        let places: ArrayRef = Arc::new(Int64Array::from_iter_values(places));
        writer.write(&types::batch_of(&schema, vec![paths, places], chunk.len())?).await?;
    }
    let written = writer.finish().await?;
    Ok(NewDeletes {
        data_file_id,
        path: name,
        count: positions.len() as u64,
        size_bytes: written.size_bytes,
        footer_bytes: written.footer_bytes,
    })
}
