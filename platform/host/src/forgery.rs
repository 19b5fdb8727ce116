//! Refuses calls that another site made in the reader's name: by the browser's own words (Sec-Fetch-Site, Origin) and
//! by a token bound to the session or visit, the first field of every form. SameSite=Lax stands behind both.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures::{StreamExt, stream};
use http::header::{self, HeaderMap};
use yiwang_access::Token;
use yiwang_kernel::{Error, Result};
use yiwang_web::{BODY_BYTES_MAX, Fields, body_error};

use crate::cookies;

/// The first part of an upload must end within so many bytes.
const FIRST_PART_BYTES_MAX: usize = 16 * 1024;

/// Says that the first part of an upload is the token.
#[derive(Clone, Copy)]
pub(crate) struct TokenFirst;

/// Lets the request on, its body whole, or refuses it.
pub(crate) async fn check(request: Request, session: Option<&Token>) -> Result<Request> {
    if is_from_elsewhere(request.headers()) {
        return Err(Error::forbidden("form-foreign"));
    }
    let visit = cookies::get(request.headers(), cookies::VISIT).and_then(Token::parse);
    let holder = session.or(visit.as_ref());
    if let Some(given) = request.headers().get("x-csrf-token").and_then(|token| token.to_str().ok()) {
        return require(holder, Some(given)).map(|()| request);
    }
    match Kind::of(request.headers()) {
        // Only a script of this very site can send these with cookies: others are stopped by the preflight.
        Kind::Other => Ok(request),
        Kind::Form => {
            let (parts, body) = request.into_parts();
            let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| body_error(&error))?;
            let text = std::str::from_utf8(&bytes).map_err(|_| Error::malformed("body-format"))?;
            require(holder, Fields::of_query(text)?.get("csrf"))?;
            Ok(Request::from_parts(parts, Body::from(bytes)))
        }
        Kind::Upload(boundary) => {
            let (mut parts, body) = request.into_parts();
            let (given, body) = first_part(body, &boundary).await?;
            require(holder, given.as_deref())?;
            parts.extensions.insert(TokenFirst);
            Ok(Request::from_parts(parts, body))
        }
        Kind::Plain => require(holder, None).map(|()| request),
    }
}

enum Kind {
    Form,
    Upload(String),
    Plain,
    Other,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Kind {
        let given = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let (kind, parameters) = given.split_once(';').unwrap_or((given, ""));
        match kind.trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Kind::Form,
            "multipart/form-data" => {
                let boundary = parameters.split(';').find_map(|part| part.trim().strip_prefix("boundary="));
                Kind::Upload(boundary.unwrap_or_default().trim_matches('"').to_owned())
            }
            "text/plain" | "" => Kind::Plain,
            _ => Kind::Other,
        }
    }
}

/// A caller without session and visit has nothing another site could use; a form it never saw is refused all the same.
fn require(holder: Option<&Token>, given: Option<&str>) -> Result<()> {
    match (holder, given) {
        (Some(holder), Some(given)) => holder.csrf_check(given),
        _ => Err(Error::forbidden("form-expired")),
    }
}

fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) {
        return true;
    }
    let (Some(origin), Some(host)) = (text("origin"), text("host")) else { return false };
    origin.split_once("://").is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host))
}

/// The value of the first part if it is the token, and the body as it was.
async fn first_part(body: Body, boundary: &str) -> Result<(Option<String>, Body)> {
    let mut chunks = body.into_data_stream();
    let mut head = Vec::new();
    let found = loop {
        if let Some(found) = token_in(&head, boundary) {
            break found;
        }
        if head.len() > FIRST_PART_BYTES_MAX {
            break None;
        }
        match chunks.next().await {
            Some(chunk) => head.extend_from_slice(&chunk.map_err(|error| body_error(&error))?),
            None => break None,
        }
    };
    let whole = stream::once(async move { Ok(Bytes::from(head)) }).chain(chunks);
    Ok((found, Body::from_stream(whole)))
}

/// None while the first part is not complete; then its value, if the part is the token.
fn token_in(head: &[u8], boundary: &str) -> Option<Option<String>> {
    let text = String::from_utf8_lossy(head);
    let rest = text.strip_prefix(&format!("--{boundary}\r\n"))?;
    let (headers, rest) = rest.split_once("\r\n\r\n")?;
    if !headers.contains("name=\"csrf\"") {
        return Some(None);
    }
    let (value, _) = rest.split_once(&format!("\r\n--{boundary}"))?;
    Some(Some(value.to_owned()))
}
