//! The catalogue as a list: search box, facets, sort, numbered pages with an exact total, exports; by department and
//! by theme.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::json;
use yiwang_host::{Answer, Call, download};
use yiwang_kernel::{Error, Lang, Result, Text};
use yiwang_search::Sort;
use yiwang_web::{Cell, Choice, Column, Datum, Export, Field, Form, Format, Head, Markup, Paging, Table, Tone, View};

use super::{Section, department, entry_json, head, links, marked_link, respond, theme_title};
use crate::model::{Opened, THEMES};
use crate::ops::{self, Find, Found, FoundEntry};

const ROWS_PER_PAGE: usize = 20;
const EXPORT_ROWS_MAX: usize = 20_000;
const EXPORTS: [Format; 4] = [Format::Csv, Format::CsvExcel, Format::Xlsx, Format::Json];
/// Choices of a dimension shown at most.
const CHOICES_MAX: usize = 100;
/// The dimensions a page offers, in order.
const DIMENSIONS: [&str; 8] = ["department", "theme", "class", "opening", "attached", "library", "grade", "region"];

#[derive(Template)]
#[template(path = "catalogue/facets.html")]
struct FacetsBody {
    label: String,
    facets: Vec<FacetGroup>,
}

struct FacetGroup {
    title: String,
    open: bool,
    choices: Vec<FacetChoice>,
}

struct FacetChoice {
    to: String,
    words: String,
    count: String,
    chosen: bool,
}

/// `/catalogue`: what this reader may see, narrowed by words and facets.
pub(crate) async fn list(call: Call) -> Answer {
    let head = Head::new(call.view.t("catalogue-title")).searched(call.query.get("q").unwrap_or_default());
    listed(&call, head, "/catalogue", None).await
}

/// `/departments/{code}/catalogue`: the same for one department.
pub(crate) async fn of_department(call: Call) -> Answer {
    let code = call.path("code")?.to_owned();
    let names = ops::department_names(&call.platform).await?;
    let unknown = || Error::not_found("catalogue-provider-unknown").with("given", &code);
    let name = names.get(&code).ok_or_else(unknown)?;
    let title = call.view.with("catalogue-of-department", "department", call.view.text(name));
    listed(&call, head(&call.view, title), &format!("/departments/{code}/catalogue"), Some(&code)).await
}

/// `/themes`: the themes with how many entries each has for this reader.
pub(crate) async fn themes(call: Call) -> Answer {
    let found = ops::find(&call.platform, &call.ctx, &Find { rows: 1, page: 1, ..Find::default() }).await?;
    let count = |code: &str| {
        let counted = found.facets.iter().find(|facet| facet.dimension == "theme" && facet.value == code);
        counted.map_or(0, |facet| facet.count)
    };
    let view = &call.view;
    let mut table = Table::new(view.t("catalogue-themes"))
        .column(Column::new("theme", view.t("catalogue-field-theme")))
        .column(Column::new("entries", view.t("catalogue-entries")).number());
    for theme in THEMES {
        let to = format!("/catalogue?theme={}", theme.code);
        table = table.row(vec![Cell::link(to, theme.title(view.lang)), Cell::Number(view.n(count(theme.code)))]);
    }
    let rows: Vec<_> = THEMES
        .iter()
        .map(|theme| json!({ "code": theme.code, "zh": theme.zh, "en": theme.en, "entries": count(theme.code) }))
        .collect();
    let sections = [Section::plain(table.render(view)?)];
    respond(&call, head(view, view.t("catalogue-themes")), "", &sections, &json!({ "themes": rows }))
}

async fn listed(call: &Call, head: Head, address: &str, provider: Option<&str>) -> Answer {
    let mut find = asked(call, provider)?;
    let names = ops::department_names(&call.platform).await?;
    if let Some(format) = call.query.get("format").and_then(Format::parse).filter(|format| *format != Format::Json) {
        return export(call, find, &names, format).await;
    }
    let found = ops::find(&call.platform, &call.ctx, &find).await?;
    find.rows = ROWS_PER_PAGE;
    let view = &call.view;
    let mut sections = vec![
        Section::plain(search_form(view, address, &find)?),
        Section::plain(facets(view, &find, &found, &names, provider)?),
        Section::plain(table(view, &find, &found, &names)?),
    ];
    let work = work(call);
    if !work.is_empty() {
        sections.insert(0, Section::plain(links(&work)?));
    }
    let json = json!({
        "total": found.total, "page": find.page, "rows_per_page": find.rows,
        "rows": found.rows.iter().map(|row| entry_json(&row.entry)).collect::<Vec<_>>(),
        "facets": found.facets.iter().map(|facet| {
            json!({ "dimension": facet.dimension, "value": facet.value, "count": facet.count })
        }).collect::<Vec<_>>(),
    });
    respond(call, head, "", &sections, &json)
}

