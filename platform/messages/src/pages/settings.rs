//! 消息设置: how the reader wants to hear.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::Call;
use yiwang_kernel::{Error, Lang};
use yiwang_web::{Answer, Field, Fields, Form};

use super::{Page, to_mend};
use crate::{MailChoice, Person, ops};

/// The form.
pub(crate) async fn show(call: Call) -> Answer {
    let person = ops::own(&call.platform, &call.ctx).await?;
    let form = form_of(&call, &person);
    shown(&call, StatusCode::OK, &form, &json_of(&person))
}

/// Keeps what was chosen.
pub(crate) async fn save(call: Call, fields: Fields) -> Answer {
    let outcome = keep(&call, &fields).await;
    match outcome {
        Ok(()) => {
            let person = ops::own(&call.platform, &call.ctx).await?;
            call.done("/messages/settings?done=saved", &json_of(&person))
        }
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            let person = ops::own(&call.platform, &call.ctx).await?;
            let form = form_of(&call, &person).filled(&fields).error(error);
            shown(&call, status, &form, &Value::Null)
        }
    }
}

async fn keep(call: &Call, fields: &Fields) -> yiwang_kernel::Result<()> {
    let lang =
        Lang::parse(fields.required("lang")?).ok_or_else(|| Error::invalid("lang", "messages-choice-unknown"))?;
    let mail = MailChoice::parse(fields.required("mail")?)?;
    ops::set_own(&call.platform, &call.ctx, fields.get("address").unwrap_or_default(), lang, mail).await
}

fn form_of(call: &Call, person: &Person) -> Form {
    let view = &call.view;
    let choice = |choice: MailChoice| (choice.word().to_owned(), view.t(choice.text_id()));
    let lang = |lang: Lang| (lang.code().to_owned(), view.texts.text(lang, "web-language"));
    Form::post("/messages/settings", view.t("messages-save"))
        .field(
            Field::input("address", view.t("messages-address"), "email")
                .hint(view.t("messages-address-hint"))
                .autocomplete("email")
                .value(person.address.clone().unwrap_or_default()),
        )
        .field(
            Field::radio("mail", view.t("messages-mail"), MailChoice::ALL.map(choice).to_vec())
                .hint(view.t("messages-mail-hint"))
                .value(person.mail.word()),
        )
        .field(Field::radio("lang", view.t("messages-lang"), Lang::ALL.map(lang).to_vec()).value(person.lang.code()))
}

fn shown(call: &Call, status: StatusCode, form: &Form, json: &Value) -> Answer {
    let view = &call.view;
    let page = Page::new(view.t("messages-settings")).lead(view.t("messages-settings-lead"));
    page.form(String::new(), form, view)?.respond(call, status, json)
}

fn json_of(person: &Person) -> Value {
    json!({ "address": person.address, "mail": person.mail.word(), "lang": person.lang.code() })
}
