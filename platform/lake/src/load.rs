//! A load on its way in: rows are cast to the table's columns, kept in memory while few, written to sealed files when
//! many; an upsert finds what it replaces when it is finished. Nothing it does is visible before it is published.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use yiwang_gate::{LoadSpec, Loader, Mode, QueueClass, REFUSED_MAX, Refused, Staged};
use yiwang_kernel::{Ctx, Error, Id, Result};

use crate::catalog::loads::{self, NewFile, Plan, State};
use crate::catalog::view::{self, View};
use crate::lake::Lake;
use crate::parquet_files::FileWriter;
use crate::replace::{self, Replacement};
use crate::scan::{seal_cell, table_path};
use crate::types::{self, Column};

/// A load with fewer rows stays in the database.
pub(crate) const INLINED_ROWS_MAX: u64 = 10_000;
const ROWS_PER_FILE: u64 = 1_000_000;
const REFUSED_PER_BATCH: usize = 8_192;

/// A load in progress.
pub(crate) struct TableLoad {
    lake: Lake,
    ctx: Ctx,
    spec: LoadSpec,
    base: Option<Arc<View>>,
    plan: Plan,
    schema: SchemaRef,
    few: Vec<RecordBatch>,
    rows: u64,
    file: Option<(String, FileWriter)>,
    replacement: Option<Replacement>,
    refused: Vec<Refused>,
    refused_file: Option<FileWriter>,
}

impl TableLoad {
    /// Begins a load against the newest version.
    pub(crate) async fn begin(lake: &Lake, ctx: &Ctx, spec: LoadSpec) -> Result<TableLoad> {
        let waiting = loads::get(&lake.inside.db, spec.load).await?;
        if waiting.is_some_and(|waiting| waiting.state == State::Published) {
            return Err(Error::conflict("lake-load-published").with("resource", &spec.resource));
        }
        // Made here, outside any transaction, so that an erasure inside one only has to look it up.
        lake.blinding_key().await?;
        let base = base_view(lake, &spec.resource).await?;
        let (columns, columns_changed) = columns(&spec, base.as_deref())?;
        let plan = Plan {
            resource: spec.resource.clone(),
            table_name: base.as_ref().map_or_else(|| table_name(&spec.resource), |view| view.table.name.clone()),
            mode: spec.mode,
            base_version: base.as_ref().map_or(0, |view| view.version),
            removes_only: false,
            columns_changed,
            key: spec.key.clone(),
            sortable: spec.sortable.clone(),
            subject: spec.subject.clone(),
            reason: spec.reason.clone(),
            files: Vec::new(),
            deletes: Vec::new(),
            ended_rows: Vec::new(),
            inlined: 0,
            refused_path: None,
            rows: 0,
            refused: 0,
            replaced: 0,
            duplicates: 0,
            columns,
        };
        let replacement = (spec.mode == Mode::Upsert).then(|| Replacement::new(&spec.key));
        Ok(TableLoad {
            lake: lake.clone(),
            ctx: ctx.clone(),
            schema: types::file_schema(&plan.columns)?,
            spec,
            base,
            plan,
            few: Vec::new(),
            rows: 0,
            file: None,
            replacement,
            refused: Vec::new(),
            refused_file: None,
        })
    }

    async fn write_to_file(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut written = 0;
        while written < batch.num_rows() {
            let (name, mut writer) = match self.file.take() {
                Some(file) => file,
                None => self.begin_file()?,
            };
            let room = usize::try_from(ROWS_PER_FILE - writer.rows).unwrap_or(usize::MAX);
            let part = batch.slice(written, room.min(batch.num_rows() - written));
            written += part.num_rows();
            let writing = async move {
                writer.write(&part).await?;
                Ok(writer)
            };
            let writer = self.lake.in_turn(QueueClass::Load, writing).await?;
            let full = writer.rows >= ROWS_PER_FILE;
            self.file = Some((name, writer));
            if full {
                self.end_file().await?;
            }
        }
        Ok(())
    }

