//! Departments: the list, one with its past and posts, and for the bureau the changes at a date.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::Call;
use yiwang_kernel::{Error, Result};
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Table};

use crate::model::{Department, NewDepartment};
use crate::ops::{self, DepartmentRecord};
use crate::pages::{Page, reorganisation, to_mend};

pub(crate) async fn list(call: Call) -> Answer {
    listed(&call, StatusCode::OK, None).await
}

pub(crate) async fn create(call: Call, fields: Fields) -> Answer {
    let drafted = || -> Result<NewDepartment> {
        let opened =
            fields.filled("opened").map(|day| day.parse().map_err(|_| Error::invalid("opened", "accounts-day")));
        Ok(NewDepartment { opened: opened.transpose()?, ..new_department(&fields, fields.required("code")?)? })
    };
    let outcome = match drafted() {
        Ok(new) => ops::create_department(&call.platform, &call.ctx, &new).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(made) => call.done(&format!("/departments/{}?done=saved", made.code), &json_of(&made)),
        Err(error) => {
            let (status, error) = to_mend(&call, error)?;
            listed(&call, status, Some((&fields, error))).await
        }
    }
}

pub(crate) async fn show(call: Call) -> Answer {
    shown(&call, StatusCode::OK, None).await
}

pub(crate) async fn rename(call: Call, fields: Fields) -> Answer {
    let renamed = async {
        let code = call.path("code")?;
        ops::rename(&call.platform, &call.ctx, code, &fields.text("name"), &reorganisation(&fields)?).await
    };
    let outcome = renamed.await;
    after(&call, "rename", &fields, outcome).await
}

pub(crate) async fn merge(call: Call, fields: Fields) -> Answer {
    let merged = async {
        let (code, change) = (call.path("code")?.to_owned(), reorganisation(&fields)?);
        ops::merge(&call.platform, &call.ctx, &[code], fields.required("into")?, &change).await
    };
    let outcome = merged.await;
    after(&call, "merge", &fields, outcome).await
}

pub(crate) async fn split(call: Call, fields: Fields) -> Answer {
    let split = async {
        let (code, change) = (call.path("code")?, reorganisation(&fields)?);
        let new = new_department(&fields, fields.required("new_code")?)?;
        ops::split(&call.platform, &call.ctx, code, &[new], fields.ticked("stays"), &change).await
    };
    let outcome = split.await;
    after(&call, "split", &fields, outcome).await
}

pub(crate) async fn create_post(call: Call, fields: Fields) -> Answer {
    let made = async {
        ops::create_post(&call.platform, &call.ctx, call.path("code")?, &fields.text("title")).await.map(|_| ())
    };
    let outcome = made.await;
    after(&call, "post", &fields, outcome).await
}

pub(crate) async fn close_post(call: Call, fields: Fields) -> Answer {
    let post = fields.required("post")?.parse().map_err(|_| Error::not_found("accounts-post"))?;
    ops::close_post(&call.platform, &call.ctx, call.path("code")?, post).await?;
    after(&call, "post", &fields, Ok(())).await
}

async fn after(call: &Call, form: &'static str, fields: &Fields, outcome: Result<()>) -> Answer {
    match outcome {
        Ok(()) => {
            let code = call.path("code")?;
            call.done(&format!("/departments/{code}?done=saved"), &json!({ "code": code }))
        }
        Err(error) => {
            let (status, error) = to_mend(call, error)?;
            shown(call, status, Some((form, fields, error))).await
        }
    }
}

fn new_department(fields: &Fields, code: &str) -> Result<NewDepartment> {
    Ok(NewDepartment {
        code: code.to_owned(),
        name: fields.text("name"),
        parent: fields.filled("parent").map(str::to_owned),
        place: fields.number("place")?.unwrap_or(1000),
        opened: None,
    })
}

