//! `messages_inbox`: what each account was told.

use yiwang_kernel::{Ctx, Id, Instant, ListPage, PageRequest, Result};
use yiwang_store::{Db, Row, Tx};

use super::{counted, cursor, place};
use crate::{Kept, Message, Words};

const COLUMNS: &str = "SELECT id, class, title, body, path, created, read_at FROM messages_inbox";

/// Keeps a message for an account; none when this account was told of the event before.
pub(crate) async fn keep(tx: &mut Tx<'_>, ctx: &Ctx, recipient: Id, message: &Message) -> Result<Option<Id>> {
    let id = Id::new(ctx);
    let body = message.body.as_ref().map(Words::to_json).transpose()?;
    let sql = "INSERT INTO messages_inbox (id, recipient, event, class, title, body, path, created, read_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT (recipient, event) DO NOTHING";
    let values = [
        id.into(),
        recipient.into(),
        (&message.event).into(),
        message.class.name.into(),
        (&message.title.to_json()?).into(),
        body.as_ref().into(),
        (&message.path).into(),
        ctx.now().into(),
    ];
    Ok((tx.execute(sql, &values).await? > 0).then_some(id))
}

/// One message of an account.
pub(crate) async fn find(db: &Db, recipient: Id, id: Id) -> Result<Option<Kept>> {
    let sql = format!("{COLUMNS} WHERE recipient = $1 AND id = $2");
    db.query_one(&sql, &[recipient.into(), id.into()]).await?.map(|row| kept(&row)).transpose()
}

/// An account's messages, newest first; all or the unread.
pub(crate) async fn list(db: &Db, recipient: Id, unread: bool, request: &PageRequest) -> Result<ListPage<Kept>> {
    let shown = "recipient = $1 AND ($2 = 0 OR read_at IS NULL)";
    let [time, before] = place(request)?;
    let sql = format!(
        "{COLUMNS} WHERE {shown} AND (created < $3 OR (created = $3 AND id < $4))
         ORDER BY created DESC, id DESC LIMIT $5"
    );
    let only = i64::from(unread);
    let values = [recipient.into(), only.into(), time, before, (request.rows() + 1).into()];
    let mut rows = db.query(&sql, &values).await?.iter().map(kept).collect::<Result<Vec<_>>>()?;
    let count = format!("SELECT count(*) AS n FROM messages_inbox WHERE {shown}");
    let total = counted(db.query_one(&count, &[recipient.into(), only.into()]).await?)?;
    let more = rows.len() > request.rows();
    rows.truncate(request.rows());
    let next = rows.last().filter(|_| more).map(|last| cursor(last.created, last.id));
    Ok(ListPage { rows, total, next })
}

/// How many messages of an account are unread, counted up to a limit.
pub(crate) async fn unread(db: &Db, recipient: Id, at_most: usize) -> Result<u64> {
    let sql = "SELECT count(*) AS n FROM (SELECT 1 AS one FROM messages_inbox
        WHERE recipient = $1 AND read_at IS NULL LIMIT $2) unread";
    counted(db.query_one(sql, &[recipient.into(), at_most.into()]).await?)
}

/// Marks one message of an account as read, or all that are there; how many.
pub(crate) async fn mark_read(tx: &mut Tx<'_>, recipient: Id, id: Option<Id>, now: Instant) -> Result<u64> {
    let sql = "UPDATE messages_inbox SET read_at = $2 WHERE recipient = $1 AND read_at IS NULL AND created <= $2";
    match id {
        Some(id) => tx.execute(&format!("{sql} AND id = $3"), &[recipient.into(), now.into(), id.into()]).await,
        None => tx.execute(sql, &[recipient.into(), now.into()]).await,
    }
}

/// Removes messages older than an instant, at most so many; how many.
pub(crate) async fn remove_old(db: &Db, before: Instant, limit: usize) -> Result<u64> {
    let sql = "DELETE FROM messages_inbox WHERE id IN
        (SELECT id FROM messages_inbox WHERE created < $1 ORDER BY created, id LIMIT $2)";
    db.execute(sql, &[before.into(), limit.into()]).await
}

/// Removes everything an account was told.
pub(crate) async fn forget(tx: &mut Tx<'_>, recipient: Id) -> Result<()> {
    tx.execute("DELETE FROM messages_inbox WHERE recipient = $1", &[recipient.into()]).await?;
    Ok(())
}

fn kept(row: &Row) -> Result<Kept> {
    let body = match row.opt_text("body")? {
        Some(_) => Some(Words::from_json(&row.json("body")?)?),
        None => None,
    };
    Ok(Kept {
        id: row.id("id")?,
        class: row.text("class")?,
        title: Words::from_json(&row.json("title")?)?,
        body,
        path: row.text("path")?,
        created: row.instant("created")?,
        read: row.opt_instant("read_at")?,
    })
}
