//! Signing in and out: password, then the second step where there is one. An unknown name, a wrong password and a shut
//! account are answered alike and cost alike; ten wrong tries shut a name for a quarter of an hour.

use tokio::sync::Semaphore;
use yiwang_access::{Limit, Token};
use yiwang_host::Platform;
use yiwang_kernel::{Account, Ctx, Error, Id, Instant, Result, Role};
use yiwang_seal::password;

use crate::model::{Link, Person, State, check_password, is_shut, name_hash};
use crate::ops::departments::department_of;
use crate::ops::people::not_found;
use crate::ops::second_step::{is_recovery, is_right};
use crate::store;
use crate::store::links::{ACTIVATE, SECOND_STEP};

/// Wrong tries that shut a name.
pub(crate) const TRIES_MAX: i64 = 10;
/// How long an activation link lasts.
const LINK_S: i64 = 72 * 3600;
/// How long the second step is waited for.
const TICKET_S: i64 = 5 * 60;
const TICKET_TRIES_MAX: i64 = 5;
const TYPED_CHARS_MAX: usize = 400;

/// Password hashes take much memory: so many are worked out at once.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A sign-in as it was typed.
pub struct Attempt<'a> {
    /// The name.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The network address it came from, where known.
    pub address: Option<&'a str>,
    /// The session the reader came with; it ends.
    pub replaces: Option<&'a Token>,
}

/// A session that has just begun.
pub struct SignedIn {
    /// Its token, for the cookie.
    pub token: Token,
    /// Whether it is a resident's long session.
    pub long: bool,
}

/// What a sign-in led to.
pub enum Step {
    /// Signed in.
    Done(SignedIn),
    /// The password was right; the code is awaited with this ticket.
    SecondStep(String),
}

/// The first step.
pub async fn sign_in(platform: &Platform, ctx: &Ctx, attempt: &Attempt<'_>) -> Result<Step> {
    let name = attempt.name.trim().to_lowercase();
    if name.chars().count() > TYPED_CHARS_MAX || attempt.password.chars().count() > TYPED_CHARS_MAX {
        return Err(failed());
    }
    if let Some(address) = attempt.address {
        platform.limits.take(ctx, Limit::SignInAddress, address)?;
    }
    platform.limits.take(ctx, Limit::SignInName, &name)?;
    let db = &platform.db;
    let hash = name_hash(&name);
    let locked = is_shut(store::secrets::locked_until(db, &hash).await?, ctx.now());
    let found = store::people::by_name(db, &name).await?.filter(|person| person.state == State::Active && !locked);
    let secrets = match &found {
        Some(person) => Some(store::secrets::of(db, person.id).await?),
        None => None,
    };
    let right = verified(attempt.password, secrets.and_then(|secrets| secrets.password)).await?;
    let Some(person) = found.filter(|_| right) else {
        count_try(platform, ctx, &name).await?;
        return Err(failed());
    };
    if person.second_step {
        return ticket(platform, ctx, person.id).await.map(Step::SecondStep);
    }
    established(platform, ctx, &person, attempt.replaces).await.map(Step::Done)
}

/// The second step: a code of the moment, or a recovery code, which is used up.
pub async fn second_step(
    platform: &Platform,
    ctx: &Ctx,
    ticket: &str,
    code: &str,
    replaces: Option<&Token>,
) -> Result<SignedIn> {
    let db = &platform.db;
    let hash = &Token::parse(ticket).ok_or_else(expired)?.hash();
    let found = store::links::find(db, hash, SECOND_STEP, ctx.now()).await?.ok_or_else(expired)?;
    let person = store::people::by_id(db, found).await?.ok_or_else(expired)?;
    if person.state_at(ctx.now()) != State::Active {
        return Err(expired());
    }
    let right = if is_recovery(code) {
        crate::ops::second_step::take_recovery(platform, person.id, code).await?
    } else {
        is_right(platform, ctx, person.id, code).await?
    };
    if !right {
        let more = db.tx(|tx| Box::pin(store::links::count_try(tx, hash, TICKET_TRIES_MAX))).await?;
        count_try(platform, ctx, &person.name).await?;
        return Err(if more { Error::invalid("code", "accounts-code-wrong") } else { expired() });
    }
    let now = ctx.now();
    if !db.tx(|tx| Box::pin(store::links::take(tx, hash, SECOND_STEP, now))).await? {
        return Err(expired());
    }
    established(platform, ctx, &person, replaces).await
}

/// Ends the session.
pub async fn sign_out(platform: &Platform, token: &Token) -> Result<()> {
    platform.sessions.end(token).await
}

/// For whom an activation link is, while it lasts.
pub async fn activation(platform: &Platform, ctx: &Ctx, link: &str) -> Result<Person> {
    let spent = || Error::gone("accounts-link-spent");
    let hash = Token::parse(link).ok_or_else(spent)?.hash();
    let found = store::links::find(&platform.db, &hash, ACTIVATE, ctx.now()).await?.ok_or_else(spent)?;
    store::people::by_id(&platform.db, found).await?.ok_or_else(spent)
}

