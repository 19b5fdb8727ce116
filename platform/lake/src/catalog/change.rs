//! One change of the metadata: a snapshot with its counters, taken under the lake's lock inside the caller's store
//! transaction; and the changes that move no rows: undo, drop, erase, the swap after a compaction.

use yiwang_gate::Version;
use yiwang_kernel::{Ctx, Error, Id, Instant, Result};
use yiwang_store::{Row, Tx, Value};

use super::loads::{NewDeletes, NewFile};
use super::publish;
use super::view::{self, Table, View};

/// A snapshot in the making.
pub(crate) struct Change {
    /// The new snapshot's number.
    pub(crate) snapshot: i64,
    pub(crate) schema_version: i64,
    next_catalog_id: i64,
    next_file_id: i64,
    made: Vec<String>,
}

impl Change {
    /// Takes the lake's lock and the next snapshot.
    pub(crate) async fn begin(tx: &mut Tx<'_>) -> Result<Change> {
        tx.execute("UPDATE lake_lock SET turn = turn + 1 WHERE one = 1", &[]).await?;
        let sql = "SELECT snapshot_id, schema_version, next_catalog_id, next_file_id FROM ducklake_snapshot
            ORDER BY snapshot_id DESC LIMIT 1";
        let head = tx.query_one(sql, &[]).await?.ok_or_else(|| Error::broken("the lake has no first snapshot"))?;
        Ok(Change {
            snapshot: head.int("snapshot_id")? + 1,
            schema_version: head.int("schema_version")?,
            next_catalog_id: head.int("next_catalog_id")?,
            next_file_id: head.int("next_file_id")?,
            made: Vec::new(),
        })
    }

    /// The next table's id.
    pub(crate) fn catalog_id(&mut self) -> i64 {
        self.next_catalog_id += 1;
        self.next_catalog_id - 1
    }

    /// The next file's id.
    pub(crate) fn file_id(&mut self) -> i64 {
        self.next_file_id += 1;
        self.next_file_id - 1
    }

    /// Notes what was done, in the specification's words.
    pub(crate) fn note(&mut self, made: String) {
        if !self.made.contains(&made) {
            self.made.push(made);
        }
    }

    /// Writes the snapshot.
    pub(crate) async fn commit(self, tx: &mut Tx<'_>, ctx: &Ctx, message: &str) -> Result<()> {
        let sql = "INSERT INTO ducklake_snapshot (snapshot_id, snapshot_time, schema_version, next_catalog_id,
            next_file_id) VALUES ($1, $2, $3, $4, $5)";
        let time = snapshot_time(ctx.now());
        let snapshot = self.snapshot;
        let counters = [self.schema_version, self.next_catalog_id, self.next_file_id].map(Value::from);
        let [schema, catalog, file] = counters;
        tx.execute(sql, &[snapshot.into(), time.into(), schema, catalog, file]).await?;
        let sql = "INSERT INTO ducklake_snapshot_changes (snapshot_id, changes_made, author, commit_message)
            VALUES ($1, $2, $3, $4)";
        let author = ctx.actor.to_string();
        tx.execute(sql, &[snapshot.into(), self.made.join(",").into(), author.into(), message.into()]).await?;
        Ok(())
    }
}

/// Files live now that were not at the older snapshot go, those live then that are not now come back.
pub(crate) async fn undo(tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, to_version: u64) -> Result<Version> {
    let table = known(tx, resource).await?;
    let sql = "SELECT * FROM lake_versions WHERE resource = $1 AND version = $2";
    let Some(row) = tx.query_one(sql, &[resource.into(), to_version.into()]).await? else {
        return Err(Error::not_found("lake-version-none").with("resource", resource));
    };
    let older = view::version_of(&row)?;
    let mut change = Change::begin(tx).await?;
    let then = i64::try_from(older.snapshot).unwrap_or(i64::MAX);
    require_same_columns(tx, &table, then).await?;
    let (now_live, then_live) =
        (live_files(tx, &table, change.snapshot - 1).await?, live_files(tx, &table, then).await?);
    for file in now_live.iter().filter(|file| !then_live.contains(file)) {
        end_file(tx, file.id, change.snapshot).await?;
    }
    for file in then_live.iter().filter(|file| !now_live.contains(file)) {
        revive_file(tx, &mut change, &table, file).await?;
    }
    revive_inlined(tx, &change, &table, then).await?;
    change.note(format!("deleted_from_table:{}", table.table_id));
    change.note(format!("inserted_into_table:{}", table.table_id));
    let snapshot = change.snapshot;
    let reason = format!("undo:{to_version}");
    change.commit(tx, ctx, &reason).await?;
    let made = NewVersion { snapshot, rows: older.rows, load: None, reason };
    add_version(tx, ctx, &table, made).await
}

