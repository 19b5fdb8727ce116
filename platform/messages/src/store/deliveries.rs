//! `messages_deliveries`: mails and calls on their way out.

use yiwang_kernel::{Ctx, Id, Instant, ListPage, PageRequest, Result};
use yiwang_store::{Db, Row, Tx, Value};

use super::{counted, cursor, place};
use crate::model::{Content, Draft};
use crate::{Channel, Delivery, DeliveryState};

const COLUMNS: &str = "SELECT id, channel, target, class, department, content, sealed, state, attempts, presses, error,
    created, changed FROM messages_deliveries";

/// Which deliveries a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shown {
    pub(crate) state: Option<DeliveryState>,
    pub(crate) target: Option<Id>,
}

/// Keeps a delivery; none when the same event goes the same way to the same target already.
pub(crate) async fn keep(tx: &mut Tx<'_>, ctx: &Ctx, draft: &Draft<'_>) -> Result<Option<Id>> {
    let (id, now) = (Id::new(ctx), ctx.now());
    let sql = "INSERT INTO messages_deliveries (id, channel, target, event, class, department, content, sealed, state,
          attempts, presses, error, created, changed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 0, 0, NULL, $9, $9)
        ON CONFLICT (channel, target, event) DO NOTHING";
    let values = [
        id.into(),
        draft.channel.word().into(),
        draft.target.into(),
        draft.event.into(),
        draft.class.into(),
        draft.department.into(),
        (&draft.content.to_json()).into(),
        draft.sealed.into(),
        now.into(),
    ];
    Ok((tx.execute(sql, &values).await? > 0).then_some(id))
}

/// The delivery of this id.
pub(crate) async fn find(db: &Db, id: Id) -> Result<Option<Delivery>> {
    db.query_one(&format!("{COLUMNS} WHERE id = $1"), &[id.into()]).await?.map(|row| delivery(&row)).transpose()
}

/// Deliveries, newest first.
pub(crate) async fn list(db: &Db, shown: &Shown, request: &PageRequest) -> Result<ListPage<Delivery>> {
    let which = "($1 = '' OR state = $1) AND ($2 = 0 OR target = $3)";
    let matching: [Value; 3] = [
        shown.state.map_or("", DeliveryState::word).into(),
        i64::from(shown.target.is_some()).into(),
        shown.target.map_or_else(|| Value::Bytes(Vec::new()), Value::from),
    ];
    let mut values = matching.to_vec();
    values.extend(place(request)?);
    values.push((request.rows() + 1).into());
    let sql = format!(
        "{COLUMNS} WHERE {which} AND (created < $4 OR (created = $4 AND id < $5))
         ORDER BY created DESC, id DESC LIMIT $6"
    );
    let mut rows = db.query(&sql, &values).await?.iter().map(delivery).collect::<Result<Vec<_>>>()?;
    let count = format!("SELECT count(*) AS n FROM messages_deliveries WHERE {which}");
    let total = counted(db.query_one(&count, &matching).await?)?;
    let more = rows.len() > request.rows();
    rows.truncate(request.rows());
    let next = rows.last().filter(|_| more).map(|last| cursor(last.created, last.id));
    Ok(ListPage { rows, total, next })
}

/// Notes how far a delivery is. What ended well or for good keeps no secret.
pub(crate) async fn note(
    tx: &mut Tx<'_>,
    id: Id,
    state: DeliveryState,
    attempts: u32,
    error: Option<&str>,
    now: Instant,
) -> Result<()> {
    let sql = "UPDATE messages_deliveries SET state = $2, attempts = $3, error = $4, changed = $5 WHERE id = $1";
    tx.execute(sql, &[id.into(), state.word().into(), attempts.into(), error.into(), now.into()]).await?;
    if matches!(state, DeliveryState::Sent | DeliveryState::Dropped) {
        tx.execute("UPDATE messages_deliveries SET sealed = NULL WHERE id = $1", &[id.into()]).await?;
    }
    Ok(())
}

/// Queues a delivery that failed again; the number of this press, or none when it did not fail.
pub(crate) async fn press(tx: &mut Tx<'_>, id: Id, now: Instant) -> Result<Option<i64>> {
    let sql = "UPDATE messages_deliveries SET state = 'queued', presses = presses + 1, changed = $2
        WHERE id = $1 AND state = 'failed' RETURNING presses";
    tx.query_one(sql, &[id.into(), now.into()]).await?.map(|row| row.int("presses")).transpose()
}

/// Drops what is still on its way to a target.
pub(crate) async fn drop_to(tx: &mut Tx<'_>, target: Id, now: Instant) -> Result<()> {
    let sql = "UPDATE messages_deliveries SET state = 'dropped', sealed = NULL, changed = $2
        WHERE target = $1 AND state IN ('queued', 'retrying', 'failed')";
    tx.execute(sql, &[target.into(), now.into()]).await?;
    Ok(())
}

/// Removes deliveries whose state changed last before an instant, at most so many; how many.
pub(crate) async fn remove_old(db: &Db, before: Instant, limit: usize) -> Result<u64> {
    let sql = "DELETE FROM messages_deliveries WHERE id IN
        (SELECT id FROM messages_deliveries WHERE created < $1 AND changed < $1 ORDER BY created, id LIMIT $2)";
    db.execute(sql, &[before.into(), limit.into()]).await
}

/// Takes the secrets out of deliveries that are older than an instant, however they ended.
pub(crate) async fn wipe_secrets(db: &Db, before: Instant) -> Result<u64> {
    let sql = "UPDATE messages_deliveries SET sealed = NULL, state = 'dropped'
        WHERE sealed IS NOT NULL AND created < $1";
    db.execute(sql, &[before.into()]).await
}

fn delivery(row: &Row) -> Result<Delivery> {
    let number = |name: &str| -> Result<u32> { Ok(u32::try_from(row.int(name)?).unwrap_or(u32::MAX)) };
    Ok(Delivery {
        id: row.id("id")?,
        channel: Channel::parse(&row.text("channel")?)?,
        target: row.id("target")?,
        class: row.text("class")?,
        department: row.opt_text("department")?,
        content: Content::from_json(&row.json("content")?)?,
        sealed: row.opt_bytes("sealed")?,
        state: DeliveryState::parse(&row.text("state")?)?,
        attempts: number("attempts")?,
        presses: number("presses")?,
        error: row.opt_text("error")?,
        created: row.instant("created")?,
        changed: row.instant("changed")?,
    })
}
