//! A staged load becomes the newest version: everything it changes, in the caller's transaction, by rows and pointers
//! alone. Whatever needed reading files was done before, when the load was finished.

use yiwang_gate::{Mode, Version};
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::{Row, Tx, Value};

use super::change::{self, Change, NewVersion};
use super::inlined;
use super::loads::{self, NewFile, Plan, State};
use super::view::{self, Table};
use crate::types::Column;

/// Makes the load the newest version; a load published before is the version it made then.
pub(crate) async fn publish(tx: &mut Tx<'_>, ctx: &Ctx, load: Id) -> Result<Version> {
    let unknown = || Error::not_found("lake-load-unknown");
    let waiting = loads::get_in(tx, load).await?.ok_or_else(unknown)?;
    match waiting.state {
        State::Published => return published(tx, &waiting.plan.resource, waiting.version).await,
        State::Discarded => return Err(Error::gone("lake-load-discarded")),
        State::Staged => {}
    }
    let plan = waiting.plan;
    let mut change = Change::begin(tx).await?;
    let table = match view::table_in(tx, &plan.resource).await? {
        Some(table) => existing(tx, &mut change, table, &plan).await?,
        None => create(tx, &mut change, &plan).await?,
    };
    let counts = row_counts(tx, &table).await?;
    if plan.mode == Mode::Replace {
        change::end_everything(tx, table.table_id, change.snapshot).await?;
        if counts.rows > 0 {
            change.note(format!("deleted_from_table:{}", table.table_id));
        }
    }
    let next_row_id = add_files(tx, &mut change, &table, &plan.files, counts.next_row_id).await?;
    for deletes in &plan.deletes {
        change::add_deletes(tx, &mut change, table.table_id, deletes.data_file_id, deletes).await?;
    }
    if !plan.ended_rows.is_empty() {
        inlined::end(tx, &table, change.snapshot, &plan.ended_rows).await?;
        change.note(format!("inlined_delete:{}", table.table_id));
    }
    if plan.inlined > 0 {
        inlined::insert(tx, &table, &change, load, &plan.columns, next_row_id).await?;
        change.note(format!("inlined_insert:{}", table.table_id));
    }
    let kept = if plan.mode == Mode::Replace { 0 } else { counts.rows - plan.replaced.min(counts.rows) };
    let rows = kept + plan.rows;
    let next_row_id = next_row_id + i64::try_from(plan.inlined).unwrap_or(0);
    save_counts(tx, &table, &plan, rows, next_row_id).await?;
    let snapshot = change.snapshot;
    change.commit(tx, ctx, &plan.reason).await?;
    let made = NewVersion { snapshot, rows, load: Some(load), reason: plan.reason.clone() };
    let version = change::add_version(tx, ctx, &table, made).await?;
    loads::settle(tx, load, State::Published, Some(version.number)).await?;
    Ok(version)
}

async fn published(tx: &mut Tx<'_>, resource: &str, version: Option<u64>) -> Result<Version> {
    let sql = "SELECT * FROM lake_versions WHERE resource = $1 AND version = $2";
    let row = tx.query_one(sql, &[resource.into(), version.into()]).await?;
    view::version_of(&row.ok_or_else(|| Error::gone("lake-version-none").with("resource", resource))?)
}

async fn existing(tx: &mut Tx<'_>, change: &mut Change, mut table: Table, plan: &Plan) -> Result<Table> {
    if table.dropped {
        return Err(Error::gone("lake-table-dropped").with("resource", &table.resource));
    }
    let moves_rows = !plan.deletes.is_empty() || !plan.ended_rows.is_empty() || plan.mode == Mode::Upsert;
    if table.version != plan.base_version && (moves_rows || plan.columns_changed || plan.removes_only) {
        return Err(Error::conflict("lake-load-overtaken").with("resource", &table.resource));
    }
    if plan.columns_changed {
        change_columns(tx, change, &table, &plan.columns).await?;
    }
    if !plan.removes_only {
        let texts = described(plan)?;
        let sql = "UPDATE lake_tables SET key_fields = $2, sortable = $3, subject = $4 WHERE resource = $1";
        let [key, sortable, subject] = texts;
        tx.execute(sql, &[Value::from(&table.resource), key, sortable, subject]).await?;
        table.key.clone_from(&plan.key);
    }
    Ok(table)
}

