//! 回调地址: addresses a department or the operator registers to be called. The secret is shown once.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::Tx;
use yiwang_store::decisions::{self, Decision};

use super::channels::TRIAL;
use super::{HOOKS, key, order};
use crate::model::{Content, Draft};
use crate::{Channel, Hook, http, signing, store};

/// Addresses one department, or the city, registers at most.
const HOOKS_MAX: u64 = 20;
/// Hooks a list shows at most.
const LISTED_MAX: usize = 2_000;

/// A hook with its secret, which is shown this once.
pub(crate) struct Registered {
    pub(crate) hook: Hook,
    pub(crate) secret: String,
}

/// The hooks the actor may see: all, or those of the own department.
pub(crate) async fn hooks(platform: &Platform, ctx: &Ctx) -> Result<Vec<Hook>> {
    if platform.access.check(ctx, HOOKS, &Scope::CITY).is_ok() {
        return store::hooks::list(&platform.db, None, LISTED_MAX).await;
    }
    let own = ctx.actor.department().unwrap_or_default();
    platform.access.check(ctx, HOOKS, &Scope::department(own))?;
    store::hooks::list(&platform.db, Some(own), LISTED_MAX).await
}

/// One hook, if the actor may see it.
pub(crate) async fn hook(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Hook> {
    let found = store::hooks::find(&platform.db, id).await?.ok_or_else(unknown)?;
    platform.access.check(ctx, HOOKS, &scope(found.department.as_deref()))?;
    Ok(found)
}

/// Registers an address for a department; for the city when none is named.
pub(crate) async fn register(
    platform: &Platform,
    ctx: &Ctx,
    department: Option<&str>,
    url: &str,
) -> Result<Registered> {
    let department = match platform.access.check(ctx, HOOKS, &Scope::CITY) {
        Ok(()) => department,
        Err(_) => department.or(ctx.actor.department()),
    };
    platform.access.check(ctx, HOOKS, &scope(department))?;
    let parsed = http::parse(url.trim())?;
    let hook = &Hook {
        id: Id::new(ctx),
        department: department.map(str::to_owned),
        host: http::host_of(&parsed).ok_or_else(|| Error::invalid("url", "http-url"))?,
        created: ctx.now(),
        created_by: ctx.actor.to_string(),
    };
    let secret = signing::new_secret(ctx);
    let sealed = &store::hooks::sealed(&key(platform).await?, parsed.as_str(), &secret);
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                if store::hooks::count(tx, hook.department.as_deref()).await? >= HOOKS_MAX {
                    return Err(Error::refused("messages-hooks-many").with("limit", HOOKS_MAX));
                }
                store::hooks::add(tx, hook, sealed).await?;
                decide(tx, ctx, "messages.hook_registered", hook).await
            })
        })
        .await?;
    Ok(Registered { hook: hook.clone(), secret })
}

/// Gives a hook a new secret; the old one signs nothing from now on.
pub(crate) async fn renew_secret(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Registered> {
    let hook = hook(platform, ctx, id).await?;
    let secret = signing::new_secret(ctx);
    let sealed = &store::hooks::sealed(&key(platform).await?, "", &secret).1;
    let of = &hook;
    let renewed = platform.db.tx(|tx| {
        Box::pin(async move {
            store::hooks::set_secret(tx, id, sealed).await?;
            decide(tx, ctx, "messages.hook_secret", of).await
        })
    });
    renewed.await?;
    Ok(Registered { hook, secret })
}

/// Removes a hook; calls still on their way are dropped.
pub(crate) async fn remove_hook(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    let hook = &hook(platform, ctx, id).await?;
    let now = ctx.now();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                store::hooks::remove(tx, id).await?;
                store::deliveries::drop_to(tx, id, now).await?;
                decide(tx, ctx, "messages.hook_removed", hook).await
            })
        })
        .await
}

/// 试调: a call that says nothing but that it is a trial.
pub(crate) async fn trial_call(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Id> {
    let hook = hook(platform, ctx, id).await?;
    let event = format!("{TRIAL}/{}", Id::new(ctx));
    let draft = &Draft {
        channel: Channel::Webhook,
        target: hook.id,
        event: &event,
        class: TRIAL,
        department: hook.department.as_deref(),
        content: Content::Trial,
        sealed: None,
    };
    let ordered = platform.db.tx(|tx| Box::pin(order(tx, ctx, draft))).await?;
    ordered.ok_or_else(|| Error::broken("a trial was ordered before"))
}

/// Asks for the ledger's entry: which hook, of which department.
async fn decide(tx: &mut Tx<'_>, ctx: &Ctx, act: &str, hook: &Hook) -> Result<()> {
    let decision = Decision::new(act, hook.id.to_string()).naming(hook.department.as_deref());
    decisions::decide(tx, ctx, Id::new(ctx), &decision).await
}

fn scope(department: Option<&str>) -> Scope {
    department.map_or(Scope::CITY, Scope::department)
}

fn unknown() -> Error {
    Error::not_found("messages-hook-unknown")
}
