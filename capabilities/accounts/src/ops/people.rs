//! Accounts of people: making, roles, moving, shutting, leaving, handing over. Nothing is left ownerless: the last
//! steward of a department and the last of each administrator cannot go without a successor.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, ListPage, PageRequest, Ref, Result, Role};
use yiwang_messages::{Address, Class, Letter, Words};
use yiwang_store::outbox::{self, Event};
use yiwang_store::{Db, Tx};

use crate::model::{Act, Link, NewPerson, Person, State, check_display, check_name, check_roles, name_hash};
use crate::ops::departments::require_open;
use crate::ops::sign_in::new_link;
use crate::ops::{ACTS, MANAGE, READ};
use crate::store;
use crate::store::links::ACTIVATE;

/// The mail with the link that opens an account.
const LINK: Class = Class::urgent("accounts.link");

/// Which people a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleFilter {
    /// Words in the sign-in name or the person's name.
    pub words: Option<String>,
    /// Of this department.
    pub department: Option<String>,
    /// In this state.
    pub state: Option<State>,
    /// Holding this role.
    pub role: Option<Role>,
}

/// A new account and the link by which its owner opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The account.
    pub person: Person,
    /// Shown once, to be passed on.
    pub link: Link,
}

/// People the actor may see: all, or those of the own department.
pub async fn people(
    platform: &Platform,
    ctx: &Ctx,
    filter: &PeopleFilter,
    request: &PageRequest,
) -> Result<ListPage<Person>> {
    let mut filter = filter.clone();
    if platform.access.check(ctx, READ, &Scope::CITY).is_err() {
        filter.department = filter.department.or_else(|| ctx.actor.department().map(str::to_owned));
    }
    platform.access.check(ctx, READ, &Scope { department: filter.department.clone() })?;
    store::people::list(&platform.db, &filter, request).await
}

/// One account, if the actor may see it.
pub async fn person(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Person> {
    let found = store::people::by_id(&platform.db, id).await?.ok_or_else(not_found)?;
    if !found.is_actor(&ctx.actor) {
        platform.access.check(ctx, READ, &Scope { department: found.department.clone() })?;
    }
    Ok(found)
}

/// The account of this sign-in name, for other capabilities and the command line; checks no permission.
pub async fn find_account(db: &Db, name: &str) -> Result<Option<Person>> {
    store::people::by_name(db, name).await
}

/// The accounts that hold a role, in a department where one is given, and have not left; for capabilities that tell
/// them something in the same transaction. Checks no permission.
pub async fn holders(tx: &mut Tx<'_>, role: Role, department: Option<&str>) -> Result<Vec<Id>> {
    store::people::holders(tx, role, department).await
}

/// Makes an account, invited; its owner opens it by the link within 72 hours.
pub async fn create_account(platform: &Platform, ctx: &Ctx, new: &NewPerson) -> Result<Invited> {
    invite(platform, ctx, new, None).await
}

/// As [`create_account`], and mails the link to this address, which becomes the account's.
pub async fn invite(platform: &Platform, ctx: &Ctx, new: &NewPerson, mail: Option<&str>) -> Result<Invited> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let person = &drafted(ctx, new)?;
    let (token_hash, link) = new_link(ctx);
    let token_hash = &token_hash;
    let ends = link.ends;
    let address = match mail {
        Some(mail) => Some(Address::new(platform, "mail", mail).await?),
        None => None,
    };
    let letter = letter(platform, ctx, &link).await?;
    let (address, letter, lang) = (address.as_ref(), &letter, ctx.lang);
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                insert(tx, ctx, person, None).await?;
                store::links::insert(tx, token_hash, person.id, ACTIVATE, ends).await?;
                if let Some(address) = address {
                    yiwang_messages::set_address(tx, person.id, address, lang).await?;
                    yiwang_messages::send_letter(tx, ctx, person.id, letter).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(Invited { person: person.clone(), link })
}

/// A new link for an account that lost its first or its password: the old password stops working.
pub async fn invite_again(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Link> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let (token_hash, link) = new_link(ctx);
    let (token_hash, ends) = (&token_hash, link.ends);
    let letter = &letter(platform, ctx, &link).await?;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                present(tx, id).await?;
                store::links::insert(tx, token_hash, id, ACTIVATE, ends).await?;
                yiwang_messages::send_letter(tx, ctx, id, letter).await?;
                platform.sessions.end_all(tx, id).await?;
                store::acts::note(tx, ctx, "accounts.invited_again", Some(id), None, "").await
            })
        })
        .await?;
    platform.sessions.forget_account(id);
    Ok(link)
}