    fn begin_file(&self) -> Result<(String, FileWriter)> {
        let name = format!("{}.parquet", Id::new(&self.ctx));
        let path = table_path(&self.plan.table_name, &name);
        let writer = FileWriter::new(Arc::clone(&self.lake.inside.objects), path, Arc::clone(&self.schema))?;
        Ok((name, writer))
    }

    async fn end_file(&mut self) -> Result<()> {
        let Some((path, writer)) = self.file.take() else { return Ok(()) };
        let written = self.lake.in_turn(QueueClass::Load, writer.finish()).await?;
        let statistics = written.statistics(self.plan.columns.iter().map(|column| column.id));
        self.plan.files.push(NewFile {
            path,
            rows: written.rows,
            size_bytes: written.size_bytes,
            footer_bytes: written.footer_bytes,
            statistics,
            deletes: None,
        });
        Ok(())
    }

    async fn flush_refused(&mut self) -> Result<()> {
        if self.refused.is_empty() {
            return Ok(());
        }
        let batch = refused_batch(&self.refused)?;
        self.refused.clear();
        if self.refused_file.is_none() {
            let name = format!("refused-{}.parquet", self.spec.load);
            let path = table_path(&self.plan.table_name, &name);
            let store = Arc::clone(&self.lake.inside.objects);
            self.refused_file = Some(FileWriter::new(store, path, batch.schema())?);
            self.plan.refused_path = Some(name);
        }
        match &mut self.refused_file {
            Some(file) => file.write(&batch).await,
            None => Ok(()),
        }
    }

    /// The rows that stay in the database, as lists of cells.
    async fn few_rows(&mut self) -> Result<Vec<String>> {
        let key = self.lake.cell_key(&self.plan.table_name).await?;
        let mut rows = Vec::new();
        for batch in std::mem::take(&mut self.few) {
            let texts = batch.columns().iter().map(types::texts).collect::<Result<Vec<_>>>()?;
            for row in 0..batch.num_rows() {
                let cells = texts.iter().zip(&self.plan.columns).map(|(texts, column)| {
                    texts.is_valid(row).then(|| seal_cell(key.as_ref(), column.id, texts.value(row)))
                });
                let cells: Vec<Option<String>> = cells.collect();
                rows.push(serde_json::to_string(&cells).map_err(|error| Error::internal("writing a row", error))?);
            }
        }
        Ok(rows)
    }
}

#[async_trait]
impl Loader for TableLoad {
    async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        let batch = types::conform(&batch, &self.schema)?;
        if let Some(replacement) = &mut self.replacement {
            replacement.note(&batch, self.rows)?;
        }
        self.rows += batch.num_rows() as u64;
        if self.file.is_none() && self.plan.files.is_empty() && self.rows < INLINED_ROWS_MAX {
            self.few.push(batch);
            return Ok(());
        }
        for earlier in std::mem::take(&mut self.few) {
            self.write_to_file(&earlier).await?;
        }
        self.write_to_file(&batch).await
    }

    async fn refuse(&mut self, refused: Refused) -> Result<()> {
        if self.plan.refused >= REFUSED_MAX {
            return Err(Error::too_large("load-refused-many").with("limit", REFUSED_MAX));
        }
        self.plan.refused += 1;
        self.refused.push(refused);
        if self.refused.len() >= REFUSED_PER_BATCH { self.flush_refused().await } else { Ok(()) }
    }

    async fn finish(mut self: Box<Self>) -> Result<Staged> {
        self.end_file().await?;
        self.flush_refused().await?;
        if let Some(file) = self.refused_file.take() {
            file.finish().await?;
        }
        self.plan.rows = self.rows;
        if let Some(replacement) = self.replacement.take() {
            if self.plan.files.is_empty() {
                self.few = replacement.keep_last(std::mem::take(&mut self.few))?;
            }
            replace::finish(&self.lake, &self.ctx, self.base.as_deref(), &replacement, &mut self.plan).await?;
        }
        let rows = self.few_rows().await?;
        self.plan.inlined = rows.len() as u64;
        loads::stage(&self.lake.inside.db, &self.ctx, self.spec.load, &self.plan, &rows).await?;
        Ok(self.plan.staged(self.spec.load))
    }
}

