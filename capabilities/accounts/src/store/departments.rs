//! Departments with their dated names, successions and posts.

use yiwang_kernel::{CivilDate, Id, Result, Text};
use yiwang_store::{Db, Row, Tx, Value};

use crate::model::{Department, NamePeriod, Post, Reorganisation, Succession};

/// Departments read at most at once; a city has hundreds.
pub(crate) const DEPARTMENTS_MAX: usize = 5_000;
const HISTORY_MAX: usize = 500;

const ON_A_DAY: &str = "SELECT d.code, d.parent, d.place, d.opened, d.closed, n.name_zh, n.name_en
    FROM accounts_departments d JOIN accounts_department_names n ON n.department = d.code
    AND n.since = (SELECT max(m.since) FROM accounts_department_names m WHERE m.department = d.code AND m.since <= $1)";

/// How many departments there are and were.
pub(crate) async fn count(db: &Db) -> Result<i64> {
    let row = db.query_one("SELECT count(*) AS n FROM accounts_departments", &[]).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Departments as they stand on a day, closed ones too when asked, in their order.
pub(crate) async fn list(db: &Db, day: CivilDate, closed: bool) -> Result<Vec<Department>> {
    let sql =
        format!("{ON_A_DAY} WHERE ($2 = 1 OR d.closed IS NULL OR d.closed > $1) ORDER BY d.place, d.code LIMIT $3");
    let rows = db.query(&sql, &[day.into(), i64::from(closed).into(), DEPARTMENTS_MAX.into()]).await?;
    rows.iter().map(department).collect()
}

/// One department as it stands on a day; none before it was opened.
pub(crate) async fn find(db: &Db, code: &str, day: CivilDate) -> Result<Option<Department>> {
    let rows = db.query(&format!("{ON_A_DAY} WHERE d.code = $2"), &[day.into(), code.into()]).await?;
    rows.first().map(department).transpose()
}

/// As [`find`], within a transaction.
pub(crate) async fn find_in(tx: &mut Tx<'_>, code: &str, day: CivilDate) -> Result<Option<Department>> {
    let rows = tx.query(&format!("{ON_A_DAY} WHERE d.code = $2"), &[day.into(), code.into()]).await?;
    rows.first().map(department).transpose()
}

/// Whether the code was ever given.
pub(crate) async fn is_known(tx: &mut Tx<'_>, code: &str) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM accounts_departments WHERE code = $1";
    Ok(tx.query_one(sql, &[code.into()]).await?.is_some())
}

pub(crate) async fn insert(tx: &mut Tx<'_>, department: &Department, basis: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO accounts_departments (code, parent, place, opened, closed) VALUES ($1, $2, $3, $4, $5)",
        &[
            Value::from(&department.code),
            department.parent.clone().into(),
            department.place.into(),
            department.opened.into(),
            department.closed.into(),
        ],
    )
    .await?;
    let change = Reorganisation { since: department.opened, basis: basis.to_owned() };
    set_name(tx, &department.code, &department.name, &change).await
}

