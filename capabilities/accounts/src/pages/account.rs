//! The own account: password, second step, stand-ins, sessions.

use http::StatusCode;
use serde_json::json;
use yiwang_host::Call;
use yiwang_kernel::{Error, Result};
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Table};

use crate::model::Person;
use crate::ops;
use crate::pages::{Page, day, roles_title, to_mend, token};

/// Which form of the page is shown again, and why.
type Again = Option<(&'static str, Error)>;

pub(crate) async fn show(call: Call) -> Answer {
    shown(&call, StatusCode::OK, None).await
}

pub(crate) async fn change_password(call: Call, fields: Fields) -> Answer {
    let (old, new) = (fields.get("old").unwrap_or_default(), fields.get("password").unwrap_or_default());
    let outcome = if fields.get("again").is_some_and(|again| again != new) {
        Err(Error::invalid("again", "accounts-again"))
    } else {
        ops::change_password(&call.platform, &call.ctx, old, new).await
    };
    match outcome {
        Ok(signed_in) => {
            let answer = call.done("/account?done=password", &json!({ "changed": true }))?;
            Ok(call.with_session(answer, &signed_in.token, signed_in.long))
        }
        Err(error) => again(&call, "password", error).await,
    }
}

pub(crate) async fn enrol(call: Call, _: Fields) -> Answer {
    let view = &call.view;
    let enrolment = ops::enrol(&call.platform, &call.ctx).await?;
    let code = Field::text("code", view.t("accounts-code")).required().autocomplete("one-time-code");
    let form = Form::post("/account/second-step/confirm", view.t("accounts-second-step-confirm")).field(code);
    let page = Page::new(view.t("accounts-second-step"))
        .crumb("/account", view.t("accounts-own"))
        .lead(view.t("accounts-second-step-lead"))
        .codes(view.t("accounts-second-step-secret"), vec![enrolment.secret.clone()])
        .codes(view.t("accounts-second-step-address"), vec![enrolment.address.clone()])
        .form(String::new(), &form, view)?;
    page.respond(&call, StatusCode::OK, &json!({ "secret": enrolment.secret, "address": enrolment.address }))
}

pub(crate) async fn confirm(call: Call, fields: Fields) -> Answer {
    let view = &call.view;
    match ops::confirm(&call.platform, &call.ctx, fields.get("code").unwrap_or_default()).await {
        Ok(codes) => {
            let page = Page::new(view.t("accounts-recovery"))
                .crumb("/account", view.t("accounts-own"))
                .lead(view.t("accounts-recovery-lead"))
                .codes(String::new(), codes.clone())
                .link("/account", view.t("accounts-own"));
            page.respond(&call, StatusCode::OK, &json!({ "recovery_codes": codes }))
        }
        Err(error) => again(&call, "confirm", error).await,
    }
}

pub(crate) async fn turn_off(call: Call, fields: Fields) -> Answer {
    match ops::turn_off(&call.platform, &call.ctx, fields.get("old").unwrap_or_default()).await {
        Ok(()) => call.done("/account?done=saved", &json!({ "second_step": false })),
        Err(error) => again(&call, "off", error).await,
    }
}

pub(crate) async fn name_stand_in(call: Call, fields: Fields) -> Answer {
    let named = async {
        let (first, last) = (day(&fields, "first_day")?, day(&fields, "last_day")?);
        ops::name_stand_in(&call.platform, &call.ctx, fields.required("name")?, first, last).await
    };
    match named.await {
        Ok(()) => call.done("/account?done=saved", &json!({ "named": true })),
        Err(error) => again(&call, "stand-in", error).await,
    }
}

pub(crate) async fn end_stand_in(call: Call, fields: Fields) -> Answer {
    let id = fields.required("id")?.parse()?;
    ops::end_stand_in(&call.platform, &call.ctx, id).await?;
    call.done("/account?done=ended", &json!({ "ended": true }))
}

pub(crate) async fn end_sessions(call: Call, _: Fields) -> Answer {
    let own = call.ctx.actor.account().ok_or(Error::Unauthenticated)?.id;
    let ended = ops::end_sessions(&call.platform, &call.ctx, own).await?;
    let answer = call.done("/sign-in?done=ended", &json!({ "ended": ended }))?;
    Ok(if token(&call).is_some() { call.without_session(answer) } else { answer })
}

async fn again(call: &Call, form: &'static str, error: Error) -> Answer {
    let (status, error) = to_mend(call, error)?;
    shown(call, status, Some((form, error))).await
}

async fn shown(call: &Call, status: StatusCode, again: Again) -> Answer {
    let view = &call.view;
    let own = call.ctx.actor.account().ok_or(Error::Unauthenticated)?;
    let person = ops::person(&call.platform, &call.ctx, own.id).await?;
    let with = |name: &str, form: Form| match &again {
        Some((which, error)) if *which == name => form.error(error.clone()),
        _ => form,
    };
    let mut page = Page::new(view.t("accounts-own"))
        .lead(format!("{} · {}", person.display, roles_title(view, &own.roles)))
        .form(view.t("accounts-password-change"), &with("password", password_form(call)), view)?;
    page = if person.second_step {
        let left = ops::recovery_left(&call.platform, &call.ctx).await?;
        let words = view.with("accounts-second-step-on", "left", view.n(left));
        let old = Field::password("old", view.t("accounts-password-old")).required().autocomplete("current-password");
        let form = Form::post("/account/second-step/off", view.t("accounts-second-step-turn-off")).field(old).danger();
        page.words(view.t("accounts-second-step"), words).form(String::new(), &with("off", form), view)?
    } else {
        let form = Form::post("/account/second-step", view.t("accounts-second-step-turn-on"));
        page.form(view.t("accounts-second-step"), &with("confirm", form), view)?
    };
    page = page.form(view.t("accounts-stand-in"), &with("stand-in", stand_in_form(call)), view)?;
    let (page, stand_ins) = stand_ins(call, page, &person).await?;
    let (page, sessions) = sessions(call, page, &person).await?;
    let json = json!({
        "name": person.name,
        "department": own.department,
        "roles": own.roles.iter().map(|role| role.word()).collect::<Vec<_>>(),
        "second_step": person.second_step,
        "stand_ins": stand_ins,
        "sessions": sessions,
    });
    page.respond(call, status, &json)
}

async fn stand_ins(call: &Call, page: Page, person: &Person) -> Result<(Page, serde_json::Value)> {
    let view = &call.view;
    let loans = ops::stand_ins(&call.platform, &call.ctx).await?;
    let mut table = Table::new(view.t("accounts-stand-ins"))
        .column(Column::new("person", view.t("accounts-stand-in-person")))
        .column(Column::new("stand_in", view.t("accounts-stand-in-who")))
        .column(Column::new("days", view.t("accounts-stand-in-days")))
        .column(Column::new("state", view.t("accounts-state")))
        .empty(view.t("accounts-stand-ins-empty"));
    let today = call.ctx.now().date();
    let mut rows = Vec::new();
    for loan in &loans {
        let over = loan.ended.is_some() || loan.last_day < today;
        let state = if over || loan.person != person.name {
            Cell::text(view.t(if over { "accounts-stand-in-over" } else { "accounts-stand-in-lasting" }))
        } else {
            let form = Form::post("/account/stand-ins/end", view.t("accounts-stand-in-end"));
            Cell::Markup(form.field(Field::hidden("id", loan.id.to_string())).render(view)?)
        };
        let days = format!("{} – {}", view.date(loan.first_day), view.date(loan.last_day));
        table = table.row(vec![Cell::text(&loan.person), Cell::text(&loan.stand_in), Cell::text(days), state]);
        rows.push(json!({
            "id": loan.id, "person": loan.person, "stand_in": loan.stand_in,
            "first_day": loan.first_day, "last_day": loan.last_day, "ended": loan.ended,
        }));
    }
    Ok((page.table(&table, view)?, rows.into()))
}

async fn sessions(call: &Call, page: Page, person: &Person) -> Result<(Page, serde_json::Value)> {
    let view = &call.view;
    let sessions = ops::sessions(&call.platform, &call.ctx, person.id).await?;
    let mut table = Table::new(view.t("accounts-sessions"))
        .column(Column::new("started", view.t("accounts-session-started")))
        .column(Column::new("seen", view.t("accounts-session-seen")))
        .column(Column::new("ends", view.t("accounts-session-ends")));
    let mut rows = Vec::new();
    for session in &sessions {
        let minute = |at| Cell::text(view.minute(at));
        table = table.row(vec![minute(session.started), minute(session.seen), minute(session.ends)]);
        rows.push(json!({
            "id": session.id, "started": session.started, "seen": session.seen, "ends": session.ends,
        }));
    }
    let form = Form::post("/account/sessions/end", view.t("accounts-sessions-end")).danger();
    let page = page.table(&table, view)?.form(String::new(), &form, view)?;
    Ok((page, rows.into()))
}

fn password_form(call: &Call) -> Form {
    let view = &call.view;
    let field = |name: &str, text: &str| Field::password(name, view.t(text)).required();
    Form::post("/account/password", view.t("accounts-password-change"))
        .field(field("old", "accounts-password-old").autocomplete("current-password"))
        .field(
            field("password", "accounts-password-new")
                .hint(view.t("accounts-password-hint"))
                .autocomplete("new-password"),
        )
        .field(field("again", "accounts-password-again").autocomplete("new-password"))
}

fn stand_in_form(call: &Call) -> Form {
    let view = &call.view;
    let name = Field::text("name", view.t("accounts-stand-in-who")).required();
    Form::post("/account/stand-ins", view.t("accounts-stand-in-name"))
        .field(name.hint(view.t("accounts-stand-in-hint")))
        .field(Field::input("first_day", view.t("accounts-first-day"), "date").required())
        .field(Field::input("last_day", view.t("accounts-last-day"), "date").required())
}
