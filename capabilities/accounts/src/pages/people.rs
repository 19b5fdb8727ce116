//! The list of accounts with its exports, the form for a new one, the list of privileged acts.

use std::sync::Arc;

use futures::stream;
use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::{Call, Platform};
use yiwang_kernel::{Ctx, PageRequest, ROWS_PER_PAGE_MAX, Result, Role};
use yiwang_web::{Answer, Cell, Column, Datum, Export, Field, Fields, Form, Format, Paging, Rows, Table, Tone, View};

use crate::model::{Act, NewPerson, Person, State};
use crate::ops::{self, Invited, PeopleFilter};
use crate::pages::{Page, page_request, role_title, roles_title, to_mend};

const EXPORTS: [Format; 3] = [Format::Csv, Format::CsvExcel, Format::Xlsx];
const COLUMNS: [&str; 6] = ["name", "display", "department", "roles", "state", "created"];

pub(crate) async fn list(call: Call) -> Answer {
    let filter = filter(&call.query)?;
    if let Some(format) = call.query.get("format").and_then(Format::parse).filter(|format| EXPORTS.contains(format)) {
        return export(&call, format, filter);
    }
    let view = &call.view;
    let people = ops::people(&call.platform, &call.ctx, &filter, &page_request(&call)?).await?;
    let mut table = Table::new(view.t("accounts-title"))
        .total(people.total)
        .paging(Paging::Keyset { next: people.next.as_ref().map(yiwang_kernel::Cursor::encode) })
        .exports(&EXPORTS)
        .empty(view.t("accounts-empty"));
    for column in COLUMNS {
        table = table.column(Column::new(column, view.t(&format!("accounts-{column}"))));
    }
    for person in &people.rows {
        table = table.row(vec![
            Cell::link(format!("/accounts/{}", person.id), &person.name),
            Cell::text(&person.display),
            Cell::text(person.department.clone().unwrap_or_default()),
            Cell::text(roles_title(view, &person.roles)),
            state_cell(view, person.state_at(call.ctx.now())),
            Cell::text(view.minute(person.created)),
        ]);
    }
    let mut page = Page::new(view.t("accounts-title"));
    if call.platform.access.check_somewhere(&call.ctx, ops::MANAGE).is_ok() {
        page = page.link("/accounts/new", view.t("accounts-new")).link("/accounts/import", view.t("accounts-import"));
    }
    for (permission, to, words) in
        [(ops::MATRIX, "/matrix", "accounts-matrix"), (ops::ACTS, "/accounts/acts", "accounts-acts")]
    {
        if call.platform.access.check_somewhere(&call.ctx, permission).is_ok() {
            page = page.link(to, view.t(words));
        }
    }
    let page = page.form(String::new(), &filter_form(&call), view)?.table(&table, view)?;
    let rows: Vec<Value> = people.rows.iter().map(|person| json_of(&call.ctx, person)).collect();
    let next = people.next.map(|next| next.encode());
    page.respond(&call, StatusCode::OK, &json!({ "rows": rows, "total": people.total, "next": next }))
}

pub(crate) async fn new(call: Call) -> Answer {
    new_form(&call, StatusCode::OK, form_of(&call))
}

pub(crate) async fn create(call: Call, fields: Fields) -> Answer {
    let new = NewPerson {
        name: fields.get("name").unwrap_or_default().trim().to_lowercase(),
        display: fields.get("display").unwrap_or_default().to_owned(),
        department: fields.filled("department").map(str::to_owned),
        roles: fields.all("roles").filter(|role| !role.is_empty()).map(str::to_owned).collect(),
    };
    match ops::invite(&call.platform, &call.ctx, &new, fields.filled("mail")).await {
        Ok(invited) => invited_page(&call, &[invited]),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            new_form(&call, status, form_of(&call).filled(&fields).error(error))
        }
    }
}

pub(crate) async fn acts(call: Call) -> Answer {
    let view = &call.view;
    let acts = ops::acts(&call.platform, &call.ctx, None, &page_request(&call)?).await?;
    let next = acts.next.map(|next| next.encode());
    let table = acts_table(view, &acts.rows).total(acts.total).paging(Paging::Keyset { next: next.clone() });
    let page = Page::new(view.t("accounts-acts")).lead(view.t("accounts-acts-lead")).table(&table, view)?;
    let rows: Vec<Value> = acts.rows.iter().map(act_json).collect();
    page.respond(&call, StatusCode::OK, &json!({ "rows": rows, "total": acts.total, "next": next }))
}

/// New accounts with their links, shown this once.
pub(crate) fn invited_page(call: &Call, invited: &[Invited]) -> Answer {
    let view = &call.view;
    let mut table = Table::new(view.t("accounts-links"))
        .column(Column::new("name", view.t("accounts-name")))
        .column(Column::new("link", view.t("accounts-link")))
        .column(Column::new("ends", view.t("accounts-link-ends")));
    let mut rows = Vec::new();
    for Invited { person, link } in invited {
        let address = format!("/activate?link={}", link.token);
        table = table.row(vec![
            Cell::link(format!("/accounts/{}", person.id), &person.name),
            Cell::text(&address),
            Cell::text(view.minute(link.ends)),
        ]);
        rows.push(json!({ "id": person.id, "name": person.name, "link": address, "ends": link.ends }));
    }
    let page = Page::new(view.t("accounts-links"))
        .crumb("/accounts", view.t("accounts-title"))
        .warning(view.t("accounts-links-once"))
        .table(&table, view)?;
    page.respond(call, StatusCode::CREATED, &json!({ "rows": rows }))
}

