//! The catalogue as a table: dry run, apply, undo, export.

use serde_json::{Value, json};
use yiwang_host::{Answer, Call, Uploads, download};
use yiwang_kernel::{Error, Result};
use yiwang_web::{Cell, Column, Field, Form, Markup, Table, View};

use super::{Section, again, head, links, pairs, respond};
use crate::model::{Fault, TABLE_BYTES_MAX};
use crate::ops::{self, Checked};
use crate::store::{Batch, BatchState};

/// `/catalogue/import`.
pub(crate) async fn form(call: Call) -> Answer {
    let batches = ops::import_batches(&call.platform, &call.ctx).await?;
    let view = &call.view;
    let export = [("/catalogue/export".to_owned(), view.t("catalogue-export"))];
    let sections = [
        Section::plain(upload_form(view).render(view)?),
        Section::plain(links(&export)?),
        Section::plain(table(view, &batches)?),
    ];
    let json = json!({ "batches": batches.iter().map(batch_json).collect::<Vec<_>>() });
    respond(&call, head(view, view.t("catalogue-import")), &view.t("catalogue-import-lead"), &sections, &json)
}

/// Posts a table: says what would happen and changes nothing.
pub(crate) async fn check(call: Call, uploads: Uploads) -> Answer {
    let checked = match received(uploads).await {
        Ok((table, update)) => ops::check_table(&call.platform, &call.ctx, &table, update).await,
        Err(error) => Err(error),
    };
    let view = &call.view;
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => return again(&call, head(view, view.t("catalogue-import")), upload_form(view), error),
    };
    let mut sections = vec![Section::plain(summary(view, &checked)?)];
    if let Some(batch) = checked.batch {
        let form = Form::post(format!("/catalogue/import/{batch}/apply"), view.t("catalogue-apply"));
        sections.push(Section::plain(form.render(view)?));
    } else {
        sections.push(Section::plain(faults(view, &checked.faults)?));
        sections.push(Section::plain(upload_form(view).render(view)?));
    }
    let json = json!({
        "batch": checked.batch, "new": checked.new, "changed": checked.changed, "fields": checked.fields,
        "faults": checked.faults.iter().map(|fault| fault_json(view, fault)).collect::<Vec<_>>(),
    });
    respond(&call, head(view, view.t("catalogue-import-check")), "", &sections, &json)
}

/// Posts the application of a checked table.
pub(crate) async fn apply(call: Call) -> Answer {
    let batch = ops::apply(&call.platform, &call.ctx, call.path("id")?.parse()?).await?;
    call.done("/catalogue/import", &batch_json(&batch))
}

/// Posts the undoing of an applied table.
pub(crate) async fn undo(call: Call) -> Answer {
    let batch = ops::undo(&call.platform, &call.ctx, call.path("id")?.parse()?).await?;
    call.done("/catalogue/import", &batch_json(&batch))
}

/// `/catalogue/export`: the own department's entries, or the city's, as a table that can be imported again.
pub(crate) async fn export(call: Call) -> Answer {
    let own = call.ctx.actor.department().map(str::to_owned);
    let wished = call.query.filled("department").map(str::to_owned);
    let city = call.platform.access.check(&call.ctx, ops::IMPORT, &yiwang_access::Scope::CITY).is_ok();
    let provider = wished.or(if city { None } else { own });
    let table = ops::export_table(&call.platform, &call.ctx, provider.as_deref()).await?;
    Ok(download("catalogue.csv", "text/csv; charset=utf-8", table.into()))
}

async fn received(mut uploads: Uploads) -> Result<(Vec<u8>, bool)> {
    let mut table = Vec::new();
    let mut update = false;
    while let Some(mut part) = uploads.next().await? {
        if part.name == "update" {
            update = matches!(part.text(8).await?.as_str(), "1" | "on" | "true");
        } else if part.name == "file" {
            while let Some(chunk) = part.chunk().await? {
                if table.len() + chunk.len() > TABLE_BYTES_MAX {
                    return Err(Error::too_large("catalogue-table-bytes").with("limit", TABLE_BYTES_MAX));
                }
                table.extend_from_slice(&chunk);
            }
        }
    }
    if table.is_empty() {
        return Err(Error::invalid("file", "field-missing"));
    }
    Ok((table, update))
}

fn upload_form(view: &View) -> Form {
    Form::post("/catalogue/import", view.t("catalogue-check"))
        .field(Field::tick("update", view.t("catalogue-update")))
        .field(
            Field::file("file", view.t("catalogue-table-file"), ".csv,.xlsx")
                .hint(view.t("catalogue-table-hint"))
                .required(),
        )
}

fn summary(view: &View, checked: &Checked) -> Result<Markup> {
    pairs(&[
        (view.t("catalogue-import-new"), view.n(checked.new)),
        (view.t("catalogue-import-changed"), view.n(checked.changed)),
        (view.t("catalogue-fields"), view.n(checked.fields)),
        (view.t("catalogue-faults"), view.n(checked.faults.len())),
    ])
}

fn faults(view: &View, faults: &[Fault]) -> Result<Markup> {
    let mut table = Table::new(view.t("catalogue-faults"))
        .column(Column::new("row", view.t("catalogue-row")).number())
        .column(Column::new("field", view.t("catalogue-column")))
        .column(Column::new("error", view.t("catalogue-fault")))
        .total(faults.len() as u64);
    for fault in faults {
        let cells =
            vec![Cell::Number(view.n(fault.row)), Cell::text(&fault.field), Cell::text(view.error(&fault.error))];
        table = table.row(cells);
    }
    table.render(view)
}

fn table(view: &View, batches: &[Batch]) -> Result<Markup> {
    let mut table = Table::new(view.t("catalogue-batches"))
        .column(Column::new("at", view.t("catalogue-when")))
        .column(Column::new("entries", view.t("catalogue-entries")).number())
        .column(Column::new("fields", view.t("catalogue-fields")).number())
        .column(Column::new("state", view.t("catalogue-state")))
        .column(Column::new("act", view.t("catalogue-actions")))
        .total(batches.len() as u64)
        .empty(view.t("catalogue-batches-empty"));
    for batch in batches {
        let form = match batch.state {
            BatchState::Checked => Some(("apply", view.t("catalogue-apply"))),
            BatchState::Applied => Some(("undo", view.t("catalogue-undo"))),
            BatchState::Undone => None,
        };
        let act = match form {
            Some((act, words)) => {
                Cell::Markup(Form::post(format!("/catalogue/import/{}/{act}", batch.id), words).render(view)?)
            }
            None => Cell::Missing,
        };
        table = table.row(vec![
            Cell::text(view.minute(batch.at)),
            Cell::Number(view.n(batch.entries)),
            Cell::Number(view.n(batch.fields)),
            Cell::text(view.t(&format!("catalogue-batch-{}", batch.state.word()))),
            act,
        ]);
    }
    table.render(view)
}

fn fault_json(view: &View, fault: &Fault) -> Value {
    let error = &fault.error;
    json!({ "row": fault.row, "field": fault.field, "code": error.code(), "text": view.error(error) })
}

fn batch_json(batch: &Batch) -> Value {
    json!({
        "id": batch.id, "at": batch.at, "actor": batch.actor, "state": batch.state.word(), "entries": batch.entries,
        "fields": batch.fields,
    })
}
