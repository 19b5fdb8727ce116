//! Who may do what, seen from outside: the matrix of roles and permissions, "why can't I?", sessions of an account.

use yiwang_access::{Explanation, Permission, Reach, Scope, Session};
use yiwang_host::Platform;
use yiwang_kernel::{Account, Actor, Ctx, Error, Id, Result, Role};

use crate::ops::people::person;
use crate::ops::{MANAGE, MATRIX, OWN};
use crate::store;

/// One permission and the roles that hold it, as the policies decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixRow {
    /// The permission.
    pub permission: Permission,
    /// Its holders and their reach.
    pub roles: Vec<(Role, Reach)>,
}

/// The answer to "why can't I?" for one permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The permission asked about.
    pub permission: Permission,
    /// Whose account it is about, by sign-in name; none for a stranger.
    pub name: Option<String>,
    /// The explanation.
    pub explanation: Explanation,
}

/// The matrix of all permissions.
pub fn matrix(platform: &Platform, ctx: &Ctx) -> Result<Vec<MatrixRow>> {
    platform.access.check(ctx, MATRIX, &Scope::CITY)?;
    let row = |permission: &Permission| {
        Ok(MatrixRow { permission: *permission, roles: platform.access.roles(permission.name)? })
    };
    platform.access.permissions().iter().map(row).collect()
}

/// Why the actor, or for the security administrator another account, may or may not do something.
pub async fn why(
    platform: &Platform,
    ctx: &Ctx,
    permission: &str,
    department: Option<&str>,
    of: Option<&str>,
) -> Result<Why> {
    let known = *platform.access.permission(permission)?;
    let scope = Scope { department: department.map(str::to_owned) };
    let Some(name) = of else {
        let explanation = platform.access.explain(ctx, known.name, &scope)?;
        let name = ctx.actor.account().map(|account| account.name.clone());
        return Ok(Why { permission: known, name, explanation });
    };
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let found = store::people::by_name(&platform.db, &name.trim().to_lowercase()).await?;
    let other = found.ok_or_else(|| Error::invalid("of", "accounts-person"))?;
    let lent = store::stand_ins::lent(&platform.db, other.id, ctx.now().date()).await?;
    let mut roles = other.roles;
    roles.extend(lent.roles);
    let account = Account { id: other.id, name: other.name.clone(), department: other.department, roles };
    let theirs = ctx.acting_as(Actor::Account(account));
    let explanation = platform.access.explain(&theirs, known.name, &scope)?;
    Ok(Why { permission: known, name: Some(other.name), explanation })
}

/// The live sessions of an account: one's own, or any for the security administrator.
pub async fn sessions(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Vec<Session>> {
    check_sessions(platform, ctx, id).await?;
    platform.sessions.list(ctx, id).await
}

/// Ends one session of an account.
pub async fn end_session(platform: &Platform, ctx: &Ctx, id: Id, session: Id) -> Result<()> {
    check_sessions(platform, ctx, id).await?;
    if platform.sessions.end_one(id, session).await? {
        return Ok(());
    }
    Err(Error::not_found("accounts-session"))
}

/// Ends all sessions of an account; how many.
pub async fn end_sessions(platform: &Platform, ctx: &Ctx, id: Id) -> Result<u64> {
    check_sessions(platform, ctx, id).await?;
    let ended = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                store::acts::note(tx, ctx, "accounts.sessions_ended", Some(id), None, "").await?;
                platform.sessions.end_all(tx, id).await
            })
        })
        .await?;
    platform.sessions.forget_account(id);
    Ok(ended)
}

async fn check_sessions(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    let own = person(platform, ctx, id).await?.is_actor(&ctx.actor);
    platform.access.check(ctx, if own { OWN } else { MANAGE }, &Scope::CITY)
}
