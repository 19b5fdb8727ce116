//! One-use tokens by their hash (activation, second step of a sign-in) and staged imports.

use yiwang_kernel::{Id, Instant, Result};
use yiwang_store::{Db, Tx};

/// An activation link.
pub(crate) const ACTIVATE: &str = "activate";
/// A sign-in whose password was right and whose code is awaited.
pub(crate) const SECOND_STEP: &str = "second-step";

/// Keeps a token; an account has one of a kind, the newest.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    person: Id,
    kind: &str,
    ends: Instant,
) -> Result<()> {
    tx.execute("DELETE FROM accounts_links WHERE person = $1 AND kind = $2", &[person.into(), kind.into()]).await?;
    let sql = "INSERT INTO accounts_links (token_hash, person, kind, ends, tries) VALUES ($1, $2, $3, $4, 0)";
    tx.execute(sql, &[token_hash.into(), person.into(), kind.into(), ends.into()]).await?;
    Ok(())
}

/// Whose token this is, while it lasts.
pub(crate) async fn find(db: &Db, token_hash: &[u8; 32], kind: &str, now: Instant) -> Result<Option<Id>> {
    let sql = "SELECT person FROM accounts_links WHERE token_hash = $1 AND kind = $2 AND ends > $3";
    let row = db.query_one(sql, &[token_hash.into(), kind.into(), now.into()]).await?;
    row.map(|row| row.id("person")).transpose()
}

/// Uses up a token; whether it was there and lasting.
pub(crate) async fn take(tx: &mut Tx<'_>, token_hash: &[u8; 32], kind: &str, now: Instant) -> Result<bool> {
    let sql = "DELETE FROM accounts_links WHERE token_hash = $1 AND kind = $2 AND ends > $3";
    Ok(tx.execute(sql, &[token_hash.into(), kind.into(), now.into()]).await? > 0)
}

/// Counts a try and deletes the token when that was the last; whether it may still be tried.
pub(crate) async fn count_try(tx: &mut Tx<'_>, token_hash: &[u8; 32], tries_max: i64) -> Result<bool> {
    let sql = "UPDATE accounts_links SET tries = tries + 1 WHERE token_hash = $1 RETURNING tries";
    let Some(row) = tx.query_one(sql, &[token_hash.into()]).await? else { return Ok(false) };
    if row.int("tries")? < tries_max {
        return Ok(true);
    }
    tx.execute("DELETE FROM accounts_links WHERE token_hash = $1", &[token_hash.into()]).await?;
    Ok(false)
}

/// Deletes all tokens of an account.
pub(crate) async fn delete_all(tx: &mut Tx<'_>, person: Id) -> Result<()> {
    tx.execute("DELETE FROM accounts_links WHERE person = $1", &[person.into()]).await?;
    Ok(())
}

/// Stages a checked import; drops those older than `before`.
pub(crate) async fn insert_import(
    tx: &mut Tx<'_>,
    id: Id,
    made_by: &str,
    now: Instant,
    before: Instant,
    people: &str,
) -> Result<()> {
    tx.execute("DELETE FROM accounts_imports WHERE made < $1", &[before.into()]).await?;
    let sql = "INSERT INTO accounts_imports (id, made_by, made, people) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &[id.into(), made_by.into(), now.into(), people.into()]).await?;
    Ok(())
}

/// Takes a staged import of this maker, so that it is applied once.
pub(crate) async fn take_import(tx: &mut Tx<'_>, id: Id, made_by: &str) -> Result<Option<String>> {
    let sql = "DELETE FROM accounts_imports WHERE id = $1 AND made_by = $2 RETURNING people";
    let row = tx.query_one(sql, &[id.into(), made_by.into()]).await?;
    row.map(|row| row.text("people")).transpose()
}
