//! 设置: the declared settings of all capabilities, for the system administrator: what each sets, its value, who changed
//! it and why; and, while the machine's clock is in doubt, the form that confirms it. A change is a privileged act.
//! Holds no secret and knows no setting by name.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_kernel::{Error, Result};
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Head, Markup, Table, View};

use super::SETTINGS;
use crate::{Call, Capability, Setting, Wants, clock, get, post, store};

/// Changes the page shows.
const CHANGES_MAX: usize = 50;

#[derive(askama::Template)]
#[template(path = "settings.html")]
struct SettingsBody<'a> {
    view: &'a View,
    settings: Markup,
    changes: Markup,
    saved: bool,
    /// What is to be confirmed, with the form.
    clock: Option<(String, Markup)>,
}

#[derive(askama::Template)]
#[template(path = "setting.html")]
struct SettingBody<'a> {
    view: &'a View,
    setting: &'a Setting,
    form: Markup,
}

pub(super) fn add(capability: Capability) -> Capability {
    capability
        .route(
            get("/settings", list)
                .needs(SETTINGS)
                .audit_none("settings hold no secret and nothing personal")
                .doc("设置", "settings"),
        )
        .route(
            get("/settings/{name}", show)
                .needs(SETTINGS)
                .audit_none("settings hold no secret and nothing personal")
                .doc("一项设置", "one setting"),
        )
        .route(
            post("/settings/clock", confirm_clock)
                .needs(SETTINGS)
                .audit("host.clock_confirmed")
                .doc("确认服务器时钟", "confirm the machine's clock")
                .takes("reason", "原因", "reason"),
        )
        .route(
            post("/settings/{name}", change)
                .needs(SETTINGS)
                .decides("host.setting_changed")
                .doc("修改设置", "change a setting")
                .takes("value", "新的值", "new value")
                .takes("reason", "原因", "reason"),
        )
}

async fn list(call: Call) -> Answer {
    listed(&call, StatusCode::OK, None).await
}

async fn confirm_clock(call: Call, fields: Fields) -> Answer {
    let reason = fields.get("reason").unwrap_or_default();
    match clock::confirm(&call.platform, &call.ctx, reason).await {
        Ok(()) => call.done("/settings?done=saved", &json!({ "clock": "confirmed" })),
        Err(error @ Error::Invalid { .. }) if call.wants == Wants::Html => {
            listed(&call, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn listed(call: &Call, status: StatusCode, error: Option<Error>) -> Answer {
    let view = &call.view;
    let settings = &call.platform.settings;
    let mut table = Table::new(view.t("settings-title"))
        .column(Column::new("title", view.t("settings-what")))
        .column(Column::new("value", view.t("settings-value")))
        .column(Column::new("default", view.t("settings-default")))
        .total(settings.declared().len() as u64);
    let mut rows = Vec::new();
    for setting in settings.declared() {
        let value = settings.get(setting.name)?;
        table = table.row(vec![
            Cell::link(place(setting), view.text(&setting.title)),
            Cell::text(value.as_str()),
            Cell::text(setting.default),
        ]);
        rows.push(told(setting, &value));
    }
    let changes = changes(call).await?;
    let saved = call.query.get("done") == Some("saved");
    let standing = call.platform.clock_standing(&call.ctx).await?;
    let clock = clock_part(call, error).await?;
    let body = SettingsBody { view, settings: table.render(view)?, changes, saved, clock };
    let clock = json!({ "now": standing.now, "seen": standing.seen, "sure": standing.is_sure() });
    call.respond_as(status, Head::new(view.t("settings-title")), &body, &json!({ "rows": rows, "clock": clock }))
}

/// What is in doubt, and the form that ends it; nothing while the clock is sure.
async fn clock_part(call: &Call, error: Option<Error>) -> Result<Option<(String, Markup)>> {
    let view = &call.view;
    let Err(doubt) = call.platform.require_sure_clock(&call.ctx).await else { return Ok(None) };
    let reason = Field::text("reason", view.t("settings-reason")).required().hint(view.t("settings-reason-hint"));
    let mut form = Form::post("/settings/clock", view.t("clock-confirm")).field(reason);
    if let Some(error) = error {
        form = form.error(error);
    }
    Ok(Some((view.error(&doubt), form.render(view)?)))
}

/// Where a setting is changed.
fn place(setting: &Setting) -> String {
    setting.page.map_or_else(|| format!("/settings/{}", setting.name), str::to_owned)
}

async fn show(call: Call) -> Answer {
    if let Some(page) = call.platform.settings.find(call.path("name")?)?.page {
        return call.redirect(page);
    }
    shown(&call, StatusCode::OK, None, &Fields::default())
}

async fn change(call: Call, fields: Fields) -> Answer {
    let platform = &call.platform;
    let name = call.path("name")?;
    let value = fields.get("value").unwrap_or_default().trim();
    let reason = fields.get("reason").unwrap_or_default();
    match platform.settings.change(&platform.db, &call.ctx, name, value, reason).await {
        Ok(()) => call.done("/settings?done=saved", &json!({ "name": name, "value": value })),
        Err(Error::Invalid { field, detail }) if call.wants == Wants::Html => {
            let field = if field == "reason" { field } else { "value".to_owned() };
            shown(&call, StatusCode::UNPROCESSABLE_ENTITY, Some(Error::Invalid { field, detail }), &fields)
        }
        Err(error) => Err(error.into()),
    }
}

fn shown(call: &Call, status: StatusCode, error: Option<Error>, given: &Fields) -> Answer {
    let view = &call.view;
    let settings = &call.platform.settings;
    let setting = settings.find(call.path("name")?)?;
    let value = settings.get(setting.name)?;
    let hint = match setting.default {
        "" => String::new(),
        default => view.with("settings-default-is", "value", default),
    };
    let mut form = Form::post(format!("/settings/{}", setting.name), view.t("settings-save"))
        .field(Field::text("value", view.t("settings-value")).value(value.as_str()).hint(hint))
        .field(Field::text("reason", view.t("settings-reason")).required().hint(view.t("settings-reason-hint")))
        .filled(given);
    if let Some(error) = error {
        form = form.error(error);
    }
    let head = Head::new(view.text(&setting.title)).crumb("/settings", view.t("settings-title"));
    let body = SettingBody { view, setting, form: form.render(view)? };
    call.respond_as(status, head, &body, &told(setting, &value))
}

async fn changes(call: &Call) -> Result<Markup> {
    let view = &call.view;
    let found = store::changes(&call.platform.db, CHANGES_MAX).await?;
    let mut table = Table::new(view.t("settings-changes"))
        .column(Column::new("at", view.t("settings-at")))
        .column(Column::new("actor", view.t("settings-actor")))
        .column(Column::new("name", view.t("settings-what")))
        .column(Column::new("change", view.t("settings-change")))
        .column(Column::new("reason", view.t("settings-reason")))
        .empty(view.t("settings-changes-none"));
    for change in &found {
        let name = call.platform.settings.find(&change.name).map(|setting| view.text(&setting.title).to_owned());
        table = table.row(vec![
            Cell::text(view.minute(change.at)),
            Cell::text(change.actor.as_str()),
            Cell::text(name.unwrap_or_else(|_| change.name.clone())),
            Cell::text(format!("{} → {}", change.before, change.after)),
            Cell::text(change.reason.as_str()),
        ]);
    }
    table.render(view)
}

fn told(setting: &Setting, value: &str) -> Value {
    json!({ "name": setting.name, "title": setting.title, "value": value, "default": setting.default })
}
