//! One account: roles, department, opening and shutting, links, sessions, handing over, what was done to it.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::Call;
use yiwang_kernel::{Error, Id, PageRequest, Result, Role};
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Table};

use crate::model::{Person, State};
use crate::ops::{self, Invited};
use crate::pages::people::{act_json, acts_table, invited_page, json_of, role_choices};
use crate::pages::{Page, path_id, roles_title, to_mend};

pub(crate) async fn show(call: Call) -> Answer {
    let id = path_id(&call, "id")?;
    shown(&call, id, StatusCode::OK, None).await
}

pub(crate) async fn set_roles(call: Call, fields: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let roles = fields.all("roles").filter(|role| !role.is_empty()).map(str::parse).collect::<Result<Vec<Role>>>();
    let outcome = match roles {
        Ok(roles) => ops::set_roles(&call.platform, &call.ctx, id, &roles).await,
        Err(error) => Err(error),
    };
    after(&call, id, "roles", outcome).await
}

pub(crate) async fn move_to(call: Call, fields: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let post = fields.filled("post").map(str::parse).transpose()?;
    let outcome = ops::move_to(&call.platform, &call.ctx, id, fields.filled("department"), post).await;
    after(&call, id, "move", outcome).await
}

pub(crate) async fn lock(call: Call, _: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let outcome = ops::lock(&call.platform, &call.ctx, id).await;
    after(&call, id, "state", outcome).await
}

pub(crate) async fn unlock(call: Call, _: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let outcome = ops::unlock(&call.platform, &call.ctx, id).await;
    after(&call, id, "state", outcome).await
}

pub(crate) async fn leave(call: Call, _: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let outcome = ops::leave(&call.platform, &call.ctx, id).await;
    after(&call, id, "leave", outcome).await
}

pub(crate) async fn hand_over(call: Call, fields: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let to = ops::find_account(&call.platform.db, &fields.required("to")?.to_lowercase()).await?;
    let outcome = match to {
        Some(to) => ops::hand_over(&call.platform, &call.ctx, id, to.id).await,
        None => Err(Error::invalid("to", "accounts-hand-over-to")),
    };
    after(&call, id, "hand-over", outcome).await
}

pub(crate) async fn link(call: Call, _: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let link = ops::invite_again(&call.platform, &call.ctx, id).await?;
    let person = ops::person(&call.platform, &call.ctx, id).await?;
    invited_page(&call, &[Invited { person, link }])
}

pub(crate) async fn give_address(call: Call, fields: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let outcome = ops::give_address(&call.platform, &call.ctx, id, fields.get("mail").unwrap_or_default()).await;
    after(&call, id, "mail", outcome).await
}

pub(crate) async fn end_sessions(call: Call, fields: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    match fields.filled("session") {
        Some(session) => {
            let session = session.parse().map_err(|_| Error::not_found("accounts-session"))?;
            ops::end_session(&call.platform, &call.ctx, id, session).await?;
        }
        None => drop(ops::end_sessions(&call.platform, &call.ctx, id).await?),
    }
    after(&call, id, "sessions", Ok(())).await
}

pub(crate) async fn turn_off_second_step(call: Call, _: Fields) -> Answer {
    let id = path_id(&call, "id")?;
    let outcome = ops::turn_off_of(&call.platform, &call.ctx, id).await;
    after(&call, id, "second-step", outcome).await
}

async fn after(call: &Call, id: Id, form: &'static str, outcome: Result<()>) -> Answer {
    match outcome {
        Ok(()) => call.done(&format!("/accounts/{id}?done=saved"), &json!({ "id": id })),
        Err(error) => {
            let (status, error) = to_mend(call, error)?;
            shown(call, id, status, Some((form, error))).await
        }
    }
}

