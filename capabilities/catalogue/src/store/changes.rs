//! `catalogue_changes`: the history of every entry.

use yiwang_kernel::{Id, Instant, Result};
use yiwang_store::{Db, Row, Tx};

use super::entries::{from_json, to_json};
use crate::model::Entry;

const CHANGES_MAX: usize = 1_000;

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The change.
    pub id: Id,
    /// The entry.
    pub code: String,
    /// The revision it made.
    pub revision: i64,
    /// When.
    pub at: Instant,
    /// Who, as audit lines name people.
    pub actor: String,
    /// What was done: `create`, `edit`, `submit`, `approve` ...
    pub act: String,
    /// The reason given, if one was.
    pub note: String,
    /// The entry afterwards.
    pub snapshot: serde_json::Value,
    /// The import it belongs to.
    pub batch: Option<Id>,
}

/// Notes a change; the entry stands as it is afterwards.
pub(crate) async fn put_change(tx: &mut Tx<'_>, change: &Change, entry: &Entry) -> Result<()> {
    let sql = "INSERT INTO catalogue_changes (id, code, revision, at, actor, act, note, snapshot, batch)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let row = [
        change.id.into(),
        (&change.code).into(),
        change.revision.into(),
        change.at.into(),
        (&change.actor).into(),
        (&change.act).into(),
        (&change.note).into(),
        to_json(entry)?.into(),
        change.batch.into(),
    ];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// The last revision ever given to this code, also to an entry that is no more; 0 for a new code.
pub(crate) async fn last_revision_in(tx: &mut Tx<'_>, code: &str) -> Result<i64> {
    let sql = "SELECT COALESCE(max(revision), 0) AS last FROM catalogue_changes WHERE code = $1";
    tx.query_one(sql, &[code.into()]).await?.map_or(Ok(0), |row| row.int("last"))
}

/// The same outside a transaction.
pub(crate) async fn last_revision(db: &Db, code: &str) -> Result<i64> {
    let sql = "SELECT COALESCE(max(revision), 0) AS last FROM catalogue_changes WHERE code = $1";
    db.query_one(sql, &[code.into()]).await?.map_or(Ok(0), |row| row.int("last"))
}

/// The changes of an entry, newest first.
pub(crate) async fn changes(db: &Db, code: &str) -> Result<Vec<Change>> {
    let sql = "SELECT id, code, revision, at, actor, act, note, snapshot, batch FROM catalogue_changes
        WHERE code = $1 ORDER BY revision DESC LIMIT $2";
    db.query(sql, &[code.into(), CHANGES_MAX.into()]).await?.iter().map(change_of).collect()
}

/// The changes an import made: code and revision.
pub(crate) async fn changes_of_batch(tx: &mut Tx<'_>, batch: Id) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT code, revision FROM catalogue_changes WHERE batch = $1 ORDER BY code, revision";
    let rows = tx.query(sql, &[batch.into()]).await?;
    rows.iter().map(|row| Ok((row.text("code")?, row.int("revision")?))).collect()
}

/// The entry as it was before this revision; none when the revision made it.
pub(crate) async fn snapshot_before(tx: &mut Tx<'_>, code: &str, revision: i64) -> Result<Option<Entry>> {
    let sql = "SELECT snapshot FROM catalogue_changes WHERE code = $1 AND revision < $2 ORDER BY revision DESC LIMIT 1";
    let row = tx.query_one(sql, &[code.into(), revision.into()]).await?;
    row.map(|row| from_json(&row.text("snapshot")?)).transpose()
}

fn change_of(row: &Row) -> Result<Change> {
    Ok(Change {
        id: row.id("id")?,
        code: row.text("code")?,
        revision: row.int("revision")?,
        at: row.instant("at")?,
        actor: row.text("actor")?,
        act: row.text("act")?,
        note: row.text("note")?,
        snapshot: row.json("snapshot")?,
        batch: row.opt_id("batch")?,
    })
}
