//! The indexes of a large version are built after its load, by a job; those of a small one when they are asked for.

use yiwang_gate::Version;
use yiwang_host::Platform;
use yiwang_jobs::{Job, Order};
use yiwang_kernel::{Ctx, Error, Result};
use yiwang_store::Tx;

/// The kind of the job.
pub(crate) const INDEX_JOB: &str = "collect.index";
/// Versions of fewer rows have no job of their own.
const ROWS_MIN: u64 = 100_000;

/// Orders the indexes of a version, in the transaction that makes it.
pub(super) async fn order(tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, version: &Version) -> Result<()> {
    if version.rows < ROWS_MIN {
        return Ok(());
    }
    let body = serde_json::json!({ "resource": resource });
    let order = Order::new(INDEX_JOB, format!("{resource} {}", version.number), body);
    yiwang_jobs::enqueue(tx, ctx, &order).await.map(drop)
}

/// Builds the indexes a job was ordered for, as far as they are not there yet.
pub(crate) async fn build_indexes(platform: &Platform, job: &Job) -> Result<()> {
    let resource = job.body["resource"].as_str().ok_or_else(|| Error::broken("an index job without a resource"))?;
    match platform.gate.build_derived(resource).await {
        // The table went away meanwhile: there is nothing to index.
        Err(Error::NotFound(_) | Error::Gone(_)) => Ok(()),
        done => done,
    }
}
