//! Opening an entry's data to the public, asking for it, taking it down in an emergency and bringing it back.

use std::collections::BTreeMap;

use yiwang_access::Scope;
use yiwang_host::{Answer, Call};
use yiwang_kernel::Result;
use yiwang_web::{Choice, Field, Fields, Form};

use super::editing::mask_of;
use super::{Section, again, entry_head, entry_json, respond};
use crate::model::{Entry, Opened};
use crate::ops::{self, OpenRequest};

/// `/catalogue/{code}/open`: what is to be opened, or, once it is open, the end of that.
pub(crate) async fn open(call: Call) -> Answer {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let head = entry_head(&call.view, &entry, &call.view.t("catalogue-do-open"));
    if entry.opened == Opened::Open {
        let sections = [Section::plain(withdraw_form(&call, &entry).render(&call.view)?)];
        return respond(&call, head, &call.view.t("catalogue-withdraw-lead"), &sections, &entry_json(&entry));
    }
    let sections = [Section::plain(open_form(&call, &entry).render(&call.view)?)];
    respond(&call, head, &call.view.t("catalogue-open-lead"), &sections, &entry_json(&entry))
}

/// Posts it: opens where this person may, else asks the bureau.
pub(crate) async fn set_open(call: Call, given: Fields) -> Answer {
    let code = call.path("code")?.to_owned();
    let entry = ops::entry(&call.platform, &call.ctx, &code).await?;
    let request = request_of(&entry, &given)?;
    let may_open = call.platform.access.check(&call.ctx, ops::OPEN, &Scope::department(&entry.content.provider));
    let done = match may_open {
        Ok(()) => ops::open(&call.platform, &call.ctx, &code, &request).await,
        Err(_) => ops::ask_to_open(&call.platform, &call.ctx, &code, &request).await,
    };
    match done {
        Ok(entry) => call.done(&format!("/catalogue/{code}/metadata"), &entry_json(&entry)),
        Err(error) => {
            let form = open_form(&call, &entry).filled(&given);
            again(&call, entry_head(&call.view, &entry, &call.view.t("catalogue-do-open")), form, error)
        }
    }
}

/// `/catalogue/{code}/take-down`: the first of two presses; the second posts it.
pub(crate) async fn take_down(call: Call) -> Answer {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let sections = [Section::plain(down_form(&call, &entry).render(&call.view)?)];
    let head = entry_head(&call.view, &entry, &call.view.t("catalogue-do-take-down"));
    respond(&call, head, &call.view.t("catalogue-take-down-lead"), &sections, &entry_json(&entry))
}

/// Posts a take-down.
pub(crate) async fn set_down(call: Call, given: Fields) -> Answer {
    let (code, reason) = (call.path("code")?.to_owned(), given.get("reason").unwrap_or_default());
    let done = ops::take_down(&call.platform, &call.ctx, &code, reason).await;
    finish(&call, &code, &given, done).await
}

/// Posts the end of a take-down.
pub(crate) async fn restore(call: Call, given: Fields) -> Answer {
    let (code, reason) = (call.path("code")?.to_owned(), given.get("reason").unwrap_or_default());
    let done = ops::restore(&call.platform, &call.ctx, &code, reason).await;
    finish(&call, &code, &given, done).await
}

/// Posts the end of an opening.
pub(crate) async fn withdraw(call: Call, given: Fields) -> Answer {
    let (code, reason) = (call.path("code")?.to_owned(), given.get("reason").unwrap_or_default());
    let done = ops::withdraw_opening(&call.platform, &call.ctx, &code, reason).await;
    finish(&call, &code, &given, done).await
}

async fn finish(call: &Call, code: &str, given: &Fields, done: Result<Entry>) -> Answer {
    match done {
        Ok(entry) => call.done(&format!("/catalogue/{code}/metadata"), &entry_json(&entry)),
        Err(error) => {
            let entry = ops::entry(&call.platform, &call.ctx, code).await?;
            let form = down_form(call, &entry).filled(given);
            again(call, entry_head(&call.view, &entry, &call.view.t("catalogue-do-take-down")), form, error)
        }
    }
}

fn open_form(call: &Call, entry: &Entry) -> Form {
    let view = &call.view;
    let fields: Vec<Choice> =
        entry.content.fields.iter().map(|field| (field.name.clone(), view.text(&field.title).to_owned())).collect();
    let chosen: Vec<&str> = match entry.opened {
        Opened::Asked => entry.opened_fields.iter().map(String::as_str).collect(),
        _ => fields.iter().map(|(name, _)| name.as_str()).collect(),
    };
    let chosen = chosen.join(" ");
    let mut form = Form::post(format!("/catalogue/{}/open", entry.code), view.t("catalogue-do-open"))
        .field(Field::checks("fields", view.t("catalogue-fields"), fields).value(chosen));
    let masks: Vec<Choice> = ["", "null", "hash", "keep_3_4"]
        .iter()
        .map(|word| {
            let id = if word.is_empty() { "none".to_owned() } else { word.replace('_', "-") };
            ((*word).to_owned(), view.t(&format!("catalogue-mask-{id}")))
        })
        .collect();
    for field in entry.content.fields.iter().filter(|field| field.shows_personal()) {
        let label = format!("{} · {}", view.t("catalogue-mask"), view.text(&field.title));
        form = form.field(Field::select(&format!("mask_{}", field.name), label, masks.clone()));
    }
    form.field(Field::area("reason", view.t("catalogue-reason")).hint(view.t("catalogue-open-reason-hint")))
}

fn down_form(call: &Call, entry: &Entry) -> Form {
    let view = &call.view;
    let reason = Field::area("reason", view.t("catalogue-reason")).required();
    if entry.opened == Opened::TakenDown {
        return Form::post(format!("/catalogue/{}/restore", entry.code), view.t("catalogue-restore")).field(reason);
    }
    let action = format!("/catalogue/{}/take-down", entry.code);
    Form::post(action, view.t("catalogue-do-take-down")).danger().field(reason)
}

fn withdraw_form(call: &Call, entry: &Entry) -> Form {
    let view = &call.view;
    Form::post(format!("/catalogue/{}/withdraw", entry.code), view.t("catalogue-withdraw"))
        .danger()
        .field(Field::area("reason", view.t("catalogue-reason")).required())
}

fn request_of(entry: &Entry, given: &Fields) -> Result<OpenRequest> {
    let mut masks = BTreeMap::new();
    for field in &entry.content.fields {
        let word = given.get(&format!("mask_{}", field.name)).unwrap_or_default();
        masks.extend(mask_of(word)?.map(|mask| (field.name.clone(), mask)));
    }
    let fields = given.all("fields").map(str::to_owned).collect();
    Ok(OpenRequest { fields, masks, reason: given.get("reason").unwrap_or_default().to_owned() })
}
