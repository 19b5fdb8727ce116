//! The negative list as everybody may read it, of today or of a past day; and putting items on it and taking them off.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use yiwang_access::Scope;
use yiwang_host::{Answer, Call, download};
use yiwang_kernel::{CivilDate, Error, Result, Text};
use yiwang_web::{Cell, Choice, Column, Datum, Export, Field, Fields, Form, Format, Head, Markup, Table};

use super::{Section, again, department, entry_head, respond};
use crate::model::{Entry, Withheld};
use crate::ops;

const EXPORTS: [Format; 4] = [Format::Csv, Format::CsvExcel, Format::Xlsx, Format::Json];

/// `/negative-list?on=2026-11-21`.
pub(crate) async fn list(call: Call) -> Answer {
    let today = call.ctx.now().date();
    let read = |text: &str| text.parse::<CivilDate>().map_err(|_| date_error("on", text));
    let day = call.query.filled("on").map(read).transpose()?.unwrap_or(today);
    let items = ops::negative_list(&call.platform, day).await?;
    let names = ops::department_names(&call.platform).await?;
    let view = &call.view;
    if let Some(format) = call.query.get("format").and_then(Format::parse).filter(|format| *format != Format::Json) {
        return Ok(export(&call, format, &items, &names));
    }
    let form = Form::get("/negative-list", view.t("catalogue-negative-show"))
        .field(Field::input("on", view.t("catalogue-negative-on"), "date").value(day.to_string()));
    let title = view.t("catalogue-negative");
    let sections = [Section::plain(form.render(view)?), Section::plain(table(&call, title.clone(), &items, &names)?)];
    let json = json!({ "on": day, "total": items.len(), "items": items.iter().map(item_json).collect::<Vec<_>>() });
    respond(&call, Head::new(title), &view.t("catalogue-negative-lead"), &sections, &json)
}

/// `/catalogue/{code}/withhold`.
pub(crate) async fn withhold(call: Call) -> Answer {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let items = ops::live_withheld(&call.platform, &call.ctx, &entry.code).await?;
    let names = ops::department_names(&call.platform).await?;
    let view = &call.view;
    let sections = [
        Section::plain(withhold_form(&call, &entry).render(view)?),
        Section::plain(table(&call, view.t("catalogue-negative"), &items, &names)?),
    ];
    let head = entry_head(view, &entry, &view.t("catalogue-do-withhold"));
    let json = json!({ "code": entry.code, "items": items.iter().map(item_json).collect::<Vec<_>>() });
    respond(&call, head, &view.t("catalogue-withhold-lead"), &sections, &json)
}

/// Posts an item.
pub(crate) async fn list_item(call: Call, given: Fields) -> Answer {
    let code = call.path("code")?.to_owned();
    let until = match given.filled("until") {
        Some(text) => text.parse::<CivilDate>().map(Some).map_err(|_| date_error("until", text)),
        None => Ok(None),
    };
    let (field, basis) = (given.get("field").unwrap_or_default(), given.get("basis").unwrap_or_default());
    let listed = match until {
        Ok(until) => ops::withhold(&call.platform, &call.ctx, &code, field, basis, until).await,
        Err(error) => Err(error),
    };
    match listed {
        Ok(item) => call.done(&format!("/catalogue/{code}/withhold"), &item_json(&item)),
        Err(error) => {
            let entry = ops::entry(&call.platform, &call.ctx, &code).await?;
            let form = withhold_form(&call, &entry).filled(&given);
            again(&call, entry_head(&call.view, &entry, &call.view.t("catalogue-do-withhold")), form, error)
        }
    }
}

/// Posts the end of an item.
pub(crate) async fn release(call: Call) -> Answer {
    ops::release(&call.platform, &call.ctx, call.path("id")?.parse()?).await?;
    call.done("/negative-list", &json!({ "released": call.path("id")? }))
}

