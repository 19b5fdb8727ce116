//! Stand-ins (AB岗): somebody of the same department acts for another for some days, with the other's roles except an
//! administrator's. Only the person who will be away names one.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{CivilDate, Ctx, Error, Id, Result};

use crate::model::{StandIn, State};
use crate::ops::OWN;
use crate::store;

const DAYS_MAX: i64 = 92;

/// Names a stand-in by sign-in name, from one day to another.
pub async fn name_stand_in(
    platform: &Platform,
    ctx: &Ctx,
    name: &str,
    first_day: CivilDate,
    last_day: CivilDate,
) -> Result<()> {
    platform.access.check(ctx, OWN, &Scope::CITY)?;
    let own = ctx.actor.account().ok_or(Error::Unauthenticated)?.id;
    let today = ctx.now().date();
    if first_day < today || last_day < first_day || last_day > first_day.plus_days(DAYS_MAX - 1) {
        return Err(Error::invalid("last_day", "accounts-stand-in-days").with("most", DAYS_MAX));
    }
    let stand_in = store::people::by_name(&platform.db, &name.trim().to_lowercase()).await?;
    let person = store::people::by_id(&platform.db, own).await?.ok_or(Error::Unauthenticated)?;
    let fits = |other: &crate::model::Person| {
        other.id != own
            && other.state != State::Left
            && other.department.is_some()
            && other.department == person.department
    };
    let stand_in = stand_in.filter(fits).ok_or_else(|| Error::invalid("name", "accounts-stand-in-who"))?;
    let (id, days, other) = (Id::new(ctx), (first_day, last_day), stand_in.id);
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                if store::stand_ins::overlaps(tx, own, days).await? {
                    return Err(Error::conflict("accounts-stand-in-overlaps"));
                }
                store::stand_ins::insert(tx, id, own, other, days).await?;
                platform.sessions.end_all(tx, other).await?;
                let detail = format!("{first_day} to {last_day}");
                store::acts::note(tx, ctx, "accounts.stand_in_named", Some(other), None, &detail).await
            })
        })
        .await?;
    platform.sessions.forget_account(other);
    Ok(())
}

/// Ends a stand-in of the own account before its last day; the stand-in's sessions end.
pub async fn end_stand_in(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    platform.access.check(ctx, OWN, &Scope::CITY)?;
    let own = ctx.actor.account().ok_or(Error::Unauthenticated)?.id;
    let other = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let other = store::stand_ins::end(tx, id, own, ctx.now()).await?;
                let other = other.ok_or_else(|| Error::not_found("accounts-stand-in"))?;
                platform.sessions.end_all(tx, other).await?;
                store::acts::note(tx, ctx, "accounts.stand_in_ended", Some(other), None, "").await?;
                Ok(other)
            })
        })
        .await?;
    platform.sessions.forget_account(other);
    Ok(())
}

/// Loans to and from the own account, newest first.
pub async fn stand_ins(platform: &Platform, ctx: &Ctx) -> Result<Vec<StandIn>> {
    platform.access.check(ctx, OWN, &Scope::CITY)?;
    let own = ctx.actor.account().ok_or(Error::Unauthenticated)?.id;
    store::stand_ins::list(&platform.db, own).await
}
