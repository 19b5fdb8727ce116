//! Looking at the ledger: the permission is checked, the auditor's own look is entered, then the entries are shown.

mod witnessing;

use std::sync::Arc;

use yiwang_access::Scope;
use yiwang_gate::Why;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, PageRequest, Ref, Result};
use yiwang_ledger::{EntryPage, Filter, InclusionProof, Kind, Report};

pub use witnessing::{Gap, accept_gaps, gaps, kept_heads, require_witnessed};
pub(crate) use witnessing::{consistency, register, remove, take, witnessed, witnesses};

use crate::store;
use crate::{READS, VERIFY};

/// An entry of a decision, with its proof.
pub(crate) struct Entered {
    /// The log, where it is one before the newest.
    pub(crate) log: Option<String>,
    /// That the entry stands in it.
    pub(crate) proof: InclusionProof,
}

/// The kinds of entry, as pages list them.
pub(crate) const KINDS: [Kind; 5] = [Kind::Open, Kind::Close, Kind::Decision, Kind::System, Kind::Epoch];

/// The kind with this word.
pub(crate) fn kind(word: &str) -> Result<Kind> {
    let known = KINDS.into_iter().find(|kind| kind.word() == word);
    known.ok_or_else(|| Error::invalid("kind", "oversight-kind").with("given", word))
}

/// Entries that match, newest first. That an auditor looked is itself an entry, made before anything is shown.
/// `log`: one of the logs before the newest, by its id.
pub(crate) async fn reads(
    platform: &Platform,
    ctx: &Ctx,
    log: Option<&str>,
    filter: Filter,
    page: &PageRequest,
) -> Result<EntryPage> {
    platform.access.check(ctx, READS.name, &Scope::CITY)?;
    let what = Ref { noun: "oversight.reads".to_owned(), key: filter.resource.clone().unwrap_or_default() };
    platform.gate.note(ctx, &Why::purpose("audit"), &what, &[]).await?;
    // What was decided before the look is in what is seen; where the ledger is late, the page says how many are not.
    drop(platform.relay.drain().await);
    match log {
        Some(log) => platform.ledger.earlier_log(log).await?.read(filter, page.clone()).await,
        None => platform.ledger.read(filter, page.clone()).await,
    }
}

/// Where the ledger's entry of a decision stands; none while it is being entered.
pub(crate) async fn decision(platform: &Platform, id: Id) -> Result<Option<Entered>> {
    if platform.relay.is_waiting(id).await? {
        return Ok(None);
    }
    if let Some(index) = platform.ledger.decision(id) {
        return Ok(Some(Entered { log: None, proof: platform.ledger.proof(index).await? }));
    }
    for log in platform.ledger.earlier().await? {
        let earlier = platform.ledger.earlier_log(&log).await?;
        if let Some(index) = earlier.decision(id) {
            return Ok(Some(Entered { log: Some(log), proof: earlier.proof(index).await? }));
        }
    }
    Err(Error::not_found("oversight-decision"))
}

/// Checks the whole log from its files, as an outsider would; that it contains the heads witnessed of it, too.
pub(crate) async fn verify(platform: &Platform, ctx: &Ctx) -> Result<Report> {
    platform.access.check(ctx, VERIFY.name, &Scope::CITY)?;
    let log = platform.ledger.log();
    let heads = store::heads(&platform.db).await?.into_iter().filter(|head| head.log == log);
    platform.ledger.verify(heads.map(|head| head.note).collect()).await
}

/// States the heads of all chains in the log: what departments witness.
pub(crate) async fn epoch(platform: Arc<Platform>) -> Result<()> {
    platform.ledger.epoch().await.map(drop)
}
