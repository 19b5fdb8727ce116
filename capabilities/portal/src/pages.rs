//! The public pages. Thin: what may be seen is decided in `ops` and by the gate; what is drawn, by `web`.

mod data;
mod faults;
mod home;
mod map;
mod resource;
mod search;
mod tour;

use std::sync::Arc;

use serde_json::json;
use yiwang_host::{Answer, Call};
use yiwang_web::{Head, View};

pub(crate) use data::{data, download};
pub(crate) use faults::{answer, fault_form, fault_show, faults, look_up, report};
pub(crate) use home::{home, robots, sitemap};
pub(crate) use map::{tile, tiles};
pub(crate) use resource::{api_box, downloads, overview, resource_json, versions};
pub(crate) use search::search;
pub(crate) use tour::tour;

use crate::charts::Charts;
use crate::maps::Maps;
use crate::statements::{Section, Statement};
use crate::uses::Uses;

/// What the pages of one process share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared {
    pub(crate) uses: Arc<Uses>,
    pub(crate) charts: Arc<Charts>,
    pub(crate) maps: Arc<Maps>,
}

#[derive(askama::Template)]
#[template(path = "portal/statement.html")]
struct StatementBody {
    title: String,
    sections: Vec<Section>,
}

/// One of the statements every public site owes.
pub(crate) async fn statement(call: Call, which: Statement) -> Answer {
    let view: &View = &call.view;
    let title = view.t(&which.title_id());
    let sections = which.sections(view);
    let told = sections.iter().map(|section| json!({ "title": section.title, "text": section.words }));
    let json = json!({ "title": title, "sections": told.collect::<Vec<_>>() });
    call.respond(Head::new(title.clone()), &StatementBody { title, sections }, &json)
}
