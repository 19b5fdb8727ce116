//! Pages and JSON twins of the region list. Thin: the list comes from `model`.

use serde_json::{Value, json};
use yiwang_codes::regions::{self, Region};
use yiwang_host::{Answer, Call};
use yiwang_kernel::Result;
use yiwang_web::{Cell, Column, Head, Markup, Paging, Table, View};

use crate::model;

const ROWS_PER_PAGE: u64 = 50;

#[derive(askama::Template)]
#[template(path = "places/list.html")]
struct ListBody<'a> {
    view: &'a View,
    words: &'a str,
    source: &'a str,
    edition: &'a str,
    table: Markup,
}

#[derive(askama::Template)]
#[template(path = "places/region.html")]
struct RegionBody<'a> {
    view: &'a View,
    region: &'a Region,
    full_name: String,
    level: String,
    table: Markup,
}

/// `/places`: every region, or those that match `q`.
pub(crate) async fn list(call: Call) -> Answer {
    let words = call.query.get("q").unwrap_or_default();
    let found = model::search(words)?;
    let page = call.query.get("page").and_then(|page| page.parse::<u64>().ok()).unwrap_or(1).max(1);
    let start = usize::try_from((page - 1).saturating_mul(ROWS_PER_PAGE)).unwrap_or(usize::MAX);
    let shown: Vec<&Region> = found.iter().skip(start).take(ROWS_PER_PAGE as usize).copied().collect();
    let total = found.len() as u64;
    let table = table(&call.view, &shown, total, Paging::Numbered { page, rows: ROWS_PER_PAGE })?;
    let view = &call.view;
    let body = ListBody { view, words, source: regions::SOURCE, edition: regions::EDITION, table };
    let twin = json!({
        "source": regions::SOURCE, "edition": regions::EDITION, "total": total, "page": page,
        "rows": shown.iter().map(|region| document(region)).collect::<Vec<_>>(),
    });
    call.respond(Head::new(call.view.t("places-title")), &body, &twin)
}

/// `/places/CODE`: one region and those below it.
pub(crate) async fn region(call: Call) -> Answer {
    let region = model::find(call.path("code")?)?;
    let below = regions::children(region.code);
    let table = table(&call.view, &below, below.len() as u64, Paging::Whole)?;
    let mut head = Head::new(region.name).crumb("/places", call.view.t("places-title"));
    for above in model::above(region) {
        head = head.crumb(format!("/places/{}", above.code), above.name);
    }
    let full_name = regions::full_name(region.code).unwrap_or_default();
    let level = level(&call.view, region);
    let mut twin = document(region);
    twin["full_name"] = json!(full_name);
    twin["below"] = below.iter().map(|region| document(region)).collect();
    call.respond(head, &RegionBody { view: &call.view, region, full_name, level, table }, &twin)
}

fn table(view: &View, rows: &[&Region], total: u64, paging: Paging) -> Result<Markup> {
    let mut table = Table::new(view.t("places-caption"))
        .column(Column::new("code", view.t("places-code")))
        .column(Column::new("name", view.t("places-name")))
        .column(Column::new("level", view.t("places-level")))
        .column(Column::new("above", view.t("places-above")))
        .total(total)
        .paging(paging)
        .empty(view.t("places-empty"));
    for region in rows {
        let above = region.parent().and_then(|parent| regions::full_name(parent.code));
        table = table.row(vec![
            Cell::Text(region.code.to_owned()),
            Cell::Link(format!("/places/{}", region.code), region.name.to_owned()),
            Cell::Text(level(view, region)),
            above.map_or(Cell::Missing, Cell::Text),
        ]);
    }
    table.render(view)
}

fn level(view: &View, region: &Region) -> String {
    if region.zone { view.t("places-level-zone") } else { view.t(&format!("places-level-{}", region.level.word())) }
}

fn document(region: &Region) -> Value {
    json!({
        "code": region.code, "name": region.name, "level": region.level.word(), "zone": region.zone,
        "parent": region.parent().map(|parent| parent.code),
    })
}
