//! The tables of settings, `host_settings` and `host_changes`, which hold only what differs from the declared default,
//! and of when the city last ran, `host_clock`.

use yiwang_kernel::{Ctx, Id, Instant, Result};
use yiwang_store::decisions::{self, Decision};
use yiwang_store::{Db, Migration, Row, Tx};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[
    Migration { capability: "host", number: 1, sql: include_str!("../migrations/0001_host.sql") },
    Migration { capability: "host", number: 2, sql: include_str!("../migrations/0002_changes.sql") },
    Migration { capability: "host", number: 3, sql: include_str!("../migrations/0003_clock.sql") },
];

/// A change of a setting.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) at: Instant,
    pub(crate) actor: String,
    pub(crate) name: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) reason: String,
}

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

/// Keeps who changed a setting, from what to what, and why; append only. The ledger's entry has the same id.
pub(crate) async fn note(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    name: &str,
    (before, after): (&str, &str),
    reason: &str,
) -> Result<()> {
    let id = Id::new(ctx);
    decisions::decide(tx, ctx, id, &Decision::new("host.setting_changed", name).because(reason)).await?;
    tx.execute(
        "INSERT INTO host_changes (id, at, actor, name, value_before, value_after, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            id.into(),
            ctx.now().into(),
            ctx.actor.to_string().into(),
            name.into(),
            before.into(),
            after.into(),
            reason.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The newest changes of settings.
pub(crate) async fn changes(db: &Db, rows_max: usize) -> Result<Vec<Change>> {
    let sql = "SELECT at, actor, name, value_before, value_after, reason FROM host_changes
         ORDER BY at DESC, id DESC LIMIT $1";
    let rows = db.query(sql, &[rows_max.into()]).await?;
    let change = |row: &Row| {
        Ok(Change {
            at: row.instant("at")?,
            actor: row.text("actor")?,
            name: row.text("name")?,
            before: row.text("value_before")?,
            after: row.text("value_after")?,
            reason: row.text("reason")?,
        })
    };
    rows.iter().map(change).collect()
}

/// When the city was last noted to run.
pub(crate) async fn clock_seen(db: &Db) -> Result<Option<Instant>> {
    let row = db.query_one("SELECT seen_at FROM host_clock WHERE id = 1", &[]).await?;
    row.map(|row| row.instant("seen_at")).transpose()
}

/// Notes that the city runs; the note never goes back.
pub(crate) async fn saw_clock(db: &Db, now: Instant) -> Result<()> {
    let sql = "INSERT INTO host_clock (id, seen_at) VALUES (1, $1)
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at WHERE host_clock.seen_at < excluded.seen_at";
    db.execute(sql, &[now.into()]).await.map(drop)
}

/// Puts the note where the clock is.
pub(crate) async fn set_clock(tx: &mut Tx<'_>, now: Instant) -> Result<()> {
    let sql = "INSERT INTO host_clock (id, seen_at) VALUES (1, $1)
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
    tx.execute(sql, &[now.into()]).await.map(drop)
}

/// Fails when the database does not answer.
pub(crate) async fn answers(db: &Db) -> Result<()> {
    db.query("SELECT 1 AS one", &[]).await.map(drop)
}
