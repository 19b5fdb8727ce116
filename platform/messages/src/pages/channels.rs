//! 通道: the mail server and the addresses that may be called, for the operator.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::Call;
use yiwang_kernel::Error;
use yiwang_web::{Answer, Choice, Field, Fields, Form};

use super::{Page, to_mend};
use crate::mail::TlsMode;
use crate::ops::{self, Channels};

/// The form.
pub(crate) async fn show(call: Call) -> Answer {
    let channels = ops::channels(&call.platform, &call.ctx).await?;
    shown(&call, StatusCode::OK, &form_of(&call, &channels), &json_of(&channels))
}

/// Keeps what was set.
pub(crate) async fn save(call: Call, fields: Fields) -> Answer {
    let outcome = match given(&fields) {
        Ok(wanted) => ops::set_channels(&call.platform, &call.ctx, &wanted, fields.get("smtp_password")).await,
        Err(error) => Err(error),
    };
    let channels = ops::channels(&call.platform, &call.ctx).await?;
    match outcome {
        Ok(()) => call.done("/messages/channels?done=saved", &json_of(&channels)),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            let form = form_of(&call, &channels).filled(&fields).error(error);
            shown(&call, status, &form, &Value::Null)
        }
    }
}

/// 试发.
pub(crate) async fn trial(call: Call, _: Fields) -> Answer {
    match ops::trial(&call.platform, &call.ctx).await {
        Ok(delivery) => call.done("/messages/deliveries?done=trial", &json!({ "delivery": delivery })),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            let channels = ops::channels(&call.platform, &call.ctx).await?;
            shown(&call, status, &form_of(&call, &channels).error(error), &Value::Null)
        }
    }
}

fn given(fields: &Fields) -> yiwang_kernel::Result<Channels> {
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let number = |name: &str| fields.number(name)?.ok_or_else(|| Error::invalid(name, "field-missing"));
    Ok(Channels {
        host: text("smtp_host"),
        port: number("smtp_port")?,
        tls: TlsMode::parse(fields.required("smtp_tls")?)?,
        user: text("smtp_user"),
        from: text("smtp_from"),
        address: text("address"),
        digest_hour: number("digest_hour")?,
        allowed: text("http_allowed"),
        trusted: text("trusted"),
        has_password: false,
    })
}

fn form_of(call: &Call, channels: &Channels) -> Form {
    let view = &call.view;
    let mode = |mode: TlsMode| -> Choice { (mode.word().to_owned(), view.t(&format!("messages-tls-{}", mode.word()))) };
    let password = if channels.has_password { "messages-smtp-password-kept" } else { "messages-smtp-password-none" };
    let text = |name: &str, label: &str, value: &str| Field::text(name, view.t(label)).value(value);
    Form::post("/messages/channels", view.t("messages-save"))
        .field(text("address", "messages-site-address", &channels.address).hint(view.t("messages-site-address-hint")))
        .field(text("smtp_host", "messages-smtp-host", &channels.host).hint(view.t("messages-smtp-host-hint")))
        .field(
            Field::input("smtp_port", view.t("messages-smtp-port"), "number")
                .value(channels.port.to_string())
                .required(),
        )
        .field(
            Field::radio("smtp_tls", view.t("messages-smtp-tls"), TlsMode::ALL.map(mode).to_vec())
                .value(channels.tls.word())
                .required(),
        )
        .field(text("smtp_user", "messages-smtp-user", &channels.user).hint(view.t("messages-smtp-user-hint")))
        .field(
            Field::password("smtp_password", view.t("messages-smtp-password"))
                .hint(view.t(password))
                .autocomplete("new-password"),
        )
        .field(text("smtp_from", "messages-smtp-from", &channels.from).hint(view.t("messages-smtp-from-hint")))
        .field(
            Field::input("digest_hour", view.t("messages-digest-hour"), "number")
                .hint(view.t("messages-digest-hour-hint"))
                .value(channels.digest_hour.to_string())
                .required(),
        )
        .field(
            Field::area("http_allowed", view.t("messages-http-allowed"))
                .hint(view.t("messages-http-allowed-hint"))
                .value(channels.allowed.clone()),
        )
        .field(
            Field::area("trusted", view.t("messages-trusted"))
                .hint(view.t("messages-trusted-hint"))
                .value(channels.trusted.clone()),
        )
}

fn shown(call: &Call, status: StatusCode, form: &Form, json: &Value) -> Answer {
    let view = &call.view;
    let trial = Form::post("/messages/channels/test", view.t("messages-trial-press"));
    Page::new(view.t("messages-channels"))
        .lead(view.t("messages-channels-lead"))
        .link("/messages/deliveries", view.t("messages-deliveries"))
        .form(String::new(), form, view)?
        .form(view.t("messages-trial-heading"), &trial, view)?
        .respond(call, status, json)
}

/// The password is never part of it.
fn json_of(channels: &Channels) -> Value {
    json!({
        "address": channels.address,
        "smtp_host": channels.host,
        "smtp_port": channels.port,
        "smtp_tls": channels.tls.word(),
        "smtp_user": channels.user,
        "smtp_password_kept": channels.has_password,
        "smtp_from": channels.from,
        "digest_hour": channels.digest_hour,
        "http_allowed": channels.allowed,
        "trusted": channels.trusted,
    })
}
