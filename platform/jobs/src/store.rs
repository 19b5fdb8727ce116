//! SQL of the table jobs_jobs.

use yiwang_kernel::{Cursor, Error, Id, Instant, PageRequest, Result};
use yiwang_store::{Db, Row, Tx, Value};

use crate::{Job, State};

const COLUMNS: &str =
    "id, kind, key, body, state, due_at, attempts, attempts_max, claims, error, created_at, started_at, finished_at";

/// Adds a job unless one of this kind and key is there; the id of the one that then is.
pub(crate) async fn add(tx: &mut Tx<'_>, job: &Job) -> Result<Id> {
    let sql = "INSERT INTO jobs_jobs (id, kind, key, body, state, due_at, attempts, attempts_max, claims, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0, $8) ON CONFLICT (kind, key) DO NOTHING";
    let row: [Value; 8] = [
        job.id.into(),
        (&job.kind).into(),
        (&job.key).into(),
        (&job.body).into(),
        job.state.word().into(),
        job.due_at.into(),
        job.attempts_max.into(),
        job.created_at.into(),
    ];
    if tx.execute(sql, &row).await? > 0 {
        return Ok(job.id);
    }
    let sql = "SELECT id FROM jobs_jobs WHERE kind = $1 AND key = $2";
    let row = tx.query_one(sql, &[(&job.kind).into(), (&job.key).into()]).await?;
    row.ok_or_else(|| Error::broken("an order that exists is not there"))?.id("id")
}

/// Whether a job of this kind and key was ever ordered.
pub(crate) async fn is_known(db: &Db, kind: &str, key: &str) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM jobs_jobs WHERE kind = $1 AND key = $2";
    Ok(db.query_one(sql, &[kind.into(), key.into()]).await?.is_some())
}

/// Unfinished jobs of these kinds that are due, the longest due first, locked for this transaction. One that was
/// ordered after `ahead`, or whose lease or pause ends after it, was so by a clock that has come back since: it is due
/// too.
pub(crate) async fn due(
    tx: &mut Tx<'_>,
    now: Instant,
    ahead: Instant,
    kinds: &[&str],
    limit: usize,
) -> Result<Vec<Job>> {
    let places: Vec<String> = (4..kinds.len() + 4).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs_jobs WHERE finished_at IS NULL
        AND (due_at <= $1 OR (state = 'waiting' AND created_at > $3) OR (state <> 'waiting' AND due_at > $3))
        AND kind IN ({})
        ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED",
        places.join(", ")
    );
    let mut parameters: Vec<Value> = vec![now.into(), limit.into(), ahead.into()];
    parameters.extend(kinds.iter().map(|kind| Value::from(*kind)));
    tx.query(&sql, &parameters).await?.iter().map(read).collect()
}

/// Writes what an attempt changes, if the job was claimed so many times before; whether it was.
pub(crate) async fn update(tx: &mut Tx<'_>, job: &Job, claims_before: u32) -> Result<bool> {
    let sql = "UPDATE jobs_jobs SET state = $3, due_at = $4, attempts = $5, error = $6, started_at = $7,
        finished_at = $8, claims = $9 WHERE id = $1 AND claims = $2 AND finished_at IS NULL";
    let row: [Value; 9] = [
        job.id.into(),
        claims_before.into(),
        job.state.word().into(),
        job.due_at.into(),
        job.attempts.into(),
        job.error.as_ref().into(),
        job.started_at.into(),
        job.finished_at.into(),
        job.claims.into(),
    ];
    Ok(tx.execute(sql, &row).await? > 0)
}

/// Puts a job that failed for good back to the beginning; whether there was one.
pub(crate) async fn revive(tx: &mut Tx<'_>, id: Id, now: Instant) -> Result<bool> {
    let sql = "UPDATE jobs_jobs SET state = 'waiting', due_at = $2, attempts = 0, finished_at = NULL
        WHERE id = $1 AND state = 'failed'";
    Ok(tx.execute(sql, &[id.into(), now.into()]).await? > 0)
}

/// Removes a job that has not begun; whether there was one.
pub(crate) async fn remove_waiting(tx: &mut Tx<'_>, id: Id) -> Result<bool> {
    let sql = "DELETE FROM jobs_jobs WHERE id = $1 AND state IN ('waiting', 'retrying')";
    Ok(tx.execute(sql, &[id.into()]).await? > 0)
}

/// Removes jobs that ended before this instant, so many at most; how many.
pub(crate) async fn remove_ended(db: &Db, before: Instant, limit: usize) -> Result<u64> {
    let sql = "DELETE FROM jobs_jobs WHERE id IN
        (SELECT id FROM jobs_jobs WHERE finished_at < $1 ORDER BY finished_at, id LIMIT $2)";
    db.execute(sql, &[before.into(), limit.into()]).await
}

/// The job of this id.
pub(crate) async fn job(db: &Db, id: Id) -> Result<Option<Job>> {
    let sql = format!("SELECT {COLUMNS} FROM jobs_jobs WHERE id = $1");
    db.query_one(&sql, &[id.into()]).await?.as_ref().map(read).transpose()
}

/// Jobs, newest first: one row more than asked, if there is one.
pub(crate) async fn page(db: &Db, state: Option<State>, page: &PageRequest) -> Result<Vec<Job>> {
    let (created_at, id) = match &page.after {
        Some(cursor) => read_cursor(cursor)?,
        None => (i64::MAX, vec![0xff; 16]),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs_jobs WHERE (state = $1 OR $1 = '')
        AND (created_at < $2 OR (created_at = $2 AND id < $3)) ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let parameters = [state.map_or("", State::word).into(), created_at.into(), id.into(), (page.rows() + 1).into()];
    db.query(&sql, &parameters).await?.iter().map(read).collect()
}

/// Where a list goes on after this job.
pub(crate) fn cursor(job: &Job) -> Cursor {
    Cursor(vec![job.created_at.micros().to_string(), job.id.to_string()])
}

/// How many jobs stand where.
pub(crate) async fn counts(db: &Db) -> Result<Vec<(State, u64)>> {
    let rows = db.query("SELECT state, count(*) AS n FROM jobs_jobs GROUP BY state", &[]).await?;
    let read = |row: &Row| Ok((State::parse(&row.text("state")?)?, u64::try_from(row.int("n")?).unwrap_or(0)));
    rows.iter().map(read).collect()
}

fn read_cursor(cursor: &Cursor) -> Result<(i64, Vec<u8>)> {
    let wrong = || Error::invalid("after", "cursor-format");
    let [created_at, id] = cursor.0.as_slice() else { return Err(wrong()) };
    let id: Id = id.parse().map_err(|_| wrong())?;
    Ok((created_at.parse().map_err(|_| wrong())?, id.as_bytes().to_vec()))
}

fn read(row: &Row) -> Result<Job> {
    let count = |name: &str| Ok(u32::try_from(row.int(name)?).unwrap_or(0));
    Ok(Job {
        id: row.id("id")?,
        kind: row.text("kind")?,
        key: row.text("key")?,
        body: row.json("body")?,
        state: State::parse(&row.text("state")?)?,
        due_at: row.instant("due_at")?,
        attempts: count("attempts")?,
        attempts_max: count("attempts_max")?,
        claims: count("claims")?,
        error: row.opt_text("error")?,
        created_at: row.instant("created_at")?,
        started_at: row.opt_instant("started_at")?,
        finished_at: row.opt_instant("finished_at")?,
    })
}
