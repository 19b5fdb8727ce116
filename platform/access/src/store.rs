//! The table of sessions: `access_sessions`. Keeps the hash of a token, never the token.

use yiwang_kernel::{Account, Id, Instant, Result, Role};
use yiwang_store::{Db, Migration, Row, Tx, Value};

use crate::Session;

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] =
    &[Migration { capability: "access", number: 1, sql: include_str!("../migrations/0001_access.sql") }];

pub(crate) async fn insert(tx: &mut Tx<'_>, token_hash: &[u8; 32], session: &Session) -> Result<()> {
    let roles: Vec<&str> = session.account.roles.iter().map(|role| role.word()).collect();
    tx.execute(
        "INSERT INTO access_sessions
           (token_hash, id, account, name, department, roles, long, started, seen, ends, latest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            token_hash.into(),
            session.id.into(),
            session.account.id.into(),
            Value::from(&session.account.name),
            session.account.department.clone().into(),
            roles.join(" ").into(),
            session.long.into(),
            session.started.into(),
            session.seen.into(),
            session.ends.into(),
            session.latest.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &Db, token_hash: &[u8; 32]) -> Result<Option<Session>> {
    let row = db
        .query_one(
            "SELECT id, account, name, department, roles, long, started, seen, ends, latest
             FROM access_sessions WHERE token_hash = $1",
            &[token_hash.into()],
        )
        .await?;
    row.map(|row| session(&row)).transpose()
}

/// Writes the last use; false when the session is gone.
pub(crate) async fn touch(db: &Db, token_hash: &[u8; 32], seen: Instant, ends: Instant) -> Result<bool> {
    let touched = db
        .execute(
            "UPDATE access_sessions SET seen = $2, ends = $3 WHERE token_hash = $1",
            &[token_hash.into(), seen.into(), ends.into()],
        )
        .await?;
    Ok(touched > 0)
}

pub(crate) async fn list(db: &Db, account: Id, now: Instant, limit: usize) -> Result<Vec<Session>> {
    let rows = db
        .query(
            "SELECT id, account, name, department, roles, long, started, seen, ends, latest
             FROM access_sessions WHERE account = $1 AND ends > $2 ORDER BY started DESC, id DESC LIMIT $3",
            &[account.into(), now.into(), limit.into()],
        )
        .await?;
    rows.iter().map(session).collect()
}

/// Deletes the account's ended sessions and its oldest beyond `keep`.
pub(crate) async fn make_room(tx: &mut Tx<'_>, account: Id, now: Instant, keep: usize) -> Result<()> {
    tx.execute(
        "DELETE FROM access_sessions WHERE account = $1 AND (ends <= $2 OR id NOT IN (
           SELECT id FROM access_sessions WHERE account = $1 AND ends > $2 ORDER BY started DESC, id DESC LIMIT $3))",
        &[account.into(), now.into(), keep.into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<()> {
    tx.execute("DELETE FROM access_sessions WHERE token_hash = $1", &[token_hash.into()]).await?;
    Ok(())
}

pub(crate) async fn delete_one(tx: &mut Tx<'_>, account: Id, id: Id) -> Result<bool> {
    let sql = "DELETE FROM access_sessions WHERE account = $1 AND id = $2";
    Ok(tx.execute(sql, &[account.into(), id.into()]).await? > 0)
}

pub(crate) async fn delete_all(tx: &mut Tx<'_>, account: Id) -> Result<u64> {
    tx.execute("DELETE FROM access_sessions WHERE account = $1", &[account.into()]).await
}

pub(crate) async fn sweep(db: &Db, now: Instant) -> Result<u64> {
    db.execute("DELETE FROM access_sessions WHERE ends <= $1", &[now.into()]).await
}

fn session(row: &Row) -> Result<Session> {
    let roles: Vec<Role> = row.text("roles")?.split_whitespace().map(str::parse).collect::<Result<_>>()?;
    let account =
        Account { id: row.id("account")?, name: row.text("name")?, department: row.opt_text("department")?, roles };
    Ok(Session {
        id: row.id("id")?,
        account,
        long: row.bool("long")?,
        started: row.instant("started")?,
        seen: row.instant("seen")?,
        ends: row.instant("ends")?,
        latest: row.instant("latest")?,
    })
}