pub(crate) fn acts_table(view: &View, acts: &[Act]) -> Table {
    let mut table = Table::new(view.t("accounts-acts")).empty(view.t("accounts-acts-empty"));
    for column in ["at", "actor", "act", "name", "department", "detail"] {
        table = table.column(Column::new(column, view.t(&format!("accounts-{column}"))));
    }
    for act in acts {
        table = table.row(vec![
            Cell::text(view.minute(act.at)),
            Cell::text(&act.actor),
            Cell::text(view.t(&act.kind.replacen('.', "-act-", 1).replace('_', "-"))),
            Cell::text(act.person.clone().unwrap_or_default()),
            Cell::text(act.department.clone().unwrap_or_default()),
            Cell::text(&act.detail),
        ]);
    }
    table
}

pub(crate) fn act_json(act: &Act) -> Value {
    json!({
        "id": act.id, "at": act.at, "actor": act.actor, "kind": act.kind,
        "name": act.person, "department": act.department, "detail": act.detail,
    })
}

pub(crate) fn json_of(ctx: &Ctx, person: &Person) -> Value {
    json!({
        "id": person.id,
        "name": person.name,
        "display": person.display,
        "department": person.department,
        "roles": person.roles.iter().map(|role| role.word()).collect::<Vec<_>>(),
        "state": person.state_at(ctx.now()).word(),
        "locked_until": person.locked_until,
        "created": person.created,
        "second_step": person.second_step,
    })
}

pub(crate) fn state_cell(view: &View, state: State) -> Cell {
    let tone = match state {
        State::Active => Tone::Good,
        State::Invited | State::Left => Tone::Plain,
        State::Locked => Tone::Bad,
    };
    Cell::State(view.t(&format!("accounts-state-{}", state.word())), tone)
}

pub(crate) fn role_choices(view: &View) -> Vec<(String, String)> {
    Role::ALL.into_iter().map(|role| (role.word().to_owned(), role_title(view, role))).collect()
}

fn filter(query: &Fields) -> Result<PeopleFilter> {
    Ok(PeopleFilter {
        words: query.filled("q").map(|words| words.chars().take(100).collect()),
        department: query.filled("department").map(str::to_owned),
        state: query.filled("state").map(str::parse).transpose()?,
        role: query.filled("role").map(str::parse).transpose()?,
    })
}

fn filter_form(call: &Call) -> Form {
    let view = &call.view;
    let any = |mut choices: Vec<(String, String)>| {
        choices.insert(0, (String::new(), view.t("accounts-any")));
        choices
    };
    let states = State::ALL.map(|state| (state.word().to_owned(), view.t(&format!("accounts-state-{}", state.word()))));
    Form::get("/accounts", view.t("accounts-find"))
        .field(Field::input("q", view.t("accounts-words"), "search"))
        .field(Field::text("department", view.t("accounts-department")))
        .field(Field::select("role", view.t("accounts-role"), any(role_choices(view))))
        .field(Field::select("state", view.t("accounts-state"), any(states.to_vec())))
        .filled(&call.query)
}

fn form_of(call: &Call) -> Form {
    let view = &call.view;
    Form::post("/accounts", view.t("accounts-new"))
        .field(Field::text("name", view.t("accounts-name")).required().hint(view.t("accounts-name-hint")))
        .field(Field::text("display", view.t("accounts-display")).required())
        .field(Field::text("department", view.t("accounts-department")).hint(view.t("accounts-department-hint")))
        .field(Field::checks("roles", view.t("accounts-roles"), role_choices(view)).hint(view.t("accounts-roles-hint")))
        .field(Field::input("mail", view.t("accounts-mail"), "email").hint(view.t("accounts-mail-hint")))
}

fn new_form(call: &Call, status: StatusCode, form: Form) -> Answer {
    let view = &call.view;
    let page = Page::new(view.t("accounts-new")).crumb("/accounts", view.t("accounts-title"));
    let json = json!({ "fields": ["name", "display", "department", "roles", "mail"] });
    page.form(String::new(), &form, view)?.respond(call, status, &json)
}

fn export(call: &Call, format: Format, filter: PeopleFilter) -> Answer {
    let view = &call.view;
    let columns = COLUMNS.map(|name| (name.to_owned(), view.t(&format!("accounts-{name}")))).to_vec();
    let export = Export { format, file_name: "accounts".to_owned(), columns, titled: format != Format::Csv };
    call.export(export, rows(Arc::clone(&call.platform), call.ctx.clone(), filter))
}

/// Everybody who matches, page by page.
fn rows(platform: Arc<Platform>, ctx: Ctx, filter: PeopleFilter) -> Rows {
    let first = PageRequest { rows: Some(ROWS_PER_PAGE_MAX), after: None };
    let step = move |request: Option<PageRequest>| {
        let (platform, ctx, filter) = (Arc::clone(&platform), ctx.clone(), filter.clone());
        async move {
            let Some(request) = request else { return Ok(None) };
            let page = ops::people(&platform, &ctx, &filter, &request).await?;
            let rows: Vec<Vec<Datum>> = page.rows.iter().map(|person| data(&ctx, person)).collect();
            let next = page.next.map(|after| PageRequest { rows: request.rows, after: Some(after) });
            Ok(Some((rows, next)))
        }
    };
    Box::pin(stream::try_unfold(Some(first), step))
}

fn data(ctx: &Ctx, person: &Person) -> Vec<Datum> {
    let roles: Vec<&str> = person.roles.iter().map(|role| role.word()).collect();
    vec![
        Datum::Text(person.name.clone()),
        Datum::Text(person.display.clone()),
        person.department.clone().map_or(Datum::Null, Datum::Text),
        Datum::Text(roles.join(" ")),
        Datum::Text(person.state_at(ctx.now()).word().to_owned()),
        Datum::Text(person.created.to_string()),
    ]
}
