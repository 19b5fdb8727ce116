//! Many accounts from a CSV or XLSX list: choose, see every row with its reason, then make them.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::{Call, Uploads};
use yiwang_kernel::{Error, Result};
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Table, Tone};

use crate::ops::{self, Checked};
use crate::pages::people::invited_page;
use crate::pages::{Page, to_mend};

/// Bytes of a list at most.
pub(crate) const FILE_BYTES_MAX: usize = 1024 * 1024;

pub(crate) async fn choose(call: Call) -> Answer {
    chooser(&call, StatusCode::OK, None)
}

pub(crate) async fn check(call: Call, uploads: Uploads) -> Answer {
    let checked = async {
        let file = file(uploads).await?;
        ops::check_import(&call.platform, &call.ctx, &file).await
    };
    match checked.await {
        Ok(checked) => checked_page(&call, &checked),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            chooser(&call, status, Some(error))
        }
    }
}

pub(crate) async fn apply(call: Call, fields: Fields) -> Answer {
    let id = fields.required("import")?.parse().map_err(|_| Error::gone("accounts-import-gone"))?;
    let invited = ops::apply_import(&call.platform, &call.ctx, id).await?;
    invited_page(&call, &invited)
}

async fn file(mut uploads: Uploads) -> Result<Vec<u8>> {
    while let Some(mut part) = uploads.next().await? {
        if part.name != "file" {
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > FILE_BYTES_MAX {
                return Err(Error::too_large("body-large"));
            }
        }
        return if bytes.is_empty() { Err(Error::invalid("file", "field-missing")) } else { Ok(bytes) };
    }
    Err(Error::invalid("file", "field-missing"))
}

fn chooser(call: &Call, status: StatusCode, error: Option<Error>) -> Answer {
    let view = &call.view;
    let file = Field::file("file", view.t("accounts-import-file"), ".csv,.xlsx").required();
    let mut form = Form::post("/accounts/import", view.t("accounts-import-check"));
    form = form.field(file.hint(view.t("accounts-import-hint")));
    if let Some(error) = error {
        form = form.error(error);
    }
    let page = Page::new(view.t("accounts-import")).crumb("/accounts", view.t("accounts-title"));
    let json = json!({ "columns": ["name", "display", "department", "roles"] });
    page.form(String::new(), &form, view)?.respond(call, status, &json)
}

fn checked_page(call: &Call, checked: &Checked) -> Answer {
    let view = &call.view;
    let good = checked.rows.iter().filter(|row| row.problem.is_none()).count();
    let mut table = Table::new(view.t("accounts-import-rows")).total(checked.rows.len() as u64);
    for column in ["line", "name", "display", "department", "roles", "result"] {
        table = table.column(Column::new(column, view.t(&format!("accounts-{column}"))));
    }
    let mut rows: Vec<Value> = Vec::new();
    for row in &checked.rows {
        let (person, problem) = (&row.row.person, row.problem.as_ref().map(|error| view.error(error)));
        let result = match &problem {
            Some(words) => Cell::State(words.clone(), Tone::Bad),
            None => Cell::State(view.t("accounts-import-good"), Tone::Good),
        };
        table = table.row(vec![
            Cell::Number(view.n(row.row.line)),
            Cell::text(&person.name),
            Cell::text(&person.display),
            Cell::text(person.department.clone().unwrap_or_default()),
            Cell::text(person.roles.join(" ")),
            result,
        ]);
        rows.push(json!({ "line": row.row.line, "name": person.name, "problem": problem }));
    }
    let lead = view.with_args(
        "accounts-import-lead",
        &[("good", view.n(good).into()), ("bad", view.n(checked.rows.len() - good).into())],
    );
    let mut page = Page::new(view.t("accounts-import")).crumb("/accounts", view.t("accounts-title")).lead(lead);
    if let Some(id) = checked.id {
        let form = Form::post("/accounts/import/apply", view.with("accounts-import-apply", "good", view.n(good)));
        page = page.form(String::new(), &form.field(Field::hidden("import", id.to_string())), view)?;
    }
    let json = json!({ "import": checked.id, "good": good, "rows": rows });
    page.table(&table, view)?.respond(call, StatusCode::OK, &json)
}
