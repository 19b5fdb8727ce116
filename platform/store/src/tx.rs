//! One transaction, as the work inside sees it. The first statement that fails ends it: whatever the work does then, it
//! is rolled back and that error is the outcome, on both databases alike.

use std::marker::PhantomData;

use sqlx::{Postgres, Transaction};
use yiwang_kernel::{Error, Result};

use crate::fault::Fault;
use crate::sqlite::writer::Turn;
use crate::{Row, Value, postgres, sqlite};

/// A transaction in progress.
pub struct Tx<'a> {
    pub(crate) open: Open,
    pub(crate) failed: Option<Fault>,
    /// Whether decisions are refused, as it stood when the transaction began.
    pub(crate) decisions_shut: bool,
    /// Whether it asks for a ledger entry.
    pub(crate) decided: bool,
    scope: PhantomData<&'a ()>,
}

/// The connection of the transaction.
pub(crate) enum Open {
    Sqlite(Turn),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx<'_> {
    pub(crate) fn new<'a>(open: Open) -> Tx<'a> {
        Tx { open, failed: None, decisions_shut: false, decided: false, scope: PhantomData }
    }

    /// The rows of a statement; sees what this transaction wrote. `RETURNING` is allowed.
    pub async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        self.check()?;
        let rows = match &mut self.open {
            Open::Sqlite(turn) => sqlite::query(&mut turn.connection, sql, parameters).await,
            Open::Postgres(tx) => postgres::query(tx, sql, parameters).await,
        };
        self.noted(rows)
    }

    /// The first row, if there is one.
    pub async fn query_one(&mut self, sql: &str, parameters: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// Runs a statement; the number of rows it touched.
    pub async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        self.check()?;
        let count = match &mut self.open {
            Open::Sqlite(turn) => sqlite::execute(&mut turn.connection, sql, parameters).await,
            Open::Postgres(tx) => postgres::execute(tx, sql, parameters).await,
        };
        self.noted(count)
    }

    fn check(&self) -> Result<()> {
        match &self.failed {
            Some(_) => Err(Error::broken("a statement after the one that failed in the same transaction")),
            None => Ok(()),
        }
    }

    fn noted<T>(&mut self, outcome: Result<T, Fault>) -> Result<T> {
        outcome.map_err(|fault| {
            self.failed = Some(fault.clone());
            fault.error
        })
    }
}
