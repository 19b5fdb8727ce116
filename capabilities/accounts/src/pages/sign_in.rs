//! Signing in and out, the second step, activation by link, and in a demo the one-click switch of roles.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;
use yiwang_host::Call;
use yiwang_kernel::{Error, Result};
use yiwang_web::{Answer, Field, Fields, Form};

use crate::ops::{self, Attempt, DemoSwitch, SignedIn, Step};
use crate::pages::{Page, role_title, to_mend, token};

pub(crate) async fn sign_in_page(call: Call) -> Answer {
    let next = next(&call.query);
    first_step(&call, StatusCode::OK, form_of(&call, next))
}

pub(crate) async fn sign_in(call: Call, fields: Fields) -> Answer {
    let next = next(&fields).to_owned();
    let attempt = Attempt {
        name: fields.get("name").unwrap_or_default(),
        password: fields.get("password").unwrap_or_default(),
        address: call.address.as_deref(),
        replaces: token(&call),
    };
    match ops::sign_in(&call.platform, &call.ctx, &attempt).await {
        Ok(Step::Done(signed_in)) => entered(&call, &signed_in, &next),
        Ok(Step::SecondStep(ticket)) => second_step_page(&call, StatusCode::OK, &ticket, &next, None),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            first_step(&call, status, form_of(&call, &next).filled(&fields).error(error))
        }
    }
}

pub(crate) async fn second_step(call: Call, fields: Fields) -> Answer {
    let next = next(&fields).to_owned();
    let ticket = fields.get("ticket").unwrap_or_default();
    let code = fields.get("code").unwrap_or_default();
    match ops::second_step(&call.platform, &call.ctx, ticket, code, token(&call)).await {
        Ok(signed_in) => entered(&call, &signed_in, &next),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            second_step_page(&call, status, ticket, &next, Some(error))
        }
    }
}

pub(crate) async fn sign_out(call: Call, _: Fields) -> Answer {
    if let Some(token) = token(&call) {
        ops::sign_out(&call.platform, token).await?;
    }
    let answer = call.done("/sign-in?done=signed-out", &json!({ "signed_in": false }))?;
    Ok(call.without_session(answer))
}

pub(crate) async fn activation_page(call: Call) -> Answer {
    let link = call.query.get("link").unwrap_or_default();
    let person = ops::activation(&call.platform, &call.ctx, link).await?;
    activation_form(&call, StatusCode::OK, link, &person.name, None)
}

pub(crate) async fn activate(call: Call, fields: Fields) -> Answer {
    let link = fields.get("link").unwrap_or_default();
    let password = fields.get("password").unwrap_or_default();
    let person = ops::activation(&call.platform, &call.ctx, link).await?;
    let outcome = if fields.get("again").is_some_and(|again| again != password) {
        Err(Error::invalid("again", "accounts-again"))
    } else {
        ops::activate(&call.platform, &call.ctx, link, password).await
    };
    match outcome {
        Ok(()) => call.done("/sign-in?done=activated", &json!({ "activated": true })),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            activation_form(&call, status, link, &person.name, Some(error))
        }
    }
}

pub(crate) async fn demo_page(call: Call) -> Answer {
    let view = &call.view;
    let roles = ops::demo_roles(&call.platform)?;
    let rows: Vec<_> = roles.iter().map(|(name, role)| json!({ "name": name, "role": role.word() })).collect();
    if ops::demo_asks_phrase(&call.platform, &call.ctx) {
        return phrase_page(&call, StatusCode::OK, phrase_form(&call)?, &json!({ "rows": rows, "phrase": true }));
    }
    let mut page = Page::new(view.t("accounts-demo")).lead(view.t("accounts-demo-lead"));
    for (name, role) in &roles {
        let words = view.with("accounts-demo-be", "role", role_title(view, *role));
        let form = Form::post("/demo", words).field(Field::hidden("name", *name));
        page = page.form(String::new(), &form, view)?;
    }
    page.respond(&call, StatusCode::OK, &json!({ "rows": rows }))
}