/// What this reader may do with the catalogue as a whole.
fn work(call: &Call) -> Vec<(String, String)> {
    let offered = [
        (ops::EDIT, "/catalogue/new", "catalogue-new"),
        (ops::REVIEW, "/catalogue/review", "catalogue-review"),
        (ops::IMPORT, "/catalogue/import", "catalogue-import"),
        (ops::VIEW, "/catalogue/integration", "catalogue-integration"),
    ];
    let may = |permission: &str| call.platform.access.check_somewhere(&call.ctx, permission).is_ok();
    let shown = offered.iter().filter(|(permission, _, _)| may(permission));
    shown.map(|(_, to, id)| ((*to).to_owned(), call.view.t(id))).collect()
}

fn asked(call: &Call, provider: Option<&str>) -> Result<Find> {
    let mut facets = Vec::new();
    for name in DIMENSIONS {
        let values: Vec<String> = call.query.all(name).filter(|value| !value.is_empty()).map(str::to_owned).collect();
        let dimension = ops::dimension(name).ok_or_else(|| Error::broken(format!("no dimension {name}")))?;
        if !values.is_empty() {
            facets.push((dimension, values));
        }
    }
    if let Some(provider) = provider {
        facets.retain(|(dimension, _)| *dimension != "department");
        facets.push(("department", vec![provider.to_owned()]));
    }
    let sort = match call.query.get("sort") {
        Some("updated") => Sort::Newest,
        Some("code") => Sort::Key,
        _ => Sort::Relevance,
    };
    let page = call.query.number("page")?.and_then(|page| usize::try_from(page).ok()).unwrap_or(1).clamp(1, 100_000);
    Ok(Find { text: call.query.get("q").unwrap_or_default().to_owned(), facets, sort, page, rows: ROWS_PER_PAGE })
}

fn search_form(view: &View, address: &str, find: &Find) -> Result<Markup> {
    let sorts: Vec<Choice> = ["relevance", "updated", "code"]
        .iter()
        .map(|word| ((*word).to_owned(), view.t(&format!("catalogue-sort-{word}"))))
        .collect();
    let sort = match find.sort {
        Sort::Relevance => "relevance",
        Sort::Newest => "updated",
        Sort::Key => "code",
    };
    let mut form = Form::get(address, view.t("catalogue-search-button"))
        .field(
            Field::input("q", view.t("catalogue-search"), "search")
                .value(find.text.clone())
                .hint(view.t("catalogue-search-hint")),
        )
        .field(Field::select("sort", view.t("catalogue-sort"), sorts).value(sort));
    for (dimension, values) in &find.facets {
        for value in values {
            form = form.field(Field::hidden(dimension, value.clone()));
        }
    }
    form.render(view)
}

fn facets(
    view: &View,
    find: &Find,
    found: &Found,
    names: &BTreeMap<String, Text>,
    provider: Option<&str>,
) -> Result<Markup> {
    let mut groups = Vec::new();
    for dimension in DIMENSIONS.into_iter().filter(|name| provider.is_none() || *name != "department") {
        let chosen: Vec<&String> =
            find.facets.iter().filter(|(name, _)| *name == dimension).flat_map(|(_, values)| values).collect();
        let counted = found.facets.iter().filter(|facet| facet.dimension == dimension).take(CHOICES_MAX);
        let choices: Vec<FacetChoice> = counted
            .map(|facet| {
                let is_chosen = chosen.contains(&&facet.value);
                let value = if is_chosen { "" } else { facet.value.as_str() };
                FacetChoice {
                    to: view.address_setting(&[(dimension, value), ("page", ""), ("after", "")]),
                    words: value_title(view, names, dimension, &facet.value),
                    count: view.n(facet.count),
                    chosen: is_chosen,
                }
            })
            .collect();
        if choices.len() > 1 || !chosen.is_empty() {
            let title = view.t(&format!("catalogue-facet-{dimension}"));
            groups.push(FacetGroup { title, open: !chosen.is_empty(), choices });
        }
    }
    Markup::of(&FacetsBody { label: view.t("catalogue-narrow"), facets: groups })
}

