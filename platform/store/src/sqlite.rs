//! SQLite: one write connection, shared by [`writer`], and a pool of readers. WAL, `synchronous=FULL`, foreign keys on.
//! Parameters and columns need no translation here beyond the kind of value.

pub(crate) mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Row as _, Sqlite, SqliteConnection, TypeInfo as _,
    ValueRef as _,
};
use yiwang_kernel::{Error, Result};

use crate::fault::Fault;
use crate::{Row, Value, translate};
use writer::Writers;

const READERS_MAX: u32 = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENTS_CACHED: usize = 400;

/// An open SQLite file.
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) readers: sqlx::Pool<Sqlite>,
    pub(crate) writers: Writers,
}

impl Store {
    /// Opens the file, creating it when it is not there.
    pub(crate) async fn open(path: &Path) -> Result<Store, Fault> {
        let options = options(path);
        let writers = Writers::new(options.clone().create_if_missing(true).connect().await?);
        let pool = PoolOptions::new().max_connections(READERS_MAX).min_connections(0);
        let readers = pool.connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Store { path: path.to_owned(), readers, writers })
    }

    /// Opens a file that is there without changing it; `frozen`: nobody else writes to it either.
    pub(crate) async fn look(path: &Path, frozen: bool) -> Result<Store, Fault> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(frozen);
        let options = options.busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
        let writers = Writers::new(options.clone().connect().await?);
        let readers = PoolOptions::new().max_connections(1).min_connections(0).connect_lazy_with(options);
        Ok(Store { path: path.to_owned(), readers, writers })
    }

    /// Writes a consistent copy of the whole store to `path`, which must not exist.
    pub(crate) async fn snapshot_to(&self, path: &Path) -> Result<(), Fault> {
        let text = path.to_str().ok_or_else(|| Error::broken("the path of a snapshot is not UTF-8"))?;
        let mut connection = options(&self.path).connect().await?;
        execute(&mut connection, "VACUUM INTO $1", &[Value::from(text)]).await?;
        sync(path).await
    }
}

/// A new file to be filled by one connection and closed: no journal beside it, references not checked on the way.
pub(crate) async fn create(path: &Path) -> Result<SqliteConnection, Fault> {
    if path.exists() {
        return Err(Error::conflict("exists").into());
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Off)
        .foreign_keys(false)
        .statement_cache_capacity(STATEMENTS_CACHED)
        .disable_statement_logging();
    Ok(options.connect().await?)
}

/// Makes a file durable, and its name.
pub(crate) async fn sync(path: &Path) -> Result<(), Fault> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for path in [path, folder] {
        let synced = match tokio::fs::File::open(path).await {
            Ok(file) => file.sync_all().await,
            Err(error) => Err(error),
        };
        synced.map_err(|error| Error::internal("a snapshot of the store cannot be synced", error))?;
    }
    Ok(())
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS_CACHED)
        .disable_statement_logging()
}

/// Runs a statement and gives its rows.
pub(crate) async fn query(db: &mut SqliteConnection, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, Fault> {
    let arguments = arguments(sql, parameters)?;
    let statement = sqlx::query_with(AssertSqlSafe(translate::for_sqlite(sql).into_owned()), arguments);
    let rows = statement.fetch_all(db).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter().map(|row| decode(row, &columns)).collect()
}

/// Runs a statement and gives the number of rows it touched.
pub(crate) async fn execute(db: &mut SqliteConnection, sql: &str, parameters: &[Value]) -> Result<u64, Fault> {
    let arguments = arguments(sql, parameters)?;
    let statement = sqlx::query_with(AssertSqlSafe(translate::for_sqlite(sql).into_owned()), arguments);
    Ok(statement.execute(db).await?.rows_affected())
}

/// SQLite itself would take a missing parameter for NULL.
fn arguments(sql: &str, parameters: &[Value]) -> Result<SqliteArguments, Fault> {
    let (wanted, given) = (translate::parameters_of(sql), parameters.len());
    if wanted != given {
        return Err(Error::broken(format!("the statement takes {wanted} parameters, {given} were given")).into());
    }
    let mut arguments = SqliteArguments::default();
    for value in parameters {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Bool(value) => arguments.add(*value),
            Value::Int(value) => arguments.add(*value),
            Value::Float(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.clone()),
            Value::Bytes(value) => arguments.add(value.clone()),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn decode(row: &SqliteRow, columns: &Arc<[String]>) -> Result<Row, Fault> {
    Ok(Row::new(Arc::clone(columns), decode_row(row)?))
}

/// Reads all columns of a row.
pub(crate) fn decode_row(row: &SqliteRow) -> Result<Vec<Value>, Fault> {
    let mut values = Vec::with_capacity(row.len());
    for place in 0..row.len() {
        let raw = row.try_get_raw(place)?;
        let kind = if raw.is_null() { "NULL".to_owned() } else { raw.type_info().name().to_owned() };
        let value = match kind.as_str() {
            "NULL" => Value::Null,
            "INTEGER" => Value::Int(row.try_get_unchecked(place)?),
            "REAL" => Value::Float(row.try_get_unchecked(place)?),
            "TEXT" => Value::Text(row.try_get_unchecked(place)?),
            _ => Value::Bytes(row.try_get_unchecked(place)?),
        };
        values.push(value);
    }
    Ok(values)
}
