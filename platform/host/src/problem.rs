//! Errors for their reader: problem+json (RFC 9457) for programs, a page in the reader's language for people. The
//! cause of an internal error is logged here, once, and shown to nobody.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use yiwang_kernel::{Error, Result};
use yiwang_web::{Failure, Head, Markup, Tone, View};

use crate::Wants;
use crate::call::Visit;

#[derive(askama::Template)]
#[template(path = "problem.html")]
struct ProblemBody<'a> {
    view: &'a View,
    title: &'a str,
    words: String,
    tone: Tone,
    status: u16,
    sign_in: String,
}

/// The answer with its error, if it is one, written for the caller.
pub(crate) fn written(visit: &Visit, answer: Response) -> Response {
    let Some(error) = error_of(&answer) else { return answer };
    if let Error::Internal(_) = &error {
        log(visit, &error);
    }
    let mut response = match visit.wants {
        Wants::Json => problem(visit, &error),
        Wants::Html => page(visit, &error).unwrap_or_else(|_| problem(visit, &error)),
    };
    *response.status_mut() = answer.status();
    if let Error::TooMany { retry_after_s } = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
    }
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in answer.headers().get_all(&name) {
            response.headers_mut().append(&name, value.clone());
        }
    }
    let (mut parts, body) = response.into_parts();
    parts.extensions = answer.extensions().clone();
    Response::from_parts(parts, body)
}

/// The error a handler gave, or the one that fits a bare status of the framework.
fn error_of(answer: &Response) -> Option<Error> {
    if let Some(Failure(error)) = answer.extensions().get::<Failure>() {
        return Some(error.clone());
    }
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let bare = kind.is_none_or(|kind| kind.starts_with(b"text/plain"));
    if !bare || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Error::not_found("page-unknown"),
        StatusCode::METHOD_NOT_ALLOWED => Error::malformed("method-unknown"),
        StatusCode::PAYLOAD_TOO_LARGE => Error::too_large("body-large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::malformed("body-kind"),
        status if status.is_client_error() => Error::malformed("body-format"),
        status => Error::broken(format!("a handler answered {status} by itself")),
    })
}

fn problem(visit: &Visit, error: &Error) -> Response {
    let view = &visit.view;
    let mut members = Map::new();
    members.insert("type".to_owned(), format!("urn:yiwang:error:{}", error.code()).into());
    members.insert("title".to_owned(), view.error(error).into());
    members.insert("status".to_owned(), error.status().into());
    members.insert("code".to_owned(), error.code().into());
    if let Error::Invalid { field, .. } = error {
        members.insert("field".to_owned(), field.as_str().into());
    }
    if let Some(request) = view.request {
        members.insert("instance".to_owned(), format!("urn:uuid:{request}").into());
    }
    if let Some(detail) = error.detail().filter(|detail| !detail.args.is_empty()) {
        let args: Map<String, Value> =
            detail.args.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        members.insert("arguments".to_owned(), Value::Object(args));
    }
    ([(header::CONTENT_TYPE, "application/problem+json")], Value::Object(members).to_string()).into_response()
}

fn page(visit: &Visit, error: &Error) -> Result<Response> {
    let view = &visit.view;
    let sign_in = match error {
        Error::Unauthenticated => format!("/sign-in?next={}", yiwang_web::encode(&view.address_setting(&[]))),
        _ => String::new(),
    };
    let status = error.status();
    let title = match status {
        401 | 403 | 404 => view.t(&format!("problem-title-{status}")),
        _ => view.t("problem-title"),
    };
    let tone = if status == 401 { Tone::Plain } else { Tone::Bad };
    let body = ProblemBody { view, title: &title, words: view.error(error), tone, status, sign_in };
    let html = yiwang_web::page(view, &Head::new(title.as_str()), &Markup::of(&body)?)?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

fn log(visit: &Visit, error: &Error) {
    let mut chain = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        chain.push_str(": ");
        chain.push_str(&inner.to_string());
        cause = inner.source();
    }
    tracing::error!(request = ?visit.ctx.request, path = visit.view.path, chain, "internal error");
}
