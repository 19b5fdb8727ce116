//! The portable snapshot: the whole store as one SQLite file, whichever database it came from and whichever it goes to.
//! From SQLite it is a plain copy; from PostgreSQL every table read in one REPEATABLE READ transaction. Tables are made
//! by the steps the store says it has, others (the lake's inlined rows) by their columns. Knows no table's meaning.

use std::path::Path;
use std::str::FromStr as _;

use futures::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use yiwang_kernel::{Error, Result as KernelResult};

use crate::fault::Fault;
use crate::migrate::{self, APPLIED, Applied, Migration, Standing};
use crate::{Row, Value, postgres, sqlite};

type Result<T, E = Fault> = std::result::Result<T, E>;

/// Parameters of one inserting statement, about.
const PARAMETERS_PER_STATEMENT: usize = 800;

/// One table as it is to be filled.
pub(crate) struct Table {
    name: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    kind: String,
    /// Whether the database numbers it.
    numbered: bool,
}

/// Copies a snapshot to be an SQLite store.
pub(crate) async fn to_sqlite(snapshot: &Path, path: &Path) -> Result<()> {
    if path.exists() {
        return Err(Error::conflict("store-not-empty").into());
    }
    let copied = tokio::fs::copy(snapshot, path).await;
    copied.map_err(|error| Error::internal("copying a snapshot of the store", error))?;
    sqlite::sync(path).await
}

/// Whether a PostgreSQL database has no table yet.
pub(crate) async fn is_vacant(url: &str) -> Result<bool> {
    let mut server = connect(url).await?;
    let vacant = tables_of_postgres(&mut server).await?.is_empty();
    server.close().await?;
    Ok(vacant)
}

/// Writes what PostgreSQL holds at one moment to a new SQLite file.
pub(crate) async fn from_postgres(store: &postgres::Store, path: &Path, known: &[Migration]) -> Result<()> {
    // The readers' pool opens read-only transactions at REPEATABLE READ; their first statement fixes the moment.
    let mut source = store.readers.begin().await?;
    let steps = steps(&postgres::query(&mut source, APPLIED, &[]).await?, known)?;
    let mut target = sqlite::create(path).await?;
    sqlite::execute(&mut target, "BEGIN", &[]).await?;
    sqlite::execute(&mut target, &migrate::table(false), &[]).await?;
    for statement in steps.iter().flat_map(|step| step.statements(false)) {
        sqlite::execute(&mut target, &statement, &[]).await?;
    }
    let made = tables_of_sqlite(&mut target).await?;
    for table in tables_of_postgres(&mut source).await? {
        let name = quoted(&table.name);
        if made.iter().any(|made| made.name == table.name) {
            // What a step put there is in the source too.
            sqlite::execute(&mut target, &format!("DELETE FROM {name}"), &[]).await?;
        } else {
            sqlite::execute(&mut target, &table.definition(false)?, &[]).await?;
        }
        copy_from_postgres(&mut source, &mut target, &table).await?;
        for column in table.columns.iter().filter(|column| column.numbered) {
            keep_number_in_sqlite(&mut source, &mut target, &table, column).await?;
        }
    }
    sqlite::execute(&mut target, "COMMIT", &[]).await?;
    target.close().await?;
    source.rollback().await?;
    sqlite::sync(path).await
}

