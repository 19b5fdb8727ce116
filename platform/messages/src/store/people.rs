//! `messages_people` and `messages_secrets`: how accounts want to hear, their sealed addresses, the mail password.

use yiwang_kernel::{CivilDate, Error, Id, Instant, Lang, Result};
use yiwang_seal::DataKey;
use yiwang_store::{Db, Row, Sealed, Tx};

use crate::model::GivenBy;
use crate::{MailChoice, Person};

/// The kind that binds a sealed address to its column.
const ADDRESS: &str = "messages.address";
/// The name and kind of the mail server's password.
const PASSWORD: &str = "messages.smtp_password";

/// What an order of mail needs to know of an account, without its address.
pub(crate) struct Wish {
    pub(crate) mail: MailChoice,
    pub(crate) by_manager: bool,
}

/// An account whose daily mail is due, and the newest of its unread messages.
pub(crate) struct Due {
    pub(crate) account: Id,
    pub(crate) upto: Instant,
}

/// How an account wants to hear, with its address.
pub(crate) async fn find(db: &Db, key: &DataKey, account: Id) -> Result<Option<Person>> {
    let sql = "SELECT account, address, given_by, lang, mail FROM messages_people WHERE account = $1";
    let Some(row) = db.query_one(sql, &[account.into()]).await? else { return Ok(None) };
    Ok(Some(Person {
        account,
        address: row.opt_sealed("address", key, ADDRESS)?,
        lang: Lang::parse(&row.text("lang")?).unwrap_or_default(),
        mail: MailChoice::parse(&row.text("mail")?)?,
        given_by: GivenBy::parse(&row.text("given_by")?)?,
    }))
}

/// How an account that has an address wants its mail; none when mail cannot reach it.
pub(crate) async fn wish(tx: &mut Tx<'_>, account: Id) -> Result<Option<Wish>> {
    let sql = "SELECT mail, given_by FROM messages_people WHERE account = $1 AND address IS NOT NULL";
    let row = tx.query_one(sql, &[account.into()]).await?;
    let wish = |row: Row| -> Result<Wish> {
        let by_manager = GivenBy::parse(&row.text("given_by")?)? == GivenBy::Manager;
        Ok(Wish { mail: MailChoice::parse(&row.text("mail")?)?, by_manager })
    };
    row.map(wish).transpose()
}

/// Seals an address, outside a transaction.
pub(crate) fn sealed(key: &DataKey, address: &str) -> Sealed {
    Sealed::new(key, ADDRESS, address)
}

/// Keeps how an account wants to hear.
pub(crate) async fn put(tx: &mut Tx<'_>, person: &Person, address: Option<&Sealed>) -> Result<()> {
    let sql = "INSERT INTO messages_people (account, address, given_by, lang, mail, digest_day, digest_upto)
        VALUES ($1, $2, $3, $4, $5, '', 0) ON CONFLICT (account) DO UPDATE SET address = excluded.address,
          given_by = excluded.given_by, lang = excluded.lang, mail = excluded.mail";
    let values = [
        person.account.into(),
        address.map(Sealed::value).into(),
        person.given_by.word().into(),
        person.lang.code().into(),
        person.mail.word().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Gives an account an address and leaves what it chose before.
pub(crate) async fn give(tx: &mut Tx<'_>, person: &Person, address: &Sealed) -> Result<()> {
    let sql = "UPDATE messages_people SET address = $2, given_by = $3 WHERE account = $1";
    let values = [person.account.into(), address.value(), person.given_by.word().into()];
    match tx.execute(sql, &values).await? {
        0 => put(tx, person, Some(address)).await,
        _ => Ok(()),
    }
}

/// Forgets how an account wants to hear, its address with it.
pub(crate) async fn forget(tx: &mut Tx<'_>, account: Id) -> Result<()> {
    tx.execute("DELETE FROM messages_people WHERE account = $1", &[account.into()]).await?;
    Ok(())
}

/// Accounts whose daily mail of this day is not ordered yet and who have unread messages newer than their last one.
pub(crate) async fn due(db: &Db, day: CivilDate, limit: usize) -> Result<Vec<Due>> {
    let sql = "SELECT p.account AS account, max(i.created) AS upto FROM messages_people p
        JOIN messages_inbox i ON i.recipient = p.account
        WHERE p.address IS NOT NULL AND p.mail = 'daily' AND p.digest_day < $1
          AND i.read_at IS NULL AND i.created > p.digest_upto
        GROUP BY p.account ORDER BY p.account LIMIT $2";
    let rows = db.query(sql, &[day.into(), limit.into()]).await?;
    rows.iter().map(|row| Ok(Due { account: row.id("account")?, upto: row.instant("upto")? })).collect()
}

/// Notes that the daily mail of this day is ordered; whether it was not before.
pub(crate) async fn note_digest(tx: &mut Tx<'_>, day: CivilDate, due: &Due) -> Result<bool> {
    let sql = "UPDATE messages_people SET digest_day = $2, digest_upto = $3 WHERE account = $1 AND digest_day < $2";
    Ok(tx.execute(sql, &[due.account.into(), day.into(), due.upto.into()]).await? > 0)
}

/// The mail server's password.
pub(crate) async fn password(db: &Db, key: &DataKey) -> Result<Option<String>> {
    let row = db.query_one("SELECT sealed FROM messages_secrets WHERE name = $1", &[PASSWORD.into()]).await?;
    row.map(|row| row.sealed("sealed", key, PASSWORD)).transpose()
}

/// Keeps the mail server's password, or removes it.
pub(crate) async fn set_password(tx: &mut Tx<'_>, key: &DataKey, password: Option<&str>) -> Result<()> {
    let Some(password) = password else {
        tx.execute("DELETE FROM messages_secrets WHERE name = $1", &[PASSWORD.into()]).await?;
        return Ok(());
    };
    if password.len() > 1_000 {
        return Err(Error::invalid("smtp_password", "text-too-long").with("limit", 1_000));
    }
    let sql = "INSERT INTO messages_secrets (name, sealed) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";
    tx.execute(sql, &[PASSWORD.into(), Sealed::new(key, PASSWORD, password).value()]).await?;
    Ok(())
}
