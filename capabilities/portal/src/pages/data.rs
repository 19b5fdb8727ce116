//! The rows of a resource: a table with sorting, conditions and pages, and the whole as a file.

use arrow_array::RecordBatch;
use axum::response::Response;
use serde_json::json;
use yiwang_gate::{At, Filter, Op};
use yiwang_host::{Answer, Call, download as attachment, sent};
use yiwang_kernel::{Error, Result};
use yiwang_web::{Cell, Column, Fields, Markup, Paging, Table, View, encode};

use super::Shared;
use super::resource::{head, tabs};
use crate::download::{Cells, File, Shape};
use crate::model::{Format, Header, ROWS_PER_PAGE, asked, asked_whole};
use crate::ops;
use crate::resource::Resource;
use crate::uses::Kind;

/// Rows one page shows at most.
const PAGE_ROWS_MAX: u64 = 200;
/// Comparisons offered in the form.
const OPS: [(&str, &str); 8] = [
    ("eq", "portal-op-eq"),
    ("contains", "portal-op-contains"),
    ("ge", "portal-op-ge"),
    ("le", "portal-op-le"),
    ("gt", "portal-op-gt"),
    ("lt", "portal-op-lt"),
    ("ne", "portal-op-ne"),
    ("null", "portal-op-null"),
];
/// Formats the table is exported in.
const EXPORTS: [yiwang_web::Format; 3] =
    [yiwang_web::Format::Csv, yiwang_web::Format::CsvExcel, yiwang_web::Format::Xlsx];

#[derive(askama::Template)]
#[template(path = "portal/data.html")]
struct DataBody<'a> {
    view: &'a View,
    code: String,
    title: String,
    tabs: Markup,
    old: String,
    ordering: String,
    filtered: bool,
    filters: Vec<String>,
    kept: Vec<(String, String)>,
    columns: Vec<(String, String)>,
    ops: Vec<(&'static str, String)>,
    table: Markup,
}

/// 数据.
pub(crate) async fn data(call: Call, shared: Shared) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    if let Some(to) = chosen_filter(&call, &resource) {
        return call.redirect(&to);
    }
    if let Some(format) = call.query.filled("format").filter(|word| *word != "json") {
        return send(&call, &shared, &resource, Format::parse(format)?).await;
    }
    let asked = asked(&resource.entry.code, &call.query, ROWS_PER_PAGE, PAGE_ROWS_MAX)?;
    let answer = ops::rows(&call.platform, &call.ctx, &resource, asked.query.clone()).await?;
    let total = ops::total(&call.platform, &call.ctx, answer.total, &asked.query).await?;
    let (version, next, schema) = (answer.version, answer.next.clone(), answer.schema.clone());
    let view = &call.view;
    let title_of = |name: &str| resource.title_of(name, view.lang);
    let sortable = |name: &str| resource.fields.iter().any(|field| field.name == name && field.sortable);
    let mut table = Table::new(view.text(&resource.entry.content.title)).total(total).exports(&EXPORTS).empty(format!(
        "{}。{}",
        view.t("portal-data-none"),
        view.t("portal-data-none-next")
    ));
    table = table.paging(match asked.page {
        None if call.query.filled("after").is_some() => Paging::Keyset { next: next.clone() },
        page => Paging::Numbered { page: page.unwrap_or(1), rows: asked.rows },
    });
    if let Some(sort) = &asked.query.sort {
        table = table.sorted(&sort.field, sort.descending);
    }
    for field in schema.fields() {
        let mut column = Column::new(field.name(), title_of(field.name()));
        column = if sortable(field.name()) { column.sortable() } else { column };
        let is_number = Shape::of(field.data_type()) == Shape::Number;
        table = table.column(if is_number { column.number() } else { column });
    }
    let batches = answer.collect().await?;
    let (shown, rows) = rows_of(&batches)?;
    table = shown.into_iter().fold(table, Table::row);
    let json = json!({
        "resource": resource.entry.code, "version": version, "total": total, "page": asked.page, "rows": rows,
        "next": next,
    });
    let newest = resource.table.as_ref().map_or(0, |table| table.version);
    let is_old = asked.query.at != At::Latest && version != newest;
    let body = DataBody {
        view,
        code: resource.entry.code.clone(),
        title: view.text(&resource.entry.content.title).to_owned(),
        tabs: tabs(view, &resource, "data")?,
        old: if is_old { view.with("portal-data-old", "version", version.to_string()) } else { String::new() },
        ordering: ordering(view, &resource),
        filtered: !asked.query.filters.is_empty(),
        filters: asked.query.filters.iter().map(|filter| filter_words(view, &resource, filter)).collect(),
        kept: kept(&call.query),
        columns: resource.shown().map(|field| (field.name.clone(), view.text(&field.title).to_owned())).collect(),
        ops: OPS.iter().map(|(word, id)| (*word, view.t(id))).collect(),
        table: table.render(view)?,
    };
    call.respond(head(view, &resource), &body, &json)
}