/// Fills an empty PostgreSQL database from a snapshot, in one transaction.
pub(crate) async fn to_postgres(snapshot: &Path, url: &str, known: &[Migration]) -> Result<()> {
    let source = sqlite::Store::look(snapshot, true).await?;
    let mut source = source.readers.acquire().await?;
    let steps = steps(&sqlite::query(&mut source, APPLIED, &[]).await?, known)?;
    let mut server = connect(url).await?;
    let mut target = server.begin().await?;
    postgres::execute(&mut target, "SELECT pg_advisory_xact_lock(72015)", &[]).await?;
    if !tables_of_postgres(&mut target).await?.is_empty() {
        return Err(Error::conflict("store-not-empty").into());
    }
    postgres::execute(&mut target, &migrate::table(true), &[]).await?;
    for statement in steps.iter().flat_map(|step| step.statements(true)) {
        postgres::execute(&mut target, &statement, &[]).await?;
    }
    let made = tables_of_postgres(&mut target).await?;
    let references = take_references(&mut target).await?;
    for table in tables_of_sqlite(&mut source).await? {
        match made.iter().find(|made| made.name == table.name) {
            Some(made) => {
                let name = quoted(&table.name);
                postgres::execute(&mut target, &format!("DELETE FROM {name}"), &[]).await?;
                copy_to_postgres(&mut source, &mut target, &table).await?;
                for column in made.columns.iter().filter(|column| column.numbered) {
                    keep_number_in_postgres(&mut source, &mut target, &table, column).await?;
                }
            }
            None => {
                postgres::execute(&mut target, &table.definition(true)?, &[]).await?;
                copy_to_postgres(&mut source, &mut target, &table).await?;
            }
        }
    }
    for restored in references {
        postgres::execute(&mut target, &restored, &[]).await?;
    }
    target.commit().await?;
    server.close().await?;
    Ok(())
}

/// The steps a store says it has, in the order this program knows them; a store that is ahead of it is refused.
fn steps(rows: &[Row], known: &[Migration]) -> Result<Vec<Migration>> {
    let applied = rows.iter().map(Applied::of).collect::<KernelResult<Vec<_>>>()?;
    Standing::of(applied.clone(), known).require_known()?;
    Ok(known.iter().filter(|known| applied.iter().any(|applied| known.is(applied))).copied().collect())
}

pub(crate) async fn connect(url: &str) -> Result<PgConnection> {
    let options = PgConnectOptions::from_str(url).map_err(|_| Error::refused("store-address"))?;
    Ok(options.application_name("yiwang").options([("timezone", "UTC")]).disable_statement_logging().connect().await?)
}

pub(crate) async fn tables_of_postgres(db: &mut PgConnection) -> Result<Vec<Table>> {
    let sql = "SELECT c.relname AS table_name, a.attname AS name, format_type(a.atttypid, NULL) AS kind,
        a.attidentity <> '' AS numbered
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY c.relname, a.attnum";
    grouped(&postgres::query(db, sql, &[]).await?)
}

async fn tables_of_sqlite(db: &mut SqliteConnection) -> Result<Vec<Table>> {
    let sql = "SELECT m.name AS table_name, c.name AS name, lower(c.type) AS kind, 0 AS numbered
        FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.cid";
    grouped(&sqlite::query(db, sql, &[]).await?)
}

