//! 发送记录: what left the product or is on its way. Names no account.

use http::StatusCode;
use serde_json::{Value, json};
use yiwang_host::Call;
use yiwang_kernel::{Cursor, ListPage, Result};
use yiwang_web::{Answer, Cell, Column, Field, Fields, Form, Paging, Table, Tone};

use super::{Page, page_request};
use crate::model::class_text;
use crate::{Channel, Delivery, DeliveryState, ops};

/// The list, for the operator.
pub(crate) async fn list(call: Call) -> Answer {
    let state = call.query.filled("state").map(DeliveryState::parse).transpose()?;
    let page = ops::deliveries(&call.platform, &call.ctx, None, state, &page_request(&call)?).await?;
    let view = &call.view;
    let mut states = vec![(String::new(), view.t("messages-state-any"))];
    states.extend(DeliveryState::ALL.map(|state| (state.word().to_owned(), state_words(&call, state))));
    let filter = Form::get("/messages/deliveries", view.t("messages-filter"))
        .field(Field::select("state", view.t("messages-state"), states).value(state.map_or("", DeliveryState::word)));
    let json = json_of_list(&page);
    Page::new(view.t("messages-deliveries"))
        .lead(view.t("messages-deliveries-lead"))
        .form(String::new(), &filter, view)?
        .table(&table(&call, &page)?, view)?
        .respond(&call, StatusCode::OK, &json)
}

/// 重发.
pub(crate) async fn press(call: Call, fields: Fields) -> Answer {
    let delivery = ops::press(&call.platform, &call.ctx, fields.required("id")?.parse()?).await?;
    let back = match delivery.channel {
        Channel::Webhook => format!("/messages/hooks/{}?done=queued", delivery.target),
        Channel::Mail => "/messages/deliveries?done=queued".to_owned(),
    };
    call.done(&back, &json_of(&delivery))
}

/// Deliveries as a table, each that failed with a press.
pub(super) fn table(call: &Call, page: &ListPage<Delivery>) -> Result<Table> {
    let view = &call.view;
    let next = page.next.as_ref().map(Cursor::encode);
    let mut table = Table::new(view.t("messages-deliveries"))
        .empty(view.t("messages-deliveries-empty"))
        .total(page.total)
        .paging(Paging::Keyset { next });
    for column in ["channel", "class", "created", "state", "attempts", "error", "press"] {
        table = table.column(Column::new(column, view.t(&format!("messages-{column}"))));
    }
    for delivery in &page.rows {
        let tone = match delivery.state {
            DeliveryState::Sent => Tone::Good,
            DeliveryState::Failed => Tone::Bad,
            DeliveryState::Retrying => Tone::Warning,
            DeliveryState::Queued | DeliveryState::Dropped => Tone::Plain,
        };
        let error = delivery.error.as_ref().map(|code| view.t(&format!("error-{code}"))).unwrap_or_default();
        let press = match delivery.state {
            DeliveryState::Failed => {
                let form = Form::post("/messages/deliveries/retry", view.t("messages-press"));
                Cell::Markup(form.field(Field::hidden("id", delivery.id.to_string())).render(view)?)
            }
            _ => Cell::Missing,
        };
        table = table.row(vec![
            Cell::text(view.t(&format!("messages-channel-{}", delivery.channel.word()))),
            Cell::text(view.t(&class_text(&delivery.class))),
            Cell::text(view.minute(delivery.created)),
            Cell::State(state_words(call, delivery.state), tone),
            Cell::Number(view.n(delivery.attempts)),
            Cell::text(error),
            press,
        ]);
    }
    Ok(table)
}

/// A list as JSON.
pub(super) fn json_of_list(page: &ListPage<Delivery>) -> Value {
    let rows: Vec<Value> = page.rows.iter().map(json_of).collect();
    json!({ "rows": rows, "total": page.total, "next": page.next.as_ref().map(Cursor::encode) })
}

fn json_of(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "channel": delivery.channel.word(),
        "class": delivery.class,
        "department": delivery.department,
        "state": delivery.state.word(),
        "attempts": delivery.attempts,
        "error": delivery.error,
        "created": delivery.created,
        "changed": delivery.changed,
    })
}

fn state_words(call: &Call, state: DeliveryState) -> String {
    call.view.t(&format!("messages-delivery-{}", state.word()))
}
