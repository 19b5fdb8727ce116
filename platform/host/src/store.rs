//! The table of settings: `host_settings`. Holds only what differs from the declared default.

use yiwang_kernel::{Ctx, Result};
use yiwang_store::{Db, Migration, Tx};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] =
    &[Migration { capability: "host", number: 1, sql: include_str!("../migrations/0001_host.sql") }];

/// Every setting somebody set.
pub(crate) async fn settings(db: &Db) -> Result<Vec<(String, String)>> {
    let rows = db.query("SELECT name, value FROM host_settings ORDER BY name", &[]).await?;
    rows.iter().map(|row| Ok((row.text("name")?, row.text("value")?))).collect()
}

/// Writes one setting.
pub(crate) async fn set(tx: &mut Tx<'_>, ctx: &Ctx, name: &str, value: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO host_settings (name, value, changed_at, changed_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at,
           changed_by = excluded.changed_by",
        &[name.into(), value.into(), ctx.now().into(), ctx.actor.to_string().into()],
    )
    .await?;
    Ok(())
}

/// Fails when the database does not answer.
pub(crate) async fn answers(db: &Db) -> Result<()> {
    db.query("SELECT 1 AS one", &[]).await.map(drop)
}
