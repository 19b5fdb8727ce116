//! Events between capabilities: written in the transaction that causes them, read in order by consumers that keep their
//! own cursor. Effect and cursor move in one transaction, or the effect is idempotent by event id.

use yiwang_kernel::{Ctx, Error, Id, Instant, Ref, Result};

use crate::tx::Open;
use crate::{Db, Row, Tx};

/// Events read at most at once.
pub const EVENTS_MAX: usize = 1000;

/// What a capability announces.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `capability.what_happened`, for example `catalogue.published`.
    pub kind: String,
    /// The thing it happened to.
    pub subject: Ref,
    /// What consumers need to know; never personal data.
    pub body: serde_json::Value,
}

/// An event in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Announced {
    /// Its place; cursors count in these.
    pub sequence: i64,
    /// Its id, by which consumers recognise a repetition.
    pub id: Id,
    /// When it was announced.
    pub at: Instant,
    /// The event.
    pub event: Event,
}

/// Announces an event in this transaction; its id.
pub async fn announce(tx: &mut Tx<'_>, ctx: &Ctx, event: &Event) -> Result<Id> {
    if matches!(tx.open, Open::Postgres(_)) {
        // Sequence numbers become visible in their own order: the next announcer waits until this one has committed.
        tx.execute("SELECT pg_advisory_xact_lock(72016)", &[]).await?;
    }
    let id = Id::new(ctx);
    let sql = "INSERT INTO store_outbox (id, at, kind, noun, key, body) VALUES ($1, $2, $3, $4, $5, $6)";
    let Event { kind, subject, body } = event;
    let row = [id.into(), ctx.now().into(), kind.into(), (&subject.noun).into(), (&subject.key).into(), body.into()];
    tx.execute(sql, &row).await?;
    Ok(id)
}

/// The next events after this consumer's cursor, oldest first, at most `limit`.
pub async fn read(db: &Db, consumer: &str, limit: usize) -> Result<Vec<Announced>> {
    let sql = "SELECT sequence, id, at, kind, noun, key, body FROM store_outbox
        WHERE sequence > COALESCE((SELECT sequence FROM store_cursors WHERE consumer = $1), 0)
        ORDER BY sequence LIMIT $2";
    let rows = db.query(sql, &[consumer.into(), limit.min(EVENTS_MAX).into()]).await?;
    rows.iter().map(announced).collect()
}

/// Moves this consumer's cursor forward to the sequence it has dealt with.
pub async fn advance(tx: &mut Tx<'_>, consumer: &str, sequence: i64) -> Result<()> {
    let sql = "INSERT INTO store_cursors (consumer, sequence) VALUES ($1, $2)
        ON CONFLICT (consumer) DO UPDATE SET sequence = excluded.sequence
        WHERE store_cursors.sequence < excluded.sequence";
    tx.execute(sql, &[consumer.into(), sequence.into()]).await?;
    Ok(())
}

/// How many events this consumer has not dealt with yet.
pub async fn behind(db: &Db, consumer: &str) -> Result<u64> {
    let sql = "SELECT count(*) AS n FROM store_outbox
        WHERE sequence > COALESCE((SELECT sequence FROM store_cursors WHERE consumer = $1), 0)";
    let row = db.query_one(sql, &[consumer.into()]).await?;
    let count = row.ok_or_else(|| Error::broken("a count without a row"))?.int("n")?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn announced(row: &Row) -> Result<Announced> {
    let subject = Ref { noun: row.text("noun")?, key: row.text("key")? };
    let event = Event { kind: row.text("kind")?, subject, body: row.json("body")? };
    Ok(Announced { sequence: row.int("sequence")?, id: row.id("id")?, at: row.instant("at")?, event })
}
