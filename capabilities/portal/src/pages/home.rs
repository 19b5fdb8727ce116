//! 首页: one search, four doors, three figures that open to their rows. And what crawlers ask for.

use axum::response::IntoResponse;
use http::header;
use serde_json::json;
use yiwang_catalogue::ops as catalogue;
use yiwang_host::{Answer, Call};
use yiwang_kernel::{Error, Result};
use yiwang_search::Sort;
use yiwang_web::{Cell, Column, Head, Markup, Table, View};

use crate::ops;

/// Resources listed as new.
const FRESH_ROWS: usize = 6;
/// Addresses one site map may hold.
const SITEMAP_MAX: usize = 20_000;
/// Entries asked for at once.
const ENTRIES_AT_ONCE: usize = 200;

#[derive(askama::Template)]
#[template(path = "portal/home.html")]
struct HomeBody<'a> {
    view: &'a View,
    doors: Vec<Door>,
    figures: Vec<Figure>,
    fresh: Markup,
    themes: Vec<(String, String)>,
    checklist: Markup,
}

struct Door {
    to: String,
    title: String,
    words: String,
}

struct Figure {
    to: &'static str,
    number: String,
    words: String,
}

/// 首页.
pub(crate) async fn home(call: Call) -> Answer {
    let view = &call.view;
    let numbers = catalogue::numbers(&call.platform).await?;
    let find = catalogue::Find { rows: FRESH_ROWS, sort: Sort::Newest, ..ops::open_only() };
    let found = catalogue::find(&call.platform, &call.ctx, &find).await?;
    let providers = ops::providers(&call.platform, &call.ctx).await?;
    let open = "/catalogue?opening=open";
    let figure = |to, n: u64, id: &str| Figure { to, number: view.n(n), words: view.t(id) };
    let figures = vec![
        figure(open, found.total, "portal-figure-resources"),
        figure("/catalogue?opening=open&attached=attached", numbers.rows_open, "portal-figure-rows"),
        figure("/departments", providers.len() as u64, "portal-figure-departments"),
    ];
    let mut fresh = Table::new(view.t("portal-fresh"))
        .column(Column::new("title", view.t("portal-field-title")))
        .column(Column::new("rows", view.t("portal-rows")).number())
        .column(Column::new("updated", view.t("portal-updated")))
        .empty(format!("{}。{}", view.t("portal-no-resources"), view.t("portal-no-resources-next")));
    let mut newest = Vec::new();
    for hit in &found.rows {
        let entry = &hit.entry;
        let to = format!("/catalogue/{}", entry.code);
        let (rows, at) = entry.attached.map_or((0, 0), |attached| (attached.rows, attached.at));
        let at = yiwang_kernel::Instant::from_micros(at);
        newest.push(json!({ "code": entry.code, "title": entry.content.title, "rows": rows, "updated": at }));
        fresh = fresh.row(vec![
            Cell::link(to, view.text(&entry.content.title)),
            Cell::Number(view.n(rows)),
            Cell::text(view.date(at.date())),
        ]);
    }
    let themes = found.facets.iter().filter(|facet| facet.dimension == "theme").filter_map(|facet| {
        let theme = yiwang_catalogue::theme(&facet.value)?;
        Some((
            format!("/catalogue?opening=open&theme={}", theme.code),
            format!("{} {}", theme.title(view.lang), facet.count),
        ))
    });
    let themes = themes.collect();
    let steps = call.checklist().await?;
    let json = json!({
        "checklist": steps,
        "figures": { "resources": found.total, "rows": numbers.rows_open, "departments": providers.len() },
        "newest": newest,
    });
    let checklist = call.checklist_part(&steps)?;
    let body = HomeBody { view, doors: doors(view), figures, fresh: fresh.render(view)?, themes, checklist };
    call.respond(Head::new(view.t("portal-home-title")), &body, &json)
}

fn doors(view: &View) -> Vec<Door> {
    let door = |to: &str, name: &str, words: String| Door {
        to: to.to_owned(),
        title: view.t(&format!("portal-door-{name}")),
        words,
    };
    let phone = if view.site.phone.is_empty() { "none".to_owned() } else { view.site.phone.clone() };
    let desk = if view.account.is_some() { "/collect/loads" } else { "/sign-in" };
    vec![
        door("", "services", view.with("portal-door-services-words", "phone", phone)),
        door("/catalogue", "data", view.t("portal-door-data-words")),
        door("", "space", view.t("portal-door-space-words")),
        door(desk, "desk", view.t("portal-door-desk-words")),
    ]
}

/// What crawlers may look at.
pub(crate) async fn robots(call: Call) -> Answer {
    let host = host_of(&call);
    let text = format!(
        "User-agent: *\nDisallow: /collect/\nDisallow: /fault\nDisallow: /sign-in\nSitemap: {host}/sitemap.xml\n"
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The addresses of all open resources.
pub(crate) async fn sitemap(call: Call) -> Answer {
    let host = yiwang_web::escape(&host_of(&call));
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for path in ["/", "/catalogue", "/help", "/accessibility", "/privacy"] {
        out.push_str(&format!("<url><loc>{host}{path}</loc></url>\n"));
    }
    for code in open_codes(&call).await? {
        out.push_str(&format!("<url><loc>{host}/catalogue/{}</loc></url>\n", yiwang_web::escape(&code)));
    }
    out.push_str("</urlset>\n");
    Ok(([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], out).into_response())
}

async fn open_codes(call: &Call) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for page in 1..=SITEMAP_MAX / ENTRIES_AT_ONCE {
        let find = catalogue::Find { page, rows: ENTRIES_AT_ONCE, sort: Sort::Key, ..ops::open_only() };
        let found = catalogue::find(&call.platform, &call.ctx, &find).await?;
        let more = found.rows.len() == ENTRIES_AT_ONCE;
        codes.extend(found.rows.into_iter().map(|hit| hit.entry.code));
        if !more {
            break;
        }
    }
    Ok(codes)
}

/// Scheme and host as the settings have them, else as the caller named them; `localhost` when that is no host.
fn host_of(call: &Call) -> String {
    if !call.view.site.address.is_empty() {
        return call.view.site.address.clone();
    }
    let named = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok());
    let host = named("host").unwrap_or("localhost");
    let fits = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let scheme = if named("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{}", if fits { host } else { "localhost" })
}

/// The same for the calls shown to be copied.
pub(super) fn origin(call: &Call) -> Result<String> {
    let origin = host_of(call);
    if origin.len() > 300 { Err(Error::malformed("path-format")) } else { Ok(origin) }
}
