//! The report page: every number, every type and why, every refusal with its line, and what can be done next.

use http::StatusCode;
use yiwang_gate::{Mode, Page};
use yiwang_host::{Answer, Call};
use yiwang_kernel::Result;
use yiwang_web::{Arg, Cell, Column, Field, Form, Head, Markup, Table, View};

use super::{report_json, tone};
use crate::model::{LoadLine, LoadReport, State};
use crate::ops;

/// Refused rows the page shows; the rest is in the download.
const REFUSED_ROWS: u64 = 20;

#[derive(askama::Template)]
#[template(path = "collect/report.html")]
struct ReportBody<'a> {
    view: &'a View,
    title: String,
    tone: &'static str,
    state: String,
    words: String,
    personal: bool,
    entry: String,
    decisions: Vec<Markup>,
    facts: Vec<(String, String)>,
    fields: Markup,
    refusals: Markup,
    refused_n: u64,
    refused: Markup,
    load: String,
    preview: Markup,
}

/// The page of a report; `line` is none for a dry run, of which nothing is kept.
pub(crate) async fn page(call: &Call, status: StatusCode, report: &LoadReport, line: Option<&LoadLine>) -> Answer {
    let view = &call.view;
    let title = view.with("collect-report-of", "source", &report.source);
    let body = ReportBody {
        view,
        title: title.clone(),
        tone: tone(report.state).class(),
        state: view.t(&report.state.text_id()),
        words: words(view, report),
        personal: report.fields.iter().any(|field| field.personal),
        entry: if report.version.is_some() { report.address.clone() } else { String::new() },
        decisions: decisions(view, report)?,
        facts: facts(view, report, line),
        fields: fields(view, report)?,
        refusals: refusals(view, report)?,
        refused_n: if line.is_some() { report.rows_refused } else { 0 },
        refused: refused(call, report, line).await?,
        load: report.load.clone(),
        preview: preview(call, report, line).await?,
    };
    let head = Head::new(title).crumb("/collect/loads", view.t("collect-loads-title"));
    call.respond_as(status, head, &body, &report_json(report)?)
}

fn words(view: &View, report: &LoadReport) -> String {
    let id = match (report.state, report.verdict.as_deref()) {
        (State::Running, _) => "collect-report-running-words",
        (State::Loaded, _) => "collect-report-loaded-words",
        (State::Held, Some("arrival")) => "collect-report-held-arrival-words",
        (State::Held, Some("fields")) => "collect-report-held-fields-words",
        (State::Held, _) => "collect-report-held-words",
        (State::Refused, _) => "collect-report-refused-words",
        (State::Cancelled, Some("interrupted")) => "collect-report-interrupted-words",
        (State::Cancelled, Some("retention")) => "collect-report-term-words",
        (State::Cancelled, Some("failed")) => "collect-report-failed-words",
        (State::Cancelled, _) => "collect-report-cancelled-words",
        (State::RolledBack, _) => "collect-report-rolled-back-words",
        (State::Tried, _) => "collect-report-tried-words",
    };
    let args = [
        ("loaded", Arg::from(view.n(report.rows_loaded))),
        ("refused", Arg::from(view.n(report.rows_refused))),
        ("version", Arg::from(view.n(report.version.unwrap_or(0)))),
    ];
    view.with_args(id, &args)
}

fn decisions(view: &View, report: &LoadReport) -> Result<Vec<Markup>> {
    let to = |act: &str| format!("/collect/loads/{}/{act}", report.load);
    let forms = match report.state {
        State::Held => vec![
            Form::post(to("accept"), view.t("collect-report-accept")),
            Form::post(to("discard"), view.t("collect-report-discard")).danger(),
        ],
        State::Loaded => {
            let reason = Field::text("reason", view.t("collect-report-undo-reason"))
                .hint(view.t("collect-report-undo-about"))
                .required();
            vec![Form::post(to("undo"), view.t("collect-report-undo")).danger().field(reason)]
        }
        State::Running => vec![Form::post(to("cancel"), view.t("collect-report-discard")).danger()],
        State::Refused | State::Cancelled | State::RolledBack | State::Tried => Vec::new(),
    };
    forms.iter().map(|form| form.render(view)).collect()
}

fn facts(view: &View, report: &LoadReport, line: Option<&LoadLine>) -> Vec<(String, String)> {
    let mode = match report.mode {
        Mode::Append => "collect-load-mode-append",
        Mode::Replace => "collect-load-mode-replace",
        Mode::Upsert => "collect-load-mode-upsert",
    };
    let grade = if report.grade_proposed { "collect-report-grade-proposed" } else { "collect-report-grade-stated" };
    let mut facts = vec![
        ("rows-in", view.n(report.rows_in)),
        ("rows-loaded", view.n(report.rows_loaded)),
        ("rows-refused", view.n(report.rows_refused)),
    ];
    if report.rows_replaced > 0 {
        facts.push(("rows-replaced", view.n(report.rows_replaced)));
    }
    if report.rows_duplicate > 0 {
        facts.push(("rows-duplicate", view.n(report.rows_duplicate)));
    }
    facts.push(("resource", format!("{} {}", report.title, report.resource)));
    facts.push(("department", report.department.clone()));
    if let Some(version) = report.version {
        facts.push(("version", view.n(version)));
    }
    facts.push(("mode", view.t(mode)));
    if !report.key.is_empty() {
        facts.push(("key", report.key.join(", ")));
    }
    facts.push(("grade", view.with(grade, "grade", report.grade.to_string())));
    facts.push(("format", report.format.clone()));
    facts.push(("encoding", report.encoding.clone()));
    facts.push(("size", view.n(report.size_bytes)));
    facts.push(("sha256", report.sha256.clone()));
    if let Some(line) = line {
        facts.push(("time", view.minute(line.started)));
    }
    facts.push(("seconds", format!("{:.1}", report.seconds)));
    facts.into_iter().map(|(id, value)| (view.t(&format!("collect-report-{id}")), value)).collect()
}

