//! The page around a body: head, banner, menu, search box, breadcrumb, footer. The body arrives rendered.

use std::fmt;

use askama::Template;
use yiwang_kernel::{Error, Lang, Result};

use crate::{View, assets};

/// HTML that is already escaped. Made by web's own parts and by askama; never from text of users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Says that this string is HTML made with every value escaped.
    pub fn trusted(html: String) -> Markup {
        Markup(html)
    }

    /// Renders a template of any crate; askama escapes every value.
    pub fn of(template: &dyn askama::DynTemplate) -> Result<Markup> {
        template.dyn_render().map(Markup).map_err(|source| Error::internal("a template did not render", source))
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// What the layout says about a page: its title and the way to it.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Title, in the reader's language.
    pub title: String,
    /// The way here: address and words, from the top, without this page.
    pub crumbs: Vec<(String, String)>,
    /// What the search box shows; empty on most pages.
    pub searched: String,
}

impl Head {
    /// A page of this title.
    pub fn new(title: impl Into<String>) -> Head {
        Head { title: title.into(), ..Head::default() }
    }

    /// Adds a step to the way here.
    #[must_use]
    pub fn crumb(mut self, path: impl Into<String>, title: impl Into<String>) -> Head {
        self.crumbs.push((path.into(), title.into()));
        self
    }

    /// What was searched for.
    #[must_use]
    pub fn searched(mut self, words: impl Into<String>) -> Head {
        self.searched = words.into();
        self
    }
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    view: &'a View,
    head: &'a Head,
    body: &'a Markup,
    other: Lang,
    other_name: String,
    lang_to: String,
    large_to: String,
    style: Option<String>,
    icon: Option<String>,
    script: Option<String>,
}

/// The whole page.
pub fn page(view: &View, head: &Head, body: &Markup) -> Result<String> {
    let other = if view.lang == Lang::Zh { Lang::En } else { Lang::Zh };
    let layout = Layout {
        view,
        head,
        body,
        other,
        other_name: view.texts.text(other, "web-language"),
        lang_to: view.address_setting(&[("lang", other.code())]),
        large_to: view.address_setting(&[("large", if view.large { "0" } else { "1" })]),
        style: assets::address("yiwang", "css"),
        icon: assets::address("icon", "svg"),
        script: assets::address("htmx", "js"),
    };
    layout.render().map_err(|source| Error::internal("the layout did not render", source))
}

/// Escapes text for HTML content and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
