//! The pages and their JSON twins: thin, each calls one operation. A page is a heading, a notice, links, and blocks of
//! web's forms and tables.

pub(crate) mod channels;
pub(crate) mod deliveries;
pub(crate) mod hooks;
pub(crate) mod inbox;
pub(crate) mod settings;

use http::StatusCode;
use serde_json::Value;
use yiwang_host::{Call, Wants};
use yiwang_kernel::{Cursor, Error, Id, PageRequest, Result};
use yiwang_web::{Answer, Failure, Form, Head, Markup, Table, View};

/// A page under construction.
pub(crate) struct Page {
    title: String,
    lead: String,
    notice: String,
    tone: &'static str,
    codes: Vec<String>,
    links: Vec<(String, String)>,
    blocks: Vec<(String, Markup)>,
    inside: bool,
}

#[derive(askama::Template)]
#[template(path = "messages/page.html")]
struct Body<'a> {
    page: &'a Page,
}

/// What a page may say was done before it.
const DONE: [&str; 5] = ["saved", "read", "queued", "removed", "trial"];

impl Page {
    pub(crate) fn new(title: String) -> Page {
        Page {
            title,
            lead: String::new(),
            notice: String::new(),
            tone: "good",
            codes: Vec::new(),
            links: Vec::new(),
            blocks: Vec::new(),
            inside: true,
        }
    }

    /// The first of these pages, with no way back above it.
    pub(crate) fn first(mut self) -> Page {
        self.inside = false;
        self
    }

    pub(crate) fn lead(mut self, words: String) -> Page {
        self.lead = words;
        self
    }

    /// Something to keep: words, and what is shown this once.
    pub(crate) fn once(mut self, words: String, codes: Vec<String>) -> Page {
        self.notice = words;
        self.tone = "warning";
        self.codes = codes;
        self
    }

    pub(crate) fn link(mut self, to: impl Into<String>, words: String) -> Page {
        self.links.push((to.into(), words));
        self
    }

    pub(crate) fn form(mut self, heading: String, form: &Form, view: &View) -> Result<Page> {
        self.blocks.push((heading, form.render(view)?));
        Ok(self)
    }

    pub(crate) fn table(mut self, table: &Table, view: &View) -> Result<Page> {
        self.blocks.push((String::new(), table.render(view)?));
        Ok(self)
    }

    pub(crate) fn respond(mut self, call: &Call, status: StatusCode, json: &Value) -> Answer {
        if let Some(done) = call.query.get("done").filter(|done| DONE.contains(done) && self.notice.is_empty()) {
            self.notice = call.view.t(&format!("messages-done-{done}"));
        }
        let mut head = Head::new(self.title.clone());
        if self.inside {
            head = head.crumb("/messages", call.view.t("messages-title"));
        }
        call.respond_as(status, head, &Body { page: &self }, json)
    }
}

/// For an error a reader can mend in the form: the status and the error, to show the form again. Any other error, and
/// every error of a JSON call, leaves as it is.
fn to_mend(call: &Call, error: Error) -> Result<(StatusCode, Error), Failure> {
    let mendable = matches!(error, Error::Invalid { .. } | Error::Refused(_) | Error::Conflict(_));
    if !mendable || call.wants == Wants::Json {
        return Err(Failure(error));
    }
    Ok((StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), error))
}

/// The list's page asked for.
fn page_request(call: &Call) -> Result<PageRequest> {
    let rows = call.query.number("rows")?.and_then(|rows| usize::try_from(rows).ok());
    let after = call.query.filled("after").map(Cursor::decode).transpose()?;
    Ok(PageRequest { rows, after })
}

/// The id in the path; what is none is not found.
fn hook_id(call: &Call) -> Result<Id> {
    call.path("id")?.parse().map_err(|_| Error::not_found("messages-hook-unknown"))
}

/// Whether the reader holds a permission somewhere.
fn may(call: &Call, permission: &str) -> bool {
    call.platform.access.check_somewhere(&call.ctx, permission).is_ok()
}
