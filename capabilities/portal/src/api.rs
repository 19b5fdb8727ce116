//! The open-data API: resources, one resource, its rows. JSON only, numbers digit by digit; the same operations as the
//! pages.

use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde_json::json;
use yiwang_catalogue::ops as catalogue;
use yiwang_host::{Answer, Call};

use crate::download::rows_json;
use crate::model::{API_ROWS_MAX, asked};
use crate::ops;
use crate::pages::{Shared, resource_json};
use crate::uses::Kind;

/// Rows one call answers unless it asks for another number.
const API_ROWS: u64 = 100;
/// Resources one call answers.
const RESOURCES: usize = 50;

/// Open resources.
pub(crate) async fn resources(call: Call) -> Answer {
    let number = |name: &str| -> yiwang_kernel::Result<Option<usize>> {
        Ok(call.query.number(name)?.and_then(|number| usize::try_from(number).ok()))
    };
    let page = number("page")?.unwrap_or(1).clamp(1, 100_000);
    let rows = number("rows")?.unwrap_or(RESOURCES).clamp(1, 200);
    let mut find = ops::open_only();
    find.text = call.query.filled("q").unwrap_or_default().to_owned();
    (find.page, find.rows) = (page, rows);
    for dimension in ["department", "theme"] {
        if let Some(value) = call.query.filled(dimension) {
            find.facets.push((dimension, vec![value.to_owned()]));
        }
    }
    let found = catalogue::find(&call.platform, &call.ctx, &find).await?;
    let told = found.rows.iter().map(|hit| {
        let entry = &hit.entry;
        json!({
            "code": entry.code,
            "title": entry.content.title,
            "provider": entry.content.provider,
            "theme": entry.content.theme,
            "rows": entry.attached.map(|attached| attached.rows),
            "version": entry.attached.map(|attached| attached.version),
            "address": format!("/api/resources/{}", entry.code),
        })
    });
    let json = json!({ "total": found.total, "page": page, "rows": told.collect::<Vec<_>>() });
    call.json(StatusCode::OK, &json)
}

/// What a resource is, with its fields.
pub(crate) async fn resource(call: Call) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    call.json(StatusCode::OK, &resource_json(&resource))
}

/// Rows of an open resource.
pub(crate) async fn rows(call: Call, shared: Shared) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    let asked = asked(&resource.entry.code, &call.query, API_ROWS, API_ROWS_MAX)?;
    let answer = ops::rows(&call.platform, &call.ctx, &resource, asked.query.clone()).await?;
    let total = ops::total(&call.platform, &call.ctx, answer.total, &asked.query).await?;
    shared.uses.count(&call.platform.db, &call.ctx, &resource.entry.code, Kind::Call).await;
    let about = json!({ "resource": resource.entry.code, "version": answer.version, "total": total });
    let next = serde_json::Value::from(answer.next.clone());
    let schema = answer.schema.clone();
    let batches = answer.collect().await?;
    // Numbers stand in the text digit by digit, which a JSON value in memory would not keep.
    let mut text = about.to_string();
    text.pop();
    text.push_str(",\"rows\":");
    rows_json(&mut text, &schema, &batches)?;
    text.push_str(&format!(",\"next\":{next}}}\n"));
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
