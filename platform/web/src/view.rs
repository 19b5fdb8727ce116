//! What every page knows about its reader and its site: language, face, large mode, menu, form token. Built by
//! `host` for each request; reads nothing by itself.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use yiwang_kernel::{Account, CivilDate, Error, Face, Id, Instant, Lang, Text};

use crate::shell::escape;
use crate::{Arg, Markup, Texts, date, grouped, minute};

/// What a city says about itself on every page; from the settings.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The city's name for the platform.
    pub name: Text,
    /// Who runs the site; empty where not said.
    pub organiser: String,
    /// How to reach them; empty where not said.
    pub contact: String,
    /// Number of the record of the site (ICP备案号); empty where there is none.
    pub icp: String,
    /// Number of the record with the police (公安备案号); empty where there is none.
    pub police: String,
    /// Further lines of the footer.
    pub footer: Vec<Text>,
    /// Where readers find the site, `https://data.example.gov.cn`; empty where not said.
    pub address: String,
    /// The number to call.
    pub phone: String,
    /// Whether this is demo data: shows the banner that switches roles.
    pub demo: bool,
}

/// One entry of the menu, already in the reader's language and allowed to the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuEntry {
    /// Address.
    pub path: String,
    /// Words.
    pub title: String,
    /// Whether the reader is inside it.
    pub current: bool,
    /// How many things wait behind it for the reader; from 100 on they are not counted.
    pub waiting: u64,
}

/// Which of the layout's own pages are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// `/search`.
    pub search: bool,
    /// `/sign-in`.
    pub sign_in: bool,
}

/// What every page knows about its reader.
pub struct View {
    /// The reader's language.
    pub lang: Lang,
    /// The door the request came through.
    pub face: Face,
    /// 关怀版: large text and targets.
    pub large: bool,
    /// The signed-in account.
    pub account: Option<Account>,
    /// The address without query.
    pub path: String,
    /// The query without `?`; empty when there is none.
    pub query: String,
    /// Names the request on error pages and in logs.
    pub request: Option<Id>,
    /// The menu for this reader.
    pub menu: Vec<MenuEntry>,
    /// Which of the layout's own pages this installation serves now; a city still being set up lacks most.
    pub served: Served,
    /// What the city says about itself.
    pub site: Arc<Site>,
    /// Every text.
    pub texts: Arc<Texts>,
    /// The token of this reader's forms; read through [`View::csrf`].
    form_token: String,
    form_token_used: AtomicBool,
}

impl View {
    /// A view for this reader; `host` fills in the rest.
    pub fn new(lang: Lang, face: Face, texts: Arc<Texts>, site: Arc<Site>, form_token: String) -> View {
        View {
            lang,
            face,
            large: false,
            account: None,
            path: "/".to_owned(),
            query: String::new(),
            request: None,
            menu: Vec::new(),
            served: Served { search: true, sign_in: true },
            site,
            texts,
            form_token,
            form_token_used: AtomicBool::new(false),
        }
    }

    /// The text of this id in the reader's language.
    pub fn t(&self, id: &str) -> String {
        self.texts.text(self.lang, id)
    }

    /// The text of this id with one argument taken as it is (numbers first through [`View::n`]).
    pub fn with(&self, id: &str, name: &str, value: impl Into<String>) -> String {
        self.texts.text_with(self.lang, id, &[(name, Arg::from(value.into()))])
    }

    /// The text of this id with arguments.
    pub fn with_args(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.texts.text_with(self.lang, id, args)
    }

    /// A title in the reader's language.
    pub fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.lang)
    }

    /// What to tell the reader about this error.
    pub fn error(&self, error: &Error) -> String {
        self.texts.error(self.lang, error)
    }

    /// A number, grouped: 2,004,118.
    pub fn n(&self, number: impl fmt::Display) -> String {
        grouped(&number.to_string())
    }

    /// 2026年11月21日（星期六）.
    pub fn date(&self, day: impl Borrow<CivilDate>) -> String {
        date(self.lang, *day.borrow())
    }

    /// 2026年11月21日（星期六）14:20, in China.
    pub fn minute(&self, instant: impl Borrow<Instant>) -> String {
        minute(self.lang, *instant.borrow())
    }

    /// The hidden field every form begins with: `<input type="hidden" name="csrf" ...>`; must be the first field.
    pub fn csrf(&self) -> Markup {
        self.form_token_used.store(true, Ordering::Relaxed);
        Markup::trusted(format!("<input type=\"hidden\" name=\"csrf\" value=\"{}\">", escape(&self.form_token)))
    }

    /// Whether the page holds a form, so that the answer must carry the visit cookie.
    pub fn holds_form(&self) -> bool {
        self.form_token_used.load(Ordering::Relaxed)
    }

    /// This very page with these query parameters set; an empty value removes its parameter.
    pub fn address_setting(&self, changes: &[(&str, &str)]) -> String {
        let named = |part: &&str| changes.iter().any(|(name, _)| part.split('=').next() == Some(*name));
        let kept = self.query.split('&').filter(|part| !part.is_empty() && !named(part));
        let mut parts: Vec<String> = kept.map(str::to_owned).collect();
        let set = changes.iter().filter(|(_, value)| !value.is_empty());
        parts.extend(set.map(|(name, value)| format!("{name}={}", encode(value))));
        if parts.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, parts.join("&")) }
    }
}

/// Percent-encodes a value for a query: unreserved characters stay (RFC 3986 section 2.3).
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