/// The name from a date on; a second change at the same date replaces the first.
pub(crate) async fn set_name(tx: &mut Tx<'_>, code: &str, name: &Text, change: &Reorganisation) -> Result<()> {
    tx.execute(
        "INSERT INTO accounts_department_names (department, since, name_zh, name_en, basis)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (department, since)
         DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en, basis = excluded.basis",
        &[code.into(), change.since.into(), (&name.zh).into(), (&name.en).into(), (&change.basis).into()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn close(tx: &mut Tx<'_>, code: &str, day: CivilDate) -> Result<()> {
    let sql = "UPDATE accounts_departments SET closed = $2 WHERE code = $1";
    tx.execute(sql, &[code.into(), day.into()]).await?;
    Ok(())
}

pub(crate) async fn insert_succession(tx: &mut Tx<'_>, step: &Succession) -> Result<()> {
    tx.execute(
        "INSERT INTO accounts_successions (department, successor, since, kind, main, basis)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            (&step.department).into(),
            (&step.successor).into(),
            step.since.into(),
            (&step.kind).into(),
            step.main.into(),
            (&step.basis).into(),
        ],
    )
    .await?;
    Ok(())
}

/// The main successor of a department that has closed by this day.
pub(crate) async fn main_successor(db: &Db, code: &str, day: CivilDate) -> Result<Option<String>> {
    let sql = "SELECT s.successor FROM accounts_successions s JOIN accounts_departments d ON d.code = s.department
        WHERE s.department = $1 AND s.main = 1 AND s.since <= $2 AND d.closed <= $2";
    let row = db.query_one(sql, &[code.into(), day.into()]).await?;
    row.map(|row| row.text("successor")).transpose()
}

pub(crate) async fn names(db: &Db, code: &str) -> Result<Vec<NamePeriod>> {
    let sql = "SELECT since, name_zh, name_en, basis FROM accounts_department_names
        WHERE department = $1 ORDER BY since DESC LIMIT $2";
    let rows = db.query(sql, &[code.into(), HISTORY_MAX.into()]).await?;
    let period = |row: &Row| {
        let name = Text::new(row.text("name_zh")?, row.text("name_en")?);
        Ok(NamePeriod { since: row.date("since")?, name, basis: row.text("basis")? })
    };
    rows.iter().map(period).collect()
}

/// Steps from and to this department.
pub(crate) async fn successions(db: &Db, code: &str) -> Result<Vec<Succession>> {
    let sql = "SELECT department, successor, since, kind, main, basis FROM accounts_successions
        WHERE department = $1 OR successor = $1 ORDER BY since DESC, department, successor LIMIT $2";
    let rows = db.query(sql, &[code.into(), HISTORY_MAX.into()]).await?;
    let step = |row: &Row| {
        Ok(Succession {
            department: row.text("department")?,
            successor: row.text("successor")?,
            since: row.date("since")?,
            kind: row.text("kind")?,
            main: row.bool("main")?,
            basis: row.text("basis")?,
        })
    };
    rows.iter().map(step).collect()
}

pub(crate) async fn insert_post(tx: &mut Tx<'_>, department: &str, post: &Post) -> Result<()> {
    let sql = "INSERT INTO accounts_posts (id, department, title_zh, title_en, closed) VALUES ($1, $2, $3, $4, NULL)";
    let row = [post.id.into(), department.into(), (&post.title.zh).into(), (&post.title.en).into()];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// Closes a post of this department; whether it was there and open.
pub(crate) async fn close_post(tx: &mut Tx<'_>, department: &str, post: Id, day: CivilDate) -> Result<bool> {
    let sql = "UPDATE accounts_posts SET closed = $3 WHERE id = $1 AND department = $2 AND closed IS NULL";
    Ok(tx.execute(sql, &[post.into(), department.into(), day.into()]).await? > 0)
}

pub(crate) async fn posts(db: &Db, department: &str) -> Result<Vec<Post>> {
    let sql = "SELECT id, title_zh, title_en, closed FROM accounts_posts WHERE department = $1 ORDER BY id LIMIT $2";
    let rows = db.query(sql, &[department.into(), HISTORY_MAX.into()]).await?;
    let post = |row: &Row| {
        let title = Text::new(row.text("title_zh")?, row.text("title_en")?);
        Ok(Post { id: row.id("id")?, title, closed: row.opt_date("closed")? })
    };
    rows.iter().map(post).collect()
}

/// Whether the post belongs to this department and is open.
pub(crate) async fn has_post(tx: &mut Tx<'_>, department: &str, post: Id) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM accounts_posts WHERE id = $1 AND department = $2 AND closed IS NULL";
    Ok(tx.query_one(sql, &[post.into(), department.into()]).await?.is_some())
}

fn department(row: &Row) -> Result<Department> {
    Ok(Department {
        code: row.text("code")?,
        name: Text::new(row.text("name_zh")?, row.text("name_en")?),
        parent: row.opt_text("parent")?,
        place: row.int("place")?,
        opened: row.date("opened")?,
        closed: row.opt_date("closed")?,
    })
}
