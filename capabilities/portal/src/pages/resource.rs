//! A resource, tab by tab: what it is, its versions, its downloads, its calls. What is not open says why.

use serde_json::json;
use yiwang_access::Scope;
use yiwang_catalogue::ops as catalogue;
use yiwang_catalogue::{Opened, Opening};
use yiwang_host::{Answer, Call};
use yiwang_kernel::{Instant, Result};
use yiwang_web::{Arg, Cell, Chart, Column, Head, Markup, Table, Tone, View};

use super::Shared;
use super::home::origin;
use super::map;
use crate::charts::{Distribution, VALUES_MAX};
use crate::maps;
use crate::model::{API_ROWS_MAX, Format};
use crate::ops;
use crate::resource::{Resource, Shown};
use crate::uses::Kind;

/// One tab.
struct Tab {
    to: String,
    title: String,
    current: bool,
}

#[derive(askama::Template)]
#[template(path = "portal/tabs.html")]
struct TabsBody<'a> {
    view: &'a View,
    tabs: Vec<Tab>,
}

#[derive(askama::Template)]
#[template(path = "portal/overview.html")]
struct OverviewBody<'a> {
    view: &'a View,
    title: String,
    tabs: Markup,
    summary: String,
    facts: Vec<(String, String, String)>,
    why: Vec<String>,
    map: Markup,
    fields: Markup,
    columns_why: String,
    charts: Vec<Markup>,
    charts_about: String,
    uses: String,
    actions: Vec<(String, String)>,
}

#[derive(askama::Template)]
#[template(path = "portal/versions.html")]
struct VersionsBody {
    title: String,
    tabs: Markup,
    table: Markup,
}

#[derive(askama::Template)]
#[template(path = "portal/downloads.html")]
struct DownloadsBody<'a> {
    view: &'a View,
    title: String,
    tabs: Markup,
    downloads: Vec<DownloadLink>,
    why: Vec<String>,
    about: String,
    terms: String,
}

struct DownloadLink {
    to: String,
    titled_to: String,
    title: &'static str,
    words: String,
}

#[derive(askama::Template)]
#[template(path = "portal/api.html")]
struct ApiBody<'a> {
    view: &'a View,
    title: String,
    tabs: Markup,
    calls: Vec<(String, String)>,
    parameters: Vec<(String, String)>,
}

/// 概览.
pub(crate) async fn overview(call: Call, shared: Shared) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    let view = &call.view;
    let code = resource.entry.code.clone();
    shared.uses.count(&call.platform.db, &call.ctx, &code, Kind::View).await;
    let distributions = shared.charts.of(&call.platform.gate, &call.ctx, &resource).await?;
    let [views, downloads, calls] = shared.uses.of(&call.platform.db, &call.ctx, &code).await?;
    let uses = [("views", views), ("downloads", downloads), ("calls", calls)].map(|(name, n)| (name, view.n(n).into()));
    let version = resource.table.as_ref().map_or(0, |table| table.version);
    let outline = shared.maps.outline(&call.platform, &call.ctx, &resource, version).await?;
    let mapped = maps::mapped(&resource).zip(outline);
    let about = [("version", Arg::from(view.n(version))), ("n", Arg::from(view.n(VALUES_MAX)))];
    let hidden = resource.fields.iter().filter(|field| field.shown != Shown::Open).count();
    let columns_why = if resource.is_open() && hidden > 0 {
        view.with("portal-why-columns", "n", view.n(hidden))
    } else {
        String::new()
    };
    let charts = distributions.iter().map(|found| chart(view, &resource, found));
    let title = view.text(&resource.entry.content.title).to_owned();
    let body = OverviewBody {
        view,
        tabs: tabs(view, &resource, "overview")?,
        summary: view.text(&resource.entry.content.summary).to_owned(),
        facts: facts(view, &resource),
        why: why_not(view, &resource),
        map: match &mapped {
            Some((place, outline)) => map::section(view, &resource, place, outline)?,
            None => Markup::default(),
        },
        fields: fields(view, &resource)?,
        columns_why,
        charts: charts.collect::<Result<_>>()?,
        charts_about: view.with_args("portal-profile-about", &about),
        uses: view.with_args("portal-uses", &uses),
        actions: actions(&call, &resource),
        title,
    };
    let mut json = resource_json(&resource);
    json["uses"] = json!({ "views": views, "downloads": downloads, "calls": calls });
    json["map"] = mapped.map(|(place, outline)| map::map_json(&resource, &place, &outline)).into();
    json["profile"] = distributions.iter().map(distribution_json).collect();
    call.respond(head(view, &resource), &body, &json)
}