/// The newest version, in other files: no version of its own, for nobody sees a difference.
pub(crate) async fn swap(tx: &mut Tx<'_>, ctx: &Ctx, view: &View, files: &[NewFile]) -> Result<()> {
    let table = known(tx, &view.table.resource).await?;
    let sql = "SELECT snapshot FROM lake_versions WHERE resource = $1 AND version = $2";
    let newest = tx.query_one(sql, &[Value::from(&table.resource), table.version.into()]).await?;
    let unchanged = newest.map(|row| row.int("snapshot")).transpose()? == Some(view.snapshot);
    if table.version != view.version || !unchanged {
        return Err(Error::conflict("lake-load-overtaken").with("resource", &table.resource));
    }
    let mut change = Change::begin(tx).await?;
    end_everything(tx, table.table_id, change.snapshot).await?;
    let sql = "SELECT next_row_id FROM ducklake_table_stats WHERE table_id = $1";
    let next = tx.query_one(sql, &[table.table_id.into()]).await?;
    let first = next.map(|row| row.int("next_row_id")).transpose()?.unwrap_or(0);
    let next = publish::add_files(tx, &mut change, &table, files, first).await?;
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    let sql = "UPDATE ducklake_table_stats SET record_count = $2, next_row_id = $3 WHERE table_id = $1";
    tx.execute(sql, &[table.table_id.into(), rows.into(), next.into()]).await?;
    change.note(format!("deleted_from_table:{}", table.table_id));
    let snapshot = change.snapshot;
    change.commit(tx, ctx, "compact").await?;
    let sql = "UPDATE lake_versions SET snapshot = $3, rows = $4 WHERE resource = $1 AND version = $2";
    let resource = Value::from(&table.resource);
    tx.execute(sql, &[resource, table.version.into(), snapshot.into(), rows.into()]).await?;
    Ok(())
}

/// Hides a table, or shows it again.
pub(crate) async fn set_dropped(tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, dropped: bool) -> Result<()> {
    known(tx, resource).await?;
    let time = dropped.then(|| ctx.now());
    let sql = "UPDATE lake_tables SET dropped = $2 WHERE resource = $1";
    tx.execute(sql, &[resource.into(), time.into()]).await?;
    Ok(())
}

/// Notes whom no read may show any more.
pub(crate) async fn add_tombstone(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    resource: &str,
    field: &str,
    blind: &[u8],
    basis: &str,
) -> Result<()> {
    known(tx, resource).await?;
    let sql = "INSERT INTO lake_tombstones (resource, field, blind, basis, time) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (resource, field, blind) DO NOTHING";
    tx.execute(sql, &[resource.into(), field.into(), blind.into(), basis.into(), ctx.now().into()]).await?;
    Ok(())
}

/// What a version is made of.
pub(crate) struct NewVersion {
    pub(crate) snapshot: i64,
    pub(crate) rows: u64,
    pub(crate) load: Option<Id>,
    pub(crate) reason: String,
}

/// Numbers the snapshot as the table's next version.
pub(crate) async fn add_version(tx: &mut Tx<'_>, ctx: &Ctx, table: &Table, made: NewVersion) -> Result<Version> {
    let version = Version {
        number: table.version + 1,
        snapshot: u64::try_from(made.snapshot).unwrap_or_default(),
        rows: made.rows,
        time: ctx.now(),
        load: made.load,
        reason: made.reason,
    };
    let sql = "INSERT INTO lake_versions (resource, version, snapshot, rows, load, reason, time)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let resource = Value::from(&table.resource);
    let values = [
        resource.clone(),
        version.number.into(),
        version.snapshot.into(),
        version.rows.into(),
        version.load.into(),
        Value::from(&version.reason),
        version.time.into(),
    ];
    tx.execute(sql, &values).await?;
    let sql = "UPDATE lake_tables SET version = $2 WHERE resource = $1";
    tx.execute(sql, &[resource, version.number.into()]).await?;
    Ok(version)
}

