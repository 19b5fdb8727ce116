//! Loads on their way: what a finished load would change, kept until it is published or discarded.

use yiwang_gate::{Mode, Staged, SubjectField};
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::{Db, Row, Tx, Value};

use crate::types::Column;

const STAGED_ROWS_PER_STATEMENT: usize = 100;

/// What publishing the load will do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Plan {
    pub(crate) resource: String,
    pub(crate) table_name: String,
    pub(crate) mode: Mode,
    /// The version it was prepared against; 0 for none.
    pub(crate) base_version: u64,
    /// Whether it only removes rows.
    pub(crate) removes_only: bool,
    /// The table's columns afterwards.
    pub(crate) columns: Vec<Column>,
    /// Whether they differ from those of the base version.
    pub(crate) columns_changed: bool,
    pub(crate) key: Vec<String>,
    pub(crate) sortable: Vec<String>,
    pub(crate) subject: Option<SubjectField>,
    pub(crate) reason: String,
    pub(crate) files: Vec<NewFile>,
    pub(crate) deletes: Vec<NewDeletes>,
    /// Inlined rows that go, by row id.
    pub(crate) ended_rows: Vec<i64>,
    /// Rows that wait in `lake_staged_rows`.
    pub(crate) inlined: u64,
    pub(crate) refused_path: Option<String>,
    pub(crate) rows: u64,
    pub(crate) refused: u64,
    pub(crate) replaced: u64,
    pub(crate) duplicates: u64,
}

/// A data file written for a load.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct NewFile {
    pub(crate) path: String,
    pub(crate) rows: u64,
    pub(crate) size_bytes: u64,
    pub(crate) footer_bytes: u64,
    pub(crate) statistics: Vec<ColumnCounts>,
    /// Rows of it that a later row of the same load replaced.
    pub(crate) deletes: Option<NewDeletes>,
}

/// Counts of one column in one file; never a value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ColumnCounts {
    pub(crate) column_id: i64,
    pub(crate) size_bytes: i64,
    pub(crate) values: i64,
    pub(crate) nulls: i64,
}

/// A file of removed positions, all that are removed from the data file so far.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct NewDeletes {
    /// The data file; 0 for a new one.
    pub(crate) data_file_id: i64,
    pub(crate) path: String,
    pub(crate) count: u64,
    pub(crate) size_bytes: u64,
    pub(crate) footer_bytes: u64,
}

/// Where a load stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) plan: Plan,
    pub(crate) state: State,
    pub(crate) version: Option<u64>,
}

/// Staged, published or discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Staged,
    Published,
    Discarded,
}

/// Keeps a finished load with its inlined rows; the same load again takes the place of the earlier attempt.
pub(crate) async fn stage(db: &Db, ctx: &Ctx, load: Id, plan: &Plan, rows: &[String]) -> Result<()> {
    let text = serde_json::to_string(plan).map_err(|error| Error::internal("writing a load's plan", error))?;
    let now = ctx.now();
    db.tx(|tx| {
        let (text, resource) = (text.clone(), plan.resource.clone());
        Box::pin(async move {
            if matches!(get_in(tx, load).await?, Some(waiting) if waiting.state == State::Published) {
                return Ok(());
            }
            tx.execute("DELETE FROM lake_staged_rows WHERE load = $1", &[load.into()]).await?;
            let sql = "INSERT INTO lake_loads (load, resource, state, plan, version, time)
                VALUES ($1, $2, 'staged', $3, NULL, $4)
                ON CONFLICT (load) DO UPDATE SET resource = excluded.resource, state = 'staged', plan = excluded.plan";
            tx.execute(sql, &[load.into(), resource.into(), text.into(), now.into()]).await?;
            for (chunk, cells) in rows.chunks(STAGED_ROWS_PER_STATEMENT).enumerate() {
                insert_rows(tx, load, chunk * STAGED_ROWS_PER_STATEMENT, cells).await?;
            }
            Ok(())
        })
    })
    .await
}

async fn insert_rows(tx: &mut Tx<'_>, load: Id, first: usize, cells: &[String]) -> Result<()> {
    let mut parameters: Vec<Value> = Vec::with_capacity(cells.len() * 3);
    let mut groups = Vec::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let at = parameters.len();
        groups.push(format!("(${}, ${}, ${})", at + 1, at + 2, at + 3));
        parameters.extend([load.into(), (first + place).into(), cell.into()]);
    }
    let sql = format!("INSERT INTO lake_staged_rows (load, place, cells) VALUES {}", groups.join(", "));
    tx.execute(&sql, &parameters).await?;
    Ok(())
}

/// A load by its id.
pub(crate) async fn get(db: &Db, load: Id) -> Result<Option<Waiting>> {
    let row = db.query_one("SELECT * FROM lake_loads WHERE load = $1", &[load.into()]).await?;
    row.map(|row| waiting_of(&row)).transpose()
}

/// The same inside a transaction.
pub(crate) async fn get_in(tx: &mut Tx<'_>, load: Id) -> Result<Option<Waiting>> {
    let row = tx.query_one("SELECT * FROM lake_loads WHERE load = $1", &[load.into()]).await?;
    row.map(|row| waiting_of(&row)).transpose()
}

/// Notes that a load is settled, and forgets its waiting rows.
pub(crate) async fn settle(tx: &mut Tx<'_>, load: Id, state: State, version: Option<u64>) -> Result<()> {
    let sql = "UPDATE lake_loads SET state = $2, version = $3 WHERE load = $1";
    tx.execute(sql, &[load.into(), state.word().into(), version.into()]).await?;
    tx.execute("DELETE FROM lake_staged_rows WHERE load = $1", &[load.into()]).await?;
    Ok(())
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Staged => "staged",
            State::Published => "published",
            State::Discarded => "discarded",
        }
    }
}

impl Plan {
    /// What the gate's callers see of it.
    pub(crate) fn staged(&self, load: Id) -> Staged {
        Staged {
            load,
            resource: self.resource.clone(),
            mode: self.mode,
            rows: self.rows,
            refused: self.refused,
            replaced: self.replaced,
            duplicates: self.duplicates,
            size_bytes: self.files.iter().map(|file| file.size_bytes).sum(),
        }
    }
}

fn waiting_of(row: &Row) -> Result<Waiting> {
    let state = match row.text("state")?.as_str() {
        "staged" => State::Staged,
        "published" => State::Published,
        _ => State::Discarded,
    };
    let plan = serde_json::from_str(&row.text("plan")?).map_err(|error| Error::internal("reading a load", error))?;
    let version = row.opt_int("version")?.and_then(|version| u64::try_from(version).ok());
    Ok(Waiting { plan, state, version })
}
