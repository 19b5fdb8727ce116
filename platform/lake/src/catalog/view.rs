//! Reading the metadata: tables, versions, and the live set of a table at a snapshot.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use yiwang_gate::{At, SubjectField, Version};
use yiwang_kernel::{Error, Id, Result};
use yiwang_store::{Db, Row, Tx, Value};

use super::loads::{NewFile, Plan};
use crate::types::Column;

/// A resource's table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) resource: String,
    pub(crate) table_id: i64,
    pub(crate) name: String,
    pub(crate) key: Vec<String>,
    pub(crate) sortable: Vec<String>,
    pub(crate) subject: Option<SubjectField>,
    pub(crate) version: u64,
    pub(crate) dropped: bool,
}

/// The live set of a table at a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) table: Table,
    pub(crate) version: u64,
    pub(crate) snapshot: i64,
    pub(crate) rows: u64,
    pub(crate) columns: Vec<Column>,
    pub(crate) files: Vec<DataFile>,
    pub(crate) inlined: Vec<InlinedTable>,
    pub(crate) tombstones: Vec<Tombstone>,
    /// A load whose waiting rows stand in for inlined ones.
    pub(crate) staged: Option<Id>,
    /// Only these inlined rows, by row id.
    pub(crate) only_inlined: Option<Arc<HashSet<i64>>>,
}

/// A data file with the rows removed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    pub(crate) id: i64,
    pub(crate) path: String,
    pub(crate) rows: u64,
    pub(crate) size_bytes: u64,
    pub(crate) row_id_start: i64,
    pub(crate) deletes: Option<DeleteFile>,
}

/// The positions removed from a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeleteFile {
    pub(crate) id: i64,
    pub(crate) path: String,
    pub(crate) count: u64,
}

/// A table of inlined rows and the columns it was made with.
#[derive(Debug, Clone)]
pub(crate) struct InlinedTable {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

/// Rows that no read may show: the field's value under the blinding key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tombstone {
    pub(crate) field: String,
    pub(crate) blind: Vec<u8>,
}

impl DataFile {
    /// Rows still there.
    pub(crate) fn live_rows(&self) -> u64 {
        self.rows - self.deletes.as_ref().map_or(0, |deletes| deletes.count)
    }
}

const LIVE: &str = "table_id = $1 AND begin_snapshot <= $2 AND (end_snapshot IS NULL OR end_snapshot > $2)";

/// The table of a resource, dropped ones included.
pub(crate) async fn table(db: &Db, resource: &str) -> Result<Option<Table>> {
    let row = db.query_one("SELECT * FROM lake_tables WHERE resource = $1", &[resource.into()]).await?;
    row.map(|row| table_of(&row)).transpose()
}

/// The same inside a transaction.
pub(crate) async fn table_in(tx: &mut Tx<'_>, resource: &str) -> Result<Option<Table>> {
    let row = tx.query_one("SELECT * FROM lake_tables WHERE resource = $1", &[resource.into()]).await?;
    row.map(|row| table_of(&row)).transpose()
}

/// The table of a resource that can be read.
pub(crate) async fn readable(db: &Db, resource: &str) -> Result<Table> {
    match table(db, resource).await? {
        Some(table) if table.dropped => Err(Error::gone("lake-table-dropped").with("resource", resource)),
        Some(table) => Ok(table),
        None => Err(Error::not_found("lake-table-none").with("resource", resource)),
    }
}

/// The kept versions, newest first.
pub(crate) async fn versions(db: &Db, resource: &str) -> Result<Vec<Version>> {
    let sql = "SELECT * FROM lake_versions WHERE resource = $1 ORDER BY version DESC LIMIT 1000";
    db.query(sql, &[resource.into()]).await?.iter().map(version_of).collect()
}

/// The version a reader means.
pub(crate) async fn version_at(db: &Db, table: &Table, at: At) -> Result<Version> {
    let resource = Value::from(&table.resource);
    let row = match at {
        At::Version(number) => {
            let sql = "SELECT * FROM lake_versions WHERE resource = $1 AND version = $2";
            db.query_one(sql, &[resource, number.into()]).await?
        }
        At::Time(time) => {
            let sql = "SELECT * FROM lake_versions WHERE resource = $1 AND time <= $2 ORDER BY version DESC LIMIT 1";
            db.query_one(sql, &[resource, time.into()]).await?
        }
        At::Latest | At::Staged(_) | At::Refused(_) => {
            let sql = "SELECT * FROM lake_versions WHERE resource = $1 AND version = $2";
            db.query_one(sql, &[resource, table.version.into()]).await?
        }
    };
    match row {
        Some(row) => version_of(&row),
        None => Err(Error::not_found("lake-version-none").with("resource", &table.resource)),
    }
}

/// The live set of a version.
pub(crate) async fn view(db: &Db, table: Table, version: &Version) -> Result<View> {
    let snapshot = i64::try_from(version.snapshot).unwrap_or(i64::MAX);
    let id = table.table_id;
    Ok(View {
        version: version.number,
        snapshot,
        rows: version.rows,
        columns: columns(db, id, snapshot).await?,
        files: files(db, id, snapshot).await?,
        inlined: inlined(db, id, snapshot).await?,
        tombstones: tombstones(db, &table.resource).await?,
        staged: None,
        only_inlined: None,
        table,
    })
}

async fn columns(db: &Db, table_id: i64, snapshot: i64) -> Result<Vec<Column>> {
    let sql =
        format!("SELECT column_id, column_name, column_type FROM ducklake_column WHERE {LIVE} ORDER BY column_order");
    let rows = db.query(&sql, &[table_id.into(), snapshot.into()]).await?;
    let column = |row: &Row| -> Result<Column> {
        Ok(Column { id: row.int("column_id")?, name: row.text("column_name")?, type_name: row.text("column_type")? })
    };
    rows.iter().map(column).collect()
}

