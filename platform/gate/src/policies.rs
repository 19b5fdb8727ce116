//! Which grants serve a read, and why none does: a refusal names the resource, the purpose or the field, so that a
//! page can answer "why can't I see this".

use yiwang_kernel::{Actor, Ctx, Error, Result};
use yiwang_store::Db;

use crate::grants::{self, FindGrants};
use crate::{At, Fields, Grant, Grantee, Policy, Query, Why};

/// The live grants of this actor for this reason, or the refusal.
pub(crate) async fn find(db: &Db, ctx: &Ctx, why: &Why, resource: &str) -> Result<Policy> {
    let wanted = FindGrants { resource: Some(resource.to_owned()), purpose: Some(why.purpose.clone()), grantee: None };
    let mut serving = grants::find(db, &wanted).await?;
    serving.retain(|grant| grant.serves(&ctx.actor, why));
    let (live, set_aside): (Vec<Grant>, Vec<Grant>) = serving.into_iter().partition(|grant| grant.is_live(ctx.now()));
    if live.is_empty() {
        return Err(refusal(ctx, why, resource, &set_aside));
    }
    Ok(Policy { resource: resource.to_owned(), grants: live, whole: false })
}

/// Refuses fields that no grant names, one by name.
pub(crate) fn require_fields(policies: &[Policy], resource: &str, fields: &[String]) -> Result<()> {
    let policy = policies.iter().find(|policy| policy.resource == resource);
    let missing = fields.iter().find(|field| !policy.is_some_and(|policy| policy.has(field)));
    match missing {
        Some(field) => Err(Error::forbidden("gate-field-not-granted").with("field", field).with("resource", resource)),
        None => Ok(()),
    }
}

/// Refuses where a grant covers only some rows or cells: a blob cannot be cut.
pub(crate) fn require_whole(policies: &[Policy]) -> Result<()> {
    let partial = policies.iter().find(|policy| !policy.whole && !policy.grants.iter().any(is_whole));
    match partial {
        Some(policy) => Err(Error::forbidden("gate-blob-partial").with("resource", &policy.resource)),
        None => Ok(()),
    }
}

/// Refuses held loads and refused rows to readers of open data; refused rows to whoever may not see everything.
pub(crate) fn require_settled(policies: &[Policy], query: &Query) -> Result<()> {
    let at = match query {
        Query::Rows(rows) => rows.at,
        Query::Count(count) => count.at,
        Query::Sql(_) | Query::Changes(_) => return Ok(()),
    };
    match at {
        At::Latest | At::Version(_) | At::Time(_) => Ok(()),
        At::Staged(_) | At::Refused(_) if is_open(policies) => Err(Error::forbidden("gate-load-held")),
        At::Staged(_) => Ok(()),
        At::Refused(_) => require_whole(policies),
    }
}

/// Open data: nothing but public grants was used.
pub(crate) fn is_open(policies: &[Policy]) -> bool {
    let open = |policy: &Policy| !policy.whole && policy.grants.iter().all(|grant| grant.grantee == Grantee::Public);
    policies.iter().all(open)
}

fn is_whole(grant: &Grant) -> bool {
    grant.rows.is_none() && grant.masks.is_empty() && grant.fields == Fields::All
}

fn refusal(ctx: &Ctx, why: &Why, resource: &str, set_aside: &[Grant]) -> Error {
    let error = match set_aside.first() {
        Some(grant) if grant.suspended && grant.grantee == Grantee::Public => Error::gone("gate-taken-down"),
        Some(grant) if grant.suspended => Error::forbidden("gate-grant-suspended"),
        Some(grant) if grant.from > ctx.now() => Error::forbidden("gate-grant-early"),
        Some(_) => Error::forbidden("gate-grant-ended"),
        None if ctx.actor == Actor::Stranger => Error::not_found("gate-resource-not-public"),
        None => Error::forbidden("gate-grant-missing"),
    };
    error.with("resource", resource).with("purpose", &why.purpose)
}