/// Items as a table; whoever may take one off finds the button in its row.
pub(crate) fn table(
    call: &Call,
    caption: String,
    items: &[Withheld],
    names: &BTreeMap<String, Text>,
) -> Result<Markup> {
    let view = &call.view;
    let may = |item: &Withheld| {
        let scope = Scope::department(&item.provider);
        item.removed.is_none() && call.platform.access.check(&call.ctx, ops::WITHHOLD, &scope).is_ok()
    };
    let mut table = Table::new(caption)
        .column(Column::new("title", view.t("catalogue-field-title")))
        .column(Column::new("provider", view.t("catalogue-field-provider")))
        .column(Column::new("basis", view.t("catalogue-basis")))
        .column(Column::new("since", view.t("catalogue-since")))
        .column(Column::new("until", view.t("catalogue-until")))
        .total(items.len() as u64)
        .empty(view.t("catalogue-negative-empty"))
        .exports(&EXPORTS);
    let acts = items.iter().any(may);
    if acts {
        table = table.column(Column::new("release", view.t("catalogue-release")));
    }
    for item in items {
        let mut cells = vec![
            Cell::link(format!("/catalogue/{}", item.code), &item.title),
            Cell::text(department(names, view.lang, &item.provider)),
            Cell::text(&item.basis),
            Cell::text(item.starts.to_string()),
            item.ends.map_or(Cell::Missing, |ends| Cell::text(ends.to_string())),
        ];
        if acts {
            let form = Form::post(format!("/negative-list/{}/release", item.id), view.t("catalogue-release"));
            cells.push(if may(item) { Cell::Markup(form.render(view)?) } else { Cell::Missing });
        }
        table = table.row(cells);
    }
    table.render(view)
}

/// An item as JSON.
pub(crate) fn item_json(item: &Withheld) -> Value {
    json!({
        "id": item.id, "code": item.code, "field": item.field, "title": item.title, "provider": item.provider,
        "basis": item.basis, "since": item.starts, "until": item.ends,
    })
}

fn withhold_form(call: &Call, entry: &Entry) -> Form {
    let view = &call.view;
    let mut fields: Vec<Choice> = vec![(String::new(), view.t("catalogue-whole-entry"))];
    let named = entry.content.fields.iter().map(|field| (field.name.clone(), view.text(&field.title).to_owned()));
    fields.extend(named);
    Form::post(format!("/catalogue/{}/withhold", entry.code), view.t("catalogue-do-withhold"))
        .field(Field::select("field", view.t("catalogue-what"), fields))
        .field(Field::area("basis", view.t("catalogue-basis")).hint(view.t("catalogue-basis-hint")).required())
        .field(Field::input("until", view.t("catalogue-until"), "date").hint(view.t("catalogue-until-hint")))
}

fn export(call: &Call, format: Format, items: &[Withheld], names: &BTreeMap<String, Text>) -> axum::response::Response {
    let view = &call.view;
    let column = |name: &str, id: &str| (name.to_owned(), view.t(id));
    let text = |text: &str| Datum::Text(text.to_owned());
    let row = |item: &Withheld| {
        vec![
            text(&item.code),
            text(&item.field),
            text(&item.title),
            Datum::Text(department(names, view.lang, &item.provider)),
            text(&item.basis),
            Datum::Text(item.starts.to_string()),
            item.ends.map_or(Datum::Null, |ends| Datum::Text(ends.to_string())),
        ]
    };
    let export = Export {
        format,
        file_name: view.t("catalogue-negative"),
        columns: vec![
            column("code", "catalogue-field-code"),
            column("field", "catalogue-field-name"),
            column("title", "catalogue-field-title"),
            column("provider", "catalogue-field-provider"),
            column("basis", "catalogue-basis"),
            column("since", "catalogue-since"),
            column("until", "catalogue-until"),
        ],
        titled: true,
    };
    let file = export.file();
    download(&file, format.media_type(), export.body(yiwang_web::rows_of(items.iter().map(row).collect())))
}

fn date_error(field: &str, given: &str) -> Error {
    Error::invalid(field, "date-format").with("given", given)
}