/// Gives an account exactly these roles; its sessions end, so that the new rights hold at once.
pub async fn set_roles(platform: &Platform, ctx: &Ctx, id: Id, roles: &[Role]) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let person = present(tx, id).await?;
                check_roles(roles, person.department.as_deref())?;
                for role in person.roles.iter().filter(|role| !roles.contains(role)) {
                    keep_owned(tx, &person, *role).await?;
                    store::people::remove_role(tx, id, *role).await?;
                    store::acts::note(tx, ctx, "accounts.role_taken", Some(id), None, role.word()).await?;
                }
                for role in roles.iter().filter(|role| !person.roles.contains(role)) {
                    store::people::add_role(tx, id, *role, ctx.now()).await?;
                    store::acts::note(tx, ctx, "accounts.role_given", Some(id), None, role.word()).await?;
                }
                platform.sessions.end_all(tx, id).await?;
                Ok(())
            })
        })
        .await?;
    platform.sessions.forget_account(id);
    Ok(())
}

/// Moves an account to another department and post.
pub async fn move_to(platform: &Platform, ctx: &Ctx, id: Id, department: Option<&str>, post: Option<Id>) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let today = ctx.now().date();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let person = present(tx, id).await?;
                check_roles(&person.roles, department)?;
                if person.department.as_deref() != department {
                    keep_owned(tx, &person, Role::Steward).await?;
                }
                if let Some(department) = department {
                    require_open(tx, department, today, "department").await?;
                }
                if let Some(post) = post {
                    let of = department.unwrap_or_default();
                    if !store::departments::has_post(tx, of, post).await? {
                        return Err(Error::invalid("post", "accounts-post"));
                    }
                }
                store::people::set_place(tx, id, department, post).await?;
                platform.sessions.end_all(tx, id).await?;
                store::acts::note(tx, ctx, "accounts.moved", Some(id), department, "").await
            })
        })
        .await?;
    platform.sessions.forget_account(id);
    Ok(())
}

/// Shuts an account until it is opened again; its sessions end.
pub async fn lock(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let person = present(tx, id).await?;
                if person.is_actor(&ctx.actor) {
                    return Err(Error::refused("accounts-lock-oneself"));
                }
                if person.state == State::Invited {
                    return Err(Error::refused("accounts-lock-invited"));
                }
                store::people::set_state(tx, id, State::Locked).await?;
                platform.sessions.end_all(tx, id).await?;
                store::acts::note(tx, ctx, "accounts.locked", Some(id), None, "").await
            })
        })
        .await?;
    platform.sessions.forget_account(id);
    Ok(())
}

/// Opens a shut account.
pub async fn unlock(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let person = present(tx, id).await?;
                if person.state_at(ctx.now()) != State::Locked {
                    return Err(Error::refused("accounts-not-locked"));
                }
                store::people::set_state(tx, id, State::Active).await?;
                store::secrets::clear_tries(tx, &name_hash(&person.name)).await?;
                store::acts::note(tx, ctx, "accounts.unlocked", Some(id), None, "").await
            })
        })
        .await
}

/// Closes the account of somebody who leaves; refused while something would be left without an owner.
pub async fn leave(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let ended = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let person = present(tx, id).await?;
                for role in &person.roles {
                    keep_owned(tx, &person, *role).await?;
                }
                close(platform, tx, ctx, id).await
            })
        })
        .await?;
    ended.into_iter().for_each(|id| platform.sessions.forget_account(id));
    Ok(())
}

/// Hands over everything to somebody of the same department and closes the account: roles pass on, and who follows
/// `accounts.handed_over` passes on what the account holds elsewhere.
pub async fn hand_over(platform: &Platform, ctx: &Ctx, from: Id, to: Id) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let ended = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let giver = present(tx, from).await?;
                let taker = present(tx, to).await?;
                if from == to || giver.department != taker.department {
                    return Err(Error::invalid("to", "accounts-hand-over-to"));
                }
                let missing: Vec<Role> =
                    giver.roles.iter().copied().filter(|role| !taker.roles.contains(role)).collect();
                let roles: Vec<Role> = taker.roles.iter().chain(&missing).copied().collect();
                check_roles(&roles, taker.department.as_deref())?;
                for role in missing {
                    store::people::add_role(tx, to, role, ctx.now()).await?;
                    store::acts::note(tx, ctx, "accounts.role_given", Some(to), None, role.word()).await?;
                }
                platform.sessions.end_all(tx, to).await?;
                let subject = Ref { noun: "accounts.person".to_owned(), key: from.to_string() };
                let body = serde_json::json!({ "from": from, "to": to });
                let kind = "accounts.handed_over".to_owned();
                outbox::announce(tx, ctx, &Event { kind, subject, body }).await?;
                close(platform, tx, ctx, from).await
            })
        })
        .await?;
    ended.into_iter().chain([to]).for_each(|id| platform.sessions.forget_account(id));
    Ok(())
}

