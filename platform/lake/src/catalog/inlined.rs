//! Rows kept in the database itself: tables `ducklake_inlined_data_<table>_<schema version>`, every cell as text,
//! sealed where the directory is sealed. Sealing is the caller's; here cells are texts.

use yiwang_kernel::{Id, Result};
use yiwang_store::{Db, Row, Tx, Value};

use super::change::{self, Change};
use super::view::{InlinedTable, Table};
use crate::types::Column;

const PARAMETERS_PER_STATEMENT: usize = 900;
const ROWS_PER_READ: i64 = 4_096;

/// Opens the table for rows of this shape.
pub(crate) async fn create(tx: &mut Tx<'_>, table_id: i64, schema_version: i64, columns: &[Column]) -> Result<()> {
    let name = format!("ducklake_inlined_data_{table_id}_{schema_version}");
    let listed: String = columns.iter().map(|column| format!(", \"{}\" VARCHAR", column.name)).collect();
    let sql = format!("CREATE TABLE {name}(row_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT{listed})");
    tx.execute(&sql, &[]).await?;
    let sql = "INSERT INTO ducklake_inlined_data_tables (table_id, table_name, schema_version) VALUES ($1, $2, $3)";
    tx.execute(sql, &[table_id.into(), name.into(), schema_version.into()]).await?;
    Ok(())
}

/// Moves a load's waiting rows in.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    table: &Table,
    change: &Change,
    load: Id,
    columns: &[Column],
    first_row_id: i64,
) -> Result<()> {
    let Some(name) = change::inlined_tables(tx, table.table_id).await?.pop() else { return Ok(()) };
    let listed: String = columns.iter().map(|column| format!(", \"{}\"", column.name)).collect();
    let rows = tx.query("SELECT cells FROM lake_staged_rows WHERE load = $1 ORDER BY place", &[load.into()]).await?;
    let width = columns.len() + 2;
    let mut row_id = first_row_id;
    for chunk in rows.chunks((PARAMETERS_PER_STATEMENT / width).max(1)) {
        let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * width);
        let mut groups = Vec::with_capacity(chunk.len());
        for row in chunk {
            let places: Vec<String> = (1..=width).map(|place| format!("${}", values.len() + place)).collect();
            groups.push(format!("({})", places.join(", ")));
            values.extend([row_id.into(), change.snapshot.into()]);
            values.extend(cells_of(row)?.into_iter().map(Value::from));
            row_id += 1;
        }
        let sql = format!("INSERT INTO {name} (row_id, begin_snapshot{listed}) VALUES {}", groups.join(", "));
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Ends rows by their ids.
pub(crate) async fn end(tx: &mut Tx<'_>, table: &Table, snapshot: i64, row_ids: &[i64]) -> Result<()> {
    for name in change::inlined_tables(tx, table.table_id).await? {
        for chunk in row_ids.chunks(PARAMETERS_PER_STATEMENT - 1) {
            let places: Vec<String> = (2..=chunk.len() + 1).map(|place| format!("${place}")).collect();
            let sql = format!(
                "UPDATE {name} SET end_snapshot = $1 WHERE end_snapshot IS NULL AND row_id IN ({})",
                places.join(", ")
            );
            let mut values: Vec<Value> = vec![snapshot.into()];
            values.extend(chunk.iter().map(|row_id| Value::from(*row_id)));
            tx.execute(&sql, &values).await?;
        }
    }
    Ok(())
}

/// Live rows after a row id, in order: their ids and cells. Fewer than asked for means the end.
pub(crate) async fn read(
    db: &Db,
    table: &InlinedTable,
    snapshot: i64,
    after_row_id: i64,
) -> Result<Vec<(i64, Vec<Option<String>>)>> {
    let sql = format!(
        "SELECT * FROM {} WHERE begin_snapshot <= $1 AND (end_snapshot IS NULL OR end_snapshot > $1)
        AND row_id > $2 ORDER BY row_id LIMIT {ROWS_PER_READ}",
        table.name
    );
    let rows = db.query(&sql, &[snapshot.into(), after_row_id.into()]).await?;
    let row = |row: &Row| -> Result<(i64, Vec<Option<String>>)> {
        let cells = table.columns.iter().map(|column| row.opt_text(&column.name)).collect::<Result<_>>()?;
        Ok((row.int("row_id")?, cells))
    };
    rows.iter().map(row).collect()
}

/// The waiting rows of a load, in order, numbered from 0.
pub(crate) async fn read_staged(db: &Db, load: Id) -> Result<Vec<(i64, Vec<Option<String>>)>> {
    let rows = db.query("SELECT cells FROM lake_staged_rows WHERE load = $1 ORDER BY place", &[load.into()]).await?;
    (0..).zip(&rows).map(|(place, row)| Ok((place, cells_of(row)?))).collect()
}

fn cells_of(row: &Row) -> Result<Vec<Option<String>>> {
    let text = row.text("cells")?;
    serde_json::from_str(&text).map_err(|error| yiwang_kernel::Error::internal("reading a waiting row", error))
}
