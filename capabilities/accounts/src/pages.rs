//! The pages of this capability and their JSON twins: thin, each calls one operation. A page is a heading, a notice and
//! blocks of web's forms and tables.

pub(crate) mod account;
pub(crate) mod departments;
pub(crate) mod imports;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod rights;
pub(crate) mod sign_in;

use http::StatusCode;
use yiwang_access::Token;
use yiwang_host::{Call, Wants};
use yiwang_kernel::{CivilDate, Error, Id, PageRequest, Result, Role};
use yiwang_web::{Answer, Failure, Fields, Form, Head, Markup, Table, View};

use crate::model::Reorganisation;

/// A page under construction.
pub(crate) struct Page {
    title: String,
    lead: String,
    notice: String,
    tone: &'static str,
    links: Vec<(String, String)>,
    crumbs: Vec<(String, String)>,
    blocks: Vec<Block>,
}

struct Block {
    heading: String,
    words: String,
    codes: Vec<String>,
    markup: Markup,
}

#[derive(askama::Template)]
#[template(path = "accounts/page.html")]
struct Body<'a> {
    page: &'a Page,
}

impl Page {
    pub(crate) fn new(title: String) -> Page {
        Page {
            title,
            lead: String::new(),
            notice: String::new(),
            tone: "good",
            links: Vec::new(),
            crumbs: Vec::new(),
            blocks: Vec::new(),
        }
    }

    pub(crate) fn lead(mut self, words: String) -> Page {
        self.lead = words;
        self
    }

    pub(crate) fn warning(mut self, words: String) -> Page {
        self.notice = words;
        self.tone = "warning";
        self
    }

    pub(crate) fn link(mut self, to: impl Into<String>, words: String) -> Page {
        self.links.push((to.into(), words));
        self
    }

    pub(crate) fn crumb(mut self, to: impl Into<String>, words: String) -> Page {
        self.crumbs.push((to.into(), words));
        self
    }

    pub(crate) fn words(mut self, heading: String, words: String) -> Page {
        self.blocks.push(Block { heading, words, codes: Vec::new(), markup: Markup::default() });
        self
    }

    pub(crate) fn codes(mut self, words: String, codes: Vec<String>) -> Page {
        self.blocks.push(Block { heading: String::new(), words, codes, markup: Markup::default() });
        self
    }

    pub(crate) fn form(mut self, heading: String, form: &Form, view: &View) -> Result<Page> {
        let (words, codes) = (String::new(), Vec::new());
        self.blocks.push(Block { heading, words, codes, markup: form.render(view)? });
        Ok(self)
    }

    pub(crate) fn table(mut self, table: &Table, view: &View) -> Result<Page> {
        let (heading, words, codes) = (String::new(), String::new(), Vec::new());
        self.blocks.push(Block { heading, words, codes, markup: table.render(view)? });
        Ok(self)
    }

    pub(crate) fn respond(mut self, call: &Call, status: StatusCode, json: &serde_json::Value) -> Answer {
        if let Some(done) = call.query.get("done").filter(|done| DONE.contains(done) && self.notice.is_empty()) {
            self.notice = call.view.t(&format!("accounts-done-{done}"));
        }
        let mut head = Head::new(self.title.clone());
        for (to, words) in &self.crumbs {
            head = head.crumb(to.clone(), words.clone());
        }
        call.respond_as(status, head, &Body { page: &self }, json)
    }
}

/// What a page may say was done before it.
const DONE: [&str; 5] = ["saved", "activated", "password", "ended", "signed-out"];

/// For an error a reader can mend in the form: the status and the error, to show the form again. Any other error, and
/// every error of a JSON call, leaves as it is.
pub(crate) fn to_mend(call: &Call, error: Error) -> Result<(StatusCode, Error), Failure> {
    let mendable = matches!(
        error,
        Error::Invalid { .. } | Error::Refused(_) | Error::Conflict(_) | Error::Forbidden(_) | Error::TooMany { .. }
    );
    if !mendable || call.wants == Wants::Json {
        return Err(Failure(error));
    }
    Ok((StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), error))
}

pub(crate) fn role_title(view: &View, role: Role) -> String {
    view.t(&format!("role-{}", role.word().replace('_', "-")))
}

pub(crate) fn roles_title(view: &View, roles: &[Role]) -> String {
    roles.iter().map(|role| role_title(view, *role)).collect::<Vec<_>>().join(" · ")
}

/// The id in the path; what is none is not found.
pub(crate) fn path_id(call: &Call, name: &str) -> Result<Id> {
    call.path(name)?.parse().map_err(|_| Error::not_found("accounts-person"))
}

/// The cookie's token of this visit, if there is a session.
pub(crate) fn token(call: &Call) -> Option<&Token> {
    call.session.as_ref()
}

/// The list's page asked for.
pub(crate) fn page_request(call: &Call) -> Result<PageRequest> {
    let rows = call.query.number("rows")?.and_then(|rows| usize::try_from(rows).ok());
    let after = call.query.filled("after").map(yiwang_kernel::Cursor::decode).transpose()?;
    Ok(PageRequest { rows, after })
}

pub(crate) fn day(fields: &Fields, name: &str) -> Result<CivilDate> {
    let text = fields.required(name)?;
    text.parse().map_err(|_| Error::invalid(name, "accounts-day"))
}

pub(crate) fn reorganisation(fields: &Fields) -> Result<Reorganisation> {
    Ok(Reorganisation { since: day(fields, "since")?, basis: fields.required("basis")?.to_owned() })
}