/// Ends every live file and inlined row of a table.
pub(crate) async fn end_everything(tx: &mut Tx<'_>, table_id: i64, snapshot: i64) -> Result<()> {
    for name in ["ducklake_data_file", "ducklake_delete_file"] {
        let sql = format!("UPDATE {name} SET end_snapshot = $2 WHERE table_id = $1 AND end_snapshot IS NULL");
        tx.execute(&sql, &[table_id.into(), snapshot.into()]).await?;
    }
    for name in inlined_tables(tx, table_id).await? {
        let sql = format!("UPDATE {name} SET end_snapshot = $1 WHERE end_snapshot IS NULL");
        tx.execute(&sql, &[snapshot.into()]).await?;
    }
    Ok(())
}

/// The names of a table's inlined tables.
pub(crate) async fn inlined_tables(tx: &mut Tx<'_>, table_id: i64) -> Result<Vec<String>> {
    let sql = "SELECT table_name FROM ducklake_inlined_data_tables WHERE table_id = $1 ORDER BY schema_version";
    tx.query(sql, &[table_id.into()]).await?.iter().map(|row| row.text("table_name")).collect()
}

/// Writes the removed positions of a data file; earlier ones of the same file end here.
pub(crate) async fn add_deletes(
    tx: &mut Tx<'_>,
    change: &mut Change,
    table_id: i64,
    data_file_id: i64,
    deletes: &NewDeletes,
) -> Result<()> {
    let sql = "UPDATE ducklake_delete_file SET end_snapshot = $2 WHERE data_file_id = $1 AND end_snapshot IS NULL";
    tx.execute(sql, &[data_file_id.into(), change.snapshot.into()]).await?;
    let sql = "INSERT INTO ducklake_delete_file (delete_file_id, table_id, begin_snapshot, data_file_id, path,
        path_is_relative, format, delete_count, file_size_bytes, footer_size)
        VALUES ($1, $2, $3, $4, $5, 1, 'parquet', $6, $7, $8)";
    let values = [
        change.file_id().into(),
        table_id.into(),
        change.snapshot.into(),
        data_file_id.into(),
        Value::from(&deletes.path),
        deletes.count.into(),
        deletes.size_bytes.into(),
        deletes.footer_bytes.into(),
    ];
    tx.execute(sql, &values).await?;
    change.note(format!("deleted_from_table:{table_id}"));
    Ok(())
}

struct LiveFile {
    id: i64,
    path: String,
    deletes: Option<i64>,
}

/// The same bytes with the same rows removed, under whichever number.
impl PartialEq for LiveFile {
    fn eq(&self, other: &LiveFile) -> bool {
        self.id == other.id && self.path == other.path && self.deletes == other.deletes
    }
}

async fn known(tx: &mut Tx<'_>, resource: &str) -> Result<Table> {
    let table = view::table_in(tx, resource).await?;
    table.ok_or_else(|| Error::not_found("lake-table-none").with("resource", resource))
}

async fn require_same_columns(tx: &mut Tx<'_>, table: &Table, then: i64) -> Result<()> {
    let sql = "SELECT COUNT(*) AS changed FROM ducklake_column WHERE table_id = $1
        AND (begin_snapshot > $2 OR (end_snapshot IS NOT NULL AND end_snapshot > $2))";
    let row = tx.query_one(sql, &[table.table_id.into(), then.into()]).await?;
    match row.map(|row| row.int("changed")).transpose()? {
        Some(0) => Ok(()),
        _ => Err(Error::refused("lake-undo-columns").with("resource", &table.resource)),
    }
}

async fn live_files(tx: &mut Tx<'_>, table: &Table, snapshot: i64) -> Result<Vec<LiveFile>> {
    let sql = "SELECT f.data_file_id, f.path, d.delete_file_id FROM ducklake_data_file f
        LEFT JOIN ducklake_delete_file d ON d.data_file_id = f.data_file_id AND d.begin_snapshot <= $2
        AND (d.end_snapshot IS NULL OR d.end_snapshot > $2)
        WHERE f.table_id = $1 AND f.begin_snapshot <= $2 AND (f.end_snapshot IS NULL OR f.end_snapshot > $2)
        ORDER BY f.row_id_start, f.data_file_id";
    let file = |row: &Row| -> Result<LiveFile> {
        Ok(LiveFile { id: row.int("data_file_id")?, path: row.text("path")?, deletes: row.opt_int("delete_file_id")? })
    };
    tx.query(sql, &[table.table_id.into(), snapshot.into()]).await?.iter().map(file).collect()
}

