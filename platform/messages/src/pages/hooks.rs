//! 回调地址: what a department or the operator registers to be called, each with its last calls.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::Call;
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Table};

use super::deliveries::{json_of_list, table};
use super::{Page, hook_id, page_request, to_mend};
use crate::ops::{self, Registered};
use crate::{DeliveryState, Hook};

/// The list, with the form for another one.
pub(crate) async fn list(call: Call) -> Answer {
    let form = form_of(&call);
    listed(&call, StatusCode::OK, form).await
}

/// Registers an address; the secret is shown this once.
pub(crate) async fn register(call: Call, fields: Fields) -> Answer {
    let department = fields.filled("department");
    let url = fields.get("url").unwrap_or_default();
    match ops::register(&call.platform, &call.ctx, department, url).await {
        Ok(registered) => shown_once(&call, StatusCode::CREATED, &registered),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            let form = form_of(&call).filled(&fields).error(error);
            listed(&call, status, form).await
        }
    }
}

/// One hook and its calls.
pub(crate) async fn show(call: Call) -> Answer {
    let id = hook_id(&call)?;
    let hook = ops::hook(&call.platform, &call.ctx, id).await?;
    let state = call.query.filled("state").map(DeliveryState::parse).transpose()?;
    let page = ops::deliveries(&call.platform, &call.ctx, Some(id), state, &page_request(&call)?).await?;
    let view = &call.view;
    let to = format!("/messages/hooks/{id}");
    let post = |verb: &str, words: &str| Form::post(format!("{to}/{verb}"), view.t(words));
    let mut json = json_of(&hook);
    json["deliveries"] = json_of_list(&page);
    Page::new(hook.host.clone())
        .lead(whose(&call, &hook))
        .link("/messages/hooks", view.t("messages-hooks"))
        .form(view.t("messages-hook-trial"), &post("test", "messages-hook-trial-press"), view)?
        .form(view.t("messages-hook-secret"), &post("secret", "messages-hook-secret-press"), view)?
        .form(view.t("messages-hook-remove"), &post("remove", "messages-hook-remove-press").danger(), view)?
        .table(&table(&call, &page)?, view)?
        .respond(&call, StatusCode::OK, &json)
}

/// A new secret.
pub(crate) async fn renew(call: Call, _: Fields) -> Answer {
    let registered = ops::renew_secret(&call.platform, &call.ctx, hook_id(&call)?).await?;
    shown_once(&call, StatusCode::OK, &registered)
}

/// Removes it.
pub(crate) async fn remove(call: Call, _: Fields) -> Answer {
    let id = hook_id(&call)?;
    ops::remove_hook(&call.platform, &call.ctx, id).await?;
    call.done("/messages/hooks?done=removed", &json!({ "id": id }))
}

/// 试调.
pub(crate) async fn trial(call: Call, _: Fields) -> Answer {
    let id = hook_id(&call)?;
    let delivery = ops::trial_call(&call.platform, &call.ctx, id).await?;
    call.done(&format!("/messages/hooks/{id}?done=queued"), &json!({ "delivery": delivery }))
}

async fn listed(call: &Call, status: StatusCode, form: Form) -> Answer {
    let hooks = ops::hooks(&call.platform, &call.ctx).await?;
    let view = &call.view;
    let mut table = Table::new(view.t("messages-hooks")).empty(view.t("messages-hooks-empty"));
    for column in ["host", "department", "created"] {
        table = table.column(Column::new(column, view.t(&format!("messages-hook-{column}"))));
    }
    for hook in &hooks {
        table = table.row(vec![
            Cell::link(format!("/messages/hooks/{}", hook.id), &hook.host),
            Cell::text(whose(call, hook)),
            Cell::text(view.minute(hook.created)),
        ]);
    }
    let json = json!({ "rows": hooks.iter().map(json_of).collect::<Vec<_>>(), "total": hooks.len() });
    Page::new(view.t("messages-hooks"))
        .lead(view.t("messages-hooks-lead"))
        .form(view.t("messages-hook-new"), &form, view)?
        .table(&table, view)?
        .respond(call, status, &json)
}

fn form_of(call: &Call) -> Form {
    let view = &call.view;
    let own = call.ctx.actor.department().unwrap_or_default();
    Form::post("/messages/hooks", view.t("messages-hook-register"))
        .field(
            Field::input("url", view.t("messages-hook-url"), "url").hint(view.t("messages-hook-url-hint")).required(),
        )
        .field(
            Field::text("department", view.t("messages-hook-department"))
                .hint(view.t("messages-hook-department-hint"))
                .value(own),
        )
}

fn shown_once(call: &Call, status: StatusCode, registered: &Registered) -> Answer {
    let view = &call.view;
    let mut json = json_of(&registered.hook);
    json["secret"] = registered.secret.as_str().into();
    Page::new(registered.hook.host.clone())
        .once(view.t("messages-hook-once"), vec![registered.secret.clone()])
        .link(format!("/messages/hooks/{}", registered.hook.id), view.t("messages-hook-calls"))
        .link("/messages/hooks", view.t("messages-hooks"))
        .respond(call, status, &json)
}

fn whose(call: &Call, hook: &Hook) -> String {
    hook.department.clone().unwrap_or_else(|| call.view.t("messages-hook-city"))
}

fn json_of(hook: &Hook) -> Value {
    json!({ "id": hook.id, "host": hook.host, "department": hook.department, "created": hook.created })
}
