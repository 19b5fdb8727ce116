//! SQL of the tables files_keys and files_blobs.

use yiwang_kernel::{Id, Instant, Result};
use yiwang_store::{Db, Row, Tx, Value};

use crate::Blob;

/// The wrapped key of a scope.
pub(crate) async fn key(db: &Db, scope: &str) -> Result<Option<Vec<u8>>> {
    let row = db.query_one("SELECT wrapped FROM files_keys WHERE scope = $1", &[scope.into()]).await?;
    row.map(|row| row.bytes("wrapped")).transpose()
}

/// Keeps this key unless the scope has one; the key it then has.
pub(crate) async fn keep_key(tx: &mut Tx<'_>, scope: &str, master: u32, wrapped: &[u8]) -> Result<Vec<u8>> {
    let sql = "INSERT INTO files_keys (scope, master, wrapped) VALUES ($1, $2, $3) ON CONFLICT (scope) DO NOTHING";
    tx.execute(sql, &[scope.into(), master.into(), wrapped.into()]).await?;
    let row = tx.query_one("SELECT wrapped FROM files_keys WHERE scope = $1", &[scope.into()]).await?;
    row.ok_or_else(|| yiwang_kernel::Error::broken("a key just kept is not there"))?.bytes("wrapped")
}

/// Replaces the wrapping of a key.
pub(crate) async fn rewrap_key(tx: &mut Tx<'_>, scope: &str, master: u32, wrapped: &[u8]) -> Result<()> {
    let sql = "UPDATE files_keys SET master = $2, wrapped = $3 WHERE scope = $1";
    tx.execute(sql, &[scope.into(), master.into(), wrapped.into()]).await?;
    Ok(())
}

/// Scopes and wrapped keys under other master keys than this one.
pub(crate) async fn keys_not_under(db: &Db, master: u32, limit: usize) -> Result<Vec<(String, Vec<u8>)>> {
    let sql = "SELECT scope, wrapped FROM files_keys WHERE master <> $1 ORDER BY scope LIMIT $2";
    let rows = db.query(sql, &[master.into(), limit.into()]).await?;
    rows.iter().map(|row| Ok((row.text("scope")?, row.bytes("wrapped")?))).collect()
}

/// Removes the key of a scope.
pub(crate) async fn forget_key(tx: &mut Tx<'_>, scope: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM files_keys WHERE scope = $1", &[scope.into()]).await? > 0)
}

/// Adds a blob.
pub(crate) async fn add_blob(db: &Db, blob: &Blob) -> Result<()> {
    let sql = "INSERT INTO files_blobs (id, purpose, sha256, bytes, created_at, keep_until)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let row: [Value; 6] = [
        blob.id.into(),
        (&blob.purpose).into(),
        blob.sha256.into(),
        blob.bytes.into(),
        blob.created_at.into(),
        blob.keep_until.into(),
    ];
    db.execute(sql, &row).await?;
    Ok(())
}

/// The blob of this id.
pub(crate) async fn blob(db: &Db, id: Id) -> Result<Option<Blob>> {
    let sql = "SELECT id, purpose, sha256, bytes, created_at, keep_until FROM files_blobs WHERE id = $1";
    db.query_one(sql, &[id.into()]).await?.as_ref().map(read_blob).transpose()
}

/// Purpose and id of every blob.
pub(crate) async fn blob_names(db: &Db) -> Result<Vec<(String, Id)>> {
    let rows = db.query("SELECT purpose, id FROM files_blobs ORDER BY id", &[]).await?;
    rows.iter().map(|row| Ok((row.text("purpose")?, row.id("id")?))).collect()
}

/// Blobs whose time is over, oldest first.
pub(crate) async fn blobs_over(db: &Db, now: Instant, limit: usize) -> Result<Vec<Blob>> {
    let sql = "SELECT id, purpose, sha256, bytes, created_at, keep_until FROM files_blobs
        WHERE keep_until <= $1 ORDER BY keep_until, id LIMIT $2";
    db.query(sql, &[now.into(), limit.into()]).await?.iter().map(read_blob).collect()
}

/// Sets until when a blob is kept; none: until somebody deletes it.
pub(crate) async fn keep_blob_until(db: &Db, id: Id, until: Option<Instant>) -> Result<bool> {
    let sql = "UPDATE files_blobs SET keep_until = $2 WHERE id = $1";
    Ok(db.execute(sql, &[id.into(), until.into()]).await? > 0)
}

/// Removes a blob's row.
pub(crate) async fn remove_blob(db: &Db, id: Id) -> Result<()> {
    db.execute("DELETE FROM files_blobs WHERE id = $1", &[id.into()]).await?;
    Ok(())
}

fn read_blob(row: &Row) -> Result<Blob> {
    let sha256 = row.bytes("sha256")?;
    Ok(Blob {
        id: row.id("id")?,
        purpose: row.text("purpose")?,
        sha256: sha256.try_into().map_err(|_| yiwang_kernel::Error::broken("a blob's hash is not 32 bytes"))?,
        bytes: u64::try_from(row.int("bytes")?).unwrap_or(0),
        created_at: row.instant("created_at")?,
        keep_until: row.opt_instant("keep_until")?,
    })
}
