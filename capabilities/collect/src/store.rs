//! SQL for `collect_loads`: one row per load, its report as JSON. Decides nothing; rules and permissions are in `ops`.

use yiwang_kernel::{Cursor, Error, Id, Instant, ListPage, PageRequest, Result};
use yiwang_store::{Db, Row, Tx, Value};

use crate::model::{LoadFilter, LoadLine, LoadReport, State};

const COLUMNS: &str = "id, started, actor, raw, state, report";
/// Raw files one round of forgetting looks at.
const FORGET_MAX: i64 = 100;
/// Loads one round of tidying up after a stop looks at.
const CUT_OFF_MAX: i64 = 1_000;

/// Enters a load that begins; false when its id is known already.
pub(crate) async fn begin(db: &Db, line: &LoadLine, raw_until: Option<Instant>) -> Result<bool> {
    let sql = "INSERT INTO collect_loads (id, department, resource, state, actor, started, raw, raw_until, report) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
    let values = vec![
        Value::from(line.id),
        Value::from(&line.report.department),
        Value::from(&line.report.resource),
        Value::from(line.report.state.word()),
        Value::from(&line.actor),
        Value::from(line.started),
        Value::from(line.raw),
        Value::from(raw_until),
        Value::from(json(&line.report)?),
    ];
    Ok(db.execute(sql, &values).await? > 0)
}

/// Writes what became of a load that stands in one of these states; a conflict when it stands in none of them.
pub(crate) async fn settle(tx: &mut Tx<'_>, id: Id, from: &[State], report: &LoadReport) -> Result<()> {
    let states: Vec<String> = (0..from.len()).map(|place| format!("${}", place + 6)).collect();
    let sql = format!(
        "UPDATE collect_loads SET department = $2, resource = $3, state = $4, report = $5 \
         WHERE id = $1 AND state IN ({})",
        states.join(", ")
    );
    let mut values = vec![
        Value::from(id),
        Value::from(&report.department),
        Value::from(&report.resource),
        Value::from(report.state.word()),
        Value::from(json(report)?),
    ];
    values.extend(from.iter().map(|state| Value::from(state.word())));
    match tx.execute(&sql, &values).await? {
        0 => Err(Error::conflict("load-state-changed")),
        _ => Ok(()),
    }
}

/// A load by its id.
pub(crate) async fn find(db: &Db, id: Id) -> Result<Option<LoadLine>> {
    let sql = format!("SELECT {COLUMNS} FROM collect_loads WHERE id = $1");
    db.query_one(&sql, &[Value::from(id)]).await?.map(|row| line(&row)).transpose()
}

/// Loads, newest first.
pub(crate) async fn list(db: &Db, filter: &LoadFilter, page: &PageRequest) -> Result<ListPage<LoadLine>> {
    let mut values = Vec::new();
    let mut conditions = Vec::new();
    let state = filter.state.map(|state| state.word().to_owned());
    let given = [("department", &filter.department), ("resource", &filter.resource), ("state", &state)];
    for (column, value) in given {
        if let Some(value) = value {
            values.push(Value::from(value));
            conditions.push(format!("{column} = ${}", values.len()));
        }
    }
    let all = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
    let count = format!("SELECT COUNT(*) AS n FROM collect_loads WHERE {all}");
    let total = db.query_one(&count, &values).await?.map(|row| row.int("n")).transpose()?.unwrap_or(0);
    let after = match &page.after {
        Some(cursor) => {
            let (started, id) = place(cursor)?;
            let first = values.len() + 1;
            values.extend([Value::from(started), Value::from(id)]);
            format!(" AND (started < ${first} OR (started = ${first} AND id < ${}))", first + 1)
        }
        None => String::new(),
    };
    values.push(Value::from(page.rows() + 1));
    let sql = format!(
        "SELECT {COLUMNS} FROM collect_loads WHERE {all}{after} ORDER BY started DESC, id DESC LIMIT ${}",
        values.len()
    );
    let found = db.query(&sql, &values).await?;
    let mut rows = found.iter().map(line).collect::<Result<Vec<_>>>()?;
    let more = rows.len() > page.rows();
    rows.truncate(page.rows());
    let next = rows.last().filter(|_| more).map(cursor_of);
    Ok(ListPage { rows, total: u64::try_from(total).unwrap_or(0), next })
}

/// Whether any load ever became a version.
pub(crate) async fn any_loaded(db: &Db) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM collect_loads WHERE state = $1 LIMIT 1";
    Ok(db.query_one(sql, &[State::Loaded.word().into()]).await?.is_some())
}

/// Raw files whose time is over.
pub(crate) async fn raw_over(db: &Db, now: Instant) -> Result<Vec<(Id, Id)>> {
    let sql =
        "SELECT id, raw FROM collect_loads WHERE raw IS NOT NULL AND raw_until <= $1 ORDER BY raw_until, id LIMIT $2";
    let rows = db.query(sql, &[Value::from(now), Value::from(FORGET_MAX)]).await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.id("raw")?))).collect()
}

/// The raw files kept of a resource's loads.
pub(crate) async fn raws_of(db: &Db, resource: &str) -> Result<Vec<(Id, Id)>> {
    let sql = "SELECT id, raw FROM collect_loads WHERE resource = $1 AND raw IS NOT NULL ORDER BY started, id";
    let rows = db.query(sql, &[Value::from(resource)]).await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.id("raw")?))).collect()
}

/// Loads into a resource that wait for a decision.
pub(crate) async fn held(db: &Db, resource: &str) -> Result<Vec<LoadLine>> {
    let sql = format!("SELECT {COLUMNS} FROM collect_loads WHERE resource = $1 AND state = $2 ORDER BY started, id");
    let rows = db.query(&sql, &[Value::from(resource), Value::from(State::Held.word())]).await?;
    rows.iter().map(line).collect()
}

/// Notes that the raw file of a load is gone.
pub(crate) async fn raw_gone(db: &Db, id: Id) -> Result<()> {
    db.execute("UPDATE collect_loads SET raw = NULL, raw_until = NULL WHERE id = $1", &[Value::from(id)]).await?;
    Ok(())
}

/// Loads that were running when the platform stopped.
pub(crate) async fn running(db: &Db) -> Result<Vec<LoadLine>> {
    let sql = format!("SELECT {COLUMNS} FROM collect_loads WHERE state = $1 ORDER BY started, id LIMIT $2");
    let rows = db.query(&sql, &[Value::from(State::Running.word()), Value::from(CUT_OFF_MAX)]).await?;
    rows.iter().map(line).collect()
}

fn line(row: &Row) -> Result<LoadLine> {
    let mut report: LoadReport = serde_json::from_str(&row.text("report")?)
        .map_err(|source| Error::internal("a load's report does not read", source))?;
    report.state = State::parse(&row.text("state")?)?;
    Ok(LoadLine {
        id: row.id("id")?,
        started: row.instant("started")?,
        actor: row.text("actor")?,
        raw: row.opt_id("raw")?,
        report,
    })
}

fn json(report: &LoadReport) -> Result<String> {
    serde_json::to_string(report).map_err(|source| Error::internal("a load's report does not write", source))
}

fn cursor_of(line: &LoadLine) -> Cursor {
    Cursor(vec![line.started.micros().to_string(), line.id.to_string()])
}

fn place(cursor: &Cursor) -> Result<(Instant, Id)> {
    let wrong = || Error::invalid("after", "cursor-format");
    let [started, id] = cursor.0.as_slice() else { return Err(wrong()) };
    let started = started.parse().map_err(|_| wrong())?;
    Ok((Instant::from_micros(started), id.parse().map_err(|_| wrong())?))
}