fn described(plan: &Plan) -> Result<[Value; 3]> {
    let text =
        |list: &Vec<String>| serde_json::to_string(list).map_err(|error| Error::internal("naming fields", error));
    let subject = plan.subject.as_ref().map(serde_json::to_string).transpose();
    let subject = subject.map_err(|error| Error::internal("naming a subject", error))?;
    Ok([text(&plan.key)?.into(), text(&plan.sortable)?.into(), subject.into()])
}

async fn create(tx: &mut Tx<'_>, change: &mut Change, plan: &Plan) -> Result<Table> {
    if plan.base_version != 0 {
        return Err(Error::conflict("lake-load-overtaken").with("resource", &plan.resource));
    }
    let table_id = change.catalog_id();
    let name = &plan.table_name;
    let sql = "INSERT INTO ducklake_table (table_id, table_uuid, begin_snapshot, schema_id, table_name, path,
        path_is_relative) VALUES ($1, $2, $3, 0, $4, $5, 1)";
    let uuid = format!("00000000-0000-7000-8000-{table_id:012x}");
    let values = [table_id.into(), uuid.into(), change.snapshot.into(), name.into(), format!("{name}/").into()];
    tx.execute(sql, &values).await?;
    let [key, sortable, subject] = described(plan)?;
    let sql = "INSERT INTO lake_tables (resource, table_id, table_name, key_fields, sortable, subject, version)
        VALUES ($1, $2, $3, $4, $5, $6, 0)";
    tx.execute(sql, &[Value::from(&plan.resource), table_id.into(), name.into(), key, sortable, subject]).await?;
    let sql = "INSERT INTO ducklake_table_stats (table_id, record_count, next_row_id, file_size_bytes)
        VALUES ($1, 0, 0, 0)";
    tx.execute(sql, &[table_id.into()]).await?;
    change.note(format!("created_table:\"main\".\"{name}\""));
    let table = Table {
        resource: plan.resource.clone(),
        table_id,
        name: name.clone(),
        key: plan.key.clone(),
        sortable: plan.sortable.clone(),
        subject: plan.subject.clone(),
        version: 0,
        dropped: false,
    };
    change_columns(tx, change, &table, &plan.columns).await?;
    Ok(table)
}

/// Ends columns that go, begins those that come, and opens an inlined table of the new shape.
async fn change_columns(tx: &mut Tx<'_>, change: &mut Change, table: &Table, columns: &[Column]) -> Result<()> {
    let id = table.table_id;
    let sql = "SELECT column_id FROM ducklake_column WHERE table_id = $1 AND end_snapshot IS NULL";
    let rows = tx.query(sql, &[id.into()]).await?;
    let there: Vec<i64> = rows.iter().map(|row| row.int("column_id")).collect::<Result<_>>()?;
    for gone in there.iter().filter(|there| !columns.iter().any(|column| column.id == **there)) {
        let sql = "UPDATE ducklake_column SET end_snapshot = $3
            WHERE table_id = $1 AND column_id = $2 AND end_snapshot IS NULL";
        tx.execute(sql, &[id.into(), (*gone).into(), change.snapshot.into()]).await?;
    }
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !there.contains(&column.id)) {
        let sql = "INSERT INTO ducklake_column (column_id, begin_snapshot, table_id, column_order, column_name,
            column_type, default_value, nulls_allowed, default_value_type, default_value_dialect)
            VALUES ($1, $2, $3, $4, $5, $6, 'NULL', 1, 'literal', 'duckdb')";
        let values = [
            column.id.into(),
            change.snapshot.into(),
            id.into(),
            (place + 1).into(),
            Value::from(&column.name),
            Value::from(&column.type_name),
        ];
        tx.execute(sql, &values).await?;
    }
    change.schema_version += 1;
    if !there.is_empty() {
        change.note(format!("altered_table:{id}"));
    }
    let sql = "INSERT INTO ducklake_schema_versions (begin_snapshot, schema_version, table_id) VALUES ($1, $2, $3)";
    tx.execute(sql, &[change.snapshot.into(), change.schema_version.into(), id.into()]).await?;
    inlined::create(tx, id, change.schema_version, columns).await
}

