//! First accounts of a city, the operator's reset, and the accounts of a demo. Called by `server`; the three
//! administrators are three people.

use yiwang_access::{Limit, Scope, Token};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result, Role};

use crate::model::{Link, NewPerson, Person, State, check_display, check_name, check_password};
use crate::ops::people::{drafted, insert, not_found};
use crate::ops::sign_in::{SignedIn, established, hashed, new_link};
use crate::ops::{MANAGE, invite_again};
use crate::store;
use crate::store::links::ACTIVATE;

/// One of the three administrators to be.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAdministrator {
    /// The sign-in name.
    pub name: String,
    /// The person's name.
    pub display: String,
    /// The password, where the person chose it on the spot; else the account is opened by a link.
    pub password: Option<String>,
}

/// One of the three administrators of a new city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founder {
    /// The account.
    pub person: Person,
    /// By which it is opened; none where it has a password.
    pub link: Option<Link>,
}

/// The three administrators in their order, by the word their fields begin with.
const THREE: [(&str, Role); 3] =
    [("system", Role::SystemAdmin), ("security", Role::SecurityAdmin), ("audit", Role::AuditAdmin)];
/// Letters of a pass phrase, without those that look alike.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

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

/// Refuses three administrators who are not three people with names, and passwords that are weak. Fields are named by
/// whom they are about: `system_name`, `security_display`, `audit_password`.
pub fn check_administrators(three: &[NewAdministrator; 3]) -> Result<()> {
    for (place, (new, (word, _))) in three.iter().zip(THREE).enumerate() {
        let about = |error: Error| match error {
            Error::Invalid { field, detail } => Error::Invalid { field: format!("{word}_{field}"), detail },
            other => other,
        };
        check_name(&new.name).map_err(about)?;
        check_display(&new.display).map_err(about)?;
        if let Some(password) = &new.password {
            check_password(&new.name, password).map_err(about)?;
        }
        if three[..place].iter().any(|earlier| earlier.name == new.name) {
            return Err(Error::invalid(format!("{word}_name"), "accounts-two-administrators"));
        }
    }
    Ok(())
}

/// Makes the three administrators of a new city: system, security, audit. Refused once the city has accounts.
pub async fn set_up_administrators(
    platform: &Platform,
    ctx: &Ctx,
    three: &[NewAdministrator; 3],
) -> Result<Vec<Founder>> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    check_administrators(three)?;
    let mut founders = Vec::new();
    for (new, (_, role)) in three.iter().zip(THREE) {
        let (name, display) = (new.name.clone(), new.display.clone());
        let roles = vec![role.word().to_owned()];
        let draft = drafted(ctx, &NewPerson { name, display, department: None, roles })?;
        let (state, hash, link) = match &new.password {
            Some(password) => (State::Active, Some(hashed(password).await?), None),
            None => (State::Invited, None, Some(new_link(ctx))),
        };
        founders.push((Person { state, ..draft }, hash, link));
    }
    let all = &founders;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                for (person, hash, link) in all {
                    for role in &person.roles {
                        if store::people::others_with(tx, *role, None, person.id).await? > 0 {
                            return Err(Error::refused("accounts-set-up-done"));
                        }
                    }
                    insert(tx, ctx, person, hash.as_deref()).await?;
                    if let Some((token, link)) = link {
                        store::links::insert(tx, token, person.id, ACTIVATE, link.ends).await?;
                    }
                }
                Ok(())
            })
        })
        .await?;
    Ok(founders.into_iter().map(|(person, _, link)| Founder { person, link: link.map(|(_, link)| link) }).collect())
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

/// Puts the switch of roles behind a fresh pass phrase, for a demo that others can reach; refused outside one. The
/// phrase holds for this run.
pub fn share_demo(platform: &Platform, ctx: &Ctx) -> Result<String> {
    require_demo(platform)?;
    let mut random = [0u8; 16];
    ctx.fill_random(&mut random);
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let phrase = letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-");
    let set = platform.phrase.set(phrase_hash(&phrase));
    set.map_err(|_| Error::broken("a demo is shared twice"))?;
    Ok(phrase)
}

/// Whether this visitor is asked for the pass phrase: the demo is shared, and they are not signed in to it yet.
pub fn demo_asks_phrase(platform: &Platform, ctx: &Ctx) -> bool {
    platform.phrase.get().is_some() && ctx.actor.account().is_none()
}

/// Who a visitor of a demo wants to be.
pub struct DemoSwitch<'a> {
    /// The sign-in name.
    pub name: &'a str,
    /// The pass phrase, as typed.
    pub phrase: &'a str,
    /// The network address it came from, where known.
    pub address: Option<&'a str>,
    /// The session the visitor came with; it ends.
    pub replaces: Option<&'a Token>,
}

/// In a demo alone: signs the visitor in as one of its accounts.
pub async fn demo_switch(platform: &Platform, ctx: &Ctx, wanted: &DemoSwitch<'_>) -> Result<SignedIn> {
    require_demo(platform)?;
    if let Some(phrase) = platform.phrase.get().filter(|_| ctx.actor.account().is_none()) {
        let address = wanted.address.unwrap_or("unknown");
        platform.limits.take(ctx, Limit::SignInName, &format!("demo {address}"))?;
        if !yiwang_seal::equal(&phrase_hash(wanted.phrase), phrase) {
            return Err(Error::invalid("phrase", "accounts-demo-phrase"));
        }
    }
    let known = DEMO.iter().any(|(demo, _, _)| *demo == wanted.name);
    let found = if known { store::people::by_name(&platform.db, wanted.name).await? } else { None };
    let person = found.filter(|person| person.state == State::Active).ok_or_else(not_found)?;
    established(platform, ctx, &person, wanted.replaces).await
}

fn phrase_hash(phrase: &str) -> [u8; 32] {
    let plain: String =
        phrase.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_uppercase()).collect();
    yiwang_seal::sha256(format!("yiwang demo phrase {plain}").as_bytes())
}

/// The sign-in names and roles a demo visitor may switch to; not found outside a demo.
pub fn demo_roles(platform: &Platform) -> Result<Vec<(&'static str, Role)>> {
    require_demo(platform)?;
    Ok(DEMO.iter().map(|(name, _, role)| (*name, *role)).collect())
}

/// Whether departments were entered beside the one a city begins with.
pub async fn has_departments(platform: &Platform) -> Result<bool> {
    Ok(store::departments::count(&platform.db).await? > 1)
}

/// Whether somebody who works with data has an account.
pub async fn has_people(platform: &Platform) -> Result<bool> {
    store::people::any_with(&platform.db, &[Role::Bureau, Role::Steward]).await
}

fn require_demo(platform: &Platform) -> Result<()> {
    if platform.demo { Ok(()) } else { Err(Error::not_found("accounts-demo-only")) }
}
