//! Privileged acts, append only.

use yiwang_kernel::{Ctx, Cursor, Error, Id, Instant, ListPage, PageRequest, Result};
use yiwang_store::decisions::{self, Decision};
use yiwang_store::{Db, Row, Tx};

use crate::model::Act;

/// Notes an act in the transaction that does it; the ledger's entry has the same id.
pub(crate) async fn note(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    kind: &str,
    person: Option<Id>,
    department: Option<&str>,
    detail: &str,
) -> Result<()> {
    let id = Id::new(ctx);
    let about = person.map_or_else(|| department.unwrap_or_default().to_owned(), |person| person.to_string());
    let named = [department.filter(|_| person.is_some()), Some(detail)].into_iter().flatten();
    let named = named.filter(|name| !name.is_empty());
    decisions::decide(tx, ctx, id, &Decision::new(kind, about).naming(named)).await?;
    tx.execute(
        "INSERT INTO accounts_acts (id, at, actor, kind, person, department, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            id.into(),
            ctx.now().into(),
            ctx.actor.to_string().into(),
            kind.into(),
            person.into(),
            department.into(),
            detail.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Acts, newest first; of one account when `person` is given.
pub(crate) async fn list(db: &Db, person: Option<Id>, request: &PageRequest) -> Result<ListPage<Act>> {
    let (at, id) = match &request.after {
        None => (Instant::from_micros(i64::MAX), vec![0xff; 16]),
        Some(Cursor(parts)) => after(parts)?,
    };
    let rows_max = request.rows();
    let (mut values, mut counted) = (vec![at.into(), id.into(), (rows_max + 1).into()], Vec::new());
    let (mut of_person, mut of_all) = ("", "");
    if let Some(person) = person {
        (of_person, of_all) = ("a.person = $4 AND", "WHERE a.person = $1");
        values.push(person.into());
        counted.push(person.into());
    }
    let sql = format!(
        "SELECT a.id, a.at, a.actor, a.kind, p.name AS person, a.department, a.detail
         FROM accounts_acts a LEFT JOIN accounts_people p ON p.id = a.person
         WHERE {of_person} (a.at < $1 OR (a.at = $1 AND a.id < $2)) ORDER BY a.at DESC, a.id DESC LIMIT $3"
    );
    let rows = db.query(&sql, &values).await?;
    let total = db.query_one(&format!("SELECT count(*) AS n FROM accounts_acts a {of_all}"), &counted).await?;
    let total = total.map_or(Ok(0), |row| row.int("n"))?;
    let mut acts = rows.iter().map(act).collect::<Result<Vec<Act>>>()?;
    let more = acts.len() > rows_max;
    acts.truncate(rows_max);
    let last = acts.last().filter(|_| more);
    let next = last.map(|act| Cursor(vec![act.at.micros().to_string(), act.id.to_string()]));
    Ok(ListPage { rows: acts, total: u64::try_from(total).unwrap_or(0), next })
}

fn after(parts: &[String]) -> Result<(Instant, Vec<u8>)> {
    let wrong = || Error::invalid("after", "cursor-format");
    let [at, id] = parts else { return Err(wrong()) };
    let at = at.parse().map_err(|_| wrong())?;
    let id: Id = id.parse().map_err(|_| wrong())?;
    Ok((Instant::from_micros(at), id.as_bytes().to_vec()))
}

fn act(row: &Row) -> Result<Act> {
    Ok(Act {
        id: row.id("id")?,
        at: row.instant("at")?,
        actor: row.text("actor")?,
        kind: row.text("kind")?,
        person: row.opt_text("person")?,
        department: row.opt_text("department")?,
        detail: row.text("detail")?,
    })
}
