//! The set-up pages: the form behind the one-time link, what is shown once when the city is made, and the question
//! where the copy of its keys is kept. Thin; the room judges links, `found` judges values.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use yiwang_access::Limit;
use yiwang_accounts::ops::NewAdministrator;
use yiwang_host::{Answer, Call, Capability, Wants, get, post};
use yiwang_kernel::{Error, Text};
use yiwang_web::{Failure, Field, Fields, Form, Head, Markup, View};

use super::room::{Made, Room};
use super::{THREE, Wish};

/// The settings the form asks for, after the ones with rules of their own.
const ASKED: [&str; 6] = ["host.address", "host.organiser", "host.contact", "host.phone", "host.icp", "host.police"];
/// Seconds making a city may take.
const MAKING_S: u64 = 300;

#[derive(askama::Template)]
#[template(path = "set_up/form.html")]
struct FormBody<'a> {
    view: &'a View,
    form: Option<Markup>,
}

#[derive(askama::Template)]
#[template(path = "set_up/made.html")]
struct MadeBody<'a> {
    view: &'a View,
    made: Option<&'a Made>,
    form: Markup,
}

/// The pages over this room.
pub(super) fn capability(room: &Arc<Room>) -> Capability {
    const NO_CITY: &str = "there is no city yet, and no ledger";
    let (shown, made, kept) = (Arc::clone(room), Arc::clone(room), Arc::clone(room));
    Capability::new("set_up", Text::new("首次设置", "Set-up"))
        .route(get("/", waiting).open().audit_none(NO_CITY).doc("等待首次设置", "waits to be set up"))
        .route(
            get("/set-up", move |call: Call| show(call, Arc::clone(&shown)))
                .open()
                .audit_none(NO_CITY)
                .doc("首次设置", "set the city up")
                .takes("link", "一次性链接", "the one-time link"),
        )
        .route(
            post("/set-up", move |call: Call, fields: Fields| make(call, fields, Arc::clone(&made)))
                .open()
                .audit_none(NO_CITY)
                .doc("首次设置：建城", "set the city up: make it")
                .timeout(MAKING_S),
        )
        .route(
            post("/set-up/kept", move |call: Call, fields: Fields| keep(call, fields, Arc::clone(&kept)))
                .open()
                .audit_none(NO_CITY)
                .doc("首次设置：密钥已另存", "set the city up: the keys are kept elsewhere"),
        )
}

async fn waiting(call: Call) -> Answer {
    let body = FormBody { view: &call.view, form: None };
    call.respond(Head::new(call.view.t("set-up-title")), &body, &json!({ "set_up": false }))
}

async fn show(call: Call, room: Arc<Room>) -> Answer {
    let link = call.query.get("link").unwrap_or_default();
    limit(&call)?;
    room.check_link(link).await?;
    asked(&call, StatusCode::OK, form(&call.view, link))
}

async fn make(call: Call, fields: Fields, room: Arc<Room>) -> Answer {
    let link = fields.get("link").unwrap_or_default();
    limit(&call)?;
    room.check_link(link).await?;
    let differs = |name: &str| {
        let given = |part: &str| fields.get(&format!("{name}_{part}"));
        given("again").is_some_and(|again| Some(again) != given("password"))
    };
    let made = match THREE.iter().find(|(name, _)| differs(name)) {
        Some((name, _)) => Err(Error::invalid(format!("{name}_again"), "accounts-again")),
        None => Arc::clone(&room).make(link, wish(&fields)).await,
    };
    match made {
        Ok(made) => shown_once(&call, StatusCode::CREATED, Some(&made), &made.ticket, None),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            asked(&call, status, form(&call.view, link).filled(&fields).error(error))
        }
    }
}

async fn keep(call: Call, fields: Fields, room: Arc<Room>) -> Answer {
    let ticket = fields.get("ticket").unwrap_or_default();
    limit(&call)?;
    room.check_ticket(ticket).await?;
    let kept = match (fields.ticked("kept"), fields.required("place")) {
        (false, _) => Err(Error::invalid("kept", "set-up-keep")),
        (true, Err(error)) => Err(error),
        (true, Ok(place)) => room.keep(ticket, place).await,
    };
    match kept {
        Ok(()) => {
            let mut answer = call.done("/sign-in", &json!({ "set_up": true }))?;
            // The room closes now; the next call is the city's.
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            Ok(answer)
        }
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            shown_once(&call, status, None, ticket, Some(error))
        }
    }
}

/// Links and tickets are long; guessing them is slowed all the same.
fn limit(call: &Call) -> Result<(), Failure> {
    let address = call.address.as_deref().unwrap_or("unknown");
    Ok(call.platform.limits.take(&call.ctx, Limit::SignInAddress, address)?)
}

