//! Runs jobs with the handlers registered for their kinds, a bounded number at once, and keeps their leases alive.
//! A handler does its effect idempotently: a job may run again after a crash.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use yiwang_kernel::{Actor, Ctx, Error, Result};
use yiwang_store::Db;

use crate::{Job, Schedule, State, claim, enqueue_due, extend, fail, finish};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const EXTEND_EVERY: Duration = Duration::from_secs(30);

/// Does the jobs of one kind.
pub type Handler = Arc<dyn Fn(Ctx, Job) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// Runs jobs.
#[derive(Clone)]
pub struct Runner {
    db: Db,
    handlers: BTreeMap<&'static str, Handler>,
    schedules: Vec<(&'static str, Schedule)>,
    running_max: usize,
}

impl Runner {
    /// Runs jobs of this store, at most so many at once.
    pub fn new(db: Db, running_max: usize) -> Runner {
        Runner { db, handlers: BTreeMap::new(), schedules: Vec::new(), running_max: running_max.max(1) }
    }

    /// Registers the handler of a kind.
    #[must_use]
    pub fn with(mut self, kind: &'static str, handler: Handler) -> Runner {
        self.handlers.insert(kind, handler);
        self
    }

    /// Orders a job of this kind whenever the schedule comes round.
    #[must_use]
    pub fn with_schedule(mut self, kind: &'static str, schedule: Schedule) -> Runner {
        self.schedules.push((kind, schedule));
        self
    }

    /// Runs everything that is due now, until nothing is; how many attempts were made.
    pub async fn run_due(&self, ctx: &Ctx) -> Result<usize> {
        enqueue_due(&self.db, ctx, &self.schedules).await?;
        let mut running = JoinSet::new();
        let mut count = 0;
        loop {
            let started = self.start(ctx, &mut running).await?;
            count += started;
            match running.join_next().await {
                Some(ended) => ended.unwrap_or_else(|_| Err(Error::broken("a job could not be ended")))?,
                None if started == 0 => return Ok(count),
                None => {}
            }
        }
    }

    /// Runs jobs as they become due, until `stop` says true; then waits for those that run.
    pub async fn serve(&self, ctx: &Ctx, mut stop: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut running = JoinSet::new();
        while !*stop.borrow_and_update() {
            if let Err(error) = self.look(ctx, &mut running).await {
                tracing::warn!(%error, "the queue of jobs does not answer");
            }
            tokio::select! {
                _ = look.tick() => {}
                Some(_) = running.join_next() => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn look(&self, ctx: &Ctx, running: &mut JoinSet<Result<()>>) -> Result<()> {
        enqueue_due(&self.db, ctx, &self.schedules).await?;
        self.start(ctx, running).await?;
        Ok(())
    }

    async fn start(&self, ctx: &Ctx, running: &mut JoinSet<Result<()>>) -> Result<usize> {
        let kinds: Vec<&str> = self.handlers.keys().copied().collect();
        let free = self.running_max.saturating_sub(running.len());
        let jobs = claim(&self.db, ctx, &kinds, free).await?;
        let count = jobs.len();
        for job in jobs {
            let Some((kind, handler)) = self.handlers.get_key_value(job.kind.as_str()) else { continue };
            let ctx = ctx.acting_as(Actor::System(kind));
            running.spawn(run(self.db.clone(), ctx, Arc::clone(handler), job));
        }
        Ok(count)
    }
}

/// One attempt, from its start to its entry in the queue.
async fn run(db: Db, ctx: Ctx, handler: Handler, job: Job) -> Result<()> {
    let mut work = tokio::spawn(handler(ctx.clone(), job.clone()));
    let mut keep = tokio::time::interval_at(tokio::time::Instant::now() + EXTEND_EVERY, EXTEND_EVERY);
    let outcome = loop {
        tokio::select! {
            ended = &mut work => break ended.unwrap_or_else(|ended| Err(broke(&job, &ended))),
            _ = keep.tick() => {
                if let Err(error) = extend(&db, &ctx, &job).await && error.code() == "job-lost" {
                    work.abort();
                    tracing::warn!(kind = job.kind, id = %job.id, "a job was taken over while it ran");
                    return Ok(());
                }
            }
        }
    };
    let entered = enter(&db, &ctx, &job, outcome).await;
    match entered {
        Err(error) if error.code() == "job-lost" => Ok(()),
        other => other,
    }
}

async fn enter(db: &Db, ctx: &Ctx, job: &Job, outcome: Result<()>) -> Result<()> {
    let Err(error) = outcome else {
        return db.tx(|tx| Box::pin(async move { finish(tx, ctx, job).await })).await;
    };
    let error = &error;
    let state = db.tx(|tx| Box::pin(async move { fail(tx, ctx, job, error).await })).await?;
    let (kind, id, attempt) = (&job.kind, job.id, job.attempts);
    match state {
        State::Failed => tracing::error!(kind, %id, attempt, %error, "a job failed for good"),
        _ => tracing::warn!(kind, %id, attempt, %error, "an attempt of a job failed"),
    }
    Ok(())
}

fn broke(job: &Job, ended: &JoinError) -> Error {
    tracing::error!(kind = job.kind, id = %job.id, panicked = ended.is_panic(), "the handler of a job broke off");
    Error::broken("the handler of a job broke off")
}