/// Privileged acts, newest first: all of them for the auditor, those on one account for who may see it.
pub async fn acts(platform: &Platform, ctx: &Ctx, of: Option<Id>, request: &PageRequest) -> Result<ListPage<Act>> {
    match of {
        None => platform.access.check(ctx, ACTS, &Scope::CITY)?,
        Some(id) => drop(person(platform, ctx, id).await?),
    }
    store::acts::list(&platform.db, of, request).await
}

/// Gives an account the address its links are mailed to, in place of whatever stood there.
pub async fn give_address(platform: &Platform, ctx: &Ctx, id: Id, mail: &str) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let address = &Address::new(platform, "mail", mail).await?;
    let lang = ctx.lang;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                present(tx, id).await?;
                yiwang_messages::set_address(tx, id, address, lang).await?;
                store::acts::note(tx, ctx, "accounts.address_given", Some(id), None, "").await
            })
        })
        .await
}

/// The mail with the link; it reaches an address that the account's manager gave, and nobody else.
async fn letter(platform: &Platform, ctx: &Ctx, link: &Link) -> Result<Letter> {
    let event = format!("{}/{}", LINK.name, Id::new(ctx));
    let title = Words::new("accounts-letter-title");
    Letter::new(platform, LINK, event, title, &format!("/activate?link={}", link.token)).await
}

/// The checked draft of an account, before the store is asked.
pub(crate) fn drafted(ctx: &Ctx, new: &NewPerson) -> Result<Person> {
    check_name(&new.name)?;
    check_display(&new.display)?;
    let mut roles = new.parsed_roles()?;
    roles.sort_unstable();
    check_roles(&roles, new.department.as_deref())?;
    Ok(Person {
        id: Id::new(ctx),
        name: new.name.clone(),
        display: new.display.trim().to_owned(),
        department: new.department.clone(),
        post: None,
        roles,
        state: State::Invited,
        locked_until: None,
        created: ctx.now(),
        second_step: false,
    })
}

/// Writes a drafted account, with its act.
pub(crate) async fn insert(tx: &mut Tx<'_>, ctx: &Ctx, person: &Person, password: Option<&str>) -> Result<()> {
    if store::people::is_named(tx, &person.name).await? {
        return Err(Error::conflict("accounts-name-taken"));
    }
    if let Some(department) = &person.department {
        require_open(tx, department, ctx.now().date(), "department").await?;
    }
    store::people::insert(tx, person, password).await?;
    let roles: Vec<&str> = person.roles.iter().map(|role| role.word()).collect();
    let department = person.department.as_deref();
    store::acts::note(tx, ctx, "accounts.made", Some(person.id), department, &roles.join(" ")).await
}

pub(crate) fn not_found() -> Error {
    Error::not_found("accounts-person")
}

/// The account, unless it is gone or its owner has left.
async fn present(tx: &mut Tx<'_>, id: Id) -> Result<Person> {
    let person = store::people::by_id_in(tx, id).await?.ok_or_else(not_found)?;
    if person.state == State::Left { Err(Error::refused("accounts-left")) } else { Ok(person) }
}

/// Refuses to take a role whose last holder this is, where somebody must hold it.
async fn keep_owned(tx: &mut Tx<'_>, person: &Person, role: Role) -> Result<()> {
    if !person.roles.contains(&role) {
        return Ok(());
    }
    let department = person.department.as_deref();
    match role {
        Role::Steward if store::people::others_with(tx, role, department, person.id).await? == 0 => {
            Err(Error::refused("accounts-last-steward").with("department", department.unwrap_or_default()))
        }
        role if role.is_administrator() && store::people::others_with(tx, role, None, person.id).await? == 0 => {
            Err(Error::refused("accounts-last-administrator").with("role", role.word()))
        }
        _ => Ok(()),
    }
}

/// Closes an account with its links, loans and sessions; whose sessions ended.
async fn close(platform: &Platform, tx: &mut Tx<'_>, ctx: &Ctx, id: Id) -> Result<Vec<Id>> {
    store::people::set_state(tx, id, State::Left).await?;
    store::links::delete_all(tx, id).await?;
    yiwang_messages::forget(tx, ctx, id).await?;
    let mut ended = store::stand_ins::end_all(tx, id, ctx.now()).await?;
    ended.push(id);
    for account in &ended {
        platform.sessions.end_all(tx, *account).await?;
    }
    store::acts::note(tx, ctx, "accounts.left", Some(id), None, "").await?;
    Ok(ended)
}