/// For an error that can be mended in the form: its status and itself. Others, and those of JSON calls, leave as they
/// are.
fn to_mend(call: &Call, error: Error) -> Result<(StatusCode, Error), Failure> {
    let mendable =
        matches!(error, Error::Invalid { .. } | Error::Refused(_) | Error::Conflict(_) | Error::Unavailable(_));
    if !mendable || call.wants == Wants::Json {
        return Err(Failure(error));
    }
    let error = match error {
        // Settings are named by what they are called everywhere else; so are their fields.
        Error::Invalid { field, detail } if field == "name" => Error::Invalid { field: "name_zh".to_owned(), detail },
        other => other,
    };
    Ok((StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), error))
}

fn wish(fields: &Fields) -> Wish {
    let text = |name: &str| fields.filled(name).unwrap_or_default().to_owned();
    let administrator = |(name, display): (&str, &str)| NewAdministrator {
        name: fields.filled(&format!("{name}_name")).unwrap_or(name).to_lowercase(),
        display: fields.filled(&format!("{name}_display")).unwrap_or(display).to_owned(),
        password: fields.get(&format!("{name}_password")).filter(|given| !given.is_empty()).map(str::to_owned),
    };
    Wish {
        name: fields.text("name"),
        region: text("region"),
        unsealed: false,
        administrators: THREE.map(administrator),
        settings: ASKED.iter().map(|name| ((*name).to_owned(), text(name))).collect(),
    }
}

fn form(view: &View, link: &str) -> Form {
    let mut form = Form::post("/set-up", view.t("set-up-make"))
        .field(Field::hidden("link", link))
        .field(Field::heading(view.t("set-up-city")))
        .field(Field::text("name_zh", view.t("set-up-name-zh")).required())
        .field(Field::text("name_en", view.t("set-up-name-en")))
        .field(Field::text("region", view.t("set-up-region")).required().hint(view.t("set-up-region-hint")))
        .field(Field::heading(view.t("set-up-three")).hint(view.t("set-up-three-hint")));
    for (name, display) in THREE {
        let words = |what: &str| view.t(&format!("set-up-{name}-{what}"));
        form = form
            .field(
                Field::text(&format!("{name}_name"), words("name"))
                    .required()
                    .value(name)
                    .hint(view.t("accounts-name-hint"))
                    .autocomplete("off"),
            )
            .field(Field::text(&format!("{name}_display"), words("display")).required().value(display))
            .field(
                Field::password(&format!("{name}_password"), words("password"))
                    .hint(view.t("set-up-password-hint"))
                    .autocomplete("new-password"),
            )
            .field(Field::password(&format!("{name}_again"), words("again")).autocomplete("new-password"));
    }
    form = form.field(Field::heading(view.t("set-up-site")).hint(view.t("set-up-site-hint")));
    for name in ASKED {
        let id = name.trim_start_matches("host.").replace('_', "-");
        let field = Field::text(name, view.t(&format!("set-up-{id}"))).hint(view.t(&format!("set-up-{id}-hint")));
        form = form.field(if name == "host.phone" { field.value("12345") } else { field });
    }
    form
}

fn asked(call: &Call, status: StatusCode, form: Form) -> Answer {
    let view = &call.view;
    let body = FormBody { view, form: Some(form.render(view)?) };
    call.respond_as(status, Head::new(view.t("set-up-title")), &body, &json!({ "next": "/set-up" }))
}

fn shown_once(call: &Call, status: StatusCode, made: Option<&Made>, ticket: &str, error: Option<Error>) -> Answer {
    let view = &call.view;
    let mut form = Form::post("/set-up/kept", view.t("set-up-open"))
        .field(Field::hidden("ticket", ticket))
        .field(Field::text("place", view.t("set-up-place")).required().hint(view.t("set-up-place-hint")))
        .field(Field::tick("kept", view.t("set-up-kept")));
    if let Some(error) = error {
        form = form.error(error);
    }
    let json: Value = match made {
        Some(made) => json!({
            "administrators": made.administrators.iter()
                .map(|(name, path)| json!({ "name": name, "path": path })).collect::<Vec<_>>(),
            "keys": made.keys, "recovery": made.recovery, "ticket": made.ticket, "next": "/set-up/kept",
        }),
        None => json!({ "next": "/set-up/kept" }),
    };
    let body = MadeBody { view, made, form: form.render(view)? };
    call.respond_as(status, Head::new(view.t("set-up-made-title")), &body, &json)
}
