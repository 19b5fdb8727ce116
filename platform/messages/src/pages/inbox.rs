//! 消息: what the reader was told, newest first.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::Call;
use yiwang_kernel::Cursor;
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Paging, Table, Tone};

use super::{Page, may, page_request};
use crate::model::class_text;
use crate::{Kept, ops};

/// The list.
pub(crate) async fn list(call: Call) -> Answer {
    let only_unread = call.query.get("show") == Some("unread");
    let page = ops::list(&call.platform, &call.ctx, only_unread, &page_request(&call)?).await?;
    let unread = ops::unread(&call.platform, &call.ctx).await?;
    let view = &call.view;
    let next = page.next.as_ref().map(Cursor::encode);
    let mut table = Table::new(view.t(if only_unread { "messages-unread" } else { "messages-all" }))
        .column(Column::new("title", view.t("messages-what")))
        .column(Column::new("class", view.t("messages-class")))
        .column(Column::new("created", view.t("messages-when")))
        .column(Column::new("state", view.t("messages-state")))
        .empty(view.t("messages-empty"))
        .total(page.total)
        .paging(Paging::Keyset { next: next.clone() });
    for message in &page.rows {
        table = table.row(row(&call, message)?);
    }
    let mut shown = Page::new(view.t("messages-title")).first();
    shown = match only_unread {
        true => shown.link("/messages", view.t("messages-all")),
        false => shown.link("/messages?show=unread", view.t("messages-unread")),
    };
    shown = shown.link("/messages/settings", view.t("messages-settings"));
    let others = [
        (ops::HOOKS, "/messages/hooks", "messages-hooks"),
        (ops::OPERATE, "/messages/channels", "messages-channels"),
        (ops::OPERATE, "/messages/deliveries", "messages-deliveries"),
    ];
    for (_, to, words) in others.into_iter().filter(|(permission, _, _)| may(&call, permission)) {
        shown = shown.link(to, view.t(words));
    }
    if unread > 0 {
        let all = Form::post("/messages/read", view.t("messages-read-all")).field(Field::hidden("all", "1"));
        shown = shown.form(String::new(), &all, view)?;
    }
    let rows: Vec<Value> = page.rows.iter().map(|message| json_of(&call, message)).collect();
    let json = json!({ "rows": rows, "total": page.total, "unread": unread, "next": next });
    shown.table(&table, view)?.respond(&call, StatusCode::OK, &json)
}

/// 标为已读.
pub(crate) async fn read(call: Call, fields: Fields) -> Answer {
    let id = match fields.ticked("all") {
        true => None,
        false => Some(fields.required("id")?.parse()?),
    };
    let count = ops::mark_read(&call.platform, &call.ctx, id).await?;
    call.done("/messages?done=read", &json!({ "read": count }))
}

fn row(call: &Call, message: &Kept) -> yiwang_kernel::Result<Vec<Cell>> {
    let view = &call.view;
    let title = message.title.render(&view.texts, view.lang);
    let state = match message.read {
        Some(_) => Cell::State(view.t("messages-was-read"), Tone::Plain),
        None => {
            let form = Form::post("/messages/read", view.t("messages-read"));
            Cell::Markup(form.field(Field::hidden("id", message.id.to_string())).render(view)?)
        }
    };
    let words = match &message.body {
        None => Cell::link(message.path.clone(), &title),
        Some(body) => {
            let body = body.render(&view.texts, view.lang);
            let (to, title, body) =
                (yiwang_web::escape(&message.path), yiwang_web::escape(&title), yiwang_web::escape(&body));
            Cell::Markup(yiwang_web::Markup::trusted(format!("<a href=\"{to}\">{title}</a><br>{body}")))
        }
    };
    Ok(vec![words, Cell::text(view.t(&class_text(&message.class))), Cell::text(view.minute(message.created)), state])
}

fn json_of(call: &Call, message: &Kept) -> Value {
    let view = &call.view;
    json!({
        "id": message.id,
        "class": message.class,
        "title": message.title.render(&view.texts, view.lang),
        "body": message.body.as_ref().map(|body| body.render(&view.texts, view.lang)),
        "path": message.path,
        "created": message.created,
        "read": message.read,
    })
}