async fn listed(call: &Call, status: StatusCode, again: Option<(&Fields, Error)>) -> Answer {
    let view = &call.view;
    let closed = call.query.ticked("closed");
    let today = call.ctx.now().date();
    let departments = ops::departments(&call.platform, &call.ctx, today, closed).await?;
    let mut table = Table::new(view.t("accounts-departments"))
        .column(Column::new("code", view.t("accounts-code-department")))
        .column(Column::new("name", view.t("accounts-department-name")))
        .column(Column::new("parent", view.t("accounts-parent")))
        .column(Column::new("opened", view.t("accounts-opened")))
        .column(Column::new("closed", view.t("accounts-closed")))
        .total(departments.len() as u64)
        .empty(view.t("accounts-departments-empty"));
    for department in &departments {
        table = table.row(vec![
            Cell::link(format!("/departments/{}", department.code), &department.code),
            Cell::text(view.text(&department.name)),
            Cell::text(department.parent.clone().unwrap_or_default()),
            Cell::text(view.date(department.opened)),
            Cell::text(department.closed.map(|day| view.date(day)).unwrap_or_default()),
        ]);
    }
    let mut page = Page::new(view.t("accounts-departments"));
    page = match closed {
        true => page.link("/departments", view.t("accounts-departments-open")),
        false => page.link("/departments?closed=1", view.t("accounts-departments-all")),
    };
    page = page.table(&table, view)?;
    if call.platform.access.check_somewhere(&call.ctx, ops::REORGANISE).is_ok() {
        let mut form = names(
            call,
            Form::post("/departments", view.t("accounts-department-new")).field(
                Field::text("code", view.t("accounts-code-department"))
                    .required()
                    .hint(view.t("accounts-code-department-hint")),
            ),
        )
        .field(Field::text("parent", view.t("accounts-parent")))
        .field(Field::input("place", view.t("accounts-place"), "number").value("1000"))
        .field(Field::input("opened", view.t("accounts-opened"), "date"));
        if let Some((fields, error)) = again {
            form = form.filled(fields).error(error);
        }
        page = page.form(view.t("accounts-department-new"), &form, view)?;
    }
    let rows: Vec<Value> = departments.iter().map(json_of).collect();
    page.respond(call, status, &json!({ "rows": rows, "total": departments.len() }))
}

