//! What a sign-in is checked against: password hashes, wrong tries, sealed one-time secrets, hashed recovery codes.

use yiwang_kernel::{Id, Instant, Result};
use yiwang_store::{Db, Tx};

use crate::model::{LOCK_S, is_shut};

/// Wrong tries are forgotten after a day without another.
const TRIES_KEPT_S: i64 = 24 * 3600;

/// A time step taken this far ahead, an hour, was taken while the clock was wrong.
pub(crate) const STEPS_AHEAD: u64 = 120;

/// The secrets of one account. Has no `Debug`, so that no log shows them.
pub(crate) struct Secrets {
    /// The password's hash; none before the first one is set.
    pub(crate) password: Option<String>,
    /// The sealed one-time secret, confirmed or not.
    pub(crate) totp: Option<Vec<u8>>,
    /// The last time step whose code was taken.
    pub(crate) totp_step: Option<u64>,
}

pub(crate) async fn of(db: &Db, person: Id) -> Result<Secrets> {
    let sql = "SELECT password, totp, totp_step FROM accounts_people WHERE id = $1";
    let Some(row) = db.query_one(sql, &[person.into()]).await? else {
        return Ok(Secrets { password: None, totp: None, totp_step: None });
    };
    let totp_step = row.opt_int("totp_step")?.and_then(|step| u64::try_from(step).ok());
    Ok(Secrets { password: row.opt_text("password")?, totp: row.opt_bytes("totp")?, totp_step })
}

/// Sets the password and opens an invited account.
pub(crate) async fn set_password(tx: &mut Tx<'_>, person: Id, hash: &str) -> Result<()> {
    let sql = "UPDATE accounts_people SET password = $2,
        state = CASE WHEN state = 'invited' THEN 'active' ELSE state END WHERE id = $1";
    tx.execute(sql, &[person.into(), hash.into()]).await?;
    Ok(())
}

/// Until when wrong tries have shut this name.
pub(crate) async fn locked_until(db: &Db, name_hash: &[u8; 32]) -> Result<Option<Instant>> {
    let sql = "SELECT locked_until FROM accounts_tries WHERE name_hash = $1";
    db.query_one(sql, &[name_hash.into()]).await?.map_or(Ok(None), |row| row.opt_instant("locked_until"))
}

/// Counts a wrong try of a name, known or not, and shuts it from the `most`th on; whether this try shut it.
pub(crate) async fn count_try(tx: &mut Tx<'_>, name_hash: &[u8; 32], now: Instant, most: i64) -> Result<bool> {
    tx.execute("DELETE FROM accounts_tries WHERE last < $1", &[now.plus_s(-TRIES_KEPT_S).into()]).await?;
    let sql = "SELECT failures, locked_until FROM accounts_tries WHERE name_hash = $1";
    let (failures, locked_until) = match tx.query_one(sql, &[name_hash.into()]).await? {
        Some(row) => (row.int("failures")?, row.opt_instant("locked_until")?),
        None => (0, None),
    };
    let lock_over = locked_until.is_some() && !is_shut(locked_until, now);
    let failures = if lock_over { 1 } else { failures + 1 };
    let shut_already = locked_until.filter(|_| !lock_over);
    let shuts = shut_already.is_none() && failures >= most;
    let until = if shuts { Some(now.plus_s(LOCK_S)) } else { shut_already };
    tx.execute(
        "INSERT INTO accounts_tries (name_hash, failures, last, locked_until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name_hash) DO UPDATE SET
           failures = excluded.failures, last = excluded.last, locked_until = excluded.locked_until",
        &[name_hash.into(), failures.into(), now.into(), until.into()],
    )
    .await?;
    Ok(shuts)
}

/// Forgets the wrong tries of a name, and with them its lock.
pub(crate) async fn clear_tries(tx: &mut Tx<'_>, name_hash: &[u8; 32]) -> Result<()> {
    tx.execute("DELETE FROM accounts_tries WHERE name_hash = $1", &[name_hash.into()]).await?;
    Ok(())
}

/// Keeps a one-time secret that is not asked for until confirmed.
pub(crate) async fn set_totp(tx: &mut Tx<'_>, person: Id, sealed: &[u8]) -> Result<()> {
    let sql = "UPDATE accounts_people SET totp = $2, totp_step = NULL WHERE id = $1 AND totp_confirmed = 0";
    tx.execute(sql, &[person.into(), sealed.into()]).await?;
    Ok(())
}

/// From now on the second step is asked for.
pub(crate) async fn confirm_totp(tx: &mut Tx<'_>, person: Id) -> Result<()> {
    tx.execute("UPDATE accounts_people SET totp_confirmed = 1 WHERE id = $1", &[person.into()]).await?;
    Ok(())
}

/// No second step any more.
pub(crate) async fn remove_totp(tx: &mut Tx<'_>, person: Id) -> Result<()> {
    let sql = "UPDATE accounts_people SET totp = NULL, totp_confirmed = 0, totp_step = NULL WHERE id = $1";
    tx.execute(sql, &[person.into()]).await?;
    tx.execute("DELETE FROM accounts_recovery WHERE person = $1", &[person.into()]).await?;
    Ok(())
}

/// Takes a time step; false when it, or a later one, was taken before. One taken hours ahead, while the clock was
/// wrong, shuts nobody out.
pub(crate) async fn take_step(tx: &mut Tx<'_>, person: Id, step: u64) -> Result<bool> {
    let sql = "UPDATE accounts_people SET totp_step = $2
        WHERE id = $1 AND (totp_step IS NULL OR totp_step < $2 OR totp_step > $3)";
    Ok(tx.execute(sql, &[person.into(), step.into(), (step + STEPS_AHEAD).into()]).await? > 0)
}

pub(crate) async fn set_recovery(tx: &mut Tx<'_>, person: Id, hashes: &[[u8; 32]]) -> Result<()> {
    tx.execute("DELETE FROM accounts_recovery WHERE person = $1", &[person.into()]).await?;
    for hash in hashes {
        let sql = "INSERT INTO accounts_recovery (person, code_hash) VALUES ($1, $2)";
        tx.execute(sql, &[person.into(), hash.into()]).await?;
    }
    Ok(())
}

/// Uses up a recovery code; whether there was such a one.
pub(crate) async fn take_recovery(tx: &mut Tx<'_>, person: Id, hash: &[u8; 32]) -> Result<bool> {
    let sql = "DELETE FROM accounts_recovery WHERE person = $1 AND code_hash = $2";
    Ok(tx.execute(sql, &[person.into(), hash.into()]).await? > 0)
}

pub(crate) async fn recovery_left(db: &Db, person: Id) -> Result<i64> {
    let sql = "SELECT count(*) AS n FROM accounts_recovery WHERE person = $1";
    db.query_one(sql, &[person.into()]).await?.map_or(Ok(0), |row| row.int("n"))
}
