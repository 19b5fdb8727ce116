//! First accounts of a city, the operator's reset, and the accounts of a demo. Called by `server`; the three
//! administrators are three people.

use yiwang_access::{Scope, Token};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result, Role};

use crate::model::{Link, NewPerson, Person, State};
use crate::ops::people::{Invited, drafted, insert, not_found};
use crate::ops::sign_in::{SignedIn, established, hashed, new_link};
use crate::ops::{MANAGE, invite_again};
use crate::store;
use crate::store::links::ACTIVATE;

/// One of the three administrators to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAdministrator {
    /// The sign-in name.
    pub name: String,
    /// The person's name.
    pub display: String,
}

/// An account of a demo with its password of this run.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoAccount {
    /// The sign-in name, which says the role.
    pub name: &'static str,
    /// What it may be.
    pub role: Role,
    /// Random for each run.
    pub password: String,
}

/// The accounts of a demo: sign-in name, person's name, role.
const DEMO: [(&str, &str, Role); 12] = [
    ("chief", "局长 · 演示", Role::Chief),
    ("bureau", "数据局 · 演示", Role::Bureau),
    ("steward", "数据专员 · 演示", Role::Steward),
    ("lead", "首席数据官 · 演示", Role::Lead),
    ("clerk", "窗口 · 演示", Role::Clerk),
    ("approver", "审批 · 演示", Role::Approver),
    ("resident", "市民 · 演示", Role::Resident),
    ("agent", "企业 · 演示", Role::Agent),
    ("auditor", "审计管理员 · 演示", Role::AuditAdmin),
    ("security", "安全管理员 · 演示", Role::SecurityAdmin),
    ("system", "系统管理员 · 演示", Role::SystemAdmin),
    ("operator", "运维 · 演示", Role::Operator),
];

/// Makes the three administrators of a new city: system, security, audit. Refused once the city has accounts.
pub async fn set_up_administrators(
    platform: &Platform,
    ctx: &Ctx,
    three: &[NewAdministrator; 3],
) -> Result<Vec<Invited>> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let roles = [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin];
    let mut people = Vec::new();
    for (new, role) in three.iter().zip(roles) {
        let (name, display) = (new.name.clone(), new.display.clone());
        let roles = vec![role.word().to_owned()];
        people.push(drafted(ctx, &NewPerson { name, display, department: None, roles })?);
    }
    let links: Vec<_> = people.iter().map(|_| new_link(ctx)).collect();
    let pairs = &people.iter().zip(&links).collect::<Vec<_>>();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                for (person, (hash, link)) in pairs {
                    for role in &person.roles {
                        if store::people::others_with(tx, *role, None, person.id).await? > 0 {
                            return Err(Error::refused("accounts-set-up-done"));
                        }
                    }
                    insert(tx, ctx, person, None).await?;
                    store::links::insert(tx, hash, person.id, ACTIVATE, link.ends).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(people.into_iter().zip(links).map(|(person, (_, link))| Invited { person, link }).collect())
}

/// A new activation link for the account of this sign-in name (`admin reset`).
pub async fn reset_password(platform: &Platform, ctx: &Ctx, name: &str) -> Result<Link> {
    let person = store::people::by_name(&platform.db, &name.trim().to_lowercase()).await?.ok_or_else(not_found)?;
    invite_again(platform, ctx, person.id).await
}

/// Makes the accounts of a demo, or gives those that exist new passwords; refused outside one. Those who work for a
/// department work for `department`, the bureau's people for `bureau`.
pub async fn demo_accounts(platform: &Platform, ctx: &Ctx, bureau: &str, department: &str) -> Result<Vec<DemoAccount>> {
    require_demo(platform)?;
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let mut accounts = Vec::new();
    for (name, display, role) in DEMO {
        let mut random = [0u8; 9];
        ctx.fill_random(&mut random);
        let password = yiwang_seal::hex(&random);
        let hash = &hashed(&password).await?;
        let works_for = match role {
            Role::Steward | Role::Lead | Role::Clerk | Role::Approver => Some(department.to_owned()),
            Role::Bureau | Role::Chief => Some(bureau.to_owned()),
            _ => None,
        };
        let roles = vec![role.word().to_owned()];
        let (name_owned, display) = (name.to_owned(), display.to_owned());
        let draft = drafted(ctx, &NewPerson { name: name_owned, display, department: works_for, roles })?;
        let person = &Person { state: State::Active, ..draft };
        let known = store::people::by_name(&platform.db, name).await?.map(|known| known.id);
        platform
            .db
            .tx(|tx| {
                Box::pin(async move {
                    match known {
                        Some(known) => store::secrets::set_password(tx, known, hash).await,
                        None => insert(tx, ctx, person, Some(hash)).await,
                    }
                })
            })
            .await?;
        accounts.push(DemoAccount { name, role, password });
    }
    Ok(accounts)
}

/// In a demo alone: signs the visitor in as one of its accounts, ending the session they came with.
pub async fn demo_switch(platform: &Platform, ctx: &Ctx, name: &str, replaces: Option<&Token>) -> Result<SignedIn> {
    require_demo(platform)?;
    let known = DEMO.iter().any(|(demo, _, _)| *demo == name);
    let found = if known { store::people::by_name(&platform.db, name).await? } else { None };
    let person = found.filter(|person| person.state == State::Active).ok_or_else(not_found)?;
    established(platform, ctx, &person, replaces).await
}

/// The sign-in names and roles a demo visitor may switch to; not found outside a demo.
pub fn demo_roles(platform: &Platform) -> Result<Vec<(&'static str, Role)>> {
    require_demo(platform)?;
    Ok(DEMO.iter().map(|(name, _, role)| (*name, *role)).collect())
}

fn require_demo(platform: &Platform) -> Result<()> {
    if platform.demo { Ok(()) } else { Err(Error::not_found("accounts-demo-only")) }
}
