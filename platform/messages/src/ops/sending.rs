//! Sending, in the caller's transaction: what is told stands or falls with what it tells of. Mails and calls are
//! ordered there and made later by a job, so nothing here waits for another machine.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use yiwang_host::Platform;
use yiwang_jobs::Order;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::{Sealed, Tx};

use super::key;
use crate::jobs::DELIVER;
use crate::model::{Content, Draft, RECIPIENTS_MAX, Telling, check_path};
use crate::{Channel, Class, MailChoice, Message, Words, store};

/// What binds a sealed link to its column.
pub(crate) const LINK: &str = "messages.link";

/// A mail with a link that is a secret of its recipient; made outside a transaction, because its key may have to be.
pub struct Letter {
    class: Class,
    event: String,
    title: Words,
    link: Sealed,
}

impl Letter {
    /// A mail of this class with a title and a link; the link is kept sealed, and only until the mail is out.
    pub async fn new(
        platform: &Platform,
        class: Class,
        event: impl Into<String>,
        title: Words,
        link: &str,
    ) -> Result<Letter> {
        check_path(link)?;
        let link = Sealed::new(&key(platform).await?, LINK, link);
        Ok(Letter { class, event: event.into(), title, link })
    }
}

/// Tells accounts something, and the hooks it concerns; how many accounts had not been told of the event before.
/// Doing it again changes nothing.
pub async fn send(tx: &mut Tx<'_>, ctx: &Ctx, to: &[Id], message: &Message) -> Result<usize> {
    message.check()?;
    let recipients: BTreeSet<Id> = to.iter().copied().collect();
    if recipients.len() > RECIPIENTS_MAX {
        return Err(Error::broken("a message has too many recipients"));
    }
    let mut told = 0;
    for recipient in recipients {
        let Some(id) = store::inbox::keep(tx, ctx, recipient, message).await? else { continue };
        told += 1;
        let wish = store::people::wish(tx, recipient).await?.map(|wish| wish.mail);
        let at_once = match wish {
            Some(MailChoice::AtOnce) => true,
            Some(MailChoice::Daily) => message.class.urgent,
            Some(MailChoice::Never) | None => false,
        };
        if at_once {
            let draft = Draft {
                channel: Channel::Mail,
                target: recipient,
                event: &message.event,
                class: message.class.name,
                department: message.department.as_deref(),
                content: Content::Message(id),
                sealed: None,
            };
            order(tx, ctx, &draft).await?;
        }
    }
    let telling = Telling::of(message).to_json()?;
    call(tx, ctx, message.class, &message.event, message.department.as_deref(), &Content::Telling(telling)).await?;
    Ok(told)
}

/// Mails a letter to an account whose manager gave it an address; whether there is such an address.
pub async fn send_letter(tx: &mut Tx<'_>, ctx: &Ctx, to: Id, letter: &Letter) -> Result<bool> {
    let wish = store::people::wish(tx, to).await?;
    if !wish.is_some_and(|wish| wish.by_manager) {
        return Ok(false);
    }
    let link = match letter.link.value() {
        yiwang_store::Value::Bytes(sealed) => sealed,
        _ => return Err(Error::broken("a sealed link is not bytes")),
    };
    let draft = Draft {
        channel: Channel::Mail,
        target: to,
        event: &letter.event,
        class: letter.class.name,
        department: None,
        content: Content::Private(letter.title.to_json()?),
        sealed: Some(&link),
    };
    order(tx, ctx, &draft).await?;
    Ok(true)
}

/// Tells the hooks of a department, and the city's, something of a capability's own: `data` must hold no personal
/// data. The same event is told once.
pub async fn tell(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    class: Class,
    event: &str,
    department: Option<&str>,
    data: &Value,
) -> Result<()> {
    call(tx, ctx, class, event, department, &Content::Data(data.clone())).await
}

async fn call(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    class: Class,
    event: &str,
    department: Option<&str>,
    content: &Content,
) -> Result<()> {
    for hook in store::hooks::concerned(tx, department).await? {
        let content = content.clone();
        let (channel, class) = (Channel::Webhook, class.name);
        let draft = Draft { channel, target: hook, event, class, department, content, sealed: None };
        order(tx, ctx, &draft).await?;
    }
    Ok(())
}

/// Keeps a delivery and orders its job; nothing when the same event goes the same way already.
pub(crate) async fn order(tx: &mut Tx<'_>, ctx: &Ctx, draft: &Draft<'_>) -> Result<Option<Id>> {
    let kept = store::deliveries::keep(tx, ctx, draft).await?;
    if let Some(id) = kept {
        let body = json!({ "delivery": id });
        yiwang_jobs::enqueue(tx, ctx, &Order::new(DELIVER, id.to_string(), body)).await?;
    }
    Ok(kept)
}
