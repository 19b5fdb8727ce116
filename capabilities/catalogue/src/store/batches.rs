//! `catalogue_batches`: tables that were checked, and may be applied once and undone once.

use yiwang_kernel::{Error, Id, Instant, Result};
use yiwang_store::{Db, Row, Tx};

const BATCHES_MAX: usize = 100;

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Without fault, and waiting.
    Checked,
    /// In the catalogue.
    Applied,
    /// Taken back.
    Undone,
}

impl BatchState {
    /// The word in the store and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            BatchState::Checked => "checked",
            BatchState::Applied => "applied",
            BatchState::Undone => "undone",
        }
    }
}

/// One imported table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The batch.
    pub id: Id,
    /// When it was checked.
    pub at: Instant,
    /// By whom.
    pub actor: String,
    /// Where it stands.
    pub state: BatchState,
    /// Entries in it.
    pub entries: u64,
    /// Fields in it.
    pub fields: u64,
    /// The table itself; empty in lists.
    pub content: String,
}

/// Keeps a checked table.
pub(crate) async fn put_batch(tx: &mut Tx<'_>, batch: &Batch) -> Result<()> {
    let sql = "INSERT INTO catalogue_batches (id, at, actor, state, entries, fields, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let row = [
        batch.id.into(),
        batch.at.into(),
        (&batch.actor).into(),
        batch.state.word().into(),
        batch.entries.into(),
        batch.fields.into(),
        (&batch.content).into(),
    ];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// Moves a batch on; refused when it is not where it is thought to be.
pub(crate) async fn set_batch_state(tx: &mut Tx<'_>, id: Id, from: BatchState, to: BatchState) -> Result<()> {
    let sql = "UPDATE catalogue_batches SET state = $3 WHERE id = $1 AND state = $2";
    match tx.execute(sql, &[id.into(), from.word().into(), to.word().into()]).await? {
        0 => Err(Error::conflict("catalogue-batch-state")),
        _ => Ok(()),
    }
}

/// The batch with its table.
pub(crate) async fn batch(db: &Db, id: Id) -> Result<Option<Batch>> {
    let sql = "SELECT id, at, actor, state, entries, fields, content FROM catalogue_batches WHERE id = $1";
    db.query_one(sql, &[id.into()]).await?.map(|row| batch_of(&row)).transpose()
}

/// The newest batches, without their tables.
pub(crate) async fn batches(db: &Db) -> Result<Vec<Batch>> {
    let sql = "SELECT id, at, actor, state, entries, fields, '' AS content FROM catalogue_batches
        ORDER BY at DESC, id DESC LIMIT $1";
    db.query(sql, &[BATCHES_MAX.into()]).await?.iter().map(batch_of).collect()
}

fn batch_of(row: &Row) -> Result<Batch> {
    let word = row.text("state")?;
    let known = [BatchState::Checked, BatchState::Applied, BatchState::Undone];
    let state = known.into_iter().find(|state| state.word() == word);
    Ok(Batch {
        id: row.id("id")?,
        at: row.instant("at")?,
        actor: row.text("actor")?,
        state: state.ok_or_else(|| Error::broken("a batch in an unknown state"))?,
        entries: u64::try_from(row.int("entries")?).unwrap_or(0),
        fields: u64::try_from(row.int("fields")?).unwrap_or(0),
        content: row.text("content")?,
    })
}
