//! Looking at the ledger: the permission is checked, the auditor's own look is entered, then the entries are shown.

use std::sync::Arc;

use yiwang_access::Scope;
use yiwang_gate::Why;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, PageRequest, Ref, Result};
use yiwang_ledger::{EntryPage, Filter, Kind, Report};

use crate::{READS, VERIFY};

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
    match log {
        Some(log) => platform.ledger.earlier_log(log).await?.read(filter, page.clone()).await,
        None => platform.ledger.read(filter, page.clone()).await,
    }
}

/// Checks the whole log from its files, as an outsider would.
pub(crate) async fn verify(platform: &Platform, ctx: &Ctx) -> Result<Report> {
    platform.access.check(ctx, VERIFY.name, &Scope::CITY)?;
    platform.ledger.verify(Vec::new()).await
}

/// States the heads of all chains in the log: what departments witness.
pub(crate) async fn epoch(platform: Arc<Platform>) -> Result<()> {
    platform.ledger.epoch().await.map(drop)
}
