//! The matrix of roles and permissions, and "why can't I?".

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_access::{Permission, Reach};
use yiwang_host::Call;
use yiwang_kernel::Role;
use yiwang_web::{Answer, Cell, Column, Field, Form, Table, View};

use crate::ops::{self, Why};
use crate::pages::{Page, role_title, to_mend};

pub(crate) async fn matrix(call: Call) -> Answer {
    let view = &call.view;
    let matrix = ops::matrix(&call.platform, &call.ctx)?;
    let mut table = Table::new(view.t("accounts-matrix")).total(matrix.len() as u64);
    table = table.column(Column::new("permission", view.t("accounts-permission")));
    for role in Role::ALL {
        table = table.column(Column::new(role.word(), role_title(view, role)));
    }
    let mut rows: Vec<Value> = Vec::new();
    for row in &matrix {
        let why = format!("/why?permission={}", row.permission.name);
        let mut cells = vec![Cell::link(why, permission_title(view, &row.permission))];
        for role in Role::ALL {
            let held = row.roles.iter().find(|(held, _)| *held == role);
            cells.push(held.map_or(Cell::Missing, |(_, reach)| Cell::text(reach_title(view, *reach))));
        }
        table = table.row(cells);
        rows.push(json!({ "permission": row.permission.name, "roles": roles_json(&row.roles) }));
    }
    let page = Page::new(view.t("accounts-matrix")).lead(view.t("accounts-matrix-lead")).table(&table, view)?;
    page.respond(&call, StatusCode::OK, &json!({ "rows": rows }))
}

pub(crate) async fn why(call: Call) -> Answer {
    let view = &call.view;
    let (department, of) = (call.query.filled("department"), call.query.filled("of"));
    let asked = match call.query.filled("permission") {
        Some(permission) => Some(ops::why(&call.platform, &call.ctx, permission, department, of).await),
        None => None,
    };
    let mut form = form_of(&call).filled(&call.query);
    let page = Page::new(view.t("accounts-why")).lead(view.t("accounts-why-lead"));
    match asked {
        None => page.form(String::new(), &form, view)?.respond(&call, StatusCode::OK, &json!({})),
        Some(Err(error)) => {
            let (status, error) = to_mend(&call, error)?;
            form = form.error(error);
            page.form(String::new(), &form, view)?.respond(&call, status, &json!({}))
        }
        Some(Ok(why)) => {
            let page = page.form(String::new(), &form, view)?.words(
                permission_title(view, &why.permission),
                view.t(&format!("accounts-{}", why.explanation.reason.text_id())),
            );
            page.table(&holders(view, &why), view)?.respond(&call, StatusCode::OK, &json_of(&why))
        }
    }
}

fn holders(view: &View, why: &Why) -> Table {
    let mut table = Table::new(view.t("accounts-why-roles"))
        .column(Column::new("role", view.t("accounts-role")))
        .column(Column::new("reach", view.t("accounts-reach")))
        .empty(view.t("accounts-why-nobody"));
    for (role, reach) in &why.explanation.roles {
        table = table.row(vec![Cell::text(role_title(view, *role)), Cell::text(reach_title(view, *reach))]);
    }
    table
}

fn form_of(call: &Call) -> Form {
    let view = &call.view;
    let permissions = call.platform.access.permissions().iter();
    let choices = permissions.map(|one| (one.name.to_owned(), permission_title(view, one))).collect();
    let mut form = Form::get("/why", view.t("accounts-why-ask"))
        .field(Field::select("permission", view.t("accounts-permission"), choices))
        .field(Field::text("department", view.t("accounts-department")).hint(view.t("accounts-why-department-hint")));
    if call.platform.access.check_somewhere(&call.ctx, ops::MANAGE).is_ok() {
        form = form.field(Field::text("of", view.t("accounts-why-of")));
    }
    form
}

/// The permission's text where its capability gives one, else its name.
fn permission_title(view: &View, permission: &Permission) -> String {
    let id = permission.title_id();
    if view.texts.has(view.lang, &id) { view.t(&id) } else { permission.name.to_owned() }
}

fn reach_title(view: &View, reach: Reach) -> String {
    view.t(match reach {
        Reach::City => "accounts-reach-city",
        Reach::OwnDepartment => "accounts-reach-own",
    })
}

fn roles_json(roles: &[(Role, Reach)]) -> Vec<Value> {
    let word = |reach: Reach| match reach {
        Reach::City => "city",
        Reach::OwnDepartment => "own_department",
    };
    roles.iter().map(|(role, reach)| json!({ "role": role.word(), "reach": word(*reach) })).collect()
}

fn json_of(why: &Why) -> Value {
    json!({
        "permission": why.permission.name,
        "name": why.name,
        "allowed": why.explanation.allowed,
        "reason": why.explanation.reason.text_id().trim_start_matches("reason-"),
        "policies": why.explanation.policies,
        "roles": roles_json(&why.explanation.roles),
    })
}