/// The newest version's view, if the resource has a table.
pub(crate) async fn base_view(lake: &Lake, resource: &str) -> Result<Option<Arc<View>>> {
    let Some(table) = view::table(&lake.inside.db, resource).await? else { return Ok(None) };
    if table.dropped {
        return Err(Error::gone("lake-table-dropped").with("resource", resource));
    }
    let version = view::version_at(&lake.inside.db, &table, yiwang_gate::At::Latest).await?;
    Ok(Some(Arc::new(view::view(&lake.inside.db, table, &version).await?)))
}

/// The table's columns after the load, and whether they are others than before.
fn columns(spec: &LoadSpec, base: Option<&View>) -> Result<(Vec<Column>, bool)> {
    let there = base.map_or(&[][..], |view| &view.columns);
    let mut next_id = there.iter().map(|column| column.id).max().unwrap_or(0) + 1;
    let mut columns: Vec<Column> = if spec.mode == Mode::Replace { Vec::new() } else { there.to_vec() };
    for field in spec.schema.fields() {
        let given = types::type_name(field)?;
        let kept = there.iter().find(|column| column.name == *field.name());
        match kept {
            Some(kept) if spec.mode == Mode::Replace && kept.type_name == given => columns.push(kept.clone()),
            Some(kept) if spec.mode != Mode::Replace && types::fits(&given, &kept.type_name) => {}
            Some(kept) if spec.mode != Mode::Replace => {
                let error = Error::invalid(field.name(), "load-type-changed");
                return Err(error.with("given", given).with("kept", &kept.type_name));
            }
            Some(_) | None => {
                columns.push(Column { id: next_id, name: field.name().clone(), type_name: given });
                next_id += 1;
            }
        }
    }
    let changed = columns != there;
    Ok((columns, changed))
}

/// The name of a resource's table: its code where that is a name, else made one and kept apart by a hash.
fn table_name(resource: &str) -> String {
    if yiwang_gate::is_name(resource) {
        return resource.to_owned();
    }
    let letters = resource.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let plain: String = letters.take(40).collect::<String>().to_ascii_lowercase();
    let hash = yiwang_seal::hex(&yiwang_seal::sha256(resource.as_bytes())[..6]);
    format!("t_{plain}_{hash}")
}

/// The columns of refused rows.
pub(crate) fn refused_columns() -> Vec<Column> {
    let column = |(place, (name, type_name)): (usize, (&str, &str))| Column {
        id: i64::try_from(place).unwrap_or(0) + 1,
        name: name.to_owned(),
        type_name: type_name.to_owned(),
    };
    let named = [("line", "int64"), ("field", "varchar"), ("reason", "varchar"), ("text", "varchar")];
    named.into_iter().enumerate().map(column).collect()
}

fn refused_batch(refused: &[Refused]) -> Result<RecordBatch> {
    let columns = refused_columns();
    let fields: Vec<Field> = columns.iter().map(Column::field).collect::<Result<_>>()?;
    let lines = refused.iter().map(|row| Some(row.line.to_string())).collect::<StringArray>();
    let fields_at_fault = refused.iter().map(|row| row.field.clone()).collect::<StringArray>();
    let reasons = refused.iter().map(|row| Some(row.reason.clone())).collect::<StringArray>();
    let texts = refused.iter().map(|row| Some(row.text.clone())).collect::<StringArray>();
    let lines: arrow_array::ArrayRef = Arc::new(lines);
    let arrays: Vec<arrow_array::ArrayRef> =
        vec![types::convert(&lines, &DataType::Int64)?, Arc::new(fields_at_fault), Arc::new(reasons), Arc::new(texts)];
    types::batch_of(&Arc::new(Schema::new(fields)), arrays, refused.len())
}
