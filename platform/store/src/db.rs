//! The handle to the store: opens it, reads, writes, runs transactions and repeats those that met another one.

use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::Mutex;
use yiwang_kernel::{Error, Result};

use crate::decisions::Door;
use crate::fault::Fault;
use crate::tx::Open;
use crate::{Migration, Row, Tx, Value, portable, postgres, sqlite};

const ATTEMPTS_MAX: u32 = 60;

/// The store. Cheap to clone; all clones are one store.
///
/// The subset of SQL: STRICT tables of INTEGER, REAL, TEXT, BLOB; `$1` parameters; ids and bytes as BLOB; instants as
/// INTEGER microseconds; dates as TEXT; booleans as INTEGER 0/1; JSON as TEXT, never queried; `ORDER BY` with
/// `NULLS LAST` and a unique tail; `INSERT ... ON CONFLICT`, `RETURNING`, `FOR UPDATE SKIP LOCKED`. No deferred foreign
/// keys, no casts to column types.
#[derive(Clone)]
pub struct Db {
    pub(crate) store: Arc<Store>,
    /// Transactions that met another one run again one at a time, so that they do not meet each other again.
    repeating: Arc<Mutex<()>>,
    pub(crate) decisions: Arc<Door>,
}

/// Which database answers.
pub(crate) enum Store {
    Sqlite(sqlite::Store),
    Postgres { store: postgres::Store, location: String },
}

impl Db {
    /// Opens `sqlite:PATH` (created when missing) or `postgres://...`.
    pub async fn open(url: &str) -> Result<Db> {
        let store = if let Some(path) = url.strip_prefix("sqlite:") {
            sqlite::Store::open(Path::new(path)).await.map(Store::Sqlite)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let location = postgres::location(url);
            postgres::Store::open(url).await.map(|store| Store::Postgres { store, location })
        } else {
            return Err(Error::refused("store-address"));
        };
        let store = store.map_err(|fault| fault.error)?;
        Ok(Db::over(store))
    }

    /// Opens a store to look at it: creates nothing, changes nothing, runs no migration. None where there is no file.
    pub async fn look(url: &str) -> Result<Option<Db>> {
        let Some(path) = url.strip_prefix("sqlite:").map(Path::new) else { return Db::open(url).await.map(Some) };
        if !path.exists() {
            return Ok(None);
        }
        let store = sqlite::Store::look(path, false).await.map_err(|fault| fault.error)?;
        Ok(Some(Db::over(Store::Sqlite(store))))
    }

    /// Opens what [`Db::snapshot_to`] wrote, for reading alone; the file stays as it is to the byte.
    pub async fn open_snapshot(path: &Path) -> Result<Db> {
        let store = sqlite::Store::look(path, true).await.map_err(|fault| fault.error)?;
        Ok(Db::over(Store::Sqlite(store)))
    }

    /// Makes a store at this address, where there must be none (PostgreSQL: an empty database), of what
    /// [`Db::snapshot_to`] wrote; `migrations` are all that this program knows. All of it or nothing.
    pub async fn restore(url: &str, snapshot: &Path, migrations: &[Migration]) -> Result<()> {
        let restored = match url.strip_prefix("sqlite:") {
            Some(path) => portable::to_sqlite(snapshot, Path::new(path)).await,
            None => portable::to_postgres(snapshot, url, migrations).await,
        };
        restored.map_err(|fault| fault.error)
    }

    /// Whether a store could be restored at this address: no file there, no table in the database.
    pub async fn is_vacant(url: &str) -> Result<bool> {
        match url.strip_prefix("sqlite:") {
            Some(path) => Ok(!Path::new(path).exists()),
            None => portable::is_vacant(url).await.map_err(|fault| fault.error),
        }
    }

    /// Where the store is, without user and password, for people who run it.
    pub fn location(&self) -> String {
        match &*self.store {
            Store::Sqlite(store) => format!("sqlite:{}", store.path.display()),
            Store::Postgres { location, .. } => location.clone(),
        }
    }

