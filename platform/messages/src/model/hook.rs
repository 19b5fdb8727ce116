//! A registered address that is called, and what it is told of a message.

use serde_json::{Value, json};
use yiwang_kernel::{Error, Id, Instant, Lang, Result};
use yiwang_web::Texts;

use crate::{Message, Words};

/// A registered address. The address itself may hold a key of its owner: it is sealed, only its host is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its id.
    pub id: Id,
    /// Whose it is; none: the city's.
    pub department: Option<String>,
    /// Host and port of the address.
    pub host: String,
    /// When it was registered.
    pub created: Instant,
    /// Who registered it.
    pub created_by: String,
}

/// What a hook is told of a message: title and link, never the body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Telling {
    title: Words,
    path: String,
}

impl Telling {
    /// Of this message.
    pub(crate) fn of(message: &Message) -> Telling {
        Telling { title: message.title.clone(), path: message.path.clone() }
    }

    /// As it is kept.
    pub(crate) fn to_json(&self) -> Result<Value> {
        Ok(json!({ "title": self.title.to_json()?, "path": self.path }))
    }

    /// From how it is kept.
    pub(crate) fn from_json(kept: &Value) -> Result<Telling> {
        let path = kept["path"].as_str().ok_or_else(|| Error::broken("a telling without its page"))?;
        Ok(Telling { title: Words::from_json(&kept["title"])?, path: path.to_owned() })
    }

    /// As it leaves: both languages and the whole link.
    pub(crate) fn data(&self, texts: &Texts, site: &str) -> Value {
        let title = |lang| self.title.render(texts, lang);
        json!({
            "title": { "zh": title(Lang::Zh), "en": title(Lang::En) },
            "link": format!("{site}{}", self.path),
        })
    }
}