/// Enters data files; the row id after them.
pub(crate) async fn add_files(
    tx: &mut Tx<'_>,
    change: &mut Change,
    table: &Table,
    files: &[NewFile],
    first: i64,
) -> Result<i64> {
    let mut row_id = first;
    for file in files {
        let id = change.file_id();
        let sql = "INSERT INTO ducklake_data_file (data_file_id, table_id, begin_snapshot, path, path_is_relative,
            file_format, record_count, file_size_bytes, footer_size, row_id_start)
            VALUES ($1, $2, $3, $4, 1, 'parquet', $5, $6, $7, $8)";
        let values = [
            id.into(),
            table.table_id.into(),
            change.snapshot.into(),
            Value::from(&file.path),
            file.rows.into(),
            file.size_bytes.into(),
            file.footer_bytes.into(),
            row_id.into(),
        ];
        tx.execute(sql, &values).await?;
        add_statistics(tx, table.table_id, id, file).await?;
        if let Some(deletes) = &file.deletes {
            change::add_deletes(tx, change, table.table_id, id, deletes).await?;
        }
        row_id += i64::try_from(file.rows).unwrap_or(0);
        change.note(format!("inserted_into_table:{}", table.table_id));
    }
    Ok(row_id)
}

async fn add_statistics(tx: &mut Tx<'_>, table_id: i64, file_id: i64, file: &NewFile) -> Result<()> {
    for counts in file.statistics.chunks(100) {
        let mut values: Vec<Value> = Vec::new();
        let mut groups = Vec::new();
        for count in counts {
            let at = values.len();
            let places: Vec<String> = (1..=6).map(|place| format!("${}", at + place)).collect();
            groups.push(format!("({})", places.join(", ")));
            let row = [file_id, table_id, count.column_id, count.size_bytes, count.values, count.nulls];
            values.extend(row.map(Value::from));
        }
        let sql = format!(
            "INSERT INTO ducklake_file_column_stats (data_file_id, table_id, column_id, column_size_bytes,
            value_count, null_count) VALUES {}",
            groups.join(", ")
        );
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

struct RowCounts {
    rows: u64,
    next_row_id: i64,
}

async fn row_counts(tx: &mut Tx<'_>, table: &Table) -> Result<RowCounts> {
    let sql = "SELECT rows FROM lake_versions WHERE resource = $1 AND version = $2";
    let version = tx.query_one(sql, &[Value::from(&table.resource), table.version.into()]).await?;
    let rows = version.map(|row: Row| row.int("rows")).transpose()?.unwrap_or(0);
    let sql = "SELECT next_row_id FROM ducklake_table_stats WHERE table_id = $1";
    let next = tx.query_one(sql, &[table.table_id.into()]).await?;
    let next_row_id = next.map(|row| row.int("next_row_id")).transpose()?.unwrap_or(0);
    Ok(RowCounts { rows: u64::try_from(rows).unwrap_or(0), next_row_id })
}

async fn save_counts(tx: &mut Tx<'_>, table: &Table, plan: &Plan, rows: u64, next_row_id: i64) -> Result<()> {
    let size: u64 = plan.files.iter().map(|file| file.size_bytes).sum();
    let sql = "UPDATE ducklake_table_stats SET record_count = $2, next_row_id = $3,
        file_size_bytes = file_size_bytes + $4 WHERE table_id = $1";
    tx.execute(sql, &[table.table_id.into(), rows.into(), next_row_id.into(), size.into()]).await?;
    Ok(())
}
