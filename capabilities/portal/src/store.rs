//! SQL for `portal_counts` and `portal_faults`. Counts are sums per resource, day and kind: nothing of who looked.

use yiwang_kernel::{CivilDate, Cursor, Error, Id, Instant, ListPage, PageRequest, Result};
use yiwang_store::{Db, Row, Tx, Value};

use crate::faults::{Fault, FaultState};
use crate::uses::{Kind, Sum};

/// Adds to the sums, in one transaction.
pub(crate) async fn add(db: &Db, sums: &[Sum]) -> Result<()> {
    db.tx(|tx| {
        let sums = sums.to_vec();
        Box::pin(async move {
            let sql = "INSERT INTO portal_counts (resource, day, kind, n) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (resource, day, kind) DO UPDATE SET n = portal_counts.n + excluded.n";
            for sum in &sums {
                let Sum { resource, day, kind, n } = sum;
                tx.execute(sql, &[resource.into(), (*day).into(), kind.word().into(), (*n).into()]).await?;
            }
            Ok(())
        })
    })
    .await
}

/// The sums of a resource per kind, from a day on.
pub(crate) async fn sums(db: &Db, resource: &str, from: CivilDate) -> Result<Vec<(Kind, u64)>> {
    let sql =
        "SELECT kind, SUM(n) AS n FROM portal_counts WHERE resource = $1 AND day >= $2 GROUP BY kind ORDER BY kind";
    let rows = db.query(sql, &[resource.into(), from.into()]).await?;
    let sum = |row: &Row| -> Result<Option<(Kind, u64)>> {
        let n = u64::try_from(row.int("n")?).unwrap_or(0);
        Ok(Kind::parse(&row.text("kind")?).map(|kind| (kind, n)))
    };
    rows.iter().filter_map(|row| sum(row).transpose()).collect()
}

/// Keeps a report of a fault.
pub(crate) async fn keep_fault(tx: &mut Tx<'_>, fault: &Fault) -> Result<()> {
    let sql = "INSERT INTO portal_faults (id, handle, resource, department, place, words, reported, state, answer) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Fault { id, handle, resource, department, place, words, reported, state, answer, .. } = fault;
    let values = [
        id.into(),
        handle.into(),
        resource.into(),
        department.into(),
        place.into(),
        words.into(),
        (*reported).into(),
        state.word().into(),
        answer.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Closes a report with an answer; a conflict when it was closed meanwhile.
pub(crate) async fn answer_fault(tx: &mut Tx<'_>, id: Id, answer: &str, at: Instant) -> Result<()> {
    let sql = "UPDATE portal_faults SET state = $2, answer = $3, answered = $4 WHERE id = $1 AND state = $5";
    let (answered, open) = (FaultState::Answered.word(), FaultState::Open.word());
    match tx.execute(sql, &[id.into(), answered.into(), answer.into(), at.into(), open.into()]).await? {
        0 => Err(Error::conflict("fault-answered")),
        _ => Ok(()),
    }
}

/// A report by its id.
pub(crate) async fn fault(db: &Db, id: Id) -> Result<Option<Fault>> {
    let sql = "SELECT id, handle, resource, department, place, words, reported, state, answer, answered \
         FROM portal_faults WHERE id = $1";
    db.query_one(sql, &[id.into()]).await?.map(|row| read_fault(&row)).transpose()
}

/// A report by what its sender was given.
pub(crate) async fn fault_by_handle(db: &Db, handle: &str) -> Result<Option<Fault>> {
    let sql = "SELECT id, handle, resource, department, place, words, reported, state, answer, answered \
         FROM portal_faults WHERE handle = $1";
    db.query_one(sql, &[handle.into()]).await?.map(|row| read_fault(&row)).transpose()
}

/// Reports, newest first; one department's or all.
pub(crate) async fn faults(db: &Db, department: Option<&str>, page: &PageRequest) -> Result<ListPage<Fault>> {
    let own: Value = department.into();
    let count = "SELECT COUNT(*) AS n FROM portal_faults WHERE department = COALESCE($1, department)";
    let total = db.query_one(count, std::slice::from_ref(&own)).await?.map(|row| row.int("n")).transpose()?;
    let (time, id) = match &page.after {
        Some(cursor) => place(cursor)?,
        None => (i64::MAX, Value::Bytes(vec![0xff; 16])),
    };
    let sql = "SELECT id, handle, resource, department, place, words, reported, state, answer, answered \
         FROM portal_faults WHERE department = COALESCE($1, department) \
         AND (reported < $2 OR (reported = $2 AND id < $3)) ORDER BY reported DESC, id DESC LIMIT $4";
    let found = db.query(sql, &[own, time.into(), id, (page.rows() + 1).into()]).await?;
    let mut rows = found.iter().map(read_fault).collect::<Result<Vec<_>>>()?;
    let more = rows.len() > page.rows();
    rows.truncate(page.rows());
    let cursor = |fault: &Fault| Cursor(vec![fault.reported.micros().to_string(), fault.id.to_string()]);
    let next = rows.last().filter(|_| more).map(cursor);
    Ok(ListPage { rows, total: u64::try_from(total.unwrap_or(0)).unwrap_or(0), next })
}

fn place(cursor: &Cursor) -> Result<(i64, Value)> {
    let wrong = || Error::invalid("after", "cursor-format");
    let [time, id] = cursor.0.as_slice() else { return Err(wrong()) };
    let id: Id = id.parse().map_err(|_| wrong())?;
    Ok((time.parse().map_err(|_| wrong())?, id.into()))
}

fn read_fault(row: &Row) -> Result<Fault> {
    Ok(Fault {
        id: row.id("id")?,
        handle: row.text("handle")?,
        resource: row.text("resource")?,
        department: row.text("department")?,
        place: row.text("place")?,
        words: row.text("words")?,
        reported: row.instant("reported")?,
        state: FaultState::parse(&row.text("state")?)?,
        answer: row.text("answer")?,
        answered: row.opt_instant("answered")?,
    })
}