async fn shown(call: &Call, status: StatusCode, again: Option<(&'static str, &Fields, Error)>) -> Answer {
    let view = &call.view;
    let record = ops::department(&call.platform, &call.ctx, call.path("code")?).await?;
    let department = &record.department;
    let mut page = Page::new(view.text(&department.name).to_owned())
        .crumb("/departments", view.t("accounts-departments"))
        .lead(department.code.clone());
    if let Some(closed) = department.closed {
        page = page.warning(view.with("accounts-department-closed", "day", view.date(closed)));
    }
    page = page.table(&history(call, &record), view)?.table(&posts(call, &record), view)?;
    if call.platform.access.check_somewhere(&call.ctx, ops::REORGANISE).is_ok() {
        page = forms(call, page, &record, again.as_ref())?;
    }
    page.respond(call, status, &record_json(&record))
}

fn history(call: &Call, record: &DepartmentRecord) -> Table {
    let view = &call.view;
    let mut table = Table::new(view.t("accounts-history"))
        .column(Column::new("since", view.t("accounts-since")))
        .column(Column::new("what", view.t("accounts-history-what")))
        .column(Column::new("basis", view.t("accounts-basis")));
    for period in &record.names {
        let name = view.with("accounts-history-name", "name", view.text(&period.name));
        table = table.row(vec![Cell::text(view.date(period.since)), Cell::text(name), Cell::text(&period.basis)]);
    }
    for step in &record.successions {
        let args = [("from", step.department.as_str().into()), ("to", step.successor.as_str().into())];
        let what = view.with_args(&format!("accounts-history-{}", step.kind), &args);
        table = table.row(vec![Cell::text(view.date(step.since)), Cell::text(what), Cell::text(&step.basis)]);
    }
    table
}

fn posts(call: &Call, record: &DepartmentRecord) -> Table {
    let view = &call.view;
    let mut table = Table::new(view.t("accounts-posts"))
        .column(Column::new("title", view.t("accounts-post-title")))
        .column(Column::new("id", view.t("accounts-post-id")))
        .column(Column::new("closed", view.t("accounts-closed")))
        .empty(view.t("accounts-posts-empty"));
    for post in &record.posts {
        let closed = post.closed.map(|day| view.date(day)).unwrap_or_default();
        let title = view.text(&post.title);
        table = table.row(vec![Cell::text(title), Cell::text(post.id.to_string()), Cell::text(closed)]);
    }
    table
}

fn forms(
    call: &Call,
    page: Page,
    record: &DepartmentRecord,
    again: Option<&(&'static str, &Fields, Error)>,
) -> Result<Page> {
    let view = &call.view;
    let post =
        |to: &str, words: &str| Form::post(format!("/departments/{}/{to}", record.department.code), view.t(words));
    let with = |name: &str, form: Form| match again {
        Some((which, fields, error)) if *which == name => form.filled(fields).error(error.clone()),
        _ => form,
    };
    let into = Field::text("into", view.t("accounts-merge-into")).required();
    let new_code = Field::text("new_code", view.t("accounts-code-department")).required();
    let split = names(call, dated(call, post("split", "accounts-split")).field(new_code));
    let split = split.field(Field::tick("stays", view.t("accounts-split-stays")));
    let titles = post("posts", "accounts-post-new")
        .field(Field::text("title_zh", view.t("accounts-title-zh")).required())
        .field(Field::text("title_en", view.t("accounts-title-en")));
    let open: Vec<(String, String)> = record
        .posts
        .iter()
        .filter(|post| post.closed.is_none())
        .map(|post| (post.id.to_string(), view.text(&post.title).to_owned()))
        .collect();
    let mut page = page
        .form(
            view.t("accounts-rename"),
            &with("rename", names(call, dated(call, post("rename", "accounts-rename")))),
            view,
        )?
        .form(
            view.t("accounts-merge"),
            &with("merge", dated(call, post("merge", "accounts-merge")).field(into).danger()),
            view,
        )?
        .form(view.t("accounts-split"), &with("split", split), view)?
        .form(view.t("accounts-post-new"), &with("post", titles), view)?;
    if !open.is_empty() {
        let which = Field::select("post", view.t("accounts-post"), open);
        page =
            page.form(view.t("accounts-post-close"), &post("posts/close", "accounts-post-close").field(which), view)?;
    }
    Ok(page)
}

fn dated(call: &Call, form: Form) -> Form {
    let view = &call.view;
    form.field(Field::input("since", view.t("accounts-since"), "date").required())
        .field(Field::text("basis", view.t("accounts-basis")).required().hint(view.t("accounts-basis-hint")))
}

fn names(call: &Call, form: Form) -> Form {
    let view = &call.view;
    form.field(Field::text("name_zh", view.t("accounts-name-zh")).required())
        .field(Field::text("name_en", view.t("accounts-name-en")))
}

fn json_of(department: &Department) -> Value {
    json!({
        "code": department.code, "name": department.name, "parent": department.parent,
        "place": department.place, "opened": department.opened, "closed": department.closed,
    })
}

fn record_json(record: &DepartmentRecord) -> Value {
    let mut json = json_of(&record.department);
    let name =
        |period: &crate::NamePeriod| json!({ "since": period.since, "name": period.name, "basis": period.basis });
    let step = |step: &crate::Succession| {
        json!({
            "department": step.department, "successor": step.successor, "since": step.since,
            "kind": step.kind, "main": step.main, "basis": step.basis,
        })
    };
    json["names"] = record.names.iter().map(name).collect();
    json["successions"] = record.successions.iter().map(step).collect();
    let post = |post: &crate::Post| json!({ "id": post.id, "title": post.title, "closed": post.closed });
    json["posts"] = record.posts.iter().map(post).collect();
    json
}
