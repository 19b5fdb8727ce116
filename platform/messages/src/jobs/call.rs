//! One call of a registered address: JSON, signed, no redirects, the answer's status alone counts.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result};

use super::{Outcome, gone};
use crate::http::{Allowed, Client, Limits, Request};
use crate::model::{Content, Telling};
use crate::{Delivery, ops, signing, store};

/// How far a call may go: the receiver answers within ten seconds and says little.
const LIMITS: Limits = Limits { redirects: 0, body_bytes: 64 * 1024, time: Duration::from_secs(10) };

/// Calls the hook of this delivery.
pub(super) async fn call(platform: &Platform, ctx: &Ctx, delivery: &Delivery) -> Result<Outcome> {
    let key = ops::key(platform).await?;
    let Some((url, secret)) = store::hooks::address(&platform.db, &key, delivery.target).await? else {
        return Ok(gone(delivery));
    };
    let body = body(platform, delivery)?.to_string();
    let headers = signed(ctx, delivery, &secret, &body)?;
    let allowed = Allowed::parse(&platform.settings.get("messages.http_allowed")?)?;
    let client = Client::new(&platform.settings.get("messages.trusted")?)?;
    let request = Request { method: Method::POST, url, headers, body: Bytes::from(body) };
    let reply = client.send(&allowed, request, LIMITS).await?;
    match reply.status {
        status if status.is_success() => Ok(Outcome::Sent),
        // The convention's word for "never again".
        StatusCode::GONE => Err(Error::refused("messages-hook-gone")),
        _ => Err(Error::unavailable("messages-hook-answer")),
    }
}

/// `{type, timestamp, data}`: the same for every attempt of a delivery.
fn body(platform: &Platform, delivery: &Delivery) -> Result<Value> {
    let site = ops::site(platform)?;
    let mut data = match &delivery.content {
        Content::Telling(kept) => Telling::from_json(kept)?.data(&platform.texts, &site),
        Content::Data(data) => data.clone(),
        Content::Trial => json!({}),
        Content::Message(_) | Content::Digest | Content::Private(_) => {
            return Err(Error::broken("a call that holds a mail"));
        }
    };
    if let (Some(data), Some(department)) = (data.as_object_mut(), &delivery.department) {
        data.insert("department".to_owned(), department.as_str().into());
    }
    Ok(json!({ "type": delivery.class, "timestamp": delivery.created, "data": data }))
}

fn signed(ctx: &Ctx, delivery: &Delivery, secret: &str, body: &str) -> Result<HeaderMap> {
    let (id, now) = (delivery.id.to_string(), ctx.now());
    let signature = signing::signature(secret, &id, now, body)?;
    let value = |text: String| HeaderValue::try_from(text).map_err(|_| Error::broken("a header of a call is no text"));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("webhook-id"), value(id)?);
    headers.insert(HeaderName::from_static("webhook-timestamp"), value(signing::seconds(now).to_string())?);
    headers.insert(HeaderName::from_static("webhook-signature"), value(signature)?);
    Ok(headers)
}