/// 版本.
pub(crate) async fn versions(call: Call) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    let view = &call.view;
    let code = &resource.entry.code;
    let open = resource.is_open();
    let known = resource.table.as_ref().filter(|_| open).map(|table| table.versions.clone()).unwrap_or_default();
    let mut table = Table::new(view.t("portal-tab-versions"))
        .column(Column::new("number", view.t("portal-versions-number")).number())
        .column(Column::new("time", view.t("portal-versions-time")))
        .column(Column::new("rows", view.t("portal-versions-rows")).number())
        .column(Column::new("look", view.t("portal-versions-look")))
        .empty(view.t("portal-versions-none"));
    for version in &known {
        table = table.row(vec![
            Cell::Number(version.number.to_string()),
            Cell::text(view.minute(version.time)),
            Cell::Number(view.n(version.rows)),
            Cell::link(format!("/catalogue/{code}/data?version={}", version.number), view.t("portal-versions-look")),
        ]);
    }
    let told =
        known.iter().map(|version| json!({ "version": version.number, "time": version.time, "rows": version.rows }));
    let json = json!({ "resource": code, "versions": told.collect::<Vec<_>>() });
    let title = view.text(&resource.entry.content.title).to_owned();
    let body = VersionsBody { title, tabs: tabs(view, &resource, "versions")?, table: table.render(view)? };
    call.respond(head(view, &resource), &body, &json)
}

/// 下载.
pub(crate) async fn downloads(call: Call) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    let view = &call.view;
    let code = &resource.entry.code;
    let formats = if resource.is_open() { formats(&resource) } else { Vec::new() };
    let link = |format: &Format| {
        let to = format!("/catalogue/{code}/download/{}", format.word());
        let headed = matches!(format, Format::Csv | Format::CsvExcel | Format::Xlsx | Format::Parquet);
        let mut words = view.t(&format!("portal-format-{}", format.word()));
        if *format == Format::GeoJson {
            words = format!("{words}。{}", view.t("portal-format-geojson-note"));
        }
        DownloadLink {
            titled_to: if headed { format!("{to}?header=titles") } else { String::new() },
            to,
            title: format.title(),
            words,
        }
    };
    let rows = resource.table.as_ref().map_or(0, |table| table.rows);
    let told = formats.iter().map(
        |format| json!({ "format": format.word(), "address": format!("/catalogue/{code}/download/{}", format.word()) }),
    );
    let json = json!({ "resource": code, "rows": rows, "downloads": told.collect::<Vec<_>>() });
    let body = DownloadsBody {
        view,
        title: view.text(&resource.entry.content.title).to_owned(),
        tabs: tabs(view, &resource, "downloads")?,
        downloads: formats.iter().map(link).collect(),
        why: why_not(view, &resource),
        about: view.with("portal-downloads-about", "rows", view.n(rows)),
        terms: view.with("portal-terms-words", "department", view.text(&resource.department)),
    };
    call.respond(head(view, &resource), &body, &json)
}

/// 接口.
pub(crate) async fn api_box(call: Call) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    let view = &call.view;
    let code = &resource.entry.code;
    let site = origin(&call)?;
    let rows = format!("{site}/api/resources/{code}/rows");
    let shown = resource.shown().next().map(|field| field.name.clone()).unwrap_or_default();
    let sortable: Vec<&str> =
        resource.shown().filter(|field| field.sortable).map(|field| field.name.as_str()).collect();
    let sorting = sortable.first().map(|field| format!("&sort=-{field}")).unwrap_or_default();
    let calls = vec![
        ("portal-api-rows", format!("curl '{rows}?rows=5'")),
        ("portal-api-filter", format!("curl '{rows}?{shown}__contains=a{sorting}'")),
        ("portal-api-meta", format!("curl '{site}/api/resources/{code}'")),
        ("portal-api-download", format!("curl -o {code}.csv '{site}/catalogue/{code}/download/csv'")),
    ];
    let sort = if sortable.is_empty() {
        view.t("portal-api-sort-none")
    } else {
        view.with("portal-api-sort", "fields", sortable.join(", "))
    };
    let parameters = vec![
        ("fields".to_owned(), view.t("portal-api-fields")),
        (if shown.is_empty() { "FIELD".to_owned() } else { shown }, view.t("portal-api-field")),
        ("sort".to_owned(), sort),
        ("rows".to_owned(), view.with("portal-api-count", "limit", view.n(API_ROWS_MAX))),
        ("page".to_owned(), view.t("portal-api-page")),
        ("version".to_owned(), view.t("portal-api-version")),
    ];
    let json = json!({ "resource": code, "calls": calls.iter().map(|(_, line)| line).collect::<Vec<_>>() });
    let body = ApiBody {
        view,
        title: view.text(&resource.entry.content.title).to_owned(),
        tabs: tabs(view, &resource, "api")?,
        calls: calls.into_iter().map(|(id, line)| (view.t(id), line)).collect(),
        parameters,
    };
    call.respond(head(view, &resource), &body, &json)
}

