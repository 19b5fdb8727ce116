//! What of the past is forgotten: versions past what is kept, with everything only they showed. Files are put on the
//! specification's list of files to be deleted; deleting them is not done here.

use std::collections::HashSet;

use yiwang_gate::Keep;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::{Db, Row, Tx, Value};

use super::change;
use super::loads::{NewDeletes, NewFile, Plan};
use super::view;

/// Files of the list looked at in one round.
const LISTED_MAX: i64 = 10_000;
/// Loads looked at in one statement.
const LOADS_PER_READ: i64 = 200;
/// On the list since ever: due at once.
const LONG_AGO: &str = "1970-01-01 00:00:00+00";

/// A file on the list: where it lies in the tree `lake`.
pub(crate) struct Due {
    pub(crate) path: String,
}

/// Forgets versions of a resource that are not kept, oldest first; how many.
pub(crate) async fn forget_versions(tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, keep: &Keep) -> Result<u64> {
    let unknown = || Error::not_found("lake-table-none").with("resource", resource);
    // The same turn as a change takes: nobody publishes or undoes meanwhile.
    tx.execute("UPDATE lake_lock SET turn = turn + 1 WHERE one = 1", &[]).await?;
    let table = view::table_in(tx, resource).await?.ok_or_else(unknown)?;
    let (oldest, snapshot) = oldest_kept(tx, resource, keep).await?.unwrap_or((0, -1));
    let sql = "DELETE FROM lake_versions WHERE resource = $1 AND version < $2";
    let gone = tx.execute(sql, &[resource.into(), oldest.into()]).await?;
    let since = if keep.at_once { LONG_AGO.to_owned() } else { change::snapshot_time(ctx.now()) };
    let listing = Listing { table_id: table.table_id, table_name: &table.name, since: &since };
    for of in ["ducklake_data_file", "ducklake_delete_file"] {
        listing.ended(tx, of, snapshot).await?;
    }
    for name in change::inlined_tables(tx, table.table_id).await? {
        let sql = format!("DELETE FROM {name} WHERE end_snapshot <= $1");
        tx.execute(&sql, &[snapshot.into()]).await?;
    }
    forget_loads(tx, &listing, resource, oldest, keep).await?;
    Ok(gone)
}

/// Puts what a load wrote on the list; the refused rows stay for its report.
pub(crate) async fn schedule_discarded(tx: &mut Tx<'_>, ctx: &Ctx, plan: &Plan) -> Result<()> {
    let since = change::snapshot_time(ctx.now());
    let listing = Listing { table_id: 0, table_name: &plan.table_name, since: &since };
    for path in rows_of(plan) {
        listing.add(tx, 0, path).await?;
    }
    Ok(())
}

/// Files on the list since this moment or before, some at a time.
pub(crate) async fn due(db: &Db, until: &str) -> Result<Vec<Due>> {
    let sql = "SELECT path, schedule_start FROM ducklake_files_scheduled_for_deletion ORDER BY path LIMIT $1";
    let mut due = Vec::new();
    for row in db.query(sql, &[LISTED_MAX.into()]).await? {
        // Compared here and not by the database, whose order of letters is not ours to say.
        if row.text("schedule_start")?.as_str() <= until {
            due.push(Due { path: row.text("path")? });
        }
    }
    Ok(due)
}

/// Strikes a deleted file off the list.
pub(crate) async fn struck_off(db: &Db, due: &Due) -> Result<()> {
    let sql = "DELETE FROM ducklake_files_scheduled_for_deletion WHERE path = $1";
    db.execute(sql, &[Value::from(&due.path)]).await?;
    Ok(())
}

/// Every file that something names, by its place in the tree `lake`: live or past, waiting in a load, refused rows.
pub async fn named_files(db: &Db) -> Result<HashSet<String>> {
    let mut named = HashSet::new();
    for of in ["ducklake_data_file", "ducklake_delete_file"] {
        let sql = format!("SELECT t.table_name, f.path FROM {of} f JOIN lake_tables t ON t.table_id = f.table_id");
        for row in db.query(&sql, &[]).await? {
            named.insert(place(&row.text("table_name")?, &row.text("path")?));
        }
    }
    let mut after = Value::from(&[0_u8; 16][..]);
    loop {
        let sql = "SELECT load, state, plan FROM lake_loads WHERE load > $1 ORDER BY load LIMIT $2";
        let rows = db.query(sql, &[after, LOADS_PER_READ.into()]).await?;
        let Some(last) = rows.last() else { return Ok(named) };
        after = last.id("load")?.into();
        for row in &rows {
            let plan = plan_of(row)?;
            let waiting = row.text("state")? == "staged";
            let files = rows_of(&plan).filter(|_| waiting).chain(plan.refused_path.as_deref());
            named.extend(files.map(|path| place(&plan.table_name, path)));
        }
    }
}

