//! The one writer of a SQLite file. Waiting transactions run one after the other, each inside a savepoint, and share
//! one commit: whoever finds others waiting queues again behind them, and the first to come round commits for all.
//! A caller that goes away in the middle leaves an open savepoint, which the next one rolls back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use yiwang_kernel::Error;

use crate::fault::Fault;

/// The queue before the write connection.
pub(crate) struct Writers {
    writer: Arc<Mutex<Writer>>,
    waiting: Arc<AtomicUsize>,
}

/// The write connection and the transactions that wait for its next commit.
pub(crate) struct Writer {
    pub(crate) connection: SqliteConnection,
    transaction_open: bool,
    savepoint_open: bool,
    promises: Vec<oneshot::Sender<Result<(), Fault>>>,
}

/// The right to write, in a savepoint of one's own.
pub(crate) type Turn = OwnedMutexGuard<Writer>;

impl Writers {
    pub(crate) fn new(connection: SqliteConnection) -> Writers {
        let writer = Writer { connection, transaction_open: false, savepoint_open: false, promises: Vec::new() };
        Writers { writer: Arc::new(Mutex::new(writer)), waiting: Arc::new(AtomicUsize::new(0)) }
    }

    /// Waits for the turn and opens a savepoint.
    pub(crate) async fn enter(&self) -> Result<Turn, Fault> {
        let mut turn = self.queue().await;
        to_its_end(async move {
            turn.enter().await?;
            Ok(turn)
        })
        .await
    }

    /// Gives the turn back and undoes what was done in it.
    pub(crate) async fn undo(&self, mut turn: Turn) {
        to_its_end(async move {
            turn.undo().await;
            Ok(())
        })
        .await
        .unwrap_or_else(|fault| tracing::warn!(error = %fault.error, "a transaction was not undone"));
    }

    /// Gives the turn back and returns once its work is durable, alone or together with others.
    pub(crate) async fn keep(&self, mut turn: Turn) -> Result<(), Fault> {
        let others_wait = self.waiting.load(Ordering::SeqCst) > 0;
        if !others_wait {
            return to_its_end(async move { turn.keep_and_commit().await }).await;
        }
        let (promise, mut kept) = oneshot::channel();
        to_its_end(async move { turn.keep(promise).await }).await?;
        let mut turn = tokio::select! {
            biased;
            outcome = &mut kept => return outcome.unwrap_or_else(|_| Err(lost())),
            turn = self.queue() => turn,
        };
        to_its_end(async move {
            turn.commit().await;
            Ok(())
        })
        .await?;
        kept.await.unwrap_or_else(|_| Err(lost()))
    }

    async fn queue(&self) -> Turn {
        let _place = Place::new(&self.waiting);
        Arc::clone(&self.writer).lock_owned().await
    }
}

impl Writer {
    async fn enter(&mut self) -> Result<(), Fault> {
        if self.savepoint_open {
            self.undo().await;
        }
        let sql = if self.transaction_open { "SAVEPOINT one" } else { "BEGIN IMMEDIATE; SAVEPOINT one" };
        if let Err(fault) = self.run(sql).await {
            self.give_up().await;
            return Err(fault);
        }
        self.transaction_open = true;
        self.savepoint_open = true;
        Ok(())
    }

    async fn undo(&mut self) {
        self.savepoint_open = false;
        let nobody_else = self.promises.is_empty();
        if nobody_else || self.run("ROLLBACK TO one; RELEASE one").await.is_err() {
            self.give_up().await;
        }
    }

    async fn keep(&mut self, promise: oneshot::Sender<Result<(), Fault>>) -> Result<(), Fault> {
        self.savepoint_open = false;
        self.promises.push(promise);
        if self.run("RELEASE one").await.is_err() {
            self.give_up().await;
        }
        Ok(())
    }

    async fn keep_and_commit(&mut self) -> Result<(), Fault> {
        self.savepoint_open = false;
        self.end("RELEASE one; COMMIT").await
    }

    async fn commit(&mut self) {
        if self.savepoint_open {
            self.undo().await;
        }
        if self.transaction_open && !self.promises.is_empty() {
            // Each waiter gets the outcome through its promise.
            let _ = self.end("COMMIT").await;
        }
    }

    async fn end(&mut self, sql: &'static str) -> Result<(), Fault> {
        if let Err(fault) = self.run(sql).await {
            self.give_up().await;
            return Err(fault);
        }
        self.transaction_open = false;
        for promise in self.promises.drain(..) {
            // A waiter that went away no longer wants to know.
            let _ = promise.send(Ok(()));
        }
        Ok(())
    }

    /// Rolls everything back; those who waited for the commit run again.
    async fn give_up(&mut self) {
        // SQLite may have rolled back by itself, then there is nothing left to roll back.
        let _ = self.run("ROLLBACK").await;
        self.transaction_open = false;
        self.savepoint_open = false;
        for promise in self.promises.drain(..) {
            let _ = promise.send(Err(lost()));
        }
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), Fault> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await?;
        Ok(())
    }
}

/// Counts one task that waits for the turn, for as long as it waits.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn new(waiting: &Arc<AtomicUsize>) -> Place {
        waiting.fetch_add(1, Ordering::SeqCst);
        Place(Arc::clone(waiting))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs the step in a task of its own: a caller that is dropped meanwhile cannot leave it half done.
async fn to_its_end<T: Send + 'static>(
    step: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    tokio::spawn(step).await.unwrap_or_else(|_| Err(lost()))
}

fn lost() -> Fault {
    Fault { error: Error::unavailable("store-busy"), again: true }
}