/// What this reader may do next with the resource.
fn actions(call: &Call, resource: &Resource) -> Vec<(String, String)> {
    let entry = &resource.entry;
    let scope = Scope::department(&entry.content.provider);
    let may = |permission: &str| call.platform.access.check(&call.ctx, permission, &scope).is_ok();
    let code = &entry.code;
    let mut actions = vec![(format!("/fault?resource={code}"), "portal-fault-press")];
    actions.push((format!("/catalogue/{code}/metadata"), "portal-action-metadata"));
    if may(catalogue::EDIT) {
        actions.push((format!("/catalogue/{code}/edit"), "portal-action-edit"));
    }
    if may(yiwang_collect::ops::LOAD) {
        actions.push((format!("/collect/load?resource={code}"), "portal-action-load"));
        actions.push((format!("/collect/loads?resource={code}"), "portal-action-loads"));
    }
    if may(catalogue::OPEN) && entry.published && entry.opened != Opened::Open {
        actions.push((format!("/catalogue/{code}/open"), "portal-action-open"));
    }
    if may(catalogue::TAKE_DOWN) && entry.opened == Opened::Open {
        actions.push((format!("/catalogue/{code}/take-down"), "portal-action-take-down"));
    }
    actions.into_iter().map(|(to, id)| (to, call.view.t(id))).collect()
}

/// The formats a resource is offered in.
pub(crate) fn formats(resource: &Resource) -> Vec<Format> {
    let fits = |format: &Format| *format != Format::GeoJson || resource.place().is_some();
    Format::ALL.into_iter().filter(fits).collect()
}

/// A resource as JSON: what it is, its fields, its numbers.
pub(crate) fn resource_json(resource: &Resource) -> serde_json::Value {
    let entry = &resource.entry;
    let open = resource.is_open();
    let fields = resource.fields.iter().map(|field| {
        json!({
            "name": field.name,
            "title": field.title,
            "type": field.r#type,
            "open": field.shown.word(),
            "sortable": field.sortable,
        })
    });
    let table = resource.table.as_ref().filter(|_| open);
    let formats = if open { formats(resource) } else { Vec::new() };
    json!({
        "code": entry.code,
        "title": entry.content.title,
        "summary": entry.content.summary,
        "provider": { "code": entry.content.provider, "name": resource.department },
        "theme": entry.content.theme,
        "cycle": entry.content.cycle.word(),
        "grade": entry.content.grade,
        "opened": entry.opened.word(),
        "rows": table.map(|table| table.rows),
        "version": table.map(|table| table.version),
        "updated": entry.attached.filter(|_| open).map(|attached| Instant::from_micros(attached.at)),
        "key": table.map(|table| table.key.clone()).unwrap_or_default(),
        "fields": fields.collect::<Vec<_>>(),
        "formats": formats.iter().map(|format| format.word()).collect::<Vec<_>>(),
        "withheld": resource.withheld,
    })
}

/// Title and way of a resource's pages.
pub(super) fn head(view: &View, resource: &Resource) -> Head {
    Head::new(view.text(&resource.entry.content.title)).crumb("/catalogue", view.t("portal-door-data"))
}

/// The tabs, one of them current.
pub(super) fn tabs(view: &View, resource: &Resource, current: &str) -> Result<Markup> {
    let code = &resource.entry.code;
    let tab = |name: &str| Tab {
        to: if name == "overview" { format!("/catalogue/{code}") } else { format!("/catalogue/{code}/{name}") },
        title: view.t(&format!("portal-tab-{name}")),
        current: name == current,
    };
    let shown: &[&str] = match resource.is_open() {
        true => &["overview", "data", "versions", "downloads", "api"],
        false => &["overview"],
    };
    Markup::of(&TabsBody { view, tabs: shown.iter().map(|name| tab(name)).collect() })
}

