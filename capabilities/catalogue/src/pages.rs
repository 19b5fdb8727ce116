//! What people see of the catalogue: thin handlers over `ops`, each page with its JSON twin at the same address.

pub(crate) mod desk;
pub(crate) mod editing;
pub(crate) mod entry;
pub(crate) mod importing;
pub(crate) mod integration;
pub(crate) mod list;
pub(crate) mod negative;
pub(crate) mod opening;

use std::collections::BTreeMap;

use askama::Template;
use serde_json::{Value, json};
use yiwang_host::Answer;
use yiwang_host::Call;
use yiwang_kernel::{Error, Lang, Result, Text};
use yiwang_search::Piece;
use yiwang_web::{Head, Markup, View};

use crate::model::{Entry, Field, theme};

/// A part of a page under its own heading.
pub(crate) struct Section {
    title: String,
    body: Markup,
}

#[derive(Template)]
#[template(path = "catalogue/page.html")]
struct PageBody<'a> {
    title: &'a str,
    lead: &'a str,
    sections: &'a [Section],
}

#[derive(Template)]
#[template(path = "catalogue/pairs.html")]
struct PairsBody<'a> {
    pairs: &'a [(String, String)],
}

#[derive(Template)]
#[template(path = "catalogue/links.html")]
struct LinksBody<'a> {
    links: &'a [(String, String)],
}

#[derive(Template)]
#[template(path = "catalogue/marked.html")]
struct MarkedBody<'a> {
    to: &'a str,
    pieces: &'a [Piece],
}

impl Section {
    /// A part with a heading.
    pub(crate) fn new(title: String, body: Markup) -> Section {
        Section { title, body }
    }

    /// A part without one.
    pub(crate) fn plain(body: Markup) -> Section {
        Section { title: String::new(), body }
    }
}

/// A page of sections, or its JSON twin.
pub(crate) fn respond(call: &Call, head: Head, lead: &str, sections: &[Section], json: &Value) -> Answer {
    let title = head.title.clone();
    call.respond(head, &PageBody { title: &title, lead, sections }, json)
}

/// The form again with what was wrong (422 and the like), or the error itself for a JSON caller.
pub(crate) fn again(call: &Call, head: Head, form: yiwang_web::Form, error: Error) -> Answer {
    if call.wants == yiwang_host::Wants::Json || !is_about_input(&error) {
        return Err(error.into());
    }
    let status = http::StatusCode::from_u16(error.status()).unwrap_or(http::StatusCode::UNPROCESSABLE_ENTITY);
    let sections = [Section::plain(form.error(error).render(&call.view)?)];
    let title = head.title.clone();
    call.respond_as(status, head, &PageBody { title: &title, lead: "", sections: &sections }, &Value::Null)
}

/// Names and values.
pub(crate) fn pairs(pairs: &[(String, String)]) -> Result<Markup> {
    Markup::of(&PairsBody { pairs })
}

/// Addresses and words.
pub(crate) fn links(links: &[(String, String)]) -> Result<Markup> {
    Markup::of(&LinksBody { links })
}

/// A link whose words show where a search met them.
pub(crate) fn marked_link(to: &str, pieces: &[Piece]) -> Result<Markup> {
    Markup::of(&MarkedBody { to, pieces })
}

/// The catalogue's own head: a title below the catalogue.
pub(crate) fn head(view: &View, title: impl Into<String>) -> Head {
    Head::new(title).crumb("/catalogue", view.t("catalogue-title"))
}

/// The head of a page about one entry.
pub(crate) fn entry_head(view: &View, entry: &Entry, title: &str) -> Head {
    let name = view.text(&entry.latest().title).to_owned();
    head(view, title).crumb(format!("/catalogue/{}", entry.code), name)
}

/// A department's name for this reader, or its code.
pub(crate) fn department(names: &BTreeMap<String, Text>, lang: Lang, code: &str) -> String {
    names.get(code).map_or(code, |name| name.get(lang)).to_owned()
}

/// An entry as JSON: what everybody who sees it may know.
pub(crate) fn entry_json(entry: &Entry) -> Value {
    let content = &entry.content;
    json!({
        "code": entry.code, "catalogue_code": entry.formal_code(), "title": content.title, "summary": content.summary,
        "keywords": content.keywords, "provider": content.provider, "format": content.format.word(),
        "theme": content.theme, "library": content.library.word(), "sharing": content.sharing.word(),
        "sharing_terms": content.sharing_terms, "opening": content.opening.word(),
        "opening_terms": content.opening_terms, "grade": entry.grade().value(), "graded": content.grade.is_some(),
        "cycle": content.cycle.word(), "retain_until": content.retain_until, "region": content.region,
        "contact": content.contact,
        "state": entry.state.word(), "opened": entry.opened.word(), "opened_fields": entry.opened_fields,
        "version": entry.attached.map(|attached| attached.version),
        "rows": entry.attached.map(|attached| attached.rows), "revision": entry.revision,
        "fields": content.fields.iter().map(field_json).collect::<Vec<_>>(),
    })
}

fn field_json(field: &Field) -> Value {
    json!({
        "name": field.name, "title": field.title, "type": field.r#type, "length": field.length,
        "nullable": field.nullable, "kind": field.kind, "personal": field.personal, "mask": field.mask,
        "sortable": field.sortable, "key": field.key, "source": field.source, "datum": field.datum(),
    })
}

/// The title of a theme for this reader.
pub(crate) fn theme_title(code: &str, lang: Lang) -> String {
    theme(code).map_or(code, |theme| theme.title(lang)).to_owned()
}

fn is_about_input(error: &Error) -> bool {
    matches!(error, Error::Invalid { .. } | Error::Refused(_) | Error::Conflict(_))
}