/// Since when the order of the newest version is being worked out; empty where that is done.
fn ordering(view: &View, resource: &Resource) -> String {
    let table = resource.table.as_ref().filter(|table| !table.sorts_quickly);
    let since = table.and_then(|table| table.versions.first()).map(|version| view.minute(version.time));
    since.map_or_else(String::new, |since| view.with("portal-data-ordering", "time", since))
}

/// The rows as the table shows them and as JSON.
fn rows_of(batches: &[RecordBatch]) -> Result<(Vec<Vec<Cell>>, Vec<serde_json::Value>)> {
    let (mut shown, mut told) = (Vec::new(), Vec::new());
    for batch in batches {
        let cells = Cells::new(batch)?;
        let schema = batch.schema();
        for row in 0..cells.rows() {
            let mut line = Vec::with_capacity(cells.columns());
            let mut object = serde_json::Map::new();
            for (column, field) in schema.fields().iter().enumerate() {
                let text = cells.text(column, row)?;
                object.insert(field.name().clone(), text.clone().into());
                line.push(match text {
                    None => Cell::Missing,
                    Some(text) if Shape::of(field.data_type()) == Shape::Number => Cell::Number(text),
                    Some(text) => Cell::text(text),
                });
            }
            shown.push(line);
            told.push(serde_json::Value::Object(object));
        }
    }
    Ok((shown, told))
}

/// The whole resource, or what the conditions leave of it, as a file.
pub(crate) async fn download(call: Call, shared: Shared) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    let format = Format::parse(call.path("format")?)?;
    send(&call, &shared, &resource, format).await
}

async fn send(call: &Call, shared: &Shared, resource: &Resource, format: Format) -> Answer {
    let response = file(call, resource, format).await?;
    shared.uses.count(&call.platform.db, &call.ctx, &resource.entry.code, Kind::Download).await;
    Ok(response)
}

async fn file(call: &Call, resource: &Resource, format: Format) -> Result<Response> {
    let titled = Header::parse(call.query.filled("header"))? == Header::Titles;
    let place = resource.place();
    if format == Format::GeoJson && place.is_none() {
        return Err(Error::refused("download-no-place"));
    }
    let query = asked_whole(&resource.entry.code, &call.query)?;
    let answer = ops::rows(&call.platform, &call.ctx, resource, query).await?;
    let version = answer.version;
    let schema = answer.schema.clone();
    let title = |name: &String| resource.title_of(name, call.view.lang);
    let titles = schema.fields().iter().map(|field| title(field.name())).collect();
    let body = File { format, schema: &schema, titles, titled, place };
    let sending = answer.sending();
    let body = body.body(answer.rows, &|file, rows| call.platform.gate.encode(file, rows))?;
    let body = sent(sending, body);
    let name = format!(
        "{}_{}_v{version}.{}",
        resource.entry.code,
        call.view.text(&resource.entry.content.title),
        format.extension()
    );
    Ok(attachment(&name, format.media_type(), body))
}

/// The form of conditions asks by three fields; the address that says the same, as everything else reads it.
fn chosen_filter(call: &Call, resource: &Resource) -> Option<String> {
    let field = call.query.filled("filter_field")?;
    let op = call.query.filled("filter_op").filter(|op| Op::parse(op).is_some()).unwrap_or("eq");
    let value = call.query.filled("filter_value").unwrap_or_default();
    let mut parts: Vec<String> =
        kept(&call.query).iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if !value.is_empty() || op == "null" {
        parts.push(format!("{}__{op}={}", encode(field), encode(if op == "null" { "1" } else { value })));
    }
    Some(format!("/catalogue/{}/data?{}", resource.entry.code, parts.join("&")))
}

/// What an address keeps when a condition is added: everything but the place in the list.
fn kept(query: &Fields) -> Vec<(String, String)> {
    let passing = |name: &str| matches!(name, "page" | "after" | "format") || name.starts_with("filter_");
    query.pairs().iter().filter(|(name, value)| !passing(name) && !value.is_empty()).cloned().collect()
}

fn filter_words(view: &View, resource: &Resource, filter: &Filter) -> String {
    let word = match filter.op {
        Op::Eq => "eq",
        Op::Ne => "ne",
        Op::Lt => "lt",
        Op::Le => "le",
        Op::Gt => "gt",
        Op::Ge => "ge",
        Op::In => "in",
        Op::Contains => "contains",
        Op::IsNull => "null",
    };
    let title = resource.title_of(&filter.field, view.lang);
    format!("{title} {} {}", view.t(&format!("portal-op-{word}")), filter.values.join(", ")).trim_end().to_owned()
}