fn facts(view: &View, resource: &Resource) -> Vec<(String, String, String)> {
    let entry = &resource.entry;
    let content = &entry.content;
    let data = format!("/catalogue/{}/data", entry.code);
    let provider = format!("/catalogue?department={}", content.provider);
    let mut facts = vec![("portal-provider", view.text(&resource.department).to_owned(), provider)];
    if let Some(table) = resource.table.as_ref().filter(|_| resource.is_open()) {
        facts.push(("portal-rows", view.n(table.rows), data));
        facts.push(("portal-version", view.n(table.version), format!("/catalogue/{}/versions", entry.code)));
    }
    if let Some(attached) = entry.attached.filter(|_| resource.is_open()) {
        facts.push(("portal-updated", view.minute(Instant::from_micros(attached.at)), String::new()));
    }
    facts.push(("portal-cycle", view.t(&content.cycle.text_id()), String::new()));
    if let Some(theme) = yiwang_catalogue::theme(&content.theme) {
        let to = format!("/catalogue?theme={}", theme.code);
        facts.push(("portal-themes-of", theme.title(view.lang).to_owned(), to));
    }
    facts.push(("portal-sharing", view.t(&content.sharing.text_id()), String::new()));
    facts.push(("portal-opening", view.t(&content.opening.text_id()), String::new()));
    let grade = content.grade.map_or_else(|| view.t("portal-grade-none"), |grade| grade.to_string());
    facts.push(("portal-grade", grade, String::new()));
    facts.push(("portal-code", entry.formal_code(), String::new()));
    facts.into_iter().map(|(id, value, to)| (view.t(id), value, to)).collect()
}

/// Why nothing is open, where nothing is.
fn why_not(view: &View, resource: &Resource) -> Vec<String> {
    if resource.is_open() {
        return Vec::new();
    }
    let reason = match (&resource.withheld, resource.entry.content.opening) {
        (Some(basis), _) => view.with("portal-why-negative", "basis", basis),
        (None, _) if resource.table.is_none() => view.t("portal-why-empty"),
        (None, Opening::Conditional) => view.t("portal-why-conditional"),
        (None, Opening::Refused) => view.t("portal-why-refused"),
        (None, Opening::Unconditional) => view.t("portal-why-not-public"),
    };
    let next = view.with("portal-why-next", "department", view.text(&resource.department));
    vec![reason, next]
}

fn fields(view: &View, resource: &Resource) -> Result<Markup> {
    let open = resource.is_open();
    let mut table = Table::new(view.t("portal-fields"))
        .column(Column::new("title", view.t("portal-field-title")))
        .column(Column::new("name", view.t("portal-field-name")))
        .column(Column::new("type", view.t("portal-field-type")))
        .column(Column::new("opened", view.t("portal-field-opened")))
        .total(resource.fields.len() as u64);
    for field in &resource.fields {
        let word = field.r#type.split('(').next().unwrap_or_default();
        let known = ["text", "bool", "integer", "decimal", "float", "date", "timestamp"].contains(&word);
        let tone = if open && field.shown == Shown::Open { Tone::Good } else { Tone::Plain };
        table = table.row(vec![
            Cell::text(view.text(&field.title)),
            Cell::text(&field.name),
            Cell::text(view.t(&format!("portal-type-{}", if known { word } else { "other" }))),
            Cell::State(view.t(field.shown.text_id()), tone),
        ]);
    }
    table.render(view)
}

fn chart(view: &View, resource: &Resource, found: &Distribution) -> Result<Markup> {
    let title = view.with("portal-profile-of", "field", resource.title_of(&found.field, view.lang));
    let label = |value: &Option<String>| value.clone().unwrap_or_else(|| view.t("portal-profile-empty"));
    #[expect(clippy::cast_precision_loss, reason = "a bar's length")]
    let points = found.values.iter().map(|(value, n)| (label(value), *n as f64)).collect();
    Chart::bars(title, view.t("portal-profile-value"), view.t("portal-profile-rows"), points).render(view)
}

fn distribution_json(found: &Distribution) -> serde_json::Value {
    let values = found.values.iter().map(|(value, n)| json!({ "value": value, "rows": n }));
    json!({ "field": found.field, "values": values.collect::<Vec<_>>() })
}
