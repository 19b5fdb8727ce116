//! Mail over SMTP: the settings of the mail server, one plain-text mail at a time, what its answers mean for another
//! attempt. Knows no message and no account.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use yiwang_host::Platform;
use yiwang_kernel::{Error, Id, Instant, Result};

use crate::{ops, store};

/// How long the mail server may take for one step.
const STEP_TIME: Duration = Duration::from_secs(20);
/// Refusals of the sign-in, which the operator mends: worth another attempt (RFC 4954 section 6).
const SIGN_IN_REFUSALS: [u16; 4] = [530, 534, 535, 538];

/// How the connection to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// TLS from the first byte (usually port 465).
    Wrapped,
    /// STARTTLS, refused when the server does not offer it (usually port 587).
    StartTls,
    /// None: only for a server on the same machine or inside network.
    Plain,
}

/// A mail.
pub(crate) struct Mail<'a> {
    pub(crate) id: Id,
    pub(crate) to: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) text: String,
    pub(crate) at: Instant,
}

impl TlsMode {
    /// All, in the order forms list them.
    pub(crate) const ALL: [TlsMode; 3] = [TlsMode::Wrapped, TlsMode::StartTls, TlsMode::Plain];

    /// The word in settings.
    pub(crate) fn word(self) -> &'static str {
        match self {
            TlsMode::Wrapped => "tls",
            TlsMode::StartTls => "starttls",
            TlsMode::Plain => "none",
        }
    }

    /// From its word.
    pub(crate) fn parse(word: &str) -> Result<TlsMode> {
        let known = TlsMode::ALL.into_iter().find(|mode| mode.word() == word);
        known.ok_or_else(|| Error::invalid("smtp_tls", "messages-choice-unknown"))
    }
}

/// Whether a mail server is set.
pub(crate) fn is_set_up(platform: &Platform) -> Result<bool> {
    Ok(!platform.settings.get("messages.smtp_host")?.trim().is_empty())
}

/// The sender of all mails, refused when it is no address.
pub(crate) fn sender(text: &str) -> Result<Mailbox> {
    text.trim().parse().map_err(|_| Error::invalid("smtp_from", "messages-address"))
}

/// Sends one mail; an error that another attempt may mend is `Unavailable` or `Timeout`.
pub(crate) async fn send(platform: &Platform, mail: &Mail<'_>) -> Result<()> {
    let get = |name: &str| platform.settings.get(name);
    let host = get("messages.smtp_host")?;
    if host.trim().is_empty() {
        return Err(Error::refused("messages-mail-off"));
    }
    let from = sender(&get("messages.smtp_from")?)?;
    let transport = transport(platform, host.trim(), from.email.domain()).await?;
    let message = written(mail, from)?;
    transport.send(message).await.map(drop).map_err(|error| meant(&error))
}

async fn transport(platform: &Platform, host: &str, domain: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
    let get = |name: &str| platform.settings.get(name);
    let port = u16::try_from(platform.settings.number("messages.smtp_port")?).unwrap_or(0);
    let tls = match TlsMode::parse(&get("messages.smtp_tls")?)? {
        TlsMode::Wrapped => Tls::Wrapper(parameters(host, &get("messages.trusted")?)?),
        TlsMode::StartTls => Tls::Required(parameters(host, &get("messages.trusted")?)?),
        TlsMode::Plain => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port)
        .tls(tls)
        .timeout(Some(STEP_TIME))
        .hello_name(ClientId::Domain(domain.to_owned()));
    let user = get("messages.smtp_user")?;
    if !user.trim().is_empty() {
        let key = ops::key(platform).await?;
        let password = store::people::password(&platform.db, &key).await?;
        builder = builder.credentials(Credentials::new(user.trim().to_owned(), password.unwrap_or_default()));
    }
    Ok(builder.build())
}

fn parameters(host: &str, trusted: &str) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    for certificate in certificates(trusted) {
        let certificate = Certificate::from_pem(certificate.as_bytes());
        builder = builder.add_root_certificate(certificate.map_err(|_| Error::refused("http-certificate"))?);
    }
    builder.build_rustls().map_err(|_| Error::refused("messages-mail-tls"))
}

/// The certificates of a PEM text, one by one.
fn certificates(pem: &str) -> impl Iterator<Item = String> + '_ {
    const END: &str = "-----END CERTIFICATE-----";
    pem.split_inclusive(END).filter(|part| part.contains(END)).map(|part| part.trim().to_owned())
}

/// The mail as it goes out. Its id is the delivery's, so a second copy of the same mail is recognised.
fn written(mail: &Mail<'_>, from: Mailbox) -> Result<lettre::Message> {
    let to = mail.to.parse().map_err(|_| Error::refused("messages-address"))?;
    let at = UNIX_EPOCH + Duration::from_micros(u64::try_from(mail.at.micros()).unwrap_or(0));
    let automatic = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        // RFC 3834: nobody's absence note answers it.
        "auto-generated".to_owned(),
    );
    let id = format!("<{}@{}>", mail.id, from.email.domain());
    lettre::Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(mail.subject)
        .message_id(Some(id))
        .date(at)
        .raw_header(automatic)
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.text.clone()))
        .map_err(|source| Error::internal("writing a mail", source))
}

fn meant(error: &lettre::transport::smtp::Error) -> Error {
    let code = error.status().map_or(0, u16::from);
    if error.is_timeout() {
        Error::Timeout
    } else if error.is_tls() {
        Error::unavailable("messages-mail-tls")
    } else if SIGN_IN_REFUSALS.contains(&code) {
        Error::unavailable("messages-mail-sign-in")
    } else if error.is_permanent() {
        Error::refused("messages-mail-refused")
    } else {
        Error::unavailable("messages-mail-unreachable")
    }
}
