//! One mail or call on its way out, and its states: 待发送 → 已发送 · 重试中 · 失败 · 不必发送.

use serde_json::Value;
use yiwang_kernel::{Error, Id, Instant, Result};

/// The way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// 邮件.
    Mail,
    /// 回调: a signed call of a registered address.
    Webhook,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// 待发送.
    Queued,
    /// 重试中: an attempt failed, the next is due later.
    Retrying,
    /// 已发送: the other side took it.
    Sent,
    /// 失败: for good, until somebody presses again.
    Failed,
    /// 不必发送: read meanwhile, or the address is gone.
    Dropped,
}

/// A mail or call.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id; what leaves carries it, so that the other side sees a repetition.
    pub id: Id,
    /// The way out.
    pub channel: Channel,
    /// The account or the hook.
    pub target: Id,
    /// The word of its class.
    pub class: String,
    /// The department it concerns.
    pub department: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: u32,
    /// The message code of the last failure.
    pub error: Option<String>,
    /// When it was ordered.
    pub created: Instant,
    /// When its state changed last.
    pub changed: Instant,
    pub(crate) presses: u32,
    pub(crate) content: Content,
    pub(crate) sealed: Option<Vec<u8>>,
}

/// What a delivery says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// A message of the inbox, by mail.
    Message(Id),
    /// What is unread, by mail.
    Digest,
    /// A title, and a link that is a secret and stands sealed beside it.
    Private(Value),
    /// A trial of the channel.
    Trial,
    /// A message, told to a hook: `{title, path}`.
    Telling(Value),
    /// Whatever a capability tells a hook.
    Data(Value),
}

/// A delivery to be ordered.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) channel: Channel,
    pub(crate) target: Id,
    pub(crate) event: &'a str,
    pub(crate) class: &'a str,
    pub(crate) department: Option<&'a str>,
    pub(crate) content: Content,
    pub(crate) sealed: Option<&'a [u8]>,
}

impl Channel {
    /// The word in the store.
    pub fn word(self) -> &'static str {
        match self {
            Channel::Mail => "mail",
            Channel::Webhook => "webhook",
        }
    }

    /// From its word.
    pub(crate) fn parse(word: &str) -> Result<Channel> {
        match word {
            "mail" => Ok(Channel::Mail),
            "webhook" => Ok(Channel::Webhook),
            _ => Err(Error::broken("a delivery goes an unknown way")),
        }
    }
}

impl DeliveryState {
    /// All, in the order pages list them.
    pub const ALL: [DeliveryState; 5] = [
        DeliveryState::Queued,
        DeliveryState::Retrying,
        DeliveryState::Sent,
        DeliveryState::Failed,
        DeliveryState::Dropped,
    ];

    /// The word in the store and in addresses.
    pub fn word(self) -> &'static str {
        match self {
            DeliveryState::Queued => "queued",
            DeliveryState::Retrying => "retrying",
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
            DeliveryState::Dropped => "dropped",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Result<DeliveryState> {
        let known = DeliveryState::ALL.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| Error::invalid("state", "messages-state-unknown"))
    }
}

impl Content {
    /// As it is kept.
    pub(crate) fn to_json(&self) -> Value {
        let (kind, value) = match self {
            Content::Message(id) => ("message", Value::String(id.to_string())),
            Content::Digest => ("digest", Value::Null),
            Content::Private(title) => ("private", title.clone()),
            Content::Trial => ("trial", Value::Null),
            Content::Telling(telling) => ("telling", telling.clone()),
            Content::Data(data) => ("data", data.clone()),
        };
        serde_json::json!({ "kind": kind, "value": value })
    }

    /// From how it is kept.
    pub(crate) fn from_json(kept: &Value) -> Result<Content> {
        let broken = || Error::broken("the content of a delivery cannot be read");
        let value = kept["value"].clone();
        Ok(match kept["kind"].as_str().ok_or_else(broken)? {
            "message" => Content::Message(value.as_str().and_then(|id| id.parse().ok()).ok_or_else(broken)?),
            "digest" => Content::Digest,
            "private" => Content::Private(value),
            "trial" => Content::Trial,
            "telling" => Content::Telling(value),
            "data" => Content::Data(value),
            _ => return Err(broken()),
        })
    }
}
