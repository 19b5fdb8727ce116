//! What an account was told: its own messages and nobody else's.

use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, ListPage, PageRequest, Result};

use super::account;
use crate::{Kept, store};

/// Unread messages are counted up to here.
const UNREAD_COUNTED_MAX: usize = 100;

/// The actor's messages, newest first; all or the unread.
pub(crate) async fn list(
    platform: &Platform,
    ctx: &Ctx,
    only_unread: bool,
    request: &PageRequest,
) -> Result<ListPage<Kept>> {
    store::inbox::list(&platform.db, account(&ctx.actor)?, only_unread, request).await
}

/// How many of the actor's messages are unread, counted up to [`UNREAD_COUNTED_MAX`].
pub(crate) async fn unread(platform: &Platform, ctx: &Ctx) -> Result<u64> {
    match ctx.actor.account() {
        Some(account) => store::inbox::unread(&platform.db, account.id, UNREAD_COUNTED_MAX).await,
        None => Ok(0),
    }
}

/// 标为已读: one message, or all that are there; how many were unread.
pub(crate) async fn mark_read(platform: &Platform, ctx: &Ctx, id: Option<Id>) -> Result<u64> {
    let (recipient, now) = (account(&ctx.actor)?, ctx.now());
    if let Some(id) = id
        && store::inbox::find(&platform.db, recipient, id).await?.is_none()
    {
        return Err(Error::not_found("messages-unknown"));
    }
    platform.db.tx(|tx| Box::pin(store::inbox::mark_read(tx, recipient, id, now))).await
}
