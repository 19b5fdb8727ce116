//! `messages_hooks`: registered addresses and their secrets, both sealed.

use yiwang_kernel::{Id, Result};
use yiwang_seal::DataKey;
use yiwang_store::{Db, Row, Sealed, Tx};

use super::counted;
use crate::Hook;

const ADDRESS: &str = "messages.hook_address";
const SECRET: &str = "messages.hook_secret";
const COLUMNS: &str = "SELECT id, department, host, created, created_by, address, secret FROM messages_hooks";

/// Registers an address; the caller sealed address and secret with [`sealed`].
pub(crate) async fn add(tx: &mut Tx<'_>, hook: &Hook, (address, secret): &(Sealed, Sealed)) -> Result<()> {
    let sql = "INSERT INTO messages_hooks (id, department, host, address, secret, created, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        hook.id.into(),
        hook.department.clone().into(),
        (&hook.host).into(),
        address.value(),
        secret.value(),
        hook.created.into(),
        (&hook.created_by).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Seals an address and its secret.
pub(crate) fn sealed(key: &DataKey, address: &str, secret: &str) -> (Sealed, Sealed) {
    (Sealed::new(key, ADDRESS, address), Sealed::new(key, SECRET, secret))
}

/// Replaces the secret.
pub(crate) async fn set_secret(tx: &mut Tx<'_>, id: Id, secret: &Sealed) -> Result<()> {
    tx.execute("UPDATE messages_hooks SET secret = $2 WHERE id = $1", &[id.into(), secret.value()]).await?;
    Ok(())
}

/// Removes it; whether it was there.
pub(crate) async fn remove(tx: &mut Tx<'_>, id: Id) -> Result<bool> {
    Ok(tx.execute("DELETE FROM messages_hooks WHERE id = $1", &[id.into()]).await? > 0)
}

/// The hook of this id.
pub(crate) async fn find(db: &Db, id: Id) -> Result<Option<Hook>> {
    db.query_one(&format!("{COLUMNS} WHERE id = $1"), &[id.into()]).await?.map(|row| hook(&row)).transpose()
}

/// Address and secret of a hook.
pub(crate) async fn address(db: &Db, key: &DataKey, id: Id) -> Result<Option<(String, String)>> {
    let row = db.query_one(&format!("{COLUMNS} WHERE id = $1"), &[id.into()]).await?;
    row.map(|row| Ok((row.sealed("address", key, ADDRESS)?, row.sealed("secret", key, SECRET)?))).transpose()
}

/// All hooks, or those of a department; oldest first.
pub(crate) async fn list(db: &Db, department: Option<&str>, limit: usize) -> Result<Vec<Hook>> {
    let sql = format!("{COLUMNS} WHERE ($1 = '' OR department = $1) ORDER BY created, id LIMIT $2");
    let rows = db.query(&sql, &[department.unwrap_or_default().into(), limit.into()]).await?;
    rows.iter().map(hook).collect()
}

/// How many a department, or the city, has registered.
pub(crate) async fn count(tx: &mut Tx<'_>, department: Option<&str>) -> Result<u64> {
    let sql = "SELECT count(*) AS n FROM messages_hooks WHERE COALESCE(department, '') = $1";
    counted(tx.query_one(sql, &[department.unwrap_or_default().into()]).await?)
}

/// The hooks that are called for what concerns a department: its own and the city's.
pub(crate) async fn concerned(tx: &mut Tx<'_>, department: Option<&str>) -> Result<Vec<Id>> {
    let sql = "SELECT id FROM messages_hooks WHERE department IS NULL OR department = $1 ORDER BY id";
    let rows = tx.query(sql, &[department.unwrap_or_default().into()]).await?;
    rows.iter().map(|row| row.id("id")).collect()
}

fn hook(row: &Row) -> Result<Hook> {
    Ok(Hook {
        id: row.id("id")?,
        department: row.opt_text("department")?,
        host: row.text("host")?,
        created: row.instant("created")?,
        created_by: row.text("created_by")?,
    })
}
