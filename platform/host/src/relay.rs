//! Brings decisions from the store to the ledger: what was decided in a transaction is appended after it, once, in its
//! order, and only then taken off the store. A crash between the two appends nothing twice, for the ledger knows the
//! ids it has. Where the ledger is too far behind, no more is decided.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::MissedTickBehavior;
use yiwang_kernel::{Clock, Id, Instant, Result};
use yiwang_ledger::{Common, Entry, Ledger};
use yiwang_store::Db;
use yiwang_store::decisions::{self, Backlog, REQUESTS_MAX, Waiting};

/// Requests that may wait while decisions are taken.
const WAITING_MAX: u64 = 1_000;
/// Seconds the oldest may wait while decisions are taken.
const BEHIND_S: i64 = 10;
/// A ledger that does not answer for so long is behind.
const ROUND_MAX: Duration = Duration::from_secs(10);
/// How often it tries again, where it failed.
const AGAIN_EVERY: Duration = Duration::from_secs(1);

/// Brings decisions from the store to the ledger. Cheap to clone; all clones take turns.
#[derive(Clone)]
pub struct Relay {
    db: Db,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    turn: Arc<Mutex<()>>,
}

impl Relay {
    /// Between this store and this ledger.
    pub fn new(db: Db, ledger: Ledger, clock: Arc<dyn Clock>) -> Relay {
        Relay { db, ledger, clock, turn: Arc::default() }
    }

    /// Enters everything that waits; how many decisions. On an error the rest waits on.
    pub async fn drain(&self) -> Result<u64> {
        let _turn = self.turn.lock().await;
        let mut entered = 0;
        loop {
            let requests = decisions::waiting(&self.db, 0, REQUESTS_MAX).await?;
            if requests.is_empty() {
                self.db.shut_decisions(false);
                return Ok(entered);
            }
            let outcomes = futures::future::join_all(requests.iter().map(|request| self.enter(request))).await;
            let stand = requests.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
            let stand: Vec<i64> = stand.map(|(request, _)| request.sequence).collect();
            decisions::acknowledge(&self.db, &stand).await?;
            entered += stand.len() as u64;
            outcomes.into_iter().collect::<Result<Vec<()>>>()?;
            self.judge().await?;
        }
    }

    /// Whether the entry of the decision with this id still waits.
    pub async fn is_waiting(&self, id: Id) -> Result<bool> {
        decisions::is_waiting(&self.db, id).await
    }

    /// How many decisions wait, and since when the oldest does.
    pub async fn backlog(&self) -> Result<Backlog> {
        decisions::backlog(&self.db).await
    }

    /// Enters what is decided as it is decided, until told to stop; what is there then is entered first.
    pub async fn serve(&self, mut stopping: watch::Receiver<bool>) {
        let mut again = tokio::time::interval(AGAIN_EVERY);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let entered = tokio::time::timeout(ROUND_MAX, self.drain()).await;
            let failed = !matches!(entered, Ok(Ok(_)));
            if let Ok(Err(error)) = &entered {
                tracing::warn!(%error, "decisions wait for the ledger");
            }
            if failed && let Err(error) = self.judge().await {
                tracing::warn!(%error, "the store does not say how many decisions wait for the ledger");
            }
            if *stopping.borrow() {
                return;
            }
            tokio::select! {
                // A sender that is gone means stop as well.
                _ = stopping.changed() => {
                    if !failed {
                        drop(tokio::time::timeout(ROUND_MAX, self.drain()).await);
                    }
                    return;
                }
                () = self.db.decision_made(), if !failed => {}
                _ = again.tick(), if failed => {}
            }
        }
    }

    /// Shuts the door to decisions where too many wait, or one too long; opens it where that is over.
    pub(crate) async fn judge(&self) -> Result<()> {
        let is_behind = is_behind(&self.backlog().await?, self.clock.now());
        if is_behind != self.db.are_decisions_shut() {
            tracing::warn!(is_behind, "whether decisions are refused, for the ledger is behind");
        }
        self.db.shut_decisions(is_behind);
        Ok(())
    }

    async fn enter(&self, request: &Waiting) -> Result<()> {
        self.ledger.append_idempotent(request.id, Entry::decision(common(request))).await.map(drop)
    }
}

/// Whether so much waits that nothing more is decided.
fn is_behind(backlog: &Backlog, now: Instant) -> bool {
    backlog.count > WAITING_MAX || backlog.oldest.is_some_and(|oldest| oldest.plus_s(BEHIND_S) < now)
}

/// What the entry says.
fn common(request: &Waiting) -> Common {
    let decision = request.decision.clone();
    Common {
        who: request.who.clone(),
        department: request.department.clone(),
        purpose: "decision".to_owned(),
        why: decision.reason,
        basis: decision.basis,
        resource: Some(decision.about).filter(|about| !about.is_empty()),
        fields: decision.fields,
        act: Some(decision.act),
        decided: Some(request.at.micros()),
        ..Common::default()
    }
}
