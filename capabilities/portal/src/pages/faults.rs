//! 报告数据错误: the form for everybody, the number to look the answer up, and the list for those who answer.

use http::StatusCode;
use serde_json::json;
use yiwang_access::Limit;
use yiwang_host::{Answer, Call, Wants};
use yiwang_kernel::{Cursor, Error, Id, PageRequest};
use yiwang_web::{Cell, Column, Failure, Field, Fields, Form, Head, Markup, Paging, Table, Tone, View};

use crate::faults::{Fault, FaultForm, FaultState, WORDS_CHARS_MAX};
use crate::ops;

#[derive(askama::Template)]
#[template(path = "portal/fault.html")]
struct FormBody<'a> {
    view: &'a View,
    form: Markup,
    look: Markup,
}

#[derive(askama::Template)]
#[template(path = "portal/fault_state.html")]
struct StateBody<'a> {
    view: &'a View,
    fresh: bool,
    number: String,
    facts: Vec<(String, String)>,
    form: Markup,
}

#[derive(askama::Template)]
#[template(path = "portal/faults.html")]
struct ListBody<'a> {
    view: &'a View,
    table: Markup,
}

/// The form.
pub(crate) async fn fault_form(call: Call) -> Answer {
    form_page(&call, StatusCode::OK, &call.query, None)
}

/// Takes a report; answers with the number to look it up.
pub(crate) async fn report(call: Call, given: Fields) -> Answer {
    call.platform.limits.take(&call.ctx, Limit::Write, "portal.report")?;
    let text = |name: &str| given.get(name).unwrap_or_default().to_owned();
    let form = FaultForm { resource: text("resource"), place: text("place"), words: text("words") };
    match ops::report_fault(&call.platform, &call.ctx, form).await {
        Ok(fault) => state_page(&call, StatusCode::CREATED, &fault, true, Markup::default()),
        Err(error) if call.wants == Wants::Html && error.status() < 500 => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            form_page(&call, status, &given, Some(error))
        }
        Err(error) => Err(Failure(error)),
    }
}

/// Looks a report up by its number, which travels in the body.
pub(crate) async fn look_up(call: Call, given: Fields) -> Answer {
    match ops::fault_by_handle(&call.platform, given.required("handle")?).await {
        Ok(fault) => state_page(&call, StatusCode::OK, &fault, false, Markup::default()),
        Err(error) => Err(Failure(error)),
    }
}

/// The list for those who answer.
pub(crate) async fn faults(call: Call) -> Answer {
    let after = call.query.filled("after").map(Cursor::decode).transpose()?;
    let page = ops::faults(&call.platform, &call.ctx, &PageRequest { rows: None, after }).await?;
    let view = &call.view;
    let next = page.next.as_ref().map(Cursor::encode);
    let mut table = Table::new(view.t("portal-faults-title"))
        .column(Column::new("words", view.t("portal-fault-words")))
        .column(Column::new("place", view.t("portal-fault-place")))
        .column(Column::new("resource", view.t("portal-fault-resource")))
        .column(Column::new("state", view.t("portal-fault-state")))
        .column(Column::new("reported", view.t("portal-fault-reported")))
        .empty(format!("{}。{}", view.t("portal-faults-none"), view.t("portal-faults-none-next")))
        .total(page.total)
        .paging(Paging::Keyset { next: next.clone() });
    for fault in &page.rows {
        let tone = if fault.state == FaultState::Open { Tone::Warning } else { Tone::Good };
        table = table.row(vec![
            Cell::link(format!("/portal/faults/{}", fault.id), &fault.words),
            Cell::text(&fault.place),
            Cell::link(format!("/catalogue/{}", fault.resource), &fault.resource),
            Cell::State(view.t(fault.state.text_id()), tone),
            Cell::text(view.minute(fault.reported)),
        ]);
    }
    let json =
        json!({ "total": page.total, "rows": page.rows.iter().map(fault_json).collect::<Vec<_>>(), "next": next });
    let body = ListBody { view, table: table.render(view)? };
    call.respond(Head::new(view.t("portal-faults-title")), &body, &json)
}

/// A report with the form to answer it.
pub(crate) async fn fault_show(call: Call) -> Answer {
    let fault = ops::fault(&call.platform, &call.ctx, fault_id(&call)?).await?;
    let view = &call.view;
    let form = match fault.state {
        FaultState::Open => Form::post(format!("/portal/faults/{}", fault.id), view.t("portal-fault-answer-press"))
            .field(Field::area("answer", view.t("portal-fault-answer")).required())
            .render(view)?,
        FaultState::Answered => Markup::default(),
    };
    state_page(&call, StatusCode::OK, &fault, false, form)
}

/// 答复.
pub(crate) async fn answer(call: Call, given: Fields) -> Answer {
    let fault = ops::answer_fault(&call.platform, &call.ctx, fault_id(&call)?, given.required("answer")?).await?;
    call.done("/portal/faults", &fault_json(&fault))
}

fn fault_id(call: &Call) -> yiwang_kernel::Result<Id> {
    call.path("fault")?.parse().map_err(|_| Error::not_found("fault-unknown"))
}

fn form_page(call: &Call, status: StatusCode, given: &Fields, error: Option<Error>) -> Answer {
    let view = &call.view;
    let mut form = Form::post("/fault", view.t("portal-fault-send"))
        .field(Field::text("resource", view.t("portal-fault-resource")).required())
        .field(Field::text("place", view.t("portal-fault-place")).hint(view.t("portal-fault-place-hint")))
        .field(
            Field::area("words", view.t("portal-fault-words"))
                .hint(view.with("portal-fault-words-hint", "limit", view.n(WORDS_CHARS_MAX)))
                .required(),
        )
        .filled(given);
    if let Some(error) = error {
        form = form.error(error);
    }
    let look = Form::post("/fault/state", view.t("portal-fault-look-press"))
        .field(Field::text("handle", view.t("portal-fault-handle-label")).required());
    let body = FormBody { view, form: form.render(view)?, look: look.render(view)? };
    let json = json!({ "fields": ["resource", "place", "words"], "words_chars_max": WORDS_CHARS_MAX });
    call.respond_as(status, Head::new(view.t("portal-fault-title")), &body, &json)
}

fn state_page(call: &Call, status: StatusCode, fault: &Fault, fresh: bool, form: Markup) -> Answer {
    let view = &call.view;
    let mut facts = vec![
        ("portal-fault-state", view.t(fault.state.text_id())),
        ("portal-fault-resource", fault.resource.clone()),
        ("portal-fault-place", fault.place.clone()),
        ("portal-fault-words", fault.words.clone()),
        ("portal-fault-reported", view.minute(fault.reported)),
    ];
    if fault.state == FaultState::Answered {
        facts.push(("portal-fault-answer", fault.answer.clone()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    let body = StateBody {
        view,
        fresh,
        number: view.with("portal-fault-handle", "handle", &fault.handle),
        facts: facts.into_iter().map(|(id, value)| (view.t(id), value)).collect(),
        form,
    };
    let mut json = fault_json(fault);
    if fresh {
        json["handle"] = fault.handle.clone().into();
    }
    call.respond_as(status, Head::new(view.t("portal-fault-title")), &body, &json)
}

fn fault_json(fault: &Fault) -> serde_json::Value {
    json!({
        "resource": fault.resource,
        "place": fault.place,
        "words": fault.words,
        "reported": fault.reported,
        "state": fault.state.word(),
        "answer": fault.answer,
        "answered": fault.answered,
    })
}
