//! The pages of loading: upload form, list, report with its decisions. Each answers as JSON too. Thin: what may be done
//! is decided in `ops`.

mod form;
mod report;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use yiwang_gate::Page;
use yiwang_host::{Answer, Call, download, sent};
use yiwang_kernel::{Cursor, Error, Id, PageRequest, Result};
use yiwang_web::{Cell, Column, Datum, Export, Fields, Form, Head, Markup, Paging, Table, Tone};

pub(crate) use form::{api_load, upload, upload_form};
pub(crate) use report::page as report_page;

use crate::model::{LoadFilter, LoadLine, LoadReport, State};
use crate::ops::{self, Running};

#[derive(askama::Template)]
#[template(path = "collect/loads.html")]
struct LoadsBody<'a> {
    view: &'a yiwang_web::View,
    filter: Markup,
    term: Option<(String, Option<Markup>)>,
    table: Markup,
}

/// 装载记录.
pub(crate) async fn list(call: Call) -> Answer {
    let state = call.query.filled("state").map(State::parse).transpose()?;
    let filter = LoadFilter {
        department: call.query.filled("department").map(str::to_owned),
        resource: call.query.filled("resource").map(str::to_owned),
        state,
    };
    let rows = call.query.number("rows")?.and_then(|rows| usize::try_from(rows).ok());
    let after = call.query.filled("after").map(Cursor::decode).transpose()?;
    let page = ops::list(&call.platform, &call.ctx, &filter, &PageRequest { rows, after }).await?;
    let next = page.next.as_ref().map(Cursor::encode);
    let json = json!({
        "total": page.total,
        "rows": page.rows.iter().map(line_json).collect::<Vec<_>>(),
        "next": next,
    });
    let view = &call.view;
    let mut table = Table::new(view.t("collect-loads-title"))
        .column(Column::new("source", view.t("collect-loads-source")))
        .column(Column::new("state", view.t("collect-loads-state")))
        .column(Column::new("resource", view.t("collect-loads-resource")))
        .column(Column::new("rows", view.t("collect-loads-rows")).number())
        .column(Column::new("refused", view.t("collect-loads-refused")).number())
        .column(Column::new("department", view.t("collect-loads-department")))
        .column(Column::new("started", view.t("collect-loads-time")))
        .empty(format!("{}。{}", view.t("collect-loads-none"), view.t("collect-loads-none-next")))
        .total(page.total)
        .paging(Paging::Keyset { next });
    for line in &page.rows {
        let report = &line.report;
        table = table.row(vec![
            Cell::link(format!("/collect/loads/{}", line.id), &report.source),
            Cell::State(view.t(&report.state.text_id()), tone(report.state)),
            Cell::link(format!("/catalogue/{}", report.resource), &report.title),
            Cell::Number(view.n(report.rows_loaded)),
            Cell::Number(view.n(report.rows_refused)),
            Cell::text(&report.department),
            Cell::text(view.minute(line.started)),
        ]);
    }
    let states = State::ALL.into_iter().filter(|state| *state != State::Tried);
    let mut choices = vec![(String::new(), view.t("collect-loads-all"))];
    choices.extend(states.map(|state| (state.word().to_owned(), view.t(&state.text_id()))));
    let narrow = Form::get("/collect/loads", view.t("collect-loads-narrow"))
        .field(yiwang_web::Field::select("state", view.t("collect-loads-state"), choices))
        .filled(&call.query);
    let term = match &filter.resource {
        Some(resource) => term(&call, resource).await?,
        None => None,
    };
    let body = LoadsBody { view, filter: narrow.render(view)?, term, table: table.render(view)? };
    call.respond(Head::new(view.t("collect-loads-title")), &body, &json)
}

/// How long the rows of a resource are kept, and the press that removes them once that is over.
async fn term(call: &Call, resource: &str) -> Result<Option<(String, Option<Markup>)>> {
    let view = &call.view;
    let Some((until, over)) = ops::term(&call.platform, &call.ctx, resource).await? else { return Ok(None) };
    let text = view.with(if over { "collect-term-over" } else { "collect-term" }, "date", until.to_string());
    let action = format!("/collect/terms/{resource}/end");
    let form = over.then(|| Form::post(action, view.t("collect-term-end")).render(view)).transpose()?;
    Ok(Some((text, form)))
}

