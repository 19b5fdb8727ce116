//! `catalogue_entries` and `catalogue_sequences`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use yiwang_kernel::{Error, Result};
use yiwang_store::{Db, Row, Tx, Value};

use crate::model::{Attached, Code, Content, Entry, Integrated, Opened, State};

const COLUMNS: &str = "code, content, pending, state, published, returned, opened, opened_fields, opening_reason,
    version, rows, loaded, edited_by, submitted_by, created, updated, published_at, revision";

/// What a list of entries is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Narrowing {
    /// One department's.
    pub(crate) provider: Option<String>,
    /// In one state.
    pub(crate) state: Option<State>,
    /// With data.
    pub(crate) attached: bool,
    /// Those everybody may see.
    pub(crate) public: bool,
}

/// Numbers of the whole catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Departments with at least one entry.
    pub departments: u64,
    /// Entries.
    pub entries: u64,
    /// Entries with data.
    pub attached: u64,
    /// Entries open to the public.
    pub open: u64,
    /// Fields.
    pub fields: u64,
    /// Rows behind all entries.
    pub rows: u64,
    /// Rows behind the entries open to the public.
    pub rows_open: u64,
}

/// The entry with this code.
pub(crate) async fn entry(db: &Db, code: &str) -> Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM catalogue_entries WHERE code = $1");
    db.query_one(&sql, &[code.into()]).await?.map(|row| entry_of(&row)).transpose()
}

/// The same inside a transaction.
pub(crate) async fn entry_in(tx: &mut Tx<'_>, code: &str) -> Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM catalogue_entries WHERE code = $1");
    tx.query_one(&sql, &[code.into()]).await?.map(|row| entry_of(&row)).transpose()
}

/// Whether the code is taken.
pub(crate) async fn exists_in(tx: &mut Tx<'_>, code: &str) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM catalogue_entries WHERE code = $1";
    Ok(tx.query_one(sql, &[code.into()]).await?.is_some())
}

/// Entries after this code, by code, at most `limit`.
pub(crate) async fn entries(db: &Db, narrowing: &Narrowing, after: &str, limit: usize) -> Result<Vec<Entry>> {
    let (conditions, mut values) = conditions(narrowing);
    values.push(after.into());
    values.push(limit.into());
    let (after, limit) = (values.len() - 1, values.len());
    let sql = format!(
        "SELECT {COLUMNS} FROM catalogue_entries WHERE {conditions} AND code > ${after} ORDER BY code LIMIT ${limit}"
    );
    db.query(&sql, &values).await?.iter().map(entry_of).collect()
}

/// How many entries fit.
pub(crate) async fn count_entries(db: &Db, narrowing: &Narrowing) -> Result<u64> {
    let (conditions, values) = conditions(narrowing);
    let sql = format!("SELECT count(*) AS n FROM catalogue_entries WHERE {conditions}");
    let count = db.query_one(&sql, &values).await?.map_or(Ok(0), |row| row.int("n"))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The entries with these codes (at most a page of them), in no order.
pub(crate) async fn entries_of(db: &Db, codes: &[String]) -> Result<Vec<Entry>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=codes.len()).map(|place| format!("${place}")).collect();
    let sql = format!("SELECT {COLUMNS} FROM catalogue_entries WHERE code IN ({})", places.join(", "));
    let values: Vec<Value> = codes.iter().map(Value::from).collect();
    db.query(&sql, &values).await?.iter().map(entry_of).collect()
}

/// Numbers of the whole catalogue.
pub(crate) async fn city_counts(db: &Db, public: bool) -> Result<Counts> {
    let narrowing = Narrowing { public, ..Narrowing::default() };
    let (conditions, values) = conditions(&narrowing);
    let sql = format!(
        "SELECT count(*) AS entries, count(DISTINCT provider) AS departments, count(version) AS attached,
            CAST(COALESCE(sum(fields), 0) AS BIGINT) AS fields, CAST(COALESCE(sum(rows), 0) AS BIGINT) AS row_total,
            CAST(COALESCE(sum(CASE WHEN opened = 'open' THEN rows ELSE 0 END), 0) AS BIGINT) AS rows_open,
            CAST(COALESCE(sum(CASE WHEN opened = 'open' THEN 1 ELSE 0 END), 0) AS BIGINT) AS opened
        FROM catalogue_entries WHERE {conditions}"
    );
    let row = db.query_one(&sql, &values).await?.ok_or_else(|| Error::broken("a count without a row"))?;
    let count = |name: &str| -> Result<u64> { Ok(u64::try_from(row.int(name)?).unwrap_or(0)) };
    Ok(Counts {
        departments: count("departments")?,
        entries: count("entries")?,
        attached: count("attached")?,
        open: count("opened")?,
        fields: count("fields")?,
        rows: count("row_total")?,
        rows_open: count("rows_open")?,
    })
}