pub(crate) async fn demo_switch(call: Call, fields: Fields) -> Answer {
    let wanted = DemoSwitch {
        name: fields.get("name").unwrap_or_default(),
        phrase: fields.get("phrase").unwrap_or_default(),
        address: call.address.as_deref(),
        replaces: token(&call),
    };
    match ops::demo_switch(&call.platform, &call.ctx, &wanted).await {
        Ok(signed_in) => entered(&call, &signed_in, "/"),
        Err(error) if ops::demo_asks_phrase(&call.platform, &call.ctx) => {
            let (status, error) = to_mend(&call, error)?;
            phrase_page(&call, status, phrase_form(&call)?.filled(&fields).error(error), &json!({ "phrase": true }))
        }
        Err(error) => Err(error.into()),
    }
}

/// The roles of a shared demo, behind its pass phrase.
fn phrase_form(call: &Call) -> Result<Form> {
    let view = &call.view;
    let roles = ops::demo_roles(&call.platform)?;
    let roles = roles.into_iter().map(|(name, role)| (name.to_owned(), role_title(view, role))).collect();
    let phrase = Field::text("phrase", view.t("accounts-demo-phrase")).required().autocomplete("off");
    Ok(Form::post("/demo", view.t("accounts-demo"))
        .field(Field::select("name", view.t("accounts-role"), roles))
        .field(phrase.hint(view.t("accounts-demo-phrase-hint"))))
}

fn phrase_page(call: &Call, status: StatusCode, form: Form, json: &serde_json::Value) -> Answer {
    let view = &call.view;
    let page = Page::new(view.t("accounts-demo")).lead(view.t("accounts-demo-shared"));
    page.form(String::new(), &form, view)?.respond(call, status, json)
}

fn entered(call: &Call, signed_in: &SignedIn, next: &str) -> Answer {
    let answer: Response = call.done(next, &json!({ "signed_in": true }))?;
    Ok(call.with_session(answer, &signed_in.token, signed_in.long))
}

fn form_of(call: &Call, next: &str) -> Form {
    let view = &call.view;
    let name = Field::text("name", view.t("accounts-name")).required().autocomplete("username");
    let password = Field::password("password", view.t("accounts-password")).required().autocomplete("current-password");
    let form = Form::post("/sign-in", view.t("accounts-sign-in"));
    form.field(name).field(password).field(Field::hidden("next", next))
}

fn first_step(call: &Call, status: StatusCode, form: Form) -> Answer {
    let view = &call.view;
    let page = Page::new(view.t("accounts-sign-in")).lead(view.t("accounts-sign-in-lead"));
    let page = page.form(String::new(), &form, view)?;
    page.respond(call, status, &json!({ "fields": ["name", "password", "next"] }))
}

fn second_step_page(call: &Call, status: StatusCode, ticket: &str, next: &str, error: Option<Error>) -> Answer {
    let view = &call.view;
    let code = Field::text("code", view.t("accounts-code")).required().autocomplete("one-time-code");
    let mut form = Form::post("/sign-in/code", view.t("accounts-sign-in"))
        .field(code.hint(view.t("accounts-code-hint")))
        .field(Field::hidden("ticket", ticket))
        .field(Field::hidden("next", next));
    if let Some(error) = error {
        form = form.error(error);
    }
    let page = Page::new(view.t("accounts-second-step")).form(String::new(), &form, view)?;
    page.respond(call, status, &json!({ "signed_in": false, "next": "/sign-in/code", "ticket": ticket }))
}

fn activation_form(call: &Call, status: StatusCode, link: &str, name: &str, error: Option<Error>) -> Answer {
    let view = &call.view;
    let password = Field::password("password", view.t("accounts-password-new")).required();
    let again = Field::password("again", view.t("accounts-password-again")).required();
    let mut form = Form::post("/activate", view.t("accounts-activate"))
        .field(Field::hidden("link", link))
        .field(password.hint(view.t("accounts-password-hint")).autocomplete("new-password"))
        .field(again.autocomplete("new-password"));
    if let Some(error) = error {
        form = form.error(error);
    }
    let page = Page::new(view.t("accounts-activate")).lead(view.with("accounts-activate-lead", "name", name));
    page.form(String::new(), &form, view)?.respond(call, status, &json!({ "name": name }))
}

/// Where to go after signing in: an address of this site, or the start.
fn next(fields: &Fields) -> &str {
    let fits = |next: &&str| {
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']) && next.len() < 2000
    };
    fields.get("next").filter(fits).unwrap_or("/")
}