async fn end_file(tx: &mut Tx<'_>, data_file_id: i64, snapshot: i64) -> Result<()> {
    for name in ["ducklake_data_file", "ducklake_delete_file"] {
        let sql = format!("UPDATE {name} SET end_snapshot = $2 WHERE data_file_id = $1 AND end_snapshot IS NULL");
        tx.execute(&sql, &[data_file_id.into(), snapshot.into()]).await?;
    }
    Ok(())
}

async fn revive_file(tx: &mut Tx<'_>, change: &mut Change, table: &Table, file: &LiveFile) -> Result<()> {
    let id = change.file_id();
    let snapshot = change.snapshot;
    let sql = "INSERT INTO ducklake_data_file (data_file_id, table_id, begin_snapshot, path, path_is_relative,
        file_format, record_count, file_size_bytes, footer_size, row_id_start)
        SELECT $1, table_id, $2, path, path_is_relative, file_format, record_count, file_size_bytes, footer_size,
        row_id_start FROM ducklake_data_file WHERE data_file_id = $3";
    tx.execute(sql, &[id.into(), snapshot.into(), file.id.into()]).await?;
    let sql = "INSERT INTO ducklake_file_column_stats (data_file_id, table_id, column_id, column_size_bytes,
        value_count, null_count) SELECT $1, table_id, column_id, column_size_bytes, value_count, null_count
        FROM ducklake_file_column_stats WHERE data_file_id = $2";
    tx.execute(sql, &[id.into(), file.id.into()]).await?;
    if let Some(deletes) = file.deletes {
        let sql = "INSERT INTO ducklake_delete_file (delete_file_id, table_id, begin_snapshot, data_file_id, path,
            path_is_relative, format, delete_count, file_size_bytes, footer_size)
            SELECT $1, table_id, $2, $3, path, path_is_relative, format, delete_count, file_size_bytes, footer_size
            FROM ducklake_delete_file WHERE delete_file_id = $4";
        tx.execute(sql, &[change.file_id().into(), snapshot.into(), id.into(), deletes.into()]).await?;
    }
    change.note(format!("inserted_into_table:{}", table.table_id));
    Ok(())
}

async fn revive_inlined(tx: &mut Tx<'_>, change: &Change, table: &Table, then: i64) -> Result<()> {
    for name in inlined_tables(tx, table.table_id).await? {
        let columns = inlined_columns(tx, &name, table.table_id).await?;
        let listed: String = columns.iter().map(|column| format!(", \"{column}\"")).collect();
        let snapshot = change.snapshot;
        let sql = format!(
            "INSERT INTO {name} (row_id, begin_snapshot{listed}) SELECT row_id, {snapshot}{listed} FROM {name}
            WHERE begin_snapshot <= $1 AND end_snapshot > $1"
        );
        tx.execute(&sql, &[then.into()]).await?;
        let sql = format!(
            "UPDATE {name} SET end_snapshot = $1
            WHERE end_snapshot IS NULL AND begin_snapshot > $2 AND begin_snapshot < $1"
        );
        tx.execute(&sql, &[change.snapshot.into(), then.into()]).await?;
    }
    Ok(())
}

async fn inlined_columns(tx: &mut Tx<'_>, name: &str, table_id: i64) -> Result<Vec<String>> {
    let sql = "SELECT c.column_name FROM ducklake_inlined_data_tables i
        JOIN ducklake_schema_versions v ON v.table_id = i.table_id AND v.schema_version = i.schema_version
        JOIN ducklake_column c ON c.table_id = i.table_id AND c.begin_snapshot <= v.begin_snapshot
        AND (c.end_snapshot IS NULL OR c.end_snapshot > v.begin_snapshot)
        WHERE i.table_id = $1 AND i.table_name = $2 ORDER BY c.column_order";
    let rows = tx.query(sql, &[table_id.into(), name.into()]).await?;
    rows.iter().map(|row| row.text("column_name")).collect()
}

/// The specification's way to write an instant.
pub(crate) fn snapshot_time(now: Instant) -> String {
    now.to_string().replace('T', " ").replace('Z', "+00")
}
