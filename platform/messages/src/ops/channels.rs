//! 通道: the mail server, the hour of the daily mail, the addresses that may be called. For the operator.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::decisions::{self, Decision};

use super::{OPERATE, account, key, order};
use crate::http::{Allowed, Client};
use crate::mail::{self, TlsMode};
use crate::model::{Content, Draft};
use crate::{Channel, store};

/// The class of trials.
pub(crate) const TRIAL: &str = "messages.trial";

/// What the operator sets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Channels {
    pub(crate) host: String,
    pub(crate) port: i64,
    pub(crate) tls: TlsMode,
    pub(crate) user: String,
    pub(crate) from: String,
    pub(crate) address: String,
    pub(crate) digest_hour: i64,
    pub(crate) allowed: String,
    pub(crate) trusted: String,
    /// Whether a password is kept.
    pub(crate) has_password: bool,
}

/// The channels as they are set.
pub(crate) async fn channels(platform: &Platform, ctx: &Ctx) -> Result<Channels> {
    platform.access.check(ctx, OPERATE, &Scope::CITY)?;
    let get = |name: &str| platform.settings.get(name);
    Ok(Channels {
        host: get("messages.smtp_host")?,
        port: platform.settings.number("messages.smtp_port")?,
        tls: TlsMode::parse(&get("messages.smtp_tls")?)?,
        user: get("messages.smtp_user")?,
        from: get("messages.smtp_from")?,
        address: get("host.address")?,
        digest_hour: platform.settings.number("messages.digest_hour")?,
        allowed: get("messages.http_allowed")?,
        trusted: get("messages.trusted")?,
        has_password: store::people::password(&platform.db, &key(platform).await?).await?.is_some(),
    })
}

/// Sets the channels; a password that is not given stays as it is, an empty user takes it away.
pub(crate) async fn set_channels(
    platform: &Platform,
    ctx: &Ctx,
    wanted: &Channels,
    password: Option<&str>,
) -> Result<()> {
    platform.access.check(ctx, OPERATE, &Scope::CITY)?;
    check(wanted)?;
    let (key, settings) = (&key(platform).await?, &platform.settings);
    let values = [
        ("messages.smtp_host", wanted.host.trim().to_owned()),
        ("messages.smtp_port", wanted.port.to_string()),
        ("messages.smtp_tls", wanted.tls.word().to_owned()),
        ("messages.smtp_user", wanted.user.trim().to_owned()),
        ("messages.smtp_from", wanted.from.trim().to_owned()),
        ("host.address", wanted.address.trim().to_owned()),
        ("messages.digest_hour", wanted.digest_hour.to_string()),
        ("messages.http_allowed", wanted.allowed.trim().to_owned()),
        ("messages.trusted", wanted.trusted.trim().to_owned()),
    ];
    let values = &values;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                for (name, value) in values {
                    settings.set(tx, ctx, name, value).await?;
                }
                match password.filter(|password| !password.is_empty()) {
                    _ if wanted.user.trim().is_empty() => store::people::set_password(tx, key, None).await?,
                    Some(password) => store::people::set_password(tx, key, Some(password)).await?,
                    None => {}
                }
                decisions::decide(tx, ctx, Id::new(ctx), &Decision::new("messages.channels_set", "")).await
            })
        })
        .await?;
    settings.reload(&platform.db).await
}

fn check(wanted: &Channels) -> Result<()> {
    let host = wanted.host.trim();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ".-:".contains(letter);
    if host.len() > 253 || !host.chars().all(fits) {
        return Err(Error::invalid("smtp_host", "messages-host"));
    }
    if !(1..=65_535).contains(&wanted.port) {
        return Err(Error::invalid("smtp_port", "messages-port"));
    }
    if !host.is_empty() {
        mail::sender(&wanted.from)?;
    }
    if wanted.tls == TlsMode::Plain && !wanted.user.trim().is_empty() {
        // A password never travels in clear.
        return Err(Error::invalid("smtp_tls", "messages-mail-plain"));
    }
    if !(0..=23).contains(&wanted.digest_hour) {
        return Err(Error::invalid("digest_hour", "messages-hour"));
    }
    if !wanted.address.trim().is_empty() {
        crate::http::parse(wanted.address.trim()).map_err(|_| Error::invalid("address", "http-url"))?;
    }
    Allowed::parse(&wanted.allowed)?;
    Client::new(&wanted.trusted).map(drop)
}

/// 试发: a mail to the actor's own address, through the same queue as every other; its delivery.
pub(crate) async fn trial(platform: &Platform, ctx: &Ctx) -> Result<Id> {
    platform.access.check(ctx, OPERATE, &Scope::CITY)?;
    if !mail::is_set_up(platform)? {
        return Err(Error::refused("messages-mail-off"));
    }
    let target = account(&ctx.actor)?;
    let event = format!("{TRIAL}/{}", Id::new(ctx));
    let event = event.as_str();
    let ordered = platform.db.tx(|tx| {
        Box::pin(async move {
            if store::people::wish(tx, target).await?.is_none() {
                return Err(Error::refused("messages-no-address"));
            }
            let draft = Draft {
                channel: Channel::Mail,
                target,
                event,
                class: TRIAL,
                department: None,
                content: Content::Trial,
                sealed: None,
            };
            order(tx, ctx, &draft).await
        })
    });
    ordered.await?.ok_or_else(|| Error::broken("a trial was ordered before"))
}
