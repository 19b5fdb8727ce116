//! PostgreSQL: a pool that writes at SERIALIZABLE and a pool that only reads. Every statement is prepared first, so
//! that each parameter is sent in the type the server expects (see [`codec`]).

mod codec;
pub(crate) mod numeric;
mod time;

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Either, Executor as _, PgConnection, PgPool, Row as _,
    Statement as _,
};
use yiwang_kernel::Error;

use crate::fault::Fault;
use crate::{Row, Value};

pub(crate) use codec::decode_row;

const CONNECTIONS_MAX: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
const STATEMENTS_CACHED: usize = 400;

/// An open PostgreSQL database.
pub(crate) struct Store {
    pub(crate) readers: PgPool,
    pub(crate) writers: PgPool,
}

impl Store {
    /// Connects once to see that the database is there.
    pub(crate) async fn open(url: &str) -> Result<Store, Fault> {
        let options = PgConnectOptions::from_str(url).map_err(|_| Error::refused("store-address"))?;
        let options = options
            .application_name("yiwang")
            .statement_cache_capacity(STATEMENTS_CACHED)
            .options([("timezone", "UTC"), ("default_transaction_isolation", "serializable")])
            .disable_statement_logging();
        let readers = options
            .clone()
            .options([("default_transaction_read_only", "on"), ("default_transaction_isolation", "repeatable read")]);
        let pool = || PoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(ACQUIRE_TIMEOUT);
        let store = Store { readers: pool().connect_lazy_with(readers), writers: pool().connect_lazy_with(options) };
        drop(store.readers.acquire().await?);
        Ok(store)
    }
}

/// The address without user and password.
pub(crate) fn location(url: &str) -> String {
    match PgConnectOptions::from_str(url) {
        Ok(options) => {
            let database = options.get_database().unwrap_or("postgres");
            format!("postgres://{}:{}/{database}", options.get_host(), options.get_port())
        }
        Err(_) => "postgres:".to_owned(),
    }
}

/// Runs a statement and gives its rows.
pub(crate) async fn query(db: &mut PgConnection, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, Fault> {
    let arguments = arguments(db, sql, parameters).await?;
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(db).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    let decode = |row| codec::decode_row(row).map(|values| Row::new(Arc::clone(&columns), values));
    rows.iter().map(decode).collect()
}

/// Runs a statement and gives the number of rows it touched.
pub(crate) async fn execute(db: &mut PgConnection, sql: &str, parameters: &[Value]) -> Result<u64, Fault> {
    let arguments = arguments(db, sql, parameters).await?;
    Ok(sqlx::query_with(AssertSqlSafe(sql), arguments).execute(db).await?.rows_affected())
}

/// Encodes the parameters in the types the prepared statement expects; the statement stays in the connection's cache,
/// so the run that follows uses it.
async fn arguments(db: &mut PgConnection, sql: &str, parameters: &[Value]) -> Result<PgArguments, Fault> {
    let mut arguments = PgArguments::default();
    if parameters.is_empty() {
        return Ok(arguments);
    }
    let statement = db.prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(sql))).await?;
    let Some(Either::Left(expected)) = statement.parameters() else { return Ok(arguments) };
    if expected.len() != parameters.len() {
        let (wanted, given) = (expected.len(), parameters.len());
        return Err(Error::broken(format!("the statement takes {wanted} parameters, {given} were given")).into());
    }
    for (place, (value, kind)) in parameters.iter().zip(expected).enumerate() {
        codec::add(&mut arguments, place, value, kind)?;
    }
    Ok(arguments)
}

/// Runs one statement on the server itself, outside any transaction: creating and dropping test databases.
pub(crate) async fn administer(url: &str, sql: &str) -> Result<(), Fault> {
    let options = PgConnectOptions::from_str(url).map_err(|_| Error::refused("store-address"))?;
    let mut connection = options.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    Ok(())
}