async fn files(db: &Db, table_id: i64, snapshot: i64) -> Result<Vec<DataFile>> {
    let parameters = [table_id.into(), snapshot.into()];
    let sql = format!(
        "SELECT data_file_id, path, record_count, file_size_bytes, row_id_start FROM ducklake_data_file
        WHERE {LIVE} ORDER BY row_id_start, data_file_id"
    );
    let files = db.query(&sql, &parameters).await?;
    let sql = format!("SELECT delete_file_id, data_file_id, path, delete_count FROM ducklake_delete_file WHERE {LIVE}");
    let mut deletes = HashMap::new();
    for row in db.query(&sql, &parameters).await? {
        let file =
            DeleteFile { id: row.int("delete_file_id")?, path: row.text("path")?, count: count(&row, "delete_count")? };
        deletes.insert(row.int("data_file_id")?, file);
    }
    let file = |row: &Row| -> Result<DataFile> {
        let id = row.int("data_file_id")?;
        Ok(DataFile {
            id,
            path: row.text("path")?,
            rows: count(row, "record_count")?,
            size_bytes: count(row, "file_size_bytes")?,
            row_id_start: row.int("row_id_start")?,
            deletes: deletes.get(&id).cloned(),
        })
    };
    files.iter().map(file).collect()
}

async fn inlined(db: &Db, table_id: i64, snapshot: i64) -> Result<Vec<InlinedTable>> {
    let sql = "SELECT i.table_name, v.begin_snapshot FROM ducklake_inlined_data_tables i
        JOIN ducklake_schema_versions v ON v.table_id = i.table_id AND v.schema_version = i.schema_version
        WHERE i.table_id = $1 AND v.begin_snapshot <= $2 ORDER BY v.begin_snapshot";
    let mut tables = Vec::new();
    for row in db.query(sql, &[table_id.into(), snapshot.into()]).await? {
        let begin = row.int("begin_snapshot")?;
        tables.push(InlinedTable { name: row.text("table_name")?, columns: columns(db, table_id, begin).await? });
    }
    Ok(tables)
}

async fn tombstones(db: &Db, resource: &str) -> Result<Vec<Tombstone>> {
    let sql = "SELECT field, blind FROM lake_tombstones WHERE resource = $1 ORDER BY field, blind LIMIT 100000";
    let rows = db.query(sql, &[resource.into()]).await?;
    rows.iter().map(|row| Ok(Tombstone { field: row.text("field")?, blind: row.bytes("blind")? })).collect()
}

fn table_of(row: &Row) -> Result<Table> {
    let parse = |error| Error::internal("reading a table's description", error);
    Ok(Table {
        resource: row.text("resource")?,
        table_id: row.int("table_id")?,
        name: row.text("table_name")?,
        key: serde_json::from_str(&row.text("key_fields")?).map_err(parse)?,
        sortable: serde_json::from_str(&row.text("sortable")?).map_err(parse)?,
        subject: row.opt_text("subject")?.map(|text| serde_json::from_str(&text)).transpose().map_err(parse)?,
        version: count(row, "version")?,
        dropped: row.opt_int("dropped")?.is_some(),
    })
}

pub(crate) fn version_of(row: &Row) -> Result<Version> {
    Ok(Version {
        number: count(row, "version")?,
        snapshot: count(row, "snapshot")?,
        rows: count(row, "rows")?,
        time: row.instant("time")?,
        load: row.opt_id("load")?,
        reason: row.text("reason")?,
    })
}

fn count(row: &Row, column: &str) -> Result<u64> {
    u64::try_from(row.int(column)?).map_err(|_| Error::broken("a count in the lake is negative"))
}

/// What a load that waits would bring, as a view of its own: its rows only.
pub(crate) async fn staged_view(db: &Db, load: Id, plan: &Plan) -> Result<View> {
    let file = |new: &NewFile| DataFile {
        id: 0,
        path: new.path.clone(),
        rows: new.rows,
        size_bytes: new.size_bytes,
        row_id_start: 0,
        deletes: new.deletes.as_ref().map(|deletes| DeleteFile {
            id: 0,
            path: deletes.path.clone(),
            count: deletes.count,
        }),
    };
    Ok(View {
        table: table_of_plan(plan),
        version: 0,
        snapshot: 0,
        rows: plan.rows,
        columns: plan.columns.clone(),
        files: plan.files.iter().map(file).collect(),
        inlined: vec![InlinedTable { name: String::new(), columns: plan.columns.clone() }],
        tombstones: tombstones(db, &plan.resource).await?,
        staged: Some(load),
        only_inlined: None,
    })
}

/// The rows a load refused, as a view.
pub(crate) fn refused_view(plan: &Plan, columns: Vec<Column>) -> View {
    let file = plan.refused_path.iter().map(|path| DataFile {
        id: 0,
        path: path.clone(),
        rows: plan.refused,
        size_bytes: 0,
        row_id_start: 0,
        deletes: None,
    });
    View {
        table: Table { key: Vec::new(), sortable: Vec::new(), subject: None, ..table_of_plan(plan) },
        version: 0,
        snapshot: 0,
        rows: plan.refused,
        columns,
        files: file.collect(),
        inlined: Vec::new(),
        tombstones: Vec::new(),
        staged: None,
        only_inlined: None,
    }
}

fn table_of_plan(plan: &Plan) -> Table {
    Table {
        resource: plan.resource.clone(),
        table_id: 0,
        name: plan.table_name.clone(),
        key: plan.key.clone(),
        sortable: plan.sortable.clone(),
        subject: plan.subject.clone(),
        version: 0,
        dropped: false,
    }
}
