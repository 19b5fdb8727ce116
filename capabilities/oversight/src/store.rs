//! The tables of witnesses, of the heads they signed, and of gaps accepted on record.

use yiwang_kernel::{Ctx, Error, Id, Instant, Result};
use yiwang_ledger::{Hash, Witness};
use yiwang_store::{Db, Row, Tx};

/// A head that a witness signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witnessed {
    /// The log, by its id.
    pub(crate) log: String,
    /// The witness, by its name.
    pub(crate) witness: String,
    /// Entries under the head.
    pub(crate) size: u64,
    /// The root over them.
    pub(crate) root: Hash,
    /// When the witness signed.
    pub(crate) signed: Instant,
    /// The note, with both signatures.
    pub(crate) note: String,
}

/// The registered witnesses, by name.
pub(crate) async fn witnesses(db: &Db) -> Result<Vec<Witness>> {
    let rows = db.query("SELECT verifier FROM oversight_witnesses ORDER BY name", &[]).await?;
    rows.iter().map(|row| Witness::parse(&row.text("verifier")?)).collect()
}

/// Registers a witness; refused where its name is taken.
pub(crate) async fn add_witness(tx: &mut Tx<'_>, ctx: &Ctx, witness: &Witness) -> Result<()> {
    let known = tx.query("SELECT 1 AS one FROM oversight_witnesses WHERE name = $1", &[witness.name().into()]).await?;
    if !known.is_empty() {
        return Err(Error::conflict("oversight-witness-known").with("name", witness.name()));
    }
    let sql = "INSERT INTO oversight_witnesses (name, verifier, added, added_by) VALUES ($1, $2, $3, $4)";
    let row = [witness.name().into(), witness.verifier().into(), ctx.now().into(), ctx.actor.to_string().into()];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// Takes a witness off; the heads it signed stay. Whether there was one.
pub(crate) async fn remove_witness(tx: &mut Tx<'_>, name: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM oversight_witnesses WHERE name = $1", &[name.into()]).await? > 0)
}

/// Keeps a head in place of a smaller or an older one of the same witness.
pub(crate) async fn keep_head(tx: &mut Tx<'_>, head: &Witnessed) -> Result<()> {
    let sql = "INSERT INTO oversight_heads (log, witness, size, root, signed, note) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (log, witness) DO UPDATE SET size = excluded.size, root = excluded.root,
            signed = excluded.signed, note = excluded.note
        WHERE oversight_heads.size < excluded.size
            OR (oversight_heads.size = excluded.size AND oversight_heads.signed < excluded.signed)";
    let Witnessed { log, witness, size, root, signed, note } = head;
    let row = [log.into(), witness.into(), (*size).into(), root.to_vec().into(), (*signed).into(), note.into()];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// The last head of each log and witness, largest first.
pub(crate) async fn heads(db: &Db) -> Result<Vec<Witnessed>> {
    let sql = "SELECT log, witness, size, root, signed, note FROM oversight_heads
        ORDER BY size DESC, log, witness";
    db.query(sql, &[]).await?.iter().map(head).collect()
}

/// Puts on record that a log does not reach so far.
pub(crate) async fn accept_gap(tx: &mut Tx<'_>, ctx: &Ctx, id: Id, gap: (&str, u64), reason: &str) -> Result<()> {
    let sql = "INSERT INTO oversight_gaps (id, log, size, at, actor, reason) VALUES ($1, $2, $3, $4, $5, $6)";
    let (log, size) = gap;
    let row = [id.into(), log.into(), size.into(), ctx.now().into(), ctx.actor.to_string().into(), reason.into()];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// The logs that were accepted as cut, with the sizes accepted as lost.
pub(crate) async fn gaps(db: &Db) -> Result<Vec<(String, u64)>> {
    let rows = db.query("SELECT log, max(size) AS size FROM oversight_gaps GROUP BY log ORDER BY log", &[]).await?;
    rows.iter().map(|row| Ok((row.text("log")?, size_of(row)?))).collect()
}

fn head(row: &Row) -> Result<Witnessed> {
    let root = row.bytes("root")?.try_into().map_err(|_| Error::broken("a root is not 32 bytes"))?;
    Ok(Witnessed {
        log: row.text("log")?,
        witness: row.text("witness")?,
        size: size_of(row)?,
        root,
        signed: row.instant("signed")?,
        note: row.text("note")?,
    })
}

fn size_of(row: &Row) -> Result<u64> {
    u64::try_from(row.int("size")?).map_err(|_| Error::broken("a size below nothing"))
}
