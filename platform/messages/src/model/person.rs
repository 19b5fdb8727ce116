//! How an account wants to hear: language, mail or none, and the address, which nothing here shows.

use std::fmt;

use yiwang_kernel::{Error, Id, Lang, Result};

/// Longest mail address (RFC 5321: a path has 256 octets with its brackets).
const ADDRESS_CHARS_MAX: usize = 254;

/// When mail is sent to an account that has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MailChoice {
    /// 每日汇总: one mail a day with what is unread; urgent classes at once.
    #[default]
    Daily,
    /// 即时: each message by itself.
    AtOnce,
    /// 不发邮件: in the product alone.
    Never,
}

/// Who gave an address: only what the account's manager gave is trusted with the link that opens the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenBy {
    /// Whoever manages accounts.
    Manager,
    /// The person.
    Own,
}

/// How an account wants to hear. The address is a personal datum: it is shown to its owner alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: Id,
    /// Where mail goes; none: nowhere.
    pub address: Option<String>,
    /// Language of mails.
    pub lang: Lang,
    /// When mail is sent.
    pub mail: MailChoice,
    pub(crate) given_by: GivenBy,
}

impl Person {
    /// An account that never said anything.
    pub(crate) fn unknown(account: Id) -> Person {
        Person { account, address: None, lang: Lang::Zh, mail: MailChoice::Daily, given_by: GivenBy::Own }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Person({}, {}, {:?})", self.account, self.lang.code(), self.mail)
    }
}

impl MailChoice {
    /// All, in the order forms list them.
    pub const ALL: [MailChoice; 3] = [MailChoice::Daily, MailChoice::AtOnce, MailChoice::Never];

    /// The word in the store and in forms.
    pub fn word(self) -> &'static str {
        match self {
            MailChoice::Daily => "daily",
            MailChoice::AtOnce => "at_once",
            MailChoice::Never => "never",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Result<MailChoice> {
        let known = MailChoice::ALL.into_iter().find(|choice| choice.word() == word);
        known.ok_or_else(|| Error::invalid("mail", "messages-choice-unknown"))
    }

    /// The id of its words on the screen.
    pub(crate) fn text_id(self) -> &'static str {
        match self {
            MailChoice::Daily => "messages-mail-daily",
            MailChoice::AtOnce => "messages-mail-at-once",
            MailChoice::Never => "messages-mail-never",
        }
    }
}

impl GivenBy {
    /// The word in the store.
    pub(crate) fn word(self) -> &'static str {
        match self {
            GivenBy::Manager => "manager",
            GivenBy::Own => "own",
        }
    }

    /// From its word.
    pub(crate) fn parse(word: &str) -> Result<GivenBy> {
        match word {
            "manager" => Ok(GivenBy::Manager),
            "own" => Ok(GivenBy::Own),
            _ => Err(Error::broken("an address was given by nobody known")),
        }
    }
}

/// The trimmed address, refused when it is none.
pub(crate) fn check_address(field: &str, given: &str) -> Result<String> {
    let address = given.trim();
    let fits = address.chars().count() <= ADDRESS_CHARS_MAX && address.parse::<lettre::Address>().is_ok();
    if fits { Ok(address.to_owned()) } else { Err(Error::invalid(field, "messages-address")) }
}