fn grouped(rows: &[Row]) -> Result<Vec<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    for row in rows {
        let (name, numbered) = (row.text("table_name")?, row.bool("numbered")?);
        let column = Column { name: row.text("name")?, kind: row.text("kind")?, numbered };
        match tables.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

async fn copy_from_postgres(source: &mut PgConnection, target: &mut SqliteConnection, table: &Table) -> Result<()> {
    let select = AssertSqlSafe(table.select());
    let mut rows = sqlx::query_with(select, PgArguments::default()).fetch(source);
    let mut waiting = Vec::new();
    while let Some(row) = rows.try_next().await? {
        waiting.extend(postgres::decode_row(&row)?);
        if waiting.len() >= table.values_per_statement() {
            sqlite::execute(target, &table.insert(waiting.len()), &waiting).await?;
            waiting.clear();
        }
    }
    if !waiting.is_empty() {
        sqlite::execute(target, &table.insert(waiting.len()), &waiting).await?;
    }
    Ok(())
}

async fn copy_to_postgres(source: &mut SqliteConnection, target: &mut PgConnection, table: &Table) -> Result<()> {
    let select = AssertSqlSafe(table.select());
    let mut rows = sqlx::query_with(select, SqliteArguments::default()).fetch(source);
    let mut waiting = Vec::new();
    while let Some(row) = rows.try_next().await? {
        waiting.extend(sqlite::decode_row(&row)?);
        if waiting.len() >= table.values_per_statement() {
            postgres::execute(target, &table.insert(waiting.len()), &waiting).await?;
            waiting.clear();
        }
    }
    if !waiting.is_empty() {
        postgres::execute(target, &table.insert(waiting.len()), &waiting).await?;
    }
    Ok(())
}

/// A number given out once is never given out again, also when its row is gone.
async fn keep_number_in_sqlite(
    source: &mut PgConnection,
    target: &mut SqliteConnection,
    table: &Table,
    column: &Column,
) -> Result<()> {
    let sql = "SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0) AS last";
    let names = [Value::from(quoted(&table.name)), Value::from(&column.name)];
    let rows = postgres::query(source, sql, &names).await?;
    let last = rows.first().map(|row| row.int("last")).transpose()?.unwrap_or(0);
    let name = Value::from(&table.name);
    sqlite::execute(target, "DELETE FROM sqlite_sequence WHERE name = $1", std::slice::from_ref(&name)).await?;
    sqlite::execute(target, "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", &[name, last.into()]).await?;
    Ok(())
}

async fn keep_number_in_postgres(
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    table: &Table,
    column: &Column,
) -> Result<()> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = $1";
    let rows = sqlite::query(source, sql, &[Value::from(&table.name)]).await?;
    let last = rows.first().map(|row| row.int("seq")).transpose()?.unwrap_or(0);
    if last > 0 {
        let sql = "SELECT setval(pg_get_serial_sequence($1, $2)::regclass, $3) AS last";
        let values = [Value::from(quoted(&table.name)), Value::from(&column.name), last.into()];
        postgres::query(target, sql, &values).await?;
    }
    Ok(())
}

/// Takes the references between tables away, so that they can be filled in any order; the statements that put them
/// back, and check them.
async fn take_references(db: &mut PgConnection) -> Result<Vec<String>> {
    let sql = "SELECT conrelid::regclass::text AS on_table, conname AS name, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY conname";
    let mut back = Vec::new();
    for row in postgres::query(db, sql, &[]).await? {
        let (table, name, definition) = (row.text("on_table")?, quoted(&row.text("name")?), row.text("definition")?);
        postgres::execute(db, &format!("ALTER TABLE {table} DROP CONSTRAINT {name}"), &[]).await?;
        back.push(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"));
    }
    Ok(back)
}

impl Table {
    /// Its name as a statement takes it.
    pub(crate) fn quoted(&self) -> String {
        quoted(&self.name)
    }

    /// For a table that no step makes.
    fn definition(&self, postgres: bool) -> Result<String> {
        let column = |column: &Column| -> Result<String> {
            let kind = match (column.kind.as_str(), postgres) {
                ("bigint" | "integer", _) => "BIGINT",
                ("character varying" | "varchar", _) => "VARCHAR",
                ("text", _) => "TEXT",
                ("bytea" | "blob", true) => "BYTEA",
                ("bytea" | "blob", false) => "BLOB",
                ("double precision" | "real", true) => "DOUBLE PRECISION",
                ("double precision" | "real", false) => "REAL",
                (kind, _) => {
                    let error = format!("the column {}.{} of type {kind}", self.name, column.name);
                    return Err(Error::broken(error).into());
                }
            };
            Ok(format!("{} {kind}", quoted(&column.name)))
        };
        let columns = self.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        Ok(format!("CREATE TABLE {} ({})", quoted(&self.name), columns.join(", ")))
    }

    fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.names(), quoted(&self.name))
    }

    /// A statement for so many values.
    fn insert(&self, values: usize) -> String {
        let width = self.columns.len().max(1);
        let group = |first: usize| {
            let places: Vec<String> = (1..=width).map(|place| format!("${}", first + place)).collect();
            format!("({})", places.join(", "))
        };
        let groups: Vec<String> = (0..values / width).map(|row| group(row * width)).collect();
        format!("INSERT INTO {} ({}) VALUES {}", quoted(&self.name), self.names(), groups.join(", "))
    }

    fn values_per_statement(&self) -> usize {
        let width = self.columns.len().max(1);
        (PARAMETERS_PER_STATEMENT / width).max(1) * width
    }

    fn names(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
