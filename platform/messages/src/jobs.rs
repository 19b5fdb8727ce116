//! What runs by itself: mails and calls that were ordered, the daily mail, the removal of what is old. A delivery may
//! run again after a crash; it then leaves under the same id.

mod call;
mod letters;

use std::sync::Arc;

use yiwang_host::Platform;
use yiwang_jobs::Job;
use yiwang_kernel::{Ctx, Error, Id, Result};

use crate::model::{Content, Draft};
use crate::{Channel, Delivery, DeliveryState, ops, store};

/// The kind of job that makes one mail or call.
pub(crate) const DELIVER: &str = "messages.deliver";
/// The class of the daily mail.
pub(crate) const DIGEST: &str = "messages.digest";
/// Daily mails ordered in one round at most, one transaction each.
const DIGESTS_MAX: usize = 5_000;
/// Accounts looked at together.
const DUE_AT_ONCE: usize = 200;
/// Rows removed in one step.
const REMOVED_AT_ONCE: usize = 1_000;
/// Deliveries are shown for so long.
const DELIVERIES_DAYS: i64 = 90;
/// A link that opens an account ends after 72 hours; what is sealed beside a delivery goes soon after.
const SECRETS_DAYS: i64 = 4;
const DAY_S: i64 = 86_400;

/// How an attempt ended.
pub(crate) enum Outcome {
    /// The other side took it.
    Sent,
    /// There was nothing left to say, or nobody to say it to.
    Dropped,
}

/// Makes one mail or call.
pub(crate) async fn deliver(platform: Arc<Platform>, ctx: Ctx, job: Job) -> Result<()> {
    let id = job.body["delivery"].as_str().and_then(|id| id.parse::<Id>().ok());
    let id = id.ok_or_else(|| Error::broken("a delivery's job names no delivery"))?;
    let Some(delivery) = store::deliveries::find(&platform.db, id).await? else { return Ok(()) };
    if matches!(delivery.state, DeliveryState::Sent | DeliveryState::Dropped) {
        return Ok(());
    }
    // A process that dies in its last attempt leaves the delivery as failed, where somebody can press again.
    let begun = match job.attempts >= job.attempts_max {
        true => (DeliveryState::Failed, Some("job-lease-lost")),
        false => (delivery.state, delivery.error.as_deref()),
    };
    let attempts = delivery.attempts + 1;
    note(&platform, &ctx, id, begun, attempts).await?;
    let outcome = attempt(&platform, &ctx, &delivery).await;
    let ended = match &outcome {
        Ok(Outcome::Sent) => (DeliveryState::Sent, None),
        Ok(Outcome::Dropped) => (DeliveryState::Dropped, None),
        Err(error) if job.ends_with(error) => (DeliveryState::Failed, Some(error.code())),
        Err(error) => (DeliveryState::Retrying, Some(error.code())),
    };
    note(&platform, &ctx, id, ended, attempts).await?;
    outcome.map(drop)
}

/// The other machine's part of a delivery; notes nothing.
pub(crate) async fn attempt(platform: &Platform, ctx: &Ctx, delivery: &Delivery) -> Result<Outcome> {
    match delivery.channel {
        Channel::Mail => letters::mail(platform, delivery).await,
        Channel::Webhook => call::call(platform, ctx, delivery).await,
    }
}

async fn note(
    platform: &Platform,
    ctx: &Ctx,
    id: Id,
    (state, error): (DeliveryState, Option<&str>),
    attempts: u32,
) -> Result<()> {
    let now = ctx.now();
    platform.db.tx(|tx| Box::pin(store::deliveries::note(tx, id, state, attempts, error, now))).await
}

/// Orders the daily mails that are due: after the hour set, once a day and account, only where something is unread
/// that the mail before did not name.
pub(crate) async fn order_digests(platform: &Platform, ctx: &Ctx) -> Result<usize> {
    let (now, day) = (ctx.now(), ctx.now().date());
    let hour = platform.settings.number("messages.digest_hour")?.clamp(0, 23);
    if now < day.start().plus_s(hour * 3_600) || !crate::mail::is_set_up(platform)? {
        return Ok(0);
    }
    let mut ordered = 0;
    while ordered < DIGESTS_MAX {
        let due = store::people::due(&platform.db, day, DUE_AT_ONCE).await?;
        if due.is_empty() {
            break;
        }
        for due in &due {
            let event = format!("{DIGEST}/{day}");
            let draft = &Draft {
                channel: Channel::Mail,
                target: due.account,
                event: &event,
                class: DIGEST,
                department: None,
                content: Content::Digest,
                sealed: None,
            };
            platform
                .db
                .tx(|tx| {
                    Box::pin(async move {
                        if store::people::note_digest(tx, day, due).await? {
                            ops::order(tx, ctx, draft).await?;
                        }
                        Ok(())
                    })
                })
                .await?;
            ordered += 1;
        }
    }
    Ok(ordered)
}

/// Removes messages past their keeping, deliveries that nobody looks at any more, and secrets that have ended.
pub(crate) async fn sweep(platform: &Platform, ctx: &Ctx) -> Result<()> {
    platform.require_sure_clock(ctx).await?;
    let now = ctx.now();
    let days = platform.settings.number("messages.keep_days")?.max(1);
    store::deliveries::wipe_secrets(&platform.db, now.plus_s(-SECRETS_DAYS * DAY_S)).await?;
    while store::inbox::remove_old(&platform.db, now.plus_s(-days.saturating_mul(DAY_S)), REMOVED_AT_ONCE).await? > 0 {}
    let before = now.plus_s(-DELIVERIES_DAYS * DAY_S);
    while store::deliveries::remove_old(&platform.db, before, REMOVED_AT_ONCE).await? > 0 {}
    Ok(())
}

/// Nobody to go to any more: the account was closed, the address taken away, the hook removed.
fn gone(delivery: &Delivery) -> Outcome {
    tracing::info!(delivery = %delivery.id, "a delivery has nobody to go to any more");
    Outcome::Dropped
}