    /// The rows of a reading statement, on a connection that cannot write.
    pub async fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        let rows = match &*self.store {
            Store::Sqlite(store) => match store.readers.acquire().await {
                Ok(mut connection) => sqlite::query(&mut connection, sql, parameters).await,
                Err(error) => Err(error.into()),
            },
            Store::Postgres { store, .. } => match store.readers.acquire().await {
                Ok(mut connection) => postgres::query(&mut connection, sql, parameters).await,
                Err(error) => Err(error.into()),
            },
        };
        rows.map_err(|fault| fault.error)
    }

    /// The first row of a reading statement, if there is one.
    pub async fn query_one(&self, sql: &str, parameters: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// Runs one writing statement; durable on return. The number of rows it touched.
    pub async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64> {
        self.tx(|tx| Box::pin(async move { tx.execute(sql, parameters).await })).await
    }

    /// Runs the work in one transaction; durable on return, undone when the work returns an error. The work may run
    /// more than once, so it does nothing but read and write through `tx`; a call of the store itself in there would
    /// wait for its own end.
    pub async fn tx<'a, T, F>(&self, mut work: F) -> Result<T>
    where
        T: Send,
        F: for<'t> FnMut(&'t mut Tx<'a>) -> BoxFuture<'t, Result<T>> + Send,
    {
        let mut turn = None;
        for _ in 0..ATTEMPTS_MAX {
            match self.attempt(&mut work).await {
                Ok(value) => return Ok(value),
                Err(fault) if !fault.again => return Err(fault.error),
                Err(_) if turn.is_none() => turn = Some(self.repeating.lock().await),
                Err(_) => {}
            }
        }
        Err(Error::unavailable("store-busy"))
    }

    /// Writes a consistent copy of the store, as of one moment, to a new SQLite file, while others read and write: the
    /// same form from either database, to be restored to either. `migrations` are all that this program knows.
    pub async fn snapshot_to(&self, path: &Path, migrations: &[Migration]) -> Result<()> {
        let written = match &*self.store {
            Store::Sqlite(store) => store.snapshot_to(path).await,
            Store::Postgres { store, .. } => portable::from_postgres(store, path, migrations).await,
        };
        written.map_err(|fault| fault.error)
    }

    /// Which database answers: `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match &*self.store {
            Store::Sqlite(_) => "sqlite",
            Store::Postgres { .. } => "postgres",
        }
    }

    /// Closes all connections; what is acknowledged is durable without it.
    pub async fn close(&self) {
        match &*self.store {
            Store::Sqlite(store) => store.readers.close().await,
            Store::Postgres { store, .. } => {
                store.readers.close().await;
                store.writers.close().await;
            }
        }
    }

    fn over(store: Store) -> Db {
        Db { store: Arc::new(store), repeating: Arc::default(), decisions: Arc::default() }
    }

    async fn attempt<'a, T, F>(&self, work: &mut F) -> Result<T, Fault>
    where
        T: Send,
        F: for<'t> FnMut(&'t mut Tx<'a>) -> BoxFuture<'t, Result<T>> + Send,
    {
        let mut tx = Tx::new(self.begin().await?);
        tx.decisions_shut = self.are_decisions_shut();
        let outcome = work(&mut tx).await;
        let Tx { open, failed, decided, .. } = tx;
        let outcome = match failed {
            Some(fault) => Err(fault),
            None => outcome.map_err(Fault::from),
        };
        match outcome {
            Ok(value) => {
                self.commit(open).await?;
                if decided {
                    self.decisions.entered.notify_one();
                }
                Ok(value)
            }
            Err(fault) => {
                self.rollback(open).await;
                Err(fault)
            }
        }
    }

    pub(crate) async fn begin(&self) -> Result<Open, Fault> {
        match &*self.store {
            Store::Sqlite(store) => Ok(Open::Sqlite(store.writers.enter().await?)),
            Store::Postgres { store, .. } => Ok(Open::Postgres(store.writers.begin().await?)),
        }
    }

    pub(crate) async fn commit(&self, open: Open) -> Result<(), Fault> {
        match (&*self.store, open) {
            (Store::Sqlite(store), Open::Sqlite(turn)) => store.writers.keep(turn).await,
            (_, Open::Postgres(tx)) => Ok(tx.commit().await?),
            (Store::Postgres { .. }, Open::Sqlite(_)) => Err(Error::broken("a transaction of another store").into()),
        }
    }

    pub(crate) async fn rollback(&self, open: Open) {
        match (&*self.store, open) {
            (Store::Sqlite(store), Open::Sqlite(turn)) => store.writers.undo(turn).await,
            // Dropping it rolls back too; a failure here means the connection is gone, and with it the transaction.
            (_, Open::Postgres(tx)) => drop(tx.rollback().await),
            (Store::Postgres { .. }, Open::Sqlite(_)) => {}
        }
    }
}
