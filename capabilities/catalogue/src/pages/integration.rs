//! 挂接率: which department's published entries have rows in the city's store, against the targets. For staff.

use serde_json::json;
use yiwang_host::{Answer, Call, download};
use yiwang_kernel::Result;
use yiwang_web::{Cell, Column, Datum, Export, Format, Markup, Table, Tone, View};

use super::{Section, department, head, pairs, respond};
use crate::model::Integrated;
use crate::ops;

const EXPORTS: [Format; 4] = [Format::Csv, Format::CsvExcel, Format::Xlsx, Format::Json];

/// A department's line.
struct Line {
    code: String,
    name: String,
    share: Integrated,
}

/// `/catalogue/integration`.
pub(crate) async fn page(call: Call) -> Answer {
    let (rows, city) = ops::integration(&call.platform).await?;
    let targets = ops::targets(&call.platform)?;
    let names = ops::department_names(&call.platform).await?;
    let view = &call.view;
    let line = |(code, share): (String, Integrated)| Line { name: department(&names, view.lang, &code), code, share };
    let lines: Vec<Line> = rows.into_iter().map(line).collect();
    if let Some(format) = call.query.get("format").and_then(Format::parse).filter(|format| *format != Format::Json) {
        return Ok(export(&call, format, &lines, targets));
    }
    let reached = |percent: u64| lines.iter().filter(|line| line.share.reaches(percent)).count();
    let mut facts = vec![(view.t("catalogue-integration-city"), told(view, city))];
    for percent in targets {
        let words = view.with("catalogue-integration-reaching", "percent", percent.to_string());
        facts.push((words, format!("{} / {}", view.n(reached(percent)), view.n(lines.len()))));
    }
    let sections = [Section::plain(pairs(&facts)?), Section::plain(table(view, &lines, targets)?)];
    let row = |line: &Line| {
        json!({
            "department": line.code, "name": line.name, "entries": line.share.entries,
            "attached": line.share.attached, "permille": line.share.permille(),
            "reached": targets.map(|percent| line.share.reaches(percent)),
        })
    };
    let json = json!({
        "targets": targets,
        "city": { "entries": city.entries, "attached": city.attached, "permille": city.permille() },
        "total": lines.len(),
        "rows": lines.iter().map(row).collect::<Vec<_>>(),
    });
    let title = view.t("catalogue-integration");
    respond(&call, head(view, title), &view.t("catalogue-integration-lead"), &sections, &json)
}

fn table(view: &View, lines: &[Line], targets: [u64; 2]) -> Result<Markup> {
    let mut table = Table::new(view.t("catalogue-integration"))
        .column(Column::new("department", view.t("catalogue-field-provider")))
        .column(Column::new("entries", view.t("catalogue-integration-entries")).number())
        .column(Column::new("attached", view.t("catalogue-integration-attached")).number())
        .column(Column::new("share", view.t("catalogue-integration-share")).number())
        .total(lines.len() as u64)
        .empty(view.t("catalogue-integration-empty"))
        .exports(&EXPORTS);
    for percent in targets {
        table = table.column(Column::new(format!("reaches_{percent}"), target(view, percent)));
    }
    for line in lines {
        let mut cells = vec![
            Cell::link(format!("/departments/{}/catalogue", line.code), &line.name),
            Cell::Number(view.n(line.share.entries)),
            Cell::Number(view.n(line.share.attached)),
            Cell::Number(percent_of(line.share)),
        ];
        for percent in targets {
            let (words, tone) = match line.share.reaches(percent) {
                true => ("catalogue-integration-yes", Tone::Good),
                false => ("catalogue-integration-no", Tone::Warning),
            };
            cells.push(Cell::State(view.t(words), tone));
        }
        table = table.row(cells);
    }
    table.render(view)
}

fn export(call: &Call, format: Format, lines: &[Line], targets: [u64; 2]) -> axum::response::Response {
    let view = &call.view;
    let count = |number: u64| Datum::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let row = |line: &Line| {
        let mut row = vec![
            Datum::Text(line.code.clone()),
            Datum::Text(line.name.clone()),
            count(line.share.entries),
            count(line.share.attached),
            Datum::Text(percent_of(line.share)),
        ];
        row.extend(targets.map(|percent| Datum::Bool(line.share.reaches(percent))));
        row
    };
    let column = |name: &str, words: String| (name.to_owned(), words);
    let mut columns = vec![
        column("department", view.t("catalogue-field-provider")),
        column("name", view.t("catalogue-integration-name")),
        column("entries", view.t("catalogue-integration-entries")),
        column("attached", view.t("catalogue-integration-attached")),
        column("percent", view.t("catalogue-integration-share")),
    ];
    columns.extend(targets.map(|percent| column(&format!("reaches_{percent}"), target(view, percent))));
    let file_name = view.t("catalogue-integration");
    let export = Export { format, file_name, columns, titled: format != Format::Csv };
    let file = export.file();
    download(&file, format.media_type(), export.body(yiwang_web::rows_of(lines.iter().map(row).collect())))
}

fn target(view: &View, percent: u64) -> String {
    view.with("catalogue-integration-target", "percent", percent.to_string())
}

/// `83.3`.
fn percent_of(share: Integrated) -> String {
    format!("{}.{}", share.permille() / 10, share.permille() % 10)
}

fn told(view: &View, share: Integrated) -> String {
    format!("{} % ({} / {})", percent_of(share), view.n(share.attached), view.n(share.entries))
}