fn fields(view: &View, report: &LoadReport) -> Result<Markup> {
    let mut table = Table::new(view.t("collect-report-fields"))
        .column(Column::new("title", view.t("collect-report-field-title")))
        .column(Column::new("name", view.t("collect-report-field-name")))
        .column(Column::new("type", view.t("collect-report-field-type")))
        .column(Column::new("why", view.t("collect-report-field-why")))
        .column(Column::new("kind", view.t("collect-report-field-kind")))
        .column(Column::new("nulls", view.t("collect-report-field-nulls")).number())
        .column(Column::new("distinct", view.t("collect-report-field-distinct")).number());
    for field in &report.fields {
        let kind = match (&field.kind, field.personal) {
            (Some(kind), _) => view.t(&format!("collect-kind-{}", kind.replace('_', "-"))),
            (None, true) => view.t("collect-kind-personal"),
            (None, false) => String::new(),
        };
        table = table.row(vec![
            Cell::text(&field.title),
            Cell::text(&field.name),
            Cell::text(type_words(view, &field.r#type)),
            Cell::text(view.t(&format!("collect-why-{}", field.why))),
            Cell::text(kind),
            Cell::Number(view.n(field.nulls)),
            Cell::Number(view.n(field.distinct)),
        ]);
    }
    table.render(view)
}

/// A type in words: `decimal(18,2)` as the word for decimals and its digits.
fn type_words(view: &View, given: &str) -> String {
    let (word, digits) = given.split_once('(').map_or((given, ""), |(word, _)| (word, &given[word.len()..]));
    format!("{}{digits}", view.t(&format!("collect-type-{word}")))
}

fn refusals(view: &View, report: &LoadReport) -> Result<Markup> {
    if report.refusals.is_empty() {
        return Ok(Markup::default());
    }
    let mut table = Table::new(view.t("collect-report-refusals"))
        .column(Column::new("reason", view.t("collect-report-refusal-reason")))
        .column(Column::new("field", view.t("collect-report-refused-field")))
        .column(Column::new("rows", view.t("collect-report-refusal-rows")).number())
        .column(Column::new("line", view.t("collect-report-refusal-line")).number());
    for refusal in &report.refusals {
        table = table.row(vec![
            Cell::text(reason_words(view, &refusal.reason)),
            Cell::text(refusal.field.as_deref().unwrap_or_default()),
            Cell::Number(view.n(refusal.rows)),
            Cell::Number(view.n(refusal.line_first)),
        ]);
    }
    table.render(view)
}

fn reason_words(view: &View, reason: &str) -> String {
    view.t(&format!("collect-refused-{}", reason.replace('_', "-")))
}

/// The first refused rows; nothing where this reader holds no grant for them.
async fn refused(call: &Call, report: &LoadReport, line: Option<&LoadLine>) -> Result<Markup> {
    let Some(line) = line.filter(|_| report.rows_refused > 0 && report.state != State::Running) else {
        return Ok(Markup::default());
    };
    let page = Page::Offset { offset: 0, rows: REFUSED_ROWS };
    let Ok(answer) = ops::refused_rows(&call.platform, &call.ctx, line.id, page).await else {
        return Ok(Markup::default());
    };
    let view = &call.view;
    let mut table = Table::new(view.t("collect-report-refused-rows"))
        .column(Column::new("line", view.t("collect-report-refused-line")).number())
        .column(Column::new("field", view.t("collect-report-refused-field")))
        .column(Column::new("reason", view.t("collect-report-refusal-reason")))
        .column(Column::new("text", view.t("collect-report-refused-text")));
    for batch in answer.collect().await? {
        for row in crate::cells::texts(&batch)? {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || cells.next().unwrap_or_default();
            let (number, field, reason, text) = (next(), next(), next(), next());
            table = table.row(vec![
                Cell::Number(number),
                Cell::text(field),
                Cell::text(reason_words(view, &reason)),
                Cell::text(text),
            ]);
        }
    }
    table.render(view)
}

/// The first rows that wait; nothing where this reader holds no grant for them.
async fn preview(call: &Call, report: &LoadReport, line: Option<&LoadLine>) -> Result<Markup> {
    let Some(line) = line.filter(|_| report.state == State::Held) else { return Ok(Markup::default()) };
    let Ok(preview) = ops::preview(&call.platform, &call.ctx, line.id).await else { return Ok(Markup::default()) };
    let view = &call.view;
    let mut table = Table::new(view.with("collect-report-preview", "n", view.n(preview.rows.len())));
    for (place, title) in preview.columns.iter().enumerate() {
        table = table.column(Column::new(format!("c{place}"), title));
    }
    for row in preview.rows {
        table = table.row(row.into_iter().map(|cell| cell.map_or(Cell::Missing, Cell::text)).collect());
    }
    table.render(view)
}