/// 到期清除.
pub(crate) async fn end_term(call: Call, _given: Fields) -> Answer {
    let code = call.path("code")?.to_owned();
    ops::end_term(&call.platform, &call.ctx, &code).await?;
    call.done(&format!("/collect/loads?resource={code}"), &json!({ "resource": code, "rows": 0 }))
}

/// 装载报告.
pub(crate) async fn show(call: Call) -> Answer {
    let id = load_id(&call)?;
    let line = ops::find(&call.platform, &call.ctx, id).await?;
    report_page(&call, StatusCode::OK, &line.report, Some(&line)).await
}

/// The refused rows as CSV.
pub(crate) async fn refused(call: Call) -> Answer {
    let id = load_id(&call)?;
    let answer = ops::refused_rows(&call.platform, &call.ctx, id, Page::All).await?;
    let names = answer.schema.fields().iter().map(|field| (field.name().clone(), field.name().clone()));
    let export = Export {
        format: yiwang_web::Format::Csv,
        file_name: format!("refused-{id}"),
        columns: names.collect(),
        titled: false,
    };
    let sending = answer.sending();
    let rows = futures::StreamExt::map(answer.rows, |batch| {
        let datum = |cell: Option<String>| cell.map_or(Datum::Null, Datum::Text);
        let rows = crate::cells::texts(&batch?)?;
        Ok(rows.into_iter().map(|row| row.into_iter().map(datum).collect()).collect())
    });
    let (file, kind) = (export.file(), export.format.media_type());
    Ok(download(&file, kind, sent(sending, export.body(Box::pin(rows)))))
}

/// 确认入库.
pub(crate) async fn accept(call: Call, _given: Fields) -> Answer {
    let report = ops::accept_held(&call.platform, &call.ctx, load_id(&call)?).await?;
    done(&call, &report)
}

/// 放弃.
pub(crate) async fn discard(call: Call, _given: Fields) -> Answer {
    let report = ops::discard_held(&call.platform, &call.ctx, load_id(&call)?).await?;
    done(&call, &report)
}

/// 回退.
pub(crate) async fn undo(call: Call, given: Fields) -> Answer {
    let id = load_id(&call)?;
    let line = ops::find(&call.platform, &call.ctx, id).await?;
    let version = line.report.version.ok_or_else(|| Error::refused("load-not-loaded"))?;
    let reason = given.required("reason")?;
    let report = ops::undo(&call.platform, &call.ctx, &line.report.resource, version, reason).await?;
    done(&call, &report)
}

/// 取消: asks a load under way to stop.
pub(crate) async fn cancel(call: Call, running: Running) -> Answer {
    let id = load_id(&call)?;
    let line = ops::find(&call.platform, &call.ctx, id).await?;
    running.give_up(id);
    done(&call, &line.report)
}

fn done(call: &Call, report: &LoadReport) -> Answer {
    call.done(&format!("/collect/loads/{}", report.load), &report_json(report)?)
}

fn load_id(call: &Call) -> Result<Id> {
    call.path("load")?.parse().map_err(|_| Error::not_found("load-unknown"))
}

/// A report as JSON.
pub(crate) fn report_json(report: &LoadReport) -> Result<serde_json::Value> {
    serde_json::to_value(report).map_err(|source| Error::internal("a report does not write", source))
}

fn line_json(line: &LoadLine) -> serde_json::Value {
    let report = &line.report;
    json!({
        "load": report.load,
        "started": line.started,
        "source": report.source,
        "state": report.state,
        "resource": report.resource,
        "department": report.department,
        "version": report.version,
        "rows_in": report.rows_in,
        "rows_loaded": report.rows_loaded,
        "rows_refused": report.rows_refused,
    })
}

/// How a state is meant.
pub(crate) fn tone(state: State) -> Tone {
    match state {
        State::Loaded => Tone::Good,
        State::Held => Tone::Warning,
        State::Refused => Tone::Bad,
        State::Running | State::Cancelled | State::RolledBack | State::Tried => Tone::Plain,
    }
}

/// A JSON answer with a status of its own.
pub(crate) fn json_answer(status: StatusCode, json: &serde_json::Value) -> Response {
    (status, [(http::header::CONTENT_TYPE, "application/json")], format!("{json}\n")).into_response()
}