/// Opens an account by its link: sets the password, uses the link up, ends old sessions.
pub async fn activate(platform: &Platform, ctx: &Ctx, link: &str, password: &str) -> Result<()> {
    let person = &activation(platform, ctx, link).await?;
    check_password(&person.name, password)?;
    let hash = &hashed(password).await?;
    let link = &Token::parse(link).ok_or_else(not_found)?.hash();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                if !store::links::take(tx, link, ACTIVATE, ctx.now()).await? {
                    return Err(Error::gone("accounts-link-spent"));
                }
                store::secrets::set_password(tx, person.id, hash).await?;
                platform.sessions.end_all(tx, person.id).await?;
                store::acts::note(tx, ctx, "accounts.activated", Some(person.id), None, "").await
            })
        })
        .await?;
    platform.sessions.forget_account(person.id);
    Ok(())
}

/// Changes the own password; every session ends and a new one begins.
pub async fn change_password(platform: &Platform, ctx: &Ctx, old: &str, new: &str) -> Result<SignedIn> {
    let person = &confirmed(platform, ctx, old).await?;
    check_password(&person.name, new)?;
    if old == new {
        return Err(Error::invalid("password", "accounts-password-same"));
    }
    let hash = &hashed(new).await?;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                store::secrets::set_password(tx, person.id, hash).await?;
                platform.sessions.end_all(tx, person.id).await?;
                store::acts::note(tx, ctx, "accounts.password_changed", Some(person.id), None, "").await
            })
        })
        .await?;
    platform.sessions.forget_account(person.id);
    established(platform, ctx, person, None).await
}

/// The actor's own account, once the password was typed again; wrong tries count as at sign-in.
pub(crate) async fn confirmed(platform: &Platform, ctx: &Ctx, password: &str) -> Result<Person> {
    let account = ctx.actor.account().ok_or(Error::Unauthenticated)?;
    let wrong = || Error::invalid("old", "accounts-password-wrong");
    platform.limits.take(ctx, Limit::SignInName, &account.name)?;
    let person = store::people::by_id(&platform.db, account.id).await?.ok_or(Error::Unauthenticated)?;
    if person.state_at(ctx.now()) != State::Active || password.chars().count() > TYPED_CHARS_MAX {
        return Err(wrong());
    }
    let secrets = store::secrets::of(&platform.db, person.id).await?;
    if !verified(password, secrets.password).await? {
        count_try(platform, ctx, &person.name).await?;
        return Err(wrong());
    }
    Ok(person)
}

/// A fresh one-use link and the hash by which it is kept.
pub(crate) fn new_link(ctx: &Ctx) -> ([u8; 32], Link) {
    let token = Token::new(ctx);
    (token.hash(), Link { token: token.as_str().to_owned(), ends: ctx.now().plus_s(LINK_S) })
}

/// The hash of a password, worked out where it holds up nobody.
pub(crate) async fn hashed(password: &str) -> Result<String> {
    let password = password.to_owned();
    on_the_side(move || password::hash(&password)).await
}

/// Starts the session of somebody whose secrets were right (or, in a demo, of whom the visitor chose to be).
pub(crate) async fn established(
    platform: &Platform,
    ctx: &Ctx,
    person: &Person,
    replaces: Option<&Token>,
) -> Result<SignedIn> {
    let today = ctx.now().date();
    let lent = store::stand_ins::lent(&platform.db, person.id, today).await?;
    let extra = lent.roles.iter().copied().filter(|role| !person.roles.contains(role));
    let mut roles: Vec<Role> = person.roles.iter().copied().chain(extra).collect();
    roles.sort_unstable();
    let department = match &person.department {
        Some(code) => Some(department_of(&platform.db, code, today).await?),
        None => None,
    };
    let account = Account { id: person.id, name: person.name.clone(), department, roles };
    let until = lent.last_day.map(|day| day.plus_days(1).start());
    let name = &name_hash(&person.name);
    platform.db.tx(|tx| Box::pin(store::secrets::clear_tries(tx, name))).await?;
    let (token, session) = platform.sessions.start(ctx, &account, replaces, until).await?;
    Ok(SignedIn { token, long: session.long })
}

async fn ticket(platform: &Platform, ctx: &Ctx, person: Id) -> Result<String> {
    let token = Token::new(ctx);
    let hash = &token.hash();
    let ends = ctx.now().plus_s(TICKET_S);
    platform.db.tx(|tx| Box::pin(store::links::insert(tx, hash, person, SECOND_STEP, ends))).await?;
    Ok(token.as_str().to_owned())
}

async fn count_try(platform: &Platform, ctx: &Ctx, name: &str) -> Result<()> {
    let hash = &name_hash(name);
    let now: Instant = ctx.now();
    let shut = platform.db.tx(|tx| Box::pin(store::secrets::count_try(tx, hash, now, TRIES_MAX))).await?;
    if shut {
        tracing::warn!("a sign-in name was shut after {TRIES_MAX} wrong tries");
    }
    Ok(())
}

/// Whether the password fits; as slow when there is none to compare with.
async fn verified(password: &str, hash: Option<String>) -> Result<bool> {
    let password = password.to_owned();
    on_the_side(move || match hash {
        Some(hash) => password::verify(&password, &hash),
        None => password::verify_nobody(&password),
    })
    .await
}

async fn on_the_side<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let turn = HASHING.acquire().await.map_err(|error| Error::internal("wait to hash a password", error))?;
    let done = tokio::task::spawn_blocking(work).await;
    drop(turn);
    done.map_err(|error| Error::internal("hash a password", error))
}

fn failed() -> Error {
    Error::forbidden("accounts-sign-in-failed")
}

fn expired() -> Error {
    Error::gone("accounts-ticket-expired")
}