/// A facet value in words.
fn value_title(view: &View, names: &BTreeMap<String, Text>, dimension: &str, value: &str) -> String {
    match dimension {
        "department" => department(names, view.lang, value),
        "theme" => theme_title(value, view.lang),
        "class" => view.t(&format!("catalogue-sharing-{value}")),
        "opening" => view.t(&format!("catalogue-opened-{}", value.replace('_', "-"))),
        "library" => view.t(&format!("catalogue-library-{value}")),
        "attached" => view.t(&format!("catalogue-attachment-{value}")),
        "grade" => view.with("catalogue-grade-n", "grade", value),
        _ => value.to_owned(),
    }
}

fn table(view: &View, find: &Find, found: &Found, names: &BTreeMap<String, Text>) -> Result<Markup> {
    let mut table = Table::new(view.t("catalogue-list"))
        .column(Column::new("title", view.t("catalogue-field-title")))
        .column(Column::new("provider", view.t("catalogue-field-provider")))
        .column(Column::new("theme", view.t("catalogue-field-theme")))
        .column(Column::new("opening", view.t("catalogue-opened")))
        .column(Column::new("fields", view.t("catalogue-fields")).number())
        .column(Column::new("rows", view.t("catalogue-rows")).number())
        .total(found.total)
        .paging(Paging::Numbered { page: find.page as u64, rows: find.rows as u64 })
        .empty(view.t("catalogue-empty"))
        .exports(&EXPORTS);
    for row in &found.rows {
        table = table.row(cells(view, row, names)?);
    }
    table.render(view)
}

fn cells(view: &View, row: &FoundEntry, names: &BTreeMap<String, Text>) -> Result<Vec<Cell>> {
    let entry = &row.entry;
    let tone = match entry.opened {
        Opened::Open => Tone::Good,
        Opened::TakenDown => Tone::Bad,
        _ => Tone::Plain,
    };
    let rows = entry.attached.map_or(Cell::Missing, |attached| Cell::Number(view.n(attached.rows)));
    Ok(vec![
        Cell::Markup(marked_link(&format!("/catalogue/{}", entry.code), &row.marked)?),
        Cell::text(department(names, view.lang, &entry.content.provider)),
        Cell::text(theme_title(&entry.content.theme, view.lang)),
        Cell::State(view.t(&entry.opened.text_id()), tone),
        Cell::Number(view.n(entry.content.fields.len())),
        rows,
    ])
}

async fn export(call: &Call, mut find: Find, names: &BTreeMap<String, Text>, format: Format) -> Answer {
    let mut rows = Vec::new();
    find.rows = yiwang_search::ROWS_MAX;
    find.page = 1;
    loop {
        let found = ops::find(&call.platform, &call.ctx, &find).await?;
        let done = (find.page * find.rows) as u64 >= found.total;
        rows.extend(found.rows.iter().map(|row| export_row(row, names, call.view.lang)));
        if done || rows.len() >= EXPORT_ROWS_MAX {
            break;
        }
        find.page += 1;
    }
    let view = &call.view;
    let column = |name: &str, id: &str| (name.to_owned(), view.t(id));
    let export = Export {
        format,
        file_name: view.t("catalogue-title"),
        columns: vec![
            column("code", "catalogue-field-code"),
            column("title", "catalogue-field-title"),
            column("provider", "catalogue-field-provider"),
            column("department", "catalogue-department"),
            column("theme", "catalogue-field-theme"),
            column("cycle", "catalogue-field-cycle"),
            column("opening", "catalogue-opened"),
            column("grade", "catalogue-field-grade"),
            column("fields", "catalogue-fields"),
            column("rows", "catalogue-rows"),
        ],
        titled: true,
    };
    let file = export.file();
    let body = export.body(yiwang_web::rows_of(rows));
    Ok(download(&file, format.media_type(), body))
}

fn export_row(row: &FoundEntry, names: &BTreeMap<String, Text>, lang: Lang) -> Vec<Datum> {
    let entry = &row.entry;
    let text = |text: &str| Datum::Text(text.to_owned());
    let count = |count: u64| Datum::Int(i64::try_from(count).unwrap_or(i64::MAX));
    vec![
        Datum::Text(entry.formal_code()),
        text(entry.content.title.get(lang)),
        text(&entry.content.provider),
        Datum::Text(department(names, lang, &entry.content.provider)),
        Datum::Text(theme_title(&entry.content.theme, lang)),
        text(entry.content.cycle.zh()),
        text(entry.opened.zh()),
        count(entry.grade().value().into()),
        count(entry.content.fields.len() as u64),
        entry.attached.map_or(Datum::Null, |attached| count(attached.rows)),
    ]
}
