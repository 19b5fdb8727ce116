//! The second step of a sign-in (TOTP, RFC 6238): enrolling, codes of the moment used once, recovery codes. The secret
//! is sealed in the store; recovery codes are kept as hashes.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_seal::{sha256, totp};

use crate::ops::sign_in::confirmed;
use crate::ops::{MANAGE, OWN};
use crate::store;

const RECOVERY_CODES: usize = 10;
const SCOPE: &str = "accounts.second_step";
/// 32 characters without those that look alike.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What an authenticator app is given, shown once.
pub struct Enrolment {
    /// The secret in the letters apps ask for.
    pub secret: String,
    /// The `otpauth://` address of the same.
    pub address: String,
}

/// A fresh secret for the own account, not asked for until confirmed.
pub async fn enrol(platform: &Platform, ctx: &Ctx) -> Result<Enrolment> {
    platform.access.check(ctx, OWN, &Scope::CITY)?;
    let account = ctx.actor.account().ok_or(Error::Unauthenticated)?;
    let person = store::people::by_id(&platform.db, account.id).await?.ok_or(Error::Unauthenticated)?;
    if person.second_step {
        return Err(Error::refused("accounts-second-step-on"));
    }
    let secret = totp::secret();
    let key = platform.vault.key(SCOPE).await?;
    let sealed = &key.seal(person.id.as_bytes(), &secret);
    platform.db.tx(|tx| Box::pin(store::secrets::set_totp(tx, person.id, sealed))).await?;
    let site = platform.site();
    let address = totp::address(site.name.get(ctx.lang), &person.name, &secret);
    Ok(Enrolment { secret: totp::secret_text(&secret), address })
}

/// Turns the second step on with a first code; the recovery codes, shown once.
pub async fn confirm(platform: &Platform, ctx: &Ctx, code: &str) -> Result<Vec<String>> {
    platform.access.check(ctx, OWN, &Scope::CITY)?;
    let account = ctx.actor.account().ok_or(Error::Unauthenticated)?;
    let id = account.id;
    if !is_right(platform, ctx, id, code).await? {
        return Err(Error::invalid("code", "accounts-code-wrong"));
    }
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(ctx)).collect();
    let hashes: &Vec<[u8; 32]> = &codes.iter().map(|code| recovery_hash(code)).collect();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                store::secrets::confirm_totp(tx, id).await?;
                store::secrets::set_recovery(tx, id, hashes).await?;
                store::acts::note(tx, ctx, "accounts.second_step_on", Some(id), None, "").await
            })
        })
        .await?;
    Ok(codes)
}

/// Turns the own second step off, with the password.
pub async fn turn_off(platform: &Platform, ctx: &Ctx, password: &str) -> Result<()> {
    let person = confirmed(platform, ctx, password).await?;
    removed(platform, ctx, person.id).await
}

/// Turns off the second step of somebody who lost phone and recovery codes; the sessions end.
pub async fn turn_off_of(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    platform.db.tx(|tx| Box::pin(async move { platform.sessions.end_all(tx, id).await })).await?;
    platform.sessions.forget_account(id);
    removed(platform, ctx, id).await
}

/// Recovery codes not yet used.
pub async fn recovery_left(platform: &Platform, ctx: &Ctx) -> Result<i64> {
    let account = ctx.actor.account().ok_or(Error::Unauthenticated)?;
    store::secrets::recovery_left(&platform.db, account.id).await
}

/// Whether this is the account's code of the moment; a right one is used up.
pub(crate) async fn is_right(platform: &Platform, ctx: &Ctx, id: Id, code: &str) -> Result<bool> {
    let secrets = store::secrets::of(&platform.db, id).await?;
    let Some(sealed) = secrets.totp else { return Ok(false) };
    let key = platform.vault.key(SCOPE).await?;
    let secret = key.open(id.as_bytes(), &sealed).map_err(|error| Error::internal("open a one-time secret", error))?;
    let unix_s = u64::try_from(ctx.now().micros() / 1_000_000).unwrap_or(0);
    let typed: String = code.chars().filter(char::is_ascii_digit).collect();
    let taken = secrets.totp_step.filter(|step| *step <= unix_s / totp::STEP_S + store::secrets::STEPS_AHEAD);
    match totp::verify(&secret, &typed, unix_s, taken) {
        Some(step) => platform.db.tx(|tx| Box::pin(store::secrets::take_step(tx, id, step))).await,
        None => Ok(false),
    }
}

/// Whether what was typed has the shape of a recovery code.
pub(crate) fn is_recovery(code: &str) -> bool {
    plain(code).len() == 16
}

/// Uses up a recovery code; whether it was one of the account's.
pub(crate) async fn take_recovery(platform: &Platform, id: Id, code: &str) -> Result<bool> {
    let hash = &recovery_hash(code);
    platform.db.tx(|tx| Box::pin(store::secrets::take_recovery(tx, id, hash))).await
}

async fn removed(platform: &Platform, ctx: &Ctx, id: Id) -> Result<()> {
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                store::secrets::remove_totp(tx, id).await?;
                store::acts::note(tx, ctx, "accounts.second_step_off", Some(id), None, "").await
            })
        })
        .await
}

/// Sixteen letters in fours: 80 random bits.
fn recovery_code(ctx: &Ctx) -> String {
    let mut random = [0u8; 16];
    ctx.fill_random(&mut random);
    let letters = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let mut code = String::new();
    for (place, letter) in letters.enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

fn recovery_hash(code: &str) -> [u8; 32] {
    sha256(format!("yiwang recovery {}", plain(code)).as_bytes())
}

fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_uppercase()).collect()
}
