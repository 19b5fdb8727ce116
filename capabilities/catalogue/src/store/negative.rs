//! `catalogue_negative`: the negative list with its past.

use yiwang_kernel::{CivilDate, Id, Instant, Result};
use yiwang_store::{Db, Row, Tx, Value};

use crate::model::Withheld;

const COLUMNS: &str = "id, code, field, title, provider, basis, starts, ends, listed, listed_by, removed";
const ITEMS_MAX: usize = 10_000;

/// Enters an item.
pub(crate) async fn put_negative(tx: &mut Tx<'_>, item: &Withheld) -> Result<()> {
    let sql =
        "INSERT INTO catalogue_negative (id, code, field, title, provider, basis, starts, ends, listed, listed_by,
            removed, removed_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, '')";
    let row = [
        item.id.into(),
        (&item.code).into(),
        (&item.field).into(),
        (&item.title).into(),
        (&item.provider).into(),
        (&item.basis).into(),
        item.starts.into(),
        item.ends.into(),
        item.listed.into(),
        (&item.listed_by).into(),
    ];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// Takes an item off the list; it stays on record. How many were on it.
pub(crate) async fn remove_negative(tx: &mut Tx<'_>, id: Id, now: Instant, actor: &str) -> Result<u64> {
    let sql = "UPDATE catalogue_negative SET removed = $2, removed_by = $3 WHERE id = $1 AND removed IS NULL";
    tx.execute(sql, &[id.into(), now.into(), actor.into()]).await
}

/// The item with this id.
pub(crate) async fn negative_in(tx: &mut Tx<'_>, id: Id) -> Result<Option<Withheld>> {
    let sql = format!("SELECT {COLUMNS} FROM catalogue_negative WHERE id = $1");
    tx.query_one(&sql, &[id.into()]).await?.map(|row| withheld_of(&row)).transpose()
}

/// Items of one entry that were not taken off, inside a transaction.
pub(crate) async fn negative_of_in(tx: &mut Tx<'_>, code: &str) -> Result<Vec<Withheld>> {
    let sql = format!("SELECT {COLUMNS} FROM catalogue_negative WHERE code = $1 AND removed IS NULL ORDER BY id");
    tx.query(&sql, &[code.into()]).await?.iter().map(withheld_of).collect()
}

/// Items of one entry that were not taken off.
pub(crate) async fn negative_of(db: &Db, code: &str) -> Result<Vec<Withheld>> {
    let sql = format!("SELECT {COLUMNS} FROM catalogue_negative WHERE code = $1 AND removed IS NULL ORDER BY id");
    db.query(&sql, &[code.into()]).await?.iter().map(withheld_of).collect()
}

/// The list as it stood on that day.
pub(crate) async fn negative_list(db: &Db, day: CivilDate) -> Result<Vec<Withheld>> {
    let after: Instant = day.plus_days(1).start();
    let sql = format!(
        "SELECT {COLUMNS} FROM catalogue_negative
        WHERE listed < $1 AND (removed IS NULL OR removed >= $1) AND starts <= $2 AND (ends IS NULL OR ends >= $2)
        ORDER BY provider, code, field, id LIMIT $3"
    );
    let values: [Value; 3] = [after.into(), day.into(), ITEMS_MAX.into()];
    let items: Vec<Withheld> = db.query(&sql, &values).await?.iter().map(withheld_of).collect::<Result<_>>()?;
    Ok(items.into_iter().filter(|item| item.holds_on(day)).collect())
}

/// Items whose basis has ended and that nobody has taken off or renewed.
pub(crate) async fn lapsed(db: &Db, today: CivilDate) -> Result<Vec<Withheld>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM catalogue_negative WHERE removed IS NULL AND ends < $1 ORDER BY ends, id LIMIT $2"
    );
    db.query(&sql, &[today.into(), ITEMS_MAX.into()]).await?.iter().map(withheld_of).collect()
}

/// The codes of entries withheld as a whole on that day.
pub(crate) async fn whole_held(db: &Db, day: CivilDate) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT code FROM catalogue_negative WHERE field = '' AND removed IS NULL AND starts <= $1
        AND (ends IS NULL OR ends >= $1) ORDER BY code LIMIT $2";
    db.query(sql, &[day.into(), ITEMS_MAX.into()]).await?.iter().map(|row| row.text("code")).collect()
}

fn withheld_of(row: &Row) -> Result<Withheld> {
    Ok(Withheld {
        id: row.id("id")?,
        code: row.text("code")?,
        field: row.text("field")?,
        title: row.text("title")?,
        provider: row.text("provider")?,
        basis: row.text("basis")?,
        starts: row.date("starts")?,
        ends: row.opt_date("ends")?,
        listed: row.instant("listed")?,
        listed_by: row.text("listed_by")?,
        removed: row.opt_instant("removed")?,
    })
}