/// The oldest version that is kept and its snapshot; none where every version is.
async fn oldest_kept(tx: &mut Tx<'_>, resource: &str, keep: &Keep) -> Result<Option<(i64, i64)>> {
    let sql = "SELECT version, snapshot, time FROM lake_versions WHERE resource = $1 ORDER BY version DESC";
    let versions = tx.query(sql, &[resource.into()]).await?;
    let mut oldest = None;
    for (place, row) in versions.iter().enumerate() {
        let is_kept = place == 0 || (place < keep.versions_max && row.instant("time")? >= keep.since);
        if !is_kept {
            return Ok(oldest);
        }
        oldest = Some((row.int("version")?, row.int("snapshot")?));
    }
    Ok(None)
}

/// Loads whose version is gone, and old ones that were given up, go with the rows they refused.
async fn forget_loads(tx: &mut Tx<'_>, listing: &Listing<'_>, resource: &str, oldest: i64, keep: &Keep) -> Result<()> {
    let sql = "SELECT load, plan FROM lake_loads WHERE resource = $1
        AND ((state = 'published' AND version < $2) OR (state = 'discarded' AND time <= $3)) ORDER BY load";
    for row in tx.query(sql, &[resource.into(), oldest.into(), keep.since.into()]).await? {
        let load: Id = row.id("load")?;
        if let Some(path) = plan_of(&row)?.refused_path {
            listing.add(tx, 0, &path).await?;
        }
        tx.execute("DELETE FROM lake_loads WHERE load = $1", &[load.into()]).await?;
    }
    Ok(())
}

/// Puts files of one table on the list.
struct Listing<'l> {
    table_id: i64,
    table_name: &'l str,
    since: &'l str,
}

impl Listing<'_> {
    /// Files that no snapshot from this one on shows: their rows go, and the file where no other row names it.
    async fn ended(&self, tx: &mut Tx<'_>, of: &str, snapshot: i64) -> Result<()> {
        let id = if of == "ducklake_data_file" { "data_file_id" } else { "delete_file_id" };
        let sql = format!("SELECT {id} AS id, path FROM {of} WHERE table_id = $1 AND end_snapshot <= $2 ORDER BY {id}");
        let ended = tx.query(&sql, &[self.table_id.into(), snapshot.into()]).await?;
        for row in &ended {
            let file = row.int("id")?;
            tx.execute(&format!("DELETE FROM {of} WHERE {id} = $1"), &[file.into()]).await?;
            if of == "ducklake_data_file" {
                let sql = "DELETE FROM ducklake_file_column_stats WHERE data_file_id = $1";
                tx.execute(sql, &[file.into()]).await?;
            }
            let path = row.text("path")?;
            let sql = format!("SELECT {id} AS id FROM {of} WHERE table_id = $1 AND path = $2 LIMIT 1");
            if tx.query_one(&sql, &[self.table_id.into(), Value::from(&path)]).await?.is_none() {
                self.add(tx, file, &path).await?;
            }
        }
        Ok(())
    }

    async fn add(&self, tx: &mut Tx<'_>, file: i64, path: &str) -> Result<()> {
        let sql = "INSERT INTO ducklake_files_scheduled_for_deletion (data_file_id, path, path_is_relative,
            schedule_start) VALUES ($1, $2, 1, $3)";
        tx.execute(sql, &[file.into(), place(self.table_name, path).into(), self.since.into()]).await?;
        Ok(())
    }
}

/// The files with a load's rows and with the places it removes.
fn rows_of(plan: &Plan) -> impl Iterator<Item = &str> {
    let data = plan.files.iter().map(|file: &NewFile| file.path.as_str());
    let own = plan.files.iter().filter_map(|file| file.deletes.as_ref());
    data.chain(own.chain(&plan.deletes).map(|deletes: &NewDeletes| deletes.path.as_str()))
}

fn plan_of(row: &Row) -> Result<Plan> {
    serde_json::from_str(&row.text("plan")?).map_err(|error| Error::internal("reading a load", error))
}

/// Where a file of a table lies in the tree `lake`.
fn place(table_name: &str, path: &str) -> String {
    format!("main/{table_name}/{path}")
}
