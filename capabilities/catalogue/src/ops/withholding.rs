//! The negative list: an item is withheld only with a legal basis, and is shareable again the moment it is taken off
//! or its basis ends.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{CivilDate, Ctx, Error, Id, Result};

use super::{WITHHOLD, decide, indexing, not_found, require};
use crate::model::{Entry, Opened, Withheld};
use crate::store;

/// Puts a field (or, with an empty field, the whole entry) on the list. Refused without a basis, and while it is open
/// to the public.
pub async fn withhold(
    platform: &Platform,
    ctx: &Ctx,
    code: &str,
    field: &str,
    basis: &str,
    ends: Option<CivilDate>,
) -> Result<Withheld> {
    let item = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let entry = require(tx, code).await?;
                platform.access.check(ctx, WITHHOLD, &Scope::department(&entry.content.provider))?;
                let item = item(ctx, &entry, field, basis, ends)?;
                let is_open = field.is_empty() || entry.opened_fields.iter().any(|name| name == field);
                if entry.opened == Opened::Open && is_open {
                    return Err(Error::refused("catalogue-withhold-open"));
                }
                let listed = store::negative_of_in(tx, code).await?;
                if listed.iter().any(|other| other.field == field && other.holds_at(ctx.now())) {
                    return Err(Error::conflict("catalogue-withheld-already"));
                }
                store::put_negative(tx, &item).await?;
                let body = serde_json::json!({ "codes": [code], "field": field, "basis": item.basis });
                decide(tx, ctx, "withhold", code, body).await?;
                Ok(item)
            })
        })
        .await?;
    indexing::index(platform, &[code.to_owned()]).await?;
    Ok(item)
}

/// Takes an item off the list; it stays on record.
pub async fn release(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    let code = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let item = store::negative_in(tx, id).await?;
                let item = item.ok_or_else(|| Error::not_found("catalogue-withheld-unknown"))?;
                platform.access.check(ctx, WITHHOLD, &Scope::department(&item.provider))?;
                if store::remove_negative(tx, id, ctx.now(), &ctx.actor.to_string()).await? == 0 {
                    return Err(Error::not_found("catalogue-withheld-unknown"));
                }
                let body = serde_json::json!({ "codes": [item.code], "field": item.field });
                decide(tx, ctx, "release", &item.code, body).await?;
                Ok(item.code)
            })
        })
        .await?;
    indexing::index(platform, &[code]).await
}

/// The list as it stood on a day: public.
pub async fn negative_list(platform: &Platform, day: CivilDate) -> Result<Vec<Withheld>> {
    store::negative_list(&platform.db, day).await
}

/// Items whose basis has ended: shareable again, and waiting for somebody to renew the basis or take them off.
pub async fn lapsed(platform: &Platform, ctx: &Ctx) -> Result<Vec<Withheld>> {
    let mut items = store::lapsed(&platform.db, ctx.now().date()).await?;
    items.retain(|item| platform.access.check(ctx, WITHHOLD, &Scope::department(&item.provider)).is_ok());
    Ok(items)
}

/// Announces the bases that ended yesterday and brings the index up to date; for the daily job. How many ended.
pub async fn note_ended(platform: &Platform, ctx: &Ctx) -> Result<u64> {
    let today = ctx.now().date();
    let mut ended = store::lapsed(&platform.db, today).await?;
    ended.retain(|item| item.ends == Some(today.plus_days(-1)));
    let items = &ended;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                for item in items {
                    let body = serde_json::json!({ "codes": [item.code], "field": item.field, "basis": item.basis });
                    decide(tx, ctx, "basis_ended", &item.code, body).await?;
                }
                Ok(())
            })
        })
        .await?;
    let codes: Vec<String> = ended.iter().map(|item| item.code.clone()).collect();
    indexing::index(platform, &codes).await?;
    Ok(ended.len() as u64)
}

pub(super) fn item(ctx: &Ctx, entry: &Entry, field: &str, basis: &str, ends: Option<CivilDate>) -> Result<Withheld> {
    let content = &entry.content;
    let title = match content.field(field) {
        Some(found) => format!("{} / {}", content.title.zh, found.title.zh),
        None if field.is_empty() => content.title.zh.clone(),
        None => return Err(not_found(field)),
    };
    let item = Withheld {
        id: Id::new(ctx),
        code: entry.code.clone(),
        field: field.to_owned(),
        title,
        provider: content.provider.clone(),
        basis: basis.trim().to_owned(),
        starts: ctx.now().date(),
        ends,
        listed: ctx.now(),
        listed_by: ctx.actor.to_string(),
        removed: None,
    };
    item.check()?;
    Ok(item)
}
