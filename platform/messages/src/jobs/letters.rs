//! One mail: whom to, in which language, what it says. Title and link; never the body of a message.

use yiwang_host::Platform;
use yiwang_kernel::{Error, PageRequest, Result};

use super::{Outcome, gone};
use crate::mail::{self, Mail};
use crate::model::Content;
use crate::{Delivery, Person, Words, ops, store};

/// Messages a daily mail names.
const NAMED_MAX: usize = 50;

/// Mails what this delivery says.
pub(super) async fn mail(platform: &Platform, delivery: &Delivery) -> Result<Outcome> {
    let key = ops::key(platform).await?;
    let person = store::people::find(&platform.db, &key, delivery.target).await?;
    let Some(person) = person else { return Ok(gone(delivery)) };
    let Some(to) = person.address.clone() else { return Ok(gone(delivery)) };
    let Some((subject, mut text)) = words(platform, &person, delivery).await? else { return Ok(Outcome::Dropped) };
    let t = |id: &str| platform.texts.text(person.lang, id);
    text.push_str(&format!("\n-- \n{}\n{}\n", platform.site().name.get(person.lang), t("messages-mail-foot")));
    let subject = one_line(&subject);
    let mail = Mail { id: delivery.id, to: &to, subject: &subject, text, at: delivery.created };
    mail::send(platform, &mail).await.map(|()| Outcome::Sent)
}

/// Subject and text; none when there is nothing left to say.
async fn words(platform: &Platform, person: &Person, delivery: &Delivery) -> Result<Option<(String, String)>> {
    let site = ops::site(platform)?;
    let render = |words: &Words| words.render(&platform.texts, person.lang);
    let t = |id: &str| platform.texts.text(person.lang, id);
    Ok(Some(match &delivery.content {
        Content::Message(id) => {
            let found = store::inbox::find(&platform.db, person.account, *id).await?;
            let Some(message) = found.filter(|message| message.read.is_none()) else { return Ok(None) };
            let title = render(&message.title);
            let text = format!("{title}\n{}\n", link(&site, &message.path));
            (title, text)
        }
        Content::Digest => return digest(platform, person, &site).await,
        Content::Private(title) => {
            let title = render(&Words::from_json(title)?);
            let path = secret_link(platform, delivery).await?;
            let text = format!("{title}\n{}\n\n{}\n", link(&site, &path), t("messages-mail-private"));
            (title, text)
        }
        Content::Trial => (t("messages-trial-title"), format!("{}\n", t("messages-trial-text"))),
        Content::Telling(_) | Content::Data(_) => return Err(Error::broken("a mail that holds a call")),
    }))
}

async fn digest(platform: &Platform, person: &Person, site: &str) -> Result<Option<(String, String)>> {
    let request = PageRequest { rows: Some(NAMED_MAX), after: None };
    let unread = store::inbox::list(&platform.db, person.account, true, &request).await?;
    if unread.total == 0 {
        return Ok(None);
    }
    let count = [("n", yiwang_web::Arg::from(i64::try_from(unread.total).unwrap_or(i64::MAX)))];
    let title = platform.texts.text_with(person.lang, "messages-digest-title", &count);
    let mut text = format!("{title}\n{}\n\n", link(site, "/messages"));
    for message in &unread.rows {
        let words = one_line(&message.title.render(&platform.texts, person.lang));
        text.push_str(&format!("- {words}\n  {}\n", link(site, &message.path)));
    }
    Ok(Some((title, text)))
}

async fn secret_link(platform: &Platform, delivery: &Delivery) -> Result<String> {
    let key = ops::key(platform).await?;
    let sealed = delivery.sealed.as_deref().ok_or_else(|| Error::refused("messages-link-gone"))?;
    let opened = key.open(ops::LINK.as_bytes(), sealed).ok().and_then(|plain| String::from_utf8(plain).ok());
    opened.ok_or_else(|| Error::broken("the sealed link of a mail does not open"))
}

/// The whole link; the page alone where nobody set the site's address.
fn link(site: &str, path: &str) -> String {
    format!("{site}{path}")
}

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
