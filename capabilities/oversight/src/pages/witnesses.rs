//! Witnesses: what they ask (head and proof), what they hand in, and who they are, for the security administrator.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::{Answer, Call, Wants};
use yiwang_kernel::{Error, Result};
use yiwang_ledger::Witness;
use yiwang_seal::hex;
use yiwang_web::{Cell, Column, Field, Fields, Form, Head, Markup, Table, View};

use crate::ops;
use crate::store::Witnessed;

#[derive(askama::Template)]
#[template(path = "oversight/witnesses.html")]
struct WitnessesBody<'a> {
    view: &'a View,
    table: Markup,
    add: Markup,
    remove: Markup,
}

/// `/ledger/consistency`: the head, and that it goes on from the first `old` entries.
pub(crate) async fn consistency(call: Call) -> Answer {
    let old = call.query.filled("old").unwrap_or("0");
    let old: u64 = old.parse().map_err(|_| Error::invalid("old", "field-number"))?;
    let found = ops::consistency(&call.platform, old).await?;
    let path: Vec<String> = found.path.iter().map(|node| hex(node)).collect();
    let document = json!({ "verifier": call.platform.ledger.verifier(), "head": found.head, "path": path });
    call.json(StatusCode::OK, &document)
}

/// `/ledger/witnessed`: a head that a witness signed.
pub(crate) async fn witnessed(call: Call, given: Fields) -> Answer {
    // The line end that belongs to a note is lost on the way through a form.
    let note = format!("{}\n", given.required("note")?.trim_end());
    let kept = ops::take(&call.platform, &call.ctx, &note).await?;
    call.json(StatusCode::CREATED, &document(&kept))
}

/// `/ledger/witnesses`: who is registered, and what each signed last.
pub(crate) async fn list(call: Call) -> Answer {
    shown(&call, StatusCode::OK, None, &Fields::default()).await
}

/// Registers one.
pub(crate) async fn register(call: Call, given: Fields) -> Answer {
    let verifier = given.get("verifier").unwrap_or_default();
    match ops::register(&call.platform, &call.ctx, verifier).await {
        Ok(witness) => call.done("/ledger/witnesses?done=added", &json!({ "name": witness.name() })),
        Err(error) => to_mend(&call, error, &given).await,
    }
}

/// Takes one off.
pub(crate) async fn remove(call: Call, given: Fields) -> Answer {
    let name = given.get("name").unwrap_or_default();
    match ops::remove(&call.platform, &call.ctx, name).await {
        Ok(()) => call.done("/ledger/witnesses?done=removed", &json!({ "name": name })),
        Err(error) => Err(error.into()),
    }
}

/// What is public of a witnessed head.
pub(crate) fn document(head: &Witnessed) -> Value {
    json!({
        "log": head.log, "witness": head.witness, "size": head.size, "signed": head.signed, "note": head.note,
    })
}

async fn to_mend(call: &Call, error: Error, given: &Fields) -> Answer {
    match error {
        Error::Invalid { .. } if call.wants == Wants::Html => {
            shown(call, StatusCode::UNPROCESSABLE_ENTITY, Some(error), given).await
        }
        error => Err(error.into()),
    }
}

async fn shown(call: &Call, status: StatusCode, error: Option<Error>, given: &Fields) -> Answer {
    let view = &call.view;
    let witnesses = ops::witnesses(&call.platform, &call.ctx).await?;
    let heads = ops::witnessed(&call.platform).await?;
    let mut add = Form::post("/ledger/witnesses", view.t("oversight-witness-add"))
        .field(
            Field::text("verifier", view.t("oversight-witness-verifier"))
                .hint(view.t("oversight-witness-hint"))
                .required(),
        )
        .filled(given);
    if let Some(error) = error {
        add = add.error(error);
    }
    let remove = if witnesses.is_empty() { Markup::default() } else { leaving(view, &witnesses)? };
    let rows: Vec<Value> = witnesses
        .iter()
        .map(|witness| {
            let last = heads.iter().find(|head| head.witness == witness.name());
            json!({ "name": witness.name(), "verifier": witness.verifier(), "last": last.map(document) })
        })
        .collect();
    let table = table(view, &witnesses, &heads)?;
    let body = WitnessesBody { view, table, add: add.render(view)?, remove };
    let head = Head::new(view.t("oversight-witnesses-title")).crumb("/ledger", view.t("oversight-head-title"));
    call.respond_as(status, head, &body, &json!({ "rows": rows }))
}

fn leaving(view: &View, witnesses: &[Witness]) -> Result<Markup> {
    let choices = witnesses.iter().map(|witness| (witness.name().to_owned(), witness.name().to_owned())).collect();
    Form::post("/ledger/witnesses/remove", view.t("oversight-witness-remove"))
        .danger()
        .field(Field::select("name", view.t("oversight-witness-name"), choices).required())
        .render(view)
}

fn table(view: &View, witnesses: &[Witness], heads: &[Witnessed]) -> Result<Markup> {
    let mut table = Table::new(view.t("oversight-witnesses-title"))
        .column(Column::new("name", view.t("oversight-witness-name")))
        .column(Column::new("size", view.t("oversight-entries")).number())
        .column(Column::new("signed", view.t("oversight-witness-signed")))
        .column(Column::new("verifier", view.t("oversight-witness-verifier")))
        .empty(view.t("oversight-witnesses-none"));
    for witness in witnesses {
        let last = heads.iter().find(|head| head.witness == witness.name());
        table = table.row(vec![
            Cell::text(witness.name()),
            last.map_or(Cell::Missing, |head| Cell::Number(view.n(head.size))),
            last.map_or(Cell::Missing, |head| Cell::text(view.minute(head.signed))),
            Cell::text(witness.verifier()),
        ]);
    }
    table.render(view)
}
