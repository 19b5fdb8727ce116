//! What a message is, how people want to hear, what is on its way out. No IO.

mod delivery;
mod hook;
mod person;
mod words;

pub use delivery::{Channel, Delivery, DeliveryState};
pub(crate) use delivery::{Content, Draft};
pub use hook::Hook;
pub(crate) use hook::Telling;
pub(crate) use person::{GivenBy, check_address};
pub use person::{MailChoice, Person};
pub use words::{Arg, Words};

use yiwang_kernel::{Error, Id, Instant, Result};

/// Recipients of one message at most.
pub const RECIPIENTS_MAX: usize = 500;
/// Bytes of an event's name.
const EVENT_BYTES_MAX: usize = 200;
/// Bytes of a link inside the product.
const PATH_BYTES_MAX: usize = 500;

/// A kind of message: `capability.noun`, the word readers may filter and hooks are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// `capability.noun`; its title is the text `capability-class-noun`.
    pub name: &'static str,
    /// Mailed at once also to people who chose one mail a day.
    pub urgent: bool,
}

impl Class {
    /// A kind of message that may wait for the daily mail.
    pub const fn new(name: &'static str) -> Class {
        Class { name, urgent: false }
    }

    /// A kind of message that does not wait.
    pub const fn urgent(name: &'static str) -> Class {
        Class { name, urgent: true }
    }
}

/// What some accounts are told.
///
/// Title and link leave the product by mail and webhook, so the title holds no personal data; the body stays inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its kind.
    pub class: Class,
    /// What it tells of, such as `collect.load/<id>/loaded`: the same event reaches an account once.
    pub event: String,
    /// The department it concerns, whose hooks are called; none: those of the city alone.
    pub department: Option<String>,
    /// One line. No personal data.
    pub title: Words,
    /// More, for the page alone.
    pub body: Option<Words>,
    /// The page it leads to, inside the product.
    pub path: String,
}

/// A message as its recipient has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its id.
    pub id: Id,
    /// The word of its class.
    pub class: String,
    /// One line.
    pub title: Words,
    /// More.
    pub body: Option<Words>,
    /// The page it leads to.
    pub path: String,
    /// When it was sent.
    pub created: Instant,
    /// When it was read; none: not yet.
    pub read: Option<Instant>,
}

impl Message {
    /// Refuses what could not be kept or would lead out of the product.
    pub(crate) fn check(&self) -> Result<()> {
        check_path(&self.path)?;
        if self.event.is_empty() || self.event.len() > EVENT_BYTES_MAX {
            return Err(Error::broken("the event of a message is empty or too long"));
        }
        Ok(())
    }
}

/// The text id of a class's title.
pub(crate) fn class_text(class: &str) -> String {
    class.replacen('.', "-class-", 1).replace('_', "-")
}

/// Refuses a link that is not a page of the product.
pub(crate) fn check_path(path: &str) -> Result<()> {
    let inside = path.starts_with('/') && !path.starts_with("//");
    if inside && path.len() <= PATH_BYTES_MAX && !path.contains(['\\', '\r', '\n', ' ']) {
        return Ok(());
    }
    Err(Error::broken("a message leads out of the product"))
}
