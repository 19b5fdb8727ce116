//! What left the product, or is on its way: all of it for the operator, a hook's calls for whoever registered it.

use serde_json::json;
use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_jobs::Order;
use yiwang_kernel::{Ctx, Error, Id, ListPage, PageRequest, Result};
use yiwang_store::decisions::{self, Decision};

use super::{OPERATE, hook};
use crate::jobs::DELIVER;
use crate::store::deliveries::{self, Shown};
use crate::{Channel, Delivery, DeliveryState};

/// Deliveries, newest first: all, or the calls of one hook.
pub(crate) async fn deliveries(
    platform: &Platform,
    ctx: &Ctx,
    of_hook: Option<Id>,
    state: Option<DeliveryState>,
    request: &PageRequest,
) -> Result<ListPage<Delivery>> {
    match of_hook {
        Some(id) => drop(hook(platform, ctx, id).await?),
        None => platform.access.check(ctx, OPERATE, &Scope::CITY)?,
    }
    deliveries::list(&platform.db, &Shown { state, target: of_hook }, request).await
}

/// 重发: lets a delivery that failed begin anew, under the same id.
pub(crate) async fn press(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Delivery> {
    let unknown = || Error::not_found("messages-delivery-unknown");
    let found = deliveries::find(&platform.db, id).await?.ok_or_else(unknown)?;
    if platform.access.check(ctx, OPERATE, &Scope::CITY).is_err() {
        if found.channel != Channel::Webhook {
            return Err(unknown());
        }
        hook(platform, ctx, found.target).await?;
    }
    let now = ctx.now();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let Some(press) = deliveries::press(tx, id, now).await? else {
                    return Err(Error::refused("messages-not-failed"));
                };
                let order = Order::new(DELIVER, format!("{id}/{press}"), json!({ "delivery": id }));
                yiwang_jobs::enqueue(tx, ctx, &order).await?;
                let decision = Decision::new("messages.pressed", id.to_string());
                decisions::decide(tx, ctx, Id::new(ctx), &decision).await
            })
        })
        .await?;
    Ok(Delivery { state: DeliveryState::Queued, ..found })
}
