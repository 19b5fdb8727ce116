//! What can be done with jobs: order, claim, keep, finish, fail, look at, try again. Every change names the claim it
//! belongs to, so a node that lost its lease changes nothing.

use yiwang_kernel::{Ctx, Error, Id, Instant, ListPage, PageRequest, Result};
use yiwang_store::{Db, Tx};

use crate::model::{AHEAD_S, LEASE_S, Order};
use crate::{Job, State, store};

/// Jobs claimed at most at once.
const CLAIMED_MAX: usize = 100;
/// Ended jobs removed at most at once.
const PRUNED_MAX: usize = 1000;

/// Orders a job in this transaction. Ordering the same kind and key again gives the job that is there already.
pub async fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx, order: &Order) -> Result<Id> {
    let now = ctx.now();
    let job = Job {
        id: Id::new(ctx),
        kind: order.kind.clone(),
        key: order.key.clone(),
        body: order.body.clone(),
        state: State::Waiting,
        due_at: order.due_at.unwrap_or(now),
        attempts: 0,
        attempts_max: order.attempts_max.max(1),
        claims: 0,
        error: None,
        created_at: now,
        started_at: None,
        finished_at: None,
    };
    store::add(tx, &job).await
}

/// Takes due jobs of these kinds under a lease of two minutes, at most `limit`. A job whose lease ran out is taken too;
/// if that was its last attempt, it fails instead.
pub async fn claim(db: &Db, ctx: &Ctx, kinds: &[&str], limit: usize) -> Result<Vec<Job>> {
    if kinds.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let now = ctx.now();
    db.tx(|tx| Box::pin(claim_in(tx, now, kinds, limit.min(CLAIMED_MAX)))).await
}

async fn claim_in(tx: &mut Tx<'_>, now: Instant, kinds: &[&str], limit: usize) -> Result<Vec<Job>> {
    let mut claimed = Vec::new();
    for mut job in store::due(tx, now, now.plus_s(AHEAD_S), kinds, limit).await? {
        let before = job.claims;
        job.claims += 1;
        if job.attempts >= job.attempts_max {
            job.state = State::Failed;
            job.error = Some("job-lease-lost".to_owned());
            job.finished_at = Some(now);
            store::update(tx, &job, before).await?;
            continue;
        }
        job.state = State::Running;
        job.attempts += 1;
        job.started_at = Some(now);
        job.due_at = now.plus_s(LEASE_S);
        store::update(tx, &job, before).await?;
        claimed.push(job);
    }
    Ok(claimed)
}

/// Keeps a claimed job for another two minutes; fails with `job-lost` when another node has it.
pub async fn extend(db: &Db, ctx: &Ctx, job: &Job) -> Result<()> {
    let job = Job { due_at: ctx.now().plus_s(LEASE_S), ..job.clone() };
    let job = &job;
    db.tx(|tx| Box::pin(change(tx, job))).await
}

/// Ends a claimed job well, in the transaction that carries its effect.
pub async fn finish(tx: &mut Tx<'_>, ctx: &Ctx, job: &Job) -> Result<()> {
    let ended = Job { state: State::Succeeded, error: None, finished_at: Some(ctx.now()), ..job.clone() };
    change(tx, &ended).await
}

/// Ends an attempt badly: another one after a pause, or failed for good when trying again cannot help.
pub async fn fail(tx: &mut Tx<'_>, ctx: &Ctx, job: &Job, error: &Error) -> Result<State> {
    let now = ctx.now();
    let mut ended = Job { error: Some(error.code().to_owned()), ..job.clone() };
    match job.next_attempt(error, now) {
        Some(due_at) => (ended.state, ended.due_at) = (State::Retrying, due_at),
        None => (ended.state, ended.finished_at) = (State::Failed, Some(now)),
    }
    change(tx, &ended).await?;
    Ok(ended.state)
}

/// Lets a job that failed for good begin anew.
pub async fn retry(tx: &mut Tx<'_>, ctx: &Ctx, id: Id) -> Result<()> {
    if store::revive(tx, id, ctx.now()).await? { Ok(()) } else { Err(Error::refused("job-not-failed")) }
}

/// Takes back a job that has not begun.
pub async fn cancel(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    if store::remove_waiting(tx, id).await? { Ok(()) } else { Err(Error::refused("job-begun")) }
}

/// The job of this id.
pub async fn find(db: &Db, id: Id) -> Result<Job> {
    store::job(db, id).await?.ok_or_else(|| Error::not_found("job-unknown"))
}

/// Jobs, newest first, all or those in one state.
pub async fn list(db: &Db, state: Option<State>, page: &PageRequest) -> Result<ListPage<Job>> {
    let mut rows = store::page(db, state, page).await?;
    let more = rows.len() > page.rows();
    rows.truncate(page.rows());
    let next = rows.last().filter(|_| more).map(store::cursor);
    let counts = store::counts(db).await?;
    let total = counts.iter().filter(|(counted, _)| state.is_none_or(|state| state == *counted)).map(|(_, n)| n).sum();
    Ok(ListPage { rows, total, next })
}

/// How many jobs stand where; states without jobs are left out.
pub async fn counts(db: &Db) -> Result<Vec<(State, u64)>> {
    store::counts(db).await
}

/// Removes jobs that ended before this instant, a thousand at most; how many.
pub async fn prune(db: &Db, before: Instant) -> Result<u64> {
    store::remove_ended(db, before, PRUNED_MAX).await
}

async fn change(tx: &mut Tx<'_>, job: &Job) -> Result<()> {
    if store::update(tx, job, job.claims).await? { Ok(()) } else { Err(Error::conflict("job-lost")) }
}