async fn shown(call: &Call, id: Id, status: StatusCode, again: Option<(&'static str, Error)>) -> Answer {
    let view = &call.view;
    let person = ops::person(&call.platform, &call.ctx, id).await?;
    let state = person.state_at(call.ctx.now());
    let department = person.department.clone().unwrap_or_default();
    let mut page = Page::new(person.name.clone())
        .crumb("/accounts", view.t("accounts-title"))
        .lead(format!("{} · {department} · {}", person.display, roles_title(view, &person.roles)))
        .words(view.t("accounts-state"), view.t(&format!("accounts-state-{}", state.word())));
    let may_manage = call.platform.access.check_somewhere(&call.ctx, ops::MANAGE).is_ok();
    let mut json = json_of(&call.ctx, &person);
    if may_manage {
        if state != State::Left {
            page = forms(call, page, &person, state, again.as_ref())?;
        }
        let (with_sessions, sessions) = sessions(call, page, id).await?;
        page = with_sessions;
        json["sessions"] = sessions;
    }
    let acts = ops::acts(&call.platform, &call.ctx, Some(id), &PageRequest::default()).await?;
    page = page.table(&acts_table(view, &acts.rows).total(acts.total), view)?;
    json["acts"] = acts.rows.iter().map(act_json).collect();
    page.respond(call, status, &json)
}

fn forms(
    call: &Call,
    mut page: Page,
    person: &Person,
    state: State,
    again: Option<&(&'static str, Error)>,
) -> Result<Page> {
    let view = &call.view;
    let post = |to: &str, words: &str| Form::post(format!("/accounts/{}/{to}", person.id), view.t(words));
    let with = |name: &str, form: Form| match again {
        Some((which, error)) if *which == name => form.error(error.clone()),
        _ => form,
    };
    let held: Vec<&str> = person.roles.iter().map(|role| role.word()).collect();
    let roles = Field::checks("roles", view.t("accounts-roles"), role_choices(view)).value(held.join(" "));
    let roles = post("roles", "accounts-save").field(roles.hint(view.t("accounts-roles-hint")));
    let department = Field::text("department", view.t("accounts-department"));
    let department = department.value(person.department.clone().unwrap_or_default());
    let moved = post("move", "accounts-move").field(department.hint(view.t("accounts-department-hint"))).field(
        Field::text("post", view.t("accounts-post")).value(person.post.map(|id| id.to_string()).unwrap_or_default()),
    );
    page = page.form(view.t("accounts-roles"), &with("roles", roles), view)?.form(
        view.t("accounts-move"),
        &with("move", moved),
        view,
    )?;
    let shut = match state {
        State::Locked => post("unlock", "accounts-unlock"),
        _ => post("lock", "accounts-lock").danger(),
    };
    page = page.form(view.t("accounts-lock-heading"), &with("state", shut), view)?.form(
        view.t("accounts-link"),
        &post("link", "accounts-link-new"),
        view,
    )?;
    let mail =
        Field::input("mail", view.t("accounts-mail"), "email").hint(view.t("accounts-mail-give-hint")).required();
    let mail = post("mail", "accounts-save").field(mail);
    page = page.form(view.t("accounts-mail"), &with("mail", mail), view)?;
    if person.second_step {
        let off = post("second-step/off", "accounts-second-step-turn-off").danger();
        page = page.form(view.t("accounts-second-step"), &with("second-step", off), view)?;
    }
    let to = Field::text("to", view.t("accounts-hand-over-to")).required().hint(view.t("accounts-hand-over-hint"));
    let hand_over = post("hand-over", "accounts-hand-over").field(to).danger();
    page.form(view.t("accounts-hand-over"), &with("hand-over", hand_over), view)?.form(
        view.t("accounts-leave-heading"),
        &with("leave", post("leave", "accounts-leave").danger()),
        view,
    )
}

async fn sessions(call: &Call, page: Page, id: Id) -> Result<(Page, Value)> {
    let view = &call.view;
    let sessions = ops::sessions(&call.platform, &call.ctx, id).await?;
    let mut table = Table::new(view.t("accounts-sessions"))
        .column(Column::new("started", view.t("accounts-session-started")))
        .column(Column::new("seen", view.t("accounts-session-seen")))
        .column(Column::new("ends", view.t("accounts-session-ends")))
        .column(Column::new("end", view.t("accounts-session-end")))
        .empty(view.t("accounts-sessions-empty"));
    let mut rows = Vec::new();
    for session in &sessions {
        let form = Form::post(format!("/accounts/{id}/sessions/end"), view.t("accounts-session-end"));
        let form = form.field(Field::hidden("session", session.id.to_string())).danger();
        table = table.row(vec![
            Cell::text(view.minute(session.started)),
            Cell::text(view.minute(session.seen)),
            Cell::text(view.minute(session.ends)),
            Cell::Markup(form.render(view)?),
        ]);
        rows.push(json!({
            "id": session.id, "started": session.started, "seen": session.seen, "ends": session.ends,
        }));
    }
    Ok((page.table(&table, view)?, rows.into()))
}