/// Published entries of each department by its code, with those that have rows.
pub(crate) async fn integration(db: &Db) -> Result<Vec<(String, Integrated)>> {
    let sql = "SELECT provider, count(*) AS entries,
            CAST(COALESCE(sum(CASE WHEN rows > 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS attached
        FROM catalogue_entries WHERE published = 1 AND state <> 'retired' GROUP BY provider ORDER BY provider";
    let count = |row: &Row, name: &str| -> Result<u64> { Ok(u64::try_from(row.int(name)?).unwrap_or(0)) };
    let read = |row: &Row| {
        let share = Integrated { entries: count(row, "entries")?, attached: count(row, "attached")? };
        Ok((row.text("provider")?, share))
    };
    db.query(sql, &[]).await?.iter().map(read).collect()
}

/// How many entries have a table whose grade a person set, and how many of those are published and open.
pub(crate) async fn progress(db: &Db) -> Result<[i64; 3]> {
    let sql = "SELECT count(grade) AS graded,
            CAST(COALESCE(sum(CASE WHEN published = 1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS published,
            CAST(COALESCE(sum(CASE WHEN opened = 'open' THEN 1 ELSE 0 END), 0) AS BIGINT) AS opened
        FROM catalogue_entries WHERE version IS NOT NULL AND grade IS NOT NULL";
    let row = db.query_one(sql, &[]).await?.ok_or_else(|| Error::broken("a count without a row"))?;
    Ok([row.int("graded")?, row.int("published")?, row.int("opened")?])
}

/// Writes a new entry.
pub(crate) async fn insert_entry(tx: &mut Tx<'_>, entry: &Entry) -> Result<()> {
    let sql = "INSERT INTO catalogue_entries (title, provider, theme, library, cycle, grade, fields, content, pending,
            state, published, returned, opened, opened_fields, opening_reason, version, rows, loaded, edited_by,
            submitted_by, updated, published_at, revision, code, created)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25)";
    let mut values = values_of(entry)?;
    values.push((&entry.code).into());
    values.push(entry.created.into());
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes an entry over its former revision; refused when somebody else changed it meanwhile.
pub(crate) async fn update_entry(tx: &mut Tx<'_>, entry: &Entry) -> Result<()> {
    let sql =
        "UPDATE catalogue_entries SET title = $1, provider = $2, theme = $3, library = $4, cycle = $5, grade = $6,
            fields = $7, content = $8, pending = $9, state = $10, published = $11, returned = $12, opened = $13,
            opened_fields = $14, opening_reason = $15, version = $16, rows = $17, loaded = $18, edited_by = $19,
            submitted_by = $20, updated = $21, published_at = $22, revision = $23
        WHERE code = $24 AND revision = $25";
    let mut values = values_of(entry)?;
    values.push((&entry.code).into());
    values.push((entry.revision - 1).into());
    match tx.execute(sql, &values).await? {
        0 => Err(Error::conflict("catalogue-changed-meanwhile")),
        _ => Ok(()),
    }
}

/// Takes an entry out for good: only the undoing of the import that made it.
pub(crate) async fn delete_entry(tx: &mut Tx<'_>, code: &str) -> Result<()> {
    tx.execute("DELETE FROM catalogue_entries WHERE code = $1", &[code.into()]).await?;
    tx.execute("DELETE FROM catalogue_claims WHERE code = $1", &[code.into()]).await?;
    tx.execute("DELETE FROM catalogue_negative WHERE code = $1", &[code.into()]).await?;
    Ok(())
}

/// The next free sequence number of a classification.
pub(crate) async fn next_sequence(tx: &mut Tx<'_>, classification: &str) -> Result<u64> {
    let sql = "INSERT INTO catalogue_sequences (classification, last) VALUES ($1, 1)
        ON CONFLICT (classification) DO UPDATE SET last = catalogue_sequences.last + 1 RETURNING last";
    let row = tx.query_one(sql, &[classification.into()]).await?;
    let last = row.ok_or_else(|| Error::broken("a sequence without a row"))?.int("last")?;
    Ok(u64::try_from(last).unwrap_or(1))
}

/// Notes that a sequence number came from outside.
pub(crate) async fn raise_sequence(tx: &mut Tx<'_>, code: &Code) -> Result<()> {
    let Some(number) = code.sequence() else { return Ok(()) };
    let sql = "INSERT INTO catalogue_sequences (classification, last) VALUES ($1, $2)
        ON CONFLICT (classification) DO UPDATE SET last = excluded.last WHERE catalogue_sequences.last < excluded.last";
    tx.execute(sql, &[code.classification().into(), number.into()]).await?;
    Ok(())
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("write a part of the catalogue", error))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::internal("read a part of the catalogue", error))
}

fn conditions(narrowing: &Narrowing) -> (String, Vec<Value>) {
    let mut conditions = vec!["1 = 1".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    let pairs = [("provider", narrowing.provider.as_deref()), ("state", narrowing.state.map(State::word))];
    for (column, wanted) in pairs {
        if let Some(wanted) = wanted {
            values.push(wanted.into());
            conditions.push(format!("{column} = ${}", values.len()));
        }
    }
    if narrowing.attached {
        conditions.push("version IS NOT NULL".to_owned());
    }
    if narrowing.public {
        conditions.push("published = 1 AND opened <> 'taken_down'".to_owned());
    }
    (conditions.join(" AND "), values)
}

fn values_of(entry: &Entry) -> Result<Vec<Value>> {
    let content = &entry.content;
    Ok(vec![
        (&content.title.zh).into(),
        (&content.provider).into(),
        (&content.theme).into(),
        content.library.word().into(),
        content.cycle.word().into(),
        content.grade.into(),
        content.fields.len().into(),
        to_json(content)?.into(),
        entry.pending.as_ref().map(to_json).transpose()?.into(),
        entry.state.word().into(),
        entry.published.into(),
        (&entry.returned).into(),
        entry.opened.word().into(),
        to_json(&entry.opened_fields)?.into(),
        (&entry.opening_reason).into(),
        entry.attached.map(|attached| attached.version).into(),
        entry.attached.map(|attached| attached.rows).into(),
        entry.attached.map(|attached| attached.at).into(),
        (&entry.edited_by).into(),
        (&entry.submitted_by).into(),
        entry.updated.into(),
        entry.published_at.into(),
        entry.revision.into(),
    ])
}

fn entry_of(row: &Row) -> Result<Entry> {
    let pending: Option<Content> = row.opt_text("pending")?.map(|text| from_json(&text)).transpose()?;
    let attached = match (row.opt_int("version")?, row.opt_int("rows")?, row.opt_int("loaded")?) {
        (Some(version), Some(rows), Some(at)) => {
            Some(Attached { version: u64::try_from(version).unwrap_or(0), rows: u64::try_from(rows).unwrap_or(0), at })
        }
        _ => None,
    };
    Ok(Entry {
        code: row.text("code")?,
        content: from_json(&row.text("content")?)?,
        pending,
        state: State::parse(&row.text("state")?)?,
        published: row.bool("published")?,
        returned: row.text("returned")?,
        opened: Opened::parse(&row.text("opened")?)?,
        opened_fields: from_json(&row.text("opened_fields")?)?,
        opening_reason: row.text("opening_reason")?,
        attached,
        edited_by: row.text("edited_by")?,
        submitted_by: row.text("submitted_by")?,
        created: row.int("created")?,
        updated: row.int("updated")?,
        published_at: row.opt_int("published_at")?,
        revision: row.int("revision")?,
    })
}
